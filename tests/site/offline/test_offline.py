"""The service worker: what it keeps, how it changes versions, and how it is got rid of."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import visiting
from builds import build
from visiting import SEVEN, draw, expect_guess, part

KEPT = re.compile("works offline")
RENEWED = "the site has been renewed since this page was opened"
SECTIONS = ("draw", "train", "inside", "bugs", "own", "playground", "compare", "layers", "quality")
KEEPER = "navigator.serviceWorker"
PACKED = ("pyodide.asm.wasm", "pyodide.asm.js", "numpy.files", "snapshot")
DAMAGE = """async (address) => {
  const [name] = await caches.keys();
  const cache = await caches.open(name);
  const bytes = new Uint8Array(await (await cache.match(address)).arrayBuffer());
  bytes[bytes.length >> 1] ^= 1;
  await cache.put(address, new Response(bytes));
}"""
"""Change a byte of what is kept."""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor whose browser may keep the site; what fails without a network is in its console."""
    with visiting.visitor(browser, errors=True, keeps=True) as context:
        yield context


def keep(page: Page, url: str) -> None:
    """Visit the page until the browser keeps it."""
    visiting.open_ready(page, url)
    expect(part(page, "offline")).to_contain_text(KEPT, timeout=visiting.START_PATIENCE)


def versions(page: Page) -> list[str]:
    """Which versions the page is made of, once all that it needs at once has run."""
    page.wait_for_function("() => document.documentElement.dataset.running")
    found: list[str] = page.evaluate(
        """() => [document.title.startsWith("Two"), document.documentElement.dataset.version]
          .map((sign) => (sign ? "two" : "one"))"""
    )
    return found


def wait_for(page: Page, question: str) -> None:
    """Ask until the answer, which takes the browser its time, is yes."""
    page.evaluate(
        f"""async () => {{
          while (!(await ({question})())) await new Promise((again) => setTimeout(again, 50));
        }}"""
    )


def caches(page: Page) -> list[str]:
    """The names of what is kept."""
    names: list[str] = page.evaluate("() => caches.keys()")
    return names


def changed(one: Path, two: Path) -> set[str]:
    """The addresses at which two versions differ."""
    paths = {path.relative_to(two).as_posix() for path in two.rglob("*") if path.is_file()}
    return {
        path
        for path in paths
        if not (one / path).exists() or (one / path).read_bytes() != (two / path).read_bytes()
    }


def test_all_sections_work_without_a_network_after_one_visit(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    site = serve_site(folder="somewhere/nets")
    page = context.new_page()
    keep(page, site.url)
    page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
    expect(part(page, "offline")).to_contain_text("training too", timeout=visiting.START_PATIENCE)

    context.set_offline(True)
    expect(part(page, "network")).to_contain_text("offline")
    site.requested.clear()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    visiting.open_ready(page, site.url)
    draw(page, SEVEN)
    expect_guess(page, 7)
    assert page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")["accuracy"] > 0.8
    for model in (model["id"] for model in visiting.MODELS):
        part(page, "model-picker").select_option(model)
        expect(part(page, "guess")).to_have_text(re.compile("[0-9]"))
        expect(part(page, "draw-trouble")).to_be_hidden()
    filled = {
        "train": "[data-testid=cost-chart] canvas",
        "inside": ".katex",
        "own": ".cm-content",
        "playground": "[data-testid=playground-body] canvas",
    }
    for section in SECTIONS:
        part(page, f"section-{section}").scroll_into_view_if_needed()
        if section in filled:
            expect(part(page, f"section-{section}").locator(filled[section]).first).to_be_visible()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible()
    assert set(site.requested) <= {"sw.js"}, "the browser looks for a newer one by itself"
    assert failed == []
    context.set_offline(False)
    expect(part(page, "network")).to_have_text("")


def test_a_newer_version_takes_over_at_the_next_visit_and_as_a_whole(
    context: BrowserContext, serve_site: Callable[..., Any], dist: Path, renewed: Path
) -> None:
    site = serve_site(folder="nets")
    outside = context.new_page()  # of the same origin, but not of the site
    outside.goto(site.url.removesuffix("nets/"))
    page = context.new_page()
    keep(page, site.url)
    other = context.new_page()
    other.goto(site.url)
    [first] = caches(page)

    # One file of the new version comes altered: nothing of that version is used.
    site.root, site.faults = renewed, {"page.js": "altered"}
    site.requested.clear()
    page.evaluate(
        f"""() => {KEEPER}.getRegistration().then(async (registration) => {{
          registration.addEventListener("updatefound", () => {{
            const worker = registration.installing;
            worker.addEventListener("statechange", () => (window.came = worker.state));
          }});
          await registration.update();
        }})"""
    )
    page.wait_for_function("() => window.came === 'redundant'")
    page.reload()
    assert versions(page) == ["one", "one"]

    # It comes whole: it waits, for two tabs are open, and what has not changed is not fetched.
    site.faults = {}
    page.evaluate(f"() => {KEEPER}.getRegistration().then((one) => one.update())")
    expect(part(page, "offline")).to_contain_text("newer version", timeout=120_000)
    expected = {site.name_of(address) for address in changed(dist, renewed)}
    expected |= {"manifest.json", "sw.js"}
    asked = {name for name in site.requested if not name.startswith("mnist/")}  # for who stays
    assert asked <= expected | {"index.html", ""}
    assert {"page.js", "playground.js", "models/softmax.npz"} <= set(site.requested)
    page.reload()
    assert versions(page) == ["one", "one"]
    page.keyboard.press("Shift")  # who has begun to do something here keeps this version
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible(timeout=120_000)
    assert page.evaluate("() => document.documentElement.dataset.words") is None
    assert first in caches(page)

    # Both tabs are gone: the next visit has the new version, and the old one is forgotten.
    other.close()
    page.close()
    waiting = f"{KEEPER}.getRegistration('/nets/').then(({{ waiting }}) => waiting)"
    wait_for(outside, f"() => {waiting}.then((one) => !one)")
    page = context.new_page()
    page.goto(site.url)
    expect(page).to_have_title(re.compile("^Two"))
    assert versions(page) == ["two", "two"]
    wait_for(page, f"() => caches.keys().then((names) => !names.includes({first!r}))")
    site.requested.clear()
    page.reload()
    assert versions(page) == ["two", "two"]
    assert "page.js" not in site.requested


def test_a_deploy_between_two_requests_is_refused_not_mixed(
    browser: Browser,
    context: BrowserContext,
    serve_site: Callable[..., Any],
    dist: Path,
    renewed: Path,
    tmp_path: Path,
) -> None:
    """On a first visit, when nothing is kept: the page is of one version, the rest of another."""
    context.add_init_script(visiting.NO_SERVICE_WORKER)
    site = serve_site()
    page = context.new_page()
    page.goto(site.url)
    page.wait_for_function("() => document.documentElement.dataset.running")
    site.root = renewed
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(part(page, "playground-words")).to_have_text(
        f"The playground did not load: {RENEWED}. Reload the page."
    )
    assert page.evaluate("() => document.documentElement.dataset.words") is None

    between = tmp_path / "between"
    shutil.copytree(renewed, between)
    shutil.copy2(dist / "index.html", between)  # as old as it is, or the browser keeps it
    site.root = between
    with visiting.visitor(browser, errors=True) as other:  # who has nothing of it in a cache
        page = other.new_page()
        page.goto(site.url)
        entry = json.loads((dist / "manifest.json").read_text())["names"]["page.js"]
        expect(part(page, "incomplete")).to_contain_text(f"{entry} did not load")
        assert page.evaluate("() => document.documentElement.dataset.version") is None
        site.root = renewed
        part(page, "incomplete").get_by_role("button").click()
        expect(page).to_have_title(re.compile("^Two"))
        assert versions(page) == ["two", "two"]


def test_a_page_of_the_old_build_says_so_after_a_deploy(
    context: BrowserContext, serve_site: Callable[..., Any], renewed: Path
) -> None:
    """What it needs and the server no longer has is named; a plain reload has all that is new."""
    context.add_init_script(visiting.NO_SERVICE_WORKER)
    site = serve_site(folder="nets")
    page = visiting.open_ready(context.new_page(), site.url)
    draw(page, SEVEN)
    expect_guess(page, 7)
    site.root = renewed
    part(page, "model-picker").select_option("softmax")
    expect(part(page, "draw-trouble")).to_contain_text(
        f"models/softmax.npz did not load: {RENEWED}. Reload the page."
    )
    part(page, "model-picker").select_option("cnn")  # which is the same in both
    expect(part(page, "guess")).to_have_text(re.compile("[0-9]"))
    visiting.python_worker(page).evaluate("() => setTimeout(() => { throw new Error('now'); })")
    visiting.expect_state(page, "failed")
    part(page, "retry").click()
    expect(part(page, "failure-words")).to_contain_text(
        f"worker.js did not load: {RENEWED}. Reload the page."
    )
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(part(page, "playground-words")).to_contain_text(RENEWED)

    page.reload()
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    assert versions(page) == ["two", "two"]
    draw(page, SEVEN)
    part(page, "model-picker").select_option("softmax")
    expect(part(page, "guess")).to_have_text(re.compile("[0-9]"))
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible()
    assert page.evaluate("() => document.documentElement.dataset.words") == "two"


def test_a_deploy_can_switch_it_off_for_good(
    context: BrowserContext, serve_site: Callable[..., Any], tmp_path: Path
) -> None:
    site = serve_site()
    page = context.new_page()
    keep(page, site.url)
    page.reload()
    page.wait_for_function(f"() => {KEEPER}.controller")
    site.root = build(tmp_path, service_worker=False)
    # The old one still answers, and the browser looks for its successor.
    page.goto(f"{site.url}licences.html")  # which registers none
    gone = f"() => {KEEPER}.getRegistrations().then((all) => all.length === 0)"
    wait_for(page, gone)
    wait_for(page, "() => caches.keys().then((names) => names.length === 0)")
    site.requested.clear()
    page.clock.install()
    visiting.open_ready(page, site.url)
    assert {"index.html", ""} & set(site.requested)
    assert page.evaluate(f"() => {KEEPER}.controller") is None
    page.clock.run_for(2500)  # milliseconds, in which it would be registered
    visiting.requested(page)
    assert "sw.js" not in site.requested
    assert page.evaluate(gone)
    assert caches(page) == []
    expect(part(page, "offline")).to_have_text("")


def test_what_the_browser_has_lost_comes_from_the_network(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    """As when a visitor clears the storage, or the browser does to make room."""
    site = serve_site()
    page = context.new_page()
    keep(page, site.url)
    page.reload()
    page.evaluate(
        "async () => { for (const name of await caches.keys()) await caches.delete(name); }"
    )
    visiting.open_ready(page, site.url)
    draw(page, SEVEN)
    expect_guess(page, 7)
    assert "page.js" in site.requested


LOSE = """async (name) => {
  for (const key of await caches.keys()) {
    const cache = await caches.open(key);
    for (const { url } of await cache.keys()) if (url.endsWith(name)) await cache.delete(url);
  }
}"""


@pytest.mark.parametrize("name", ["index.html", "page.js", "playground.js"])
def test_what_it_has_lost_before_a_deploy_mends_itself(
    context: BrowserContext, serve_site: Callable[..., Any], dist: Path, renewed: Path, name: str
) -> None:
    """The old version is no longer whole, and the server has the new one alone."""
    site = serve_site(folder="nets")
    page = context.new_page()
    keep(page, site.url)
    page.evaluate(LOSE, json.loads((dist / "manifest.json").read_text())["names"].get(name, name))
    site.root = renewed
    page.reload()
    if name == "playground.js":
        part(page, "section-playground").scroll_into_view_if_needed()
        expect(part(page, "playground-words")).to_contain_text(f"{RENEWED}. Reload the page.")
        page.reload()
    expect(page).to_have_title(re.compile("^Two"))
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    assert versions(page) == ["two", "two"]
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible()
    assert page.evaluate("() => document.documentElement.dataset.words") == "two"


def test_what_it_has_lost_is_kept_again(
    context: BrowserContext, serve_site: Callable[..., Any], dist: Path
) -> None:
    names = json.loads((dist / "manifest.json").read_text())["names"]
    site = serve_site(folder="nets")
    page = context.new_page()
    keep(page, site.url)
    page.evaluate(LOSE, names["page.js"])
    page.evaluate(LOSE, "licences.html")
    page.reload()
    expect(part(page, "offline")).to_contain_text(KEPT, timeout=visiting.START_PATIENCE)
    page.evaluate(DAMAGE, f"{site.url}{names['charting.js']}")
    page.evaluate("url => fetch(url, { cache: 'reload' })", f"{site.url}{names['charting.js']}")
    site.gone = True
    visiting.open_ready(page, site.url)
    expect(part(page, "train-start")).to_be_enabled()
    page.goto(f"{site.url}licences.html")
    expect(page.get_by_role("heading").first).to_be_visible()


@pytest.mark.parametrize("damaged", [False, True], ids=["as it was kept", "damaged"])
def test_a_second_visit_finds_unpacked_what_a_start_needs(
    context: BrowserContext, site_url: str, dist: Path, damaged: bool
) -> None:
    names = json.loads((dist / "manifest.json").read_text())["names"]
    addresses = [names[f"pyodide/{name}.br"] for name in PACKED]
    unpacked = [f"{site_url}{address.removesuffix('.br')}" for address in addresses]
    page = context.new_page()
    keep(page, site_url)
    kept = page.evaluate(
        """async () => {
          const [name] = await caches.keys();
          return (await (await caches.open(name)).keys()).map(({ url }) => url);
        }"""
    )
    assert set(unpacked) <= set(kept)
    if damaged:
        page.evaluate(DAMAGE, unpacked[-1])
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    visiting.open_ready(page, site_url)
    draw(page, SEVEN)
    expect_guess(page, 7)
    assert any(url.endswith("/brotli.wasm.gz") for url in asked) == damaged
    if damaged:  # it is put right by then
        expect(part(page, "offline")).to_contain_text(KEPT, timeout=visiting.START_PATIENCE)
        asked.clear()
        visiting.open_ready(page, site_url)
        assert not any(url.endswith("/brotli.wasm.gz") for url in asked)


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("delete Navigator.prototype.serviceWorker", "cannot save pages"),
        ("Object.defineProperty(crypto, 'subtle', { value: undefined })", "not https"),
    ],
    ids=["no service worker", "no https"],
)
def test_a_browser_that_cannot_keep_pages_says_so(
    context: BrowserContext, site_url: str, without: str, said: str
) -> None:
    context.add_init_script(without)
    page = context.new_page()
    page.goto(site_url)
    expect(part(page, "offline")).to_contain_text(said)
    draw(page, SEVEN)
    expect_guess(page, 7)


def test_a_full_disk_is_told_and_all_else_works(context: BrowserContext, site_url: str) -> None:
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": site_url, "quotaSize": 1_000_000})
    visiting.open_ready(page, site_url)
    expect(part(page, "offline")).to_contain_text("Nothing is saved for offline use")
    draw(page, SEVEN)
    expect_guess(page, 7)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": site_url})
    part(page, "offline").get_by_role("button").click()
    expect(part(page, "offline")).to_contain_text(KEPT, timeout=visiting.START_PATIENCE)


def test_denied_storage_is_told(context: BrowserContext, site_url: str) -> None:
    """As in a private window, or where the visitor allows no site to keep anything."""
    context.add_init_script(
        f"{KEEPER}.register = () => Promise.reject(new DOMException('denied', 'SecurityError'));"
    )
    page = visiting.open_ready(context.new_page(), site_url)
    expect(part(page, "offline")).to_contain_text("(denied)")
    draw(page, SEVEN)
    expect_guess(page, 7)


def test_who_saves_data_is_asked_before_anything_is_kept(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    context.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
    )
    site = serve_site()
    page = visiting.open_ready(context.new_page(), site.url)
    expect(part(page, "offline")).to_contain_text("asks to save data")
    assert "sw.js" not in site.requested
    part(page, "offline").get_by_role("button").click()
    expect(part(page, "offline")).to_contain_text("training too", timeout=visiting.START_PATIENCE)
    assert "mnist/train-images-5.gz" in site.requested
