"""On a phone, and on its battery: fingers, notches, turning it, what moves, what goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import visiting
from tabs import Tab, tab
from visiting import SEVEN, Fingers, draw, expect_guess, part

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser, **PHONE) as context:
        yield visiting.open_ready(context.new_page(), site_url)


@pytest.fixture
def page(open_page: Page) -> Page:
    """The page on a phone, with an empty pad, at its top."""
    open_page.set_viewport_size(PHONE["viewport"])
    visiting.clear(open_page)
    open_page.evaluate("scrollTo(0, 0)")
    return open_page


def painted(page: Page) -> None:
    """Wait until what has been changed is in the window."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def pinch(page: Page, x: float, y: float) -> float:
    """Spread two fingers about a place in the window; return how large the page is then shown."""
    fingers = Fingers(page)
    fingers.press(1, (x - 10, y))
    fingers.press(2, (x + 10, y))
    for step in range(1, 16):
        fingers.slide(1, (x - 10 - 5 * step, y))
        fingers.slide(2, (x + 10 + 5 * step, y))
    fingers.up(1)
    fingers.up(2)
    painted(page)
    scale: float = page.evaluate("visualViewport.scale")
    return scale


def test_two_fingers_on_the_pad_do_not_zoom(page: Page) -> None:
    x, y = visiting.place(page, (0.5, 0.5))
    assert pinch(page, x, y) == 1


def test_a_button_that_was_tapped_does_not_stay_grey(page: Page) -> None:
    ground = "button => getComputedStyle(button).backgroundColor"
    for _ in range(2):
        draw(page, SEVEN)
    undo = part(page, "undo")
    before = undo.evaluate(ground)
    undo.tap()
    expect(undo).to_be_enabled()
    hovered = "button => button.matches(':hover')"
    visiting.until(page, lambda: undo.evaluate(hovered), "as if it were hovered")
    assert undo.evaluate(ground) == before


def test_two_quick_taps_on_the_pad_do_not_zoom(page: Page) -> None:
    fingers = Fingers(page)
    for _ in range(2):
        fingers.down(1, (0.5, 0.5))
        fingers.up(1)
    assert page.evaluate("visualViewport.scale") == 1
    assert visiting.ink(page, (0.5, 0.5))


def test_a_finger_on_either_face_draws_and_scrolls_nothing(page: Page) -> None:
    fingers = Fingers(page)
    for pixel_by_pixel in (False, True):
        part(page, "pixel-mode").set_checked(pixel_by_pixel)
        canvas = part(page, "pixel-canvas" if pixel_by_pixel else "draw-canvas")
        box = canvas.bounding_box()
        assert box is not None
        before = page.evaluate("scrollY")
        fingers.press(1, (box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.9))
        for step in range(1, 9):
            fingers.slide(
                1, (box["x"] + box["width"] / 2, box["y"] + box["height"] * (0.9 - step / 10))
            )
        fingers.up(1)
        assert page.evaluate("scrollY") == before
        expect(part(page, "guess")).not_to_have_text("")
    part(page, "clear").click()
    part(page, "pixel-mode").uncheck()


def test_turning_the_phone_keeps_the_drawing(page: Page) -> None:
    draw(page, SEVEN)
    expect_guess(page, 7)
    page.set_viewport_size({"width": 740, "height": 360})
    part(page, "draw-canvas").scroll_into_view_if_needed()
    assert visiting.ink(page, (0.5, 0.25), 0.02)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    part(page, "normalise").uncheck()  # so that it is read anew
    part(page, "normalise").check()
    expect_guess(page, 7)


def test_nothing_lies_under_a_notch(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    insets = {"top": 50, "bottom": 70, "left": 44, "right": 45}
    devtools.send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    around = page.evaluate(
        "() => { const s = getComputedStyle(document.body);"
        " return Object.fromEntries(['top', 'bottom', 'left', 'right']"
        ".map((side) => [side, parseFloat(s.getPropertyValue(`padding-${side}`))])); }"
    )
    devtools.send("Emulation.setSafeAreaInsetsOverride", {"insets": {}})
    devtools.detach()
    assert all(around[side] >= inset for side, inset in insets.items()), around


# ---------------------------------------------------------------- nothing is pushed away

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources } of list.getEntries()) {
    if (!hadRecentInput) shifts.push([value, sources.map(({ node }) => node?.dataset?.testid ?? node?.className)]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""  # noqa: E501


HEIGHTS = """
window.heights = {};
const places = {
  "the switch of the kernels": "[data-testid=computing]",
  "a chart": ".charts figure:has([data-testid=cost-chart])",
  "the cards": ".cards:has(.card)",
  "the playground": ".world",
  "its chart": ".course-of",
};
const sizes = new ResizeObserver((entries) => {
  for (const { target, borderBoxSize } of entries) {
    const [name] = Object.entries(places).find(([, selector]) => target.matches(selector));
    (heights[name] ??= new Set()).add(borderBoxSize[0].blockSize);
  }
});
const look = () => {
  for (const place of document.querySelectorAll(Object.values(places))) sizes.observe(place);
};
addEventListener("DOMContentLoaded", () => {
  look();
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
});
"""


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def watched(request: pytest.FixtureRequest, browser: Browser, site_url: str) -> Iterator[Page]:
    """The page, ready, which notes from its beginning what moves and what grows."""
    with visiting.visitor(browser, **request.param) as context:
        page = context.new_page()
        page.add_init_script(SHIFTS)
        page.add_init_script(HEIGHTS)
        yield visiting.open_ready(page, site_url)


def test_nothing_moves_while_it_loads_reads_learns_and_is_scrolled_through(watched: Page) -> None:
    page = watched
    draw(page, SEVEN)
    expect_guess(page, 7)
    visiting.set_epochs(page, 1000)
    part(page, "train-start").click()
    expect(part(page, "cost-chart").locator("canvas")).to_be_visible(timeout=120_000)
    part(page, "train-pause").click()
    for section, filled in visiting.FILLED.items():
        page.evaluate("id => document.getElementById(id).scrollIntoView()", section)
        expect(page.locator(filled).first).to_be_attached()
        painted(page)  # nobody has seen what grows in the very frame that scrolls on
    shifts = page.evaluate("shifts")
    assert sum(value for value, _ in shifts) < 0.05, shifts


def test_what_comes_finds_its_place_kept(watched: Page) -> None:
    page = watched
    expect(part(page, "kernels")).to_be_enabled()
    part(page, "compare-cards").scroll_into_view_if_needed()
    expect(page.locator(".card").last).to_be_visible()
    draw(page, SEVEN)
    part(page, "compare-cards").scroll_into_view_if_needed()
    expect(part(page, "compare-verdict")).to_contain_text("All")
    cards = page.evaluate("[...heights['the cards']]")  # before there is one more of them
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(part(page, "playground-chart").locator("canvas")).to_be_visible()
    part(page, "train-start").click()
    expect(part(page, "cost-chart").locator("canvas")).to_be_visible(timeout=120_000)
    painted(page)
    heights = page.evaluate(
        "Object.fromEntries(Object.entries(heights).map(([name, all]) => [name, [...all]]))"
    )
    heights["the cards"] = cards
    assert len(heights) == 5, heights
    assert all(len(heights_of_one) == 1 for heights_of_one in heights.values()), heights


# ---------------------------------------------------------------- nothing runs when nothing is seen

COUNTERS = """
window.untouched = { setTimeout: window.setTimeout.bind(window) };
window.busy = [];
for (const name of ["requestAnimationFrame", "setTimeout", "setInterval"]) {
  const original = window[name];
  window[name] = (work, ...rest) => {
    busy.push(rest.length ? `${name} ${rest[0]}` : name);
    return original.call(window, work, ...rest);
  };
}
const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function (message, ...rest) {
  const asked = message?.path?.join(".") ?? "message";
  busy.push(asked === "call" ? `call ${message.argumentList[0].value}` : asked);
  return postMessage.call(this, message, ...rest);
};
"""
WATCH = {"ping", "setTimeout 3000", "setTimeout 20000"}
"""The page asks its worker for a sign of life every three seconds, where it is seen."""


@pytest.fixture
def opened(tmp_path: Path, site_url: str) -> Iterator[Tab]:
    """The page, ready, in a tab that counts what it sets going."""
    with tab(tmp_path / "profile") as opened:
        opened.send("Page.enable")
        opened.send("Page.addScriptToEvaluateOnNewDocument", source=COUNTERS)
        opened.send("Page.navigate", url=site_url)
        opened.evaluate(
            "new Promise((done) => { const look = () => window.nets ? done(nets.ready) :"
            " setTimeout(look, 50); look(); })"
        )
        yield opened


def busy_between_two_pings(opened: Tab) -> list[str]:
    """What the page did from one sign of life of its worker to the second next, the watch aside."""
    counted: list[str] = opened.evaluate(
        """(async () => {
          const pings = () => busy.filter((one) => one === "setTimeout 3000").length;
          const next = async () => {
            const before = pings();
            while (pings() === before) await new Promise((done) => untouched.setTimeout(done, 50));
          };
          await next();
          busy.length = 0;
          await next();
          await next();
          return busy;
        })()"""
    )
    return [one for one in counted if one not in WATCH]


def expect_rest(opened: Tab) -> None:
    """Wait until what was under way has ended, and nothing follows it."""
    for _ in range(6):
        done = busy_between_two_pings(opened)
        if not done:
            return
    raise AssertionError(f"it goes on: {done}")


def play(opened: Tab) -> None:
    """Let the playground play."""
    opened.evaluate("document.getElementById('playground').scrollIntoView()")
    opened.until("document.querySelector('[data-testid=playground-play]')")
    opened.until("document.querySelector('#playground').dataset.state === 'paused'")
    opened.evaluate("document.querySelector('[data-testid=playground-play]').click()")
    opened.until(
        "Number(document.querySelector('[data-testid=playground-epoch]').dataset.value) > 3"
    )


def test_a_page_that_is_only_looked_at_does_nothing(opened: Tab) -> None:
    expect_rest(opened)


def test_the_playground_rests_while_it_is_out_of_sight(opened: Tab) -> None:
    play(opened)
    assert any("advance" in one for one in busy_between_two_pings(opened))
    opened.evaluate("scrollTo(0, 0)")
    expect_rest(opened)
    epoch = "Number(document.querySelector('[data-testid=playground-epoch]').dataset.value)"
    before = opened.evaluate(epoch)
    opened.evaluate("document.getElementById('playground').scrollIntoView()")
    opened.until(f"{epoch} > {before}")


def test_the_playground_rests_while_the_tab_is_hidden(opened: Tab) -> None:
    play(opened)
    opened.hide()
    opened.until("document.hidden")
    expect_rest(opened)
    epoch = "Number(document.querySelector('[data-testid=playground-epoch]').dataset.value)"
    before = opened.evaluate(epoch)
    opened.show()
    opened.until(f"{epoch} > {before}")


def test_a_race_waits_while_the_tab_is_hidden(opened: Tab) -> None:
    opened.evaluate("document.getElementById('bugs').scrollIntoView()")
    opened.until("document.querySelector('#bugs input[name=outcome]')")
    opened.evaluate(
        "document.querySelector('#bugs input[name=outcome]').click();"
        "document.querySelector('#bugs input[name=sees]').click();"
        "document.querySelector('[data-testid=bugs-run]').click()"
    )
    opened.until("busy.includes('call workshop.advance')")
    opened.hide()
    opened.until("document.hidden")
    expect_rest(opened)
    opened.show()
    opened.until("!document.querySelector('[data-testid=bugs-evidence]').hidden")


def test_training_goes_on_while_the_tab_is_hidden_but_nothing_is_drawn(opened: Tab) -> None:
    """Who started it wants it done; only the curves wait."""
    opened.evaluate(
        "void nets.train({ epochs: 200 }, ({ epoch }) => (window.epoch = epoch)).catch(() => {})"
    )
    opened.until("window.epoch >= 1")
    opened.hide()
    opened.until("document.hidden")
    before = opened.evaluate("window.epoch")
    expect_rest(opened)
    opened.until(f"window.epoch > {before}")


def test_what_has_been_answered_is_forgotten(page: Page) -> None:
    """However often the page asks its Python: an hour of training is thousands of answers."""
    devtools = page.context.new_cdp_session(page)

    def used_after(predictions: int) -> float:
        page.evaluate(
            """async (times) => {
              const pixels = new Array(784).fill(0.5);
              for (let i = 0; i < times; i++) await nets.predict({ pixels });
            }""",
            predictions,
        )
        devtools.send("HeapProfiler.collectGarbage")
        used: float = devtools.send("Runtime.getHeapUsage")["usedSize"]
        return used

    before = used_after(500)
    each = (used_after(4000) - before) / 4000
    assert each < 40, f"{each:.0f} bytes for each answer"
