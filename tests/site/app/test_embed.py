"""Sections of the page in pages of others: the author's post as Jekyll makes it, and plain hosts.

The host is 127.0.0.1 and the site localhost: two sites to the browser, as a blog and this one are.
For Firefox, whose driver gives a frame of another site no pointer events, both are localhost, with
ports of their own: two origins.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Route, expect

import blog
import visiting
from building import web
from building.environment import ROOT
from visiting import ONE, SEVEN, draw, expect_guess, part

pytestmark = pytest.mark.every_engine("frames and layout")

README = ROOT / "site" / "README.md"
PUBLIC = "https://you.github.io/nets/"
"""The site's address in the README's line."""
ENGINE = "pyodide/pyodide.asm.wasm.br"

Blog = Callable[[str], str]


@pytest.fixture(scope="module")
def line() -> str:
    """The line to paste, as the README has it."""
    [found] = re.findall(r"^<a href=.*</script>$", README.read_text(), re.MULTILINE)
    assert found.count(PUBLIC) == 3
    return str(found)


@pytest.fixture(scope="module")
def made(line: str, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The blog with two sections in the author's post."""
    if blog.program() is None:
        pytest.skip("there is no Jekyll")
    [post] = (shared / "blog-post").glob("*.md")
    second = line.replace("draw", "train")
    return blog.write(tmp_path_factory.mktemp("blog"), post, line, f"Watch it learn:\n\n{second}")


@pytest.fixture
def site(serve_site: Callable[..., Any]) -> Any:
    """The nets, in a folder of their host."""
    return serve_site(folder="nets")


@pytest.fixture
def host(browser: Browser, tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """Serve HTML on another host: ``host(path, html)`` returns its address."""
    (tmp_path / "favicon.ico").touch()  # which browsers ask every host for
    server = web.serve(tmp_path, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    name = "localhost" if browser.browser_type.name == "firefox" else "127.0.0.1"

    def put(path: str, html: str) -> str:
        file = tmp_path / path / "index.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(html)
        return f"http://{name}:{server.server_port}/{path}"

    yield put
    server.shutdown()
    server.server_close()


@pytest.fixture
def post(made: Path, site: Any, host: Callable[[str, str], str]) -> str:
    """The address of the author's post, with sections of ``site`` in it."""
    html = (made / blog.ADDRESS / "index.html").read_text()
    assert html.count(PUBLIC) == 6
    return host(blog.ADDRESS, html.replace(PUBLIC, site.url))


@contextmanager
def reader(browser: Browser, errors: bool = False, **options: Any) -> Iterator[BrowserContext]:
    """A reader of the blog; nothing is asked of third parties, and no page reports errors."""
    context = browser.new_context(**options)
    context.set_default_timeout(visiting.PATIENCE)
    context.add_init_script(visiting.NO_SERVICE_WORKER)
    seen: list[str] = []
    foreign: list[str] = []
    ours = ("localhost", "127.0.0.1", None)
    context.on("console", lambda m: seen.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda error: seen.append(str(error.error)))
    context.on(
        "request",
        lambda r: None if urlsplit(r.url).hostname in ours else foreign.append(r.url),
    )
    yield context
    context.close()
    assert foreign == []
    assert errors or seen == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with reader(browser) as context:
        yield context.new_page()


def script(site: Any, section: str) -> str:
    return f'<script src="{site.url}embed.js" data-section="{section}" async></script>'


def scroll_to(page: Page, place: int) -> None:
    """Bring a section, counted from 0, or the picture where it will be, to the window's top."""
    page.evaluate(
        "i => document.querySelectorAll('script[data-section]')[i]"
        ".previousElementSibling.scrollIntoView({ block: 'start' })",
        place,
    )


def embed(page: Page, place: int) -> Frame:
    """The frame of a section, counted from 0, once it can be used."""
    scroll_to(page, place)
    element = page.locator(f"script[data-section] >> nth={place}").locator(
        "xpath=preceding-sibling::*[1]//iframe"
    )
    expect(element).to_have_css("position", "static")
    handle = element.element_handle()
    frame = handle.content_frame()
    assert frame is not None
    visiting.expect_state(frame, "ready", visiting.START_PATIENCE)
    scroll_to(page, place)
    return frame


def expect_as_tall_as_its_content(frame: Frame) -> None:
    """Wait until a frame has been given the height of what is in it."""
    frame.wait_for_function(
        "() => Math.abs(innerHeight - document.documentElement.getBoundingClientRect().height) < 1"
    )


def brightness(frame: Page | Frame) -> int:
    """Of the page's background, 0 to 765."""
    value: int = frame.evaluate(
        """() => getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g)
          .slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"""
    )
    return value


def expect_theme(frame: Frame, theme: str) -> None:
    """Wait for a theme: light or dark."""
    frame.wait_for_function(
        """(theme) => getComputedStyle(document.documentElement).colorScheme
          .split(" ").includes(theme)""",
        arg=theme,
    )
    assert (brightness(frame) < 200) == (theme == "dark")


def inked(frame: Frame) -> int:
    """The brightness of what is drawn on the pad, 0 to 765."""
    value: int = frame.evaluate(
        """async () => {
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          const canvas = document.querySelector('[data-testid="draw-canvas"]');
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const paper = getComputedStyle(canvas).backgroundColor.match(/\\d+/g).map(Number);
          const at = data.findIndex((value, i) => i % 4 === 0 && Math.abs(value - paper[0]) > 150);
          return data[at] + data[at + 1] + data[at + 2];
        }"""
    )
    return value


def test_the_post_reads_a_digit(page: Page, post: str, site: Any) -> None:
    held: list[Route] = []
    page.route("**/embed.html", lambda route: held.append(route))
    page.goto(post, wait_until="networkidle")
    assert set(site.requested) <= {"embed.js", "stills/draw.jpg"}, "fetched far from the reader"
    scroll_to(page, 0)
    expect(page.get_by_text("Loading the demo …").first).to_be_visible()
    still = page.locator("img[src*='stills/draw']")
    expect(still).to_be_visible()
    assert still.evaluate("image => image.decode().then(() => image.naturalWidth)") == 720
    place = page.evaluate("() => scrollY")
    page.wait_for_function("() => document.querySelector('iframe')")
    visiting.until(page, lambda: bool(held), "the frame is asked for")
    for route in held:
        route.continue_()
    frame = embed(page, 0)
    assert page.evaluate("() => scrollY") == place, "the post has jumped"
    box = page.locator("iframe").first.locator("xpath=..")
    expect(box).not_to_contain_text("Loading the demo")
    expect(still).to_have_count(0)
    draw(page, SEVEN, frame)
    expect_guess(frame, 7)
    assert "mnist/mnist.json" not in site.requested


def test_a_section_is_as_tall_as_it_is(page: Page, post: str) -> None:
    page.goto(post)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        frame = embed(page, 1)
        expect_as_tall_as_its_content(frame)
        before = frame.evaluate("() => innerHeight")
        part(frame, "settings-fold").locator("summary").click()
        frame.wait_for_function("before => innerHeight !== before", arg=before)
        expect_as_tall_as_its_content(frame)
        assert frame.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_post_s_theme_is_followed(browser: Browser, post: str) -> None:
    with reader(browser, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(post)
        frame = embed(page, 0)
        emulated = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
        assert emulated == (browser.browser_type.name == "chromium")  # Firefox's driver cannot
        themes = ["dark", "light", "dark", "light"][0 if emulated else 1 :]
        expect_theme(frame, themes[0])
        draw(page, SEVEN, frame)
        expect_guess(frame, 7)
        assert (inked(frame) > 500) == (themes[0] == "dark")
        toggle = page.locator("#mode-toggle")
        for theme in themes[1:]:
            toggle.evaluate("button => button.click()")
            expect_theme(frame, theme)
            assert (inked(frame) > 500) == (theme == "dark")
        page.emulate_media(color_scheme="light")
        toggle.evaluate("button => button.click()")
        expect_theme(frame, "dark")
        expect_guess(frame, 7)


@pytest.mark.chromium("Firefox's driver cannot have it prefer a theme")
@pytest.mark.parametrize(
    ("preferred", "page_of", "theme"),
    [
        ("light", "<html data-theme='dark'><body>", "dark"),
        ("dark", "<html class='no-js light'><body>", "light"),
        ("light", "<html><body class='dark'>", "dark"),
        ("dark", "<html><body>", "light"),  # a page that knows no dark
        ("light", "<html><body style='background: #111'>", "dark"),
        ("dark", "<html style='color-scheme: light dark'><body>", "dark"),
        ("light", "<html><body style='background: oklch(20% 0.02 260)'>", "dark"),
        ("dark", "<html><body style='background: oklch(97% 0.01 260)'>", "light"),
        ("light", "<html><body style='background: color-mix(in oklab, black 80%, white)'>", "dark"),
        ("light", "<html><body style='background: color(display-p3 0.1 0.1 0.1)'>", "dark"),
        ("light", "<html><body><div style='background: #14161b'>", "dark"),
        ("dark", "<html><body style='background: #111'><div style='background: #fff'>", "light"),
        (
            "light",
            "<html><body style='background: linear-gradient(#111, #222); color: #eee'>",
            "dark",
        ),
    ],
)
def test_other_pages_themes_are_seen(
    browser: Browser, site: Any, host: Any, preferred: Any, page_of: str, theme: str
) -> None:
    with reader(browser, color_scheme=preferred) as context:
        page = context.new_page()
        page.goto(host("post/", f"<!doctype html>{page_of}{script(site, 'own')}"))
        expect(page.locator("iframe")).to_have_css("position", "static")
        expect_theme(page.frames[1], theme)


def test_a_theme_that_changes_slowly_or_further_out_is_followed(
    page: Page, site: Any, host: Any
) -> None:
    style = "<style>#root { background: white; transition: background 0.3s }"
    style += "#root.night { background: oklch(20% 0 0) }</style>"
    page.goto(
        host("post/", f"<!doctype html>{style}<body><div id=root>{script(site, 'own')}</div>")
    )
    expect(page.locator("iframe")).to_have_css("position", "static")
    expect_theme(page.frames[1], "light")
    page.evaluate("() => document.getElementById('root').classList.add('night')")
    expect_theme(page.frames[1], "dark")
    page.evaluate(
        """() => document.head.append(Object.assign(document.createElement("style"),
          { textContent: "#root.night { background: #fff; transition: none }" }))"""
    )
    expect_theme(page.frames[1], "light")


@pytest.mark.parametrize(
    "limit",
    ["iframe { height: 400px !important }", "div { max-height: 300px !important }"],
    ids=["of the frame", "of the box"],
)
def test_where_the_page_gives_less_room_it_scrolls_inside(
    page: Page, site: Any, host: Any, limit: str
) -> None:
    page.goto(host("post/", f"<!doctype html><style>{limit}</style><body>{script(site, 'train')}"))
    frame = embed(page, 0)
    last = part(frame, "files")
    page.mouse.move(300, 200)

    def reached() -> bool:
        page.mouse.wheel(0, 300)
        outer = page.locator("iframe").locator("xpath=..").bounding_box()
        inner = last.bounding_box()
        assert outer is not None
        assert inner is not None
        room = min(outer["height"], page.locator("iframe").bounding_box()["height"])  # type: ignore[index]
        return inner["y"] + 10 < outer["y"] + room

    assert not reached()
    scroll_to(page, 0)
    page.mouse.move(300, 100)
    visiting.until(page, reached, "the end of the section has come into view")


BACK = """async () => {
  const copy = document.body.cloneNode(true);
  const elsewhere = document.createElement("body");
  document.body.replaceWith(elsewhere);
  await new Promise((done) => setTimeout(done));
  elsewhere.replaceWith(copy);
  for (const script of copy.querySelectorAll("script")) {
    const fresh = document.createElement("script");
    for (const { name, value } of script.attributes) fresh.setAttribute(name, value);
    script.replaceWith(fresh);
  }
}"""
"""What Turbo and its like do at “back”: show a copy of the page, and run its scripts again."""
COUNTED = """
window.listeners = 0;
for (const target of [window, document]) {
  const add = target.addEventListener;
  target.addEventListener = function (type, listener, options) {
    if (options?.signal) {
      listeners++;
      options.signal.addEventListener("abort", () => listeners--);
    }
    return add.call(this, type, listener, options);
  };
}
"""


def test_a_page_that_is_shown_again_from_a_copy_has_one_frame(
    page: Page, site: Any, host: Any
) -> None:
    still = (
        f'<a href="{site.url}#draw"><img src="{site.url}stills/draw.jpg" width=720 height=640></a>'
    )
    address = host(
        "post/",
        f"<!doctype html><head><script>{COUNTED}</script></head><body>"
        f"<article>{still}{script(site, 'draw')}</article>",
    )
    page.goto(address)
    expect(page.locator("iframe")).to_have_css("position", "static")
    first = page.evaluate("() => listeners")
    height = page.locator("iframe").locator("xpath=..").bounding_box()
    for _ in range(3):
        page.evaluate(BACK)
        expect(page.locator("iframe")).to_have_css("position", "static")
        expect(page.locator("iframe")).to_have_count(1)
        expect(page.locator("[data-nets-embed]")).to_have_count(1)
    page.evaluate("() => postMessage('to all that still listen')")
    visiting.until(
        page, lambda: page.evaluate("() => listeners") == first, "those of earlier frames are gone"
    )
    after = page.locator("iframe").locator("xpath=..").bounding_box()
    assert after is not None
    assert height is not None
    assert after["height"] == pytest.approx(height["height"], abs=40)
    draw(page, SEVEN, embed(page, 0))
    expect_guess(page.frames[1], 7)


EARLIER_PAGE = """<!doctype html><html><body><script>
  const say = (themed) => parent.postMessage({ nets: "height", height: 432, themed }, "*");
  addEventListener("message", ({ data }) => {
    document.documentElement.style.colorScheme = data.theme;
    document.documentElement.style.background = data.theme === "dark" ? "#111" : "#eee";
    say(true);
  });
  say(false);
</script>"""
"""What embed.html says and hears, as in every version since the first."""


@pytest.mark.parametrize("which", ["script", "page"])
def test_a_script_and_a_page_of_different_versions_understand_each_other(
    page: Page, site: Any, host: Any, which: str
) -> None:
    """A deploy renews both, but caches keep each for a while."""
    if which == "script":
        site.guests["embed.js"] = (ROOT / "tests" / "site" / "embed-1.js").read_bytes()
    else:
        site.guests["embed.html"] = EARLIER_PAGE.encode()
    page.goto(host("post/", f"<!doctype html><html data-theme=dark><body>{script(site, 'own')}"))
    expect(page.locator("iframe")).to_have_css("position", "static")
    expect_theme(page.frames[1], "dark")
    if which == "script":
        expect_as_tall_as_its_content(page.frames[1])
    else:
        expect(page.locator("iframe")).to_have_css("height", "432px")
    page.evaluate("() => (document.documentElement.dataset.theme = 'light')")
    expect_theme(page.frames[1], "light")


def test_two_sections_share_one_python(page: Page, post: str, site: Any) -> None:
    page.goto(post)
    first, second = embed(page, 0), embed(page, 1)
    assert site.requested.count(ENGINE) == 1
    assert len(page.workers) == 1
    second.evaluate("() => void nets.train({ epochs: 99 }).catch((error) => (window.why = error))")
    for frame in (first, second):
        visiting.expect_state(frame, "training")
    with pytest.raises(Exception, match="in training already"):
        first.evaluate("() => nets.train()")
    scroll_to(page, 0)
    part(first, "model-picker").select_option("live")
    draw(page, ONE, first)
    expect(part(first, "guess")).not_to_have_text("")
    first.evaluate("() => nets.pause()")
    for frame in (first, second):
        visiting.expect_state(frame, "paused")
    scroll_to(page, 1)
    expect(part(second, "train-pause")).to_have_text("Resume")
    part(second, "train-reset").click()
    for frame in (first, second):
        visiting.expect_state(frame, "ready")
    assert second.evaluate("() => why.name") == "AbortError"
    expect(part(first, "model-picker").locator("option[value=live]")).to_have_count(0)
    assert len(page.workers) == 1
    assert site.requested.count("mnist/train-images-0.gz") == 1


def test_what_each_has_for_itself_stays_its_own(page: Page, site: Any, host: Any) -> None:
    worlds = ["playground?data=xor", "playground?data=spiral"]
    page.goto(host("post/", "<!doctype html><body>" + "".join(script(site, w) for w in worlds)))
    frames = [embed(page, place) for place in (0, 1)]
    for place, frame in enumerate(frames):
        scroll_to(page, place)
        frame.locator("#playground[data-state=paused]").wait_for()
        part(frame, "playground-play").click()
        frame.wait_for_function(EPOCHS)
        part(frame, "playground-play").click()
    for frame, name in zip(frames, ("xor", "spiral"), strict=True):
        assert f"data={name}" in part(frame, "whole-page").evaluate(
            "link => { link.dispatchEvent(new Event('focus')); return link.href; }"
        )
    assert site.requested.count(ENGINE) == 1


EPOCHS = "() => document.querySelector('[data-testid=playground-epoch]').dataset.value >= 3"


def test_another_section_goes_on_when_the_one_with_python_is_removed(
    page: Page, site: Any, host: Any
) -> None:
    page.goto(host("post/", f"<!doctype html><body>{script(site, 'draw') * 3}"))
    frames = [embed(page, place) for place in range(3)]
    [leader] = [i for i, frame in enumerate(frames) if frame.evaluate("() => 'netsLead' in window")]
    left = [(place, frame) for place, frame in enumerate(frames) if place != leader]
    for place, frame in left:
        scroll_to(page, place)
        draw(page, SEVEN, frame)
        expect_guess(frame, 7)
        frame.evaluate(
            """() => {
              const status = document.querySelector('[data-testid=status]');
              window.states = [];
              const observer = new MutationObserver(() => states.push(status.dataset.state));
              observer.observe(status, { attributes: true });
            }"""
        )
    frames[leader].evaluate("() => void nets.train({ epochs: 99 })")
    for _, frame in left:
        visiting.expect_state(frame, "training")
    page.evaluate("i => document.querySelectorAll('iframe')[i].remove()", leader)
    for place, frame in left:
        scroll_to(page, place)
        expect(part(frame, "lost")).to_contain_text("The net in training went with it.")
        visiting.expect_state(frame, "ready", visiting.START_PATIENCE)
        expect_guess(frame, 7)
        assert "loading" in frame.evaluate("() => states")
        assert part(frame, "model-picker").locator("option[value=live]").count() == 0
    visiting.until(page, lambda: len(page.workers) == 1, "one Python is left")
    one, other = (frame for _, frame in left)
    one.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
    expect(part(other, "model-picker").locator("option[value=live]")).to_have_count(1)
    expect(part(other, "lost")).to_have_count(0)


def test_messages_are_believed_by_origin_and_shape(page: Page, site: Any, host: Any) -> None:
    stranger = host(
        "stranger/",
        """<!doctype html><script>
          for (const message of [{ nets: "theme", theme: "dark" }, { nets: "height", height: 77 }])
            for (const window of [parent, parent[0]]) window.postMessage(message, "*");
        </script>""",
    )
    page.goto(host("post/", f"<!doctype html><body>{script(site, 'own')}"))
    frame = embed(page, 0)
    expect_theme(frame, "light")
    height = page.locator("iframe").evaluate("frame => frame.style.height")
    frame.evaluate(
        """() => {
          for (const height of [-5, 1e9, NaN, "12px", null, {}])
            parent.postMessage({ nets: "height", height, themed: true }, "*");
          for (const data of [null, "height", 7, { nets: "theme", theme: "dark" }])
            parent.postMessage(data, "*");
        }"""
    )
    page.evaluate(
        """async (stranger) => {
          for (const theme of ["pink", 7, null, {}])
            window[0].postMessage({ nets: "theme", theme }, "*");
          for (const data of [null, 7, "dark"]) window[0].postMessage(data, "*");
          const frame = document.createElement("iframe");
          const loaded = new Promise((done) => (frame.onload = done));
          frame.src = stranger;
          document.body.append(frame);
          await loaded;
          await new Promise((done) => setTimeout(done, 200));
        }""",
        stranger,
    )
    expect_theme(frame, "light")
    assert page.locator("iframe >> nth=0").evaluate("frame => frame.style.height") == height


def test_a_section_that_does_not_come_is_told(browser: Browser, site: Any, host: Any) -> None:
    with reader(browser, errors=True) as context:
        page = context.new_page()
        page.clock.install()
        site.faults["embed.html"] = "missing"
        page.goto(host("post/", f"<!doctype html><body>{script(site, 'draw')}"))
        page.wait_for_function("() => document.querySelector('iframe')")
        page.clock.fast_forward(60_000)
        expect(page.get_by_text("The demo has not answered yet.")).to_be_visible()
        link = page.get_by_role("link", name="Open it on its own page")
        assert link.get_attribute("href") == f"{site.url}#draw"


@pytest.mark.chromium("Firefox's driver cannot switch JavaScript off")
def test_without_javascript_a_picture_with_a_link_stands_there(
    browser: Browser, post: str, site: Any
) -> None:
    with reader(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(post)
        picture = page.locator("a:has(img[src*='stills/draw'])")
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_visible()
        assert picture.get_attribute("href") == f"{site.url}#draw"
        assert page.locator("iframe").count() == 0
        box = picture.locator("img").bounding_box()
        assert box is not None
        assert box["height"] > 300
        page.goto(f"{site.url}embed.html#draw")
        expect(page.locator("noscript p")).to_be_visible()


def test_every_section_has_a_still_and_stands_alone(page: Page, site: Any, dist: Path) -> None:
    page.goto(site.url)
    sections = page.locator("main > section").evaluate_all("all => all.map(({ id }) => id)")
    assert len(sections) >= 9
    for name in sections:
        page.goto("about:blank")
        page.goto(f"{site.url}embed.html#{name}")
        expect(part(page, f"section-{name}")).to_be_visible()
        assert (dist / "stills" / f"{name}.jpg").is_file()
        shown = page.locator("main > section:visible h2:visible")
        expect(shown).to_have_count(1)
        expect(part(page, "whole-page")).to_have_attribute("href", f"./#{name}")
    page.goto("about:blank")
    page.goto(f"{site.url}embed.html#nonsense")
    expect(part(page, "unknown-section")).to_contain_text("no such section")
    expect(part(page, "unknown-section")).to_contain_text("playground")


def test_a_bug_leads_to_its_code_in_the_same_frame(page: Page, site: Any, host: Any) -> None:
    page.goto(host("post/", f"<!doctype html><body>{script(site, 'bugs')}"))
    frame = embed(page, 0)
    expect(part(frame, "bugs-edit")).to_be_visible()
    expect_as_tall_as_its_content(frame)  # a click may miss what is moving
    part(frame, "bugs-edit").click()
    expect(part(frame, "section-own")).to_be_visible()
    expect(part(frame, "section-bugs")).to_be_hidden()
    expect(part(frame, "own-note")).to_contain_text("the code with the bug in it")
