"""For everyone: axe-core in every state, by keyboard alone, by ear, large, in other colours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import access
import visiting
from access import Ears, contrast, expect_accessible, pixels, rgb
from building import browsers
from faulty import Site
from visiting import SEVEN, draw, expect_guess, expect_state, part

WINDOWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}
SECTIONS = ["draw", "train", "inside", "bugs", "own", "playground", "compare", "layers", "quality"]


@pytest.fixture(scope="module", params=WINDOWS)
def page(browser: Browser, site_url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """One visitor for all states, on a desktop and on a phone."""
    with visiting.visitor(browser, **WINDOWS[request.param]) as context:
        yield visiting.open_ready(context.new_page(), site_url)


def go_to(page: Page, section: str) -> None:
    page.evaluate("id => document.getElementById(id).scrollIntoView()", section)


def write_seven(page: Page) -> None:
    visiting.clear(page)
    draw(page, SEVEN)
    expect_guess(page, 7)


def train_until(page: Page, condition: str) -> None:
    page.wait_for_function(
        f"""() => {{
          const part = (id) => document.querySelector(`[data-testid=${{id}}]`);
          const value = (id) => Number(part(id).dataset.value);
          return {condition};
        }}"""
    )


def train_long(page: Page) -> None:
    """Begin a training that does not end by itself, and wait for its first figures."""
    visiting.set_epochs(page, 1000)
    part(page, "train-start").click()
    train_until(page, "value('test-accuracy') > 0.5")


# ---------------------------------------------------------------- axe-core, and whether all fits


def test_while_it_loads_and_when_it_has_failed(
    browser: Browser, serve_site: Callable[..., Site]
) -> None:
    site = serve_site()
    site.faults[visiting.FIRST_MODEL] = "stalled"
    for window in WINDOWS.values():
        with visiting.visitor(browser, errors=True, **window) as context:
            page = context.new_page()
            page.goto(site.url)
            expect_state(page, "loading")
            expect_accessible(page)
    site.faults[visiting.FIRST_MODEL] = "missing"
    for window in WINDOWS.values():
        with visiting.visitor(browser, errors=True, **window) as context:
            page = context.new_page()
            page.goto(site.url)
            expect_state(page, "failed", visiting.START_PATIENCE)
            expect_accessible(page)


def test_ready_with_nothing_drawn(page: Page) -> None:
    expect_accessible(page)


def test_drawn(page: Page) -> None:
    write_seven(page)
    expect_accessible(page, "#draw")


def test_painted_pixel_by_pixel(page: Page) -> None:
    part(page, "pixel-mode").check()
    part(page, "pixel-canvas").click()
    expect_accessible(page, "#draw")
    part(page, "pixel-mode").uncheck()


def test_training_paused_and_done(page: Page) -> None:
    part(page, "settings-fold").evaluate("fold => fold.open = true")
    expect_accessible(page, "#train")
    train_long(page)
    expect_accessible(page, "#train")
    part(page, "train-pause").click()
    expect_state(page, "paused")
    page.locator("#train .chart-numbers summary").first.click()
    expect(page.locator("#train .numbers tbody tr").first).to_be_visible()
    expect_accessible(page, "#train")


def test_inside_a_step(page: Page) -> None:
    write_seven(page)
    go_to(page, "inside")
    expect(part(page, "inside-body")).to_be_visible()
    for stage in range(part(page, "inside-steps").get_by_role("button").count()):
        part(page, "inside-steps").get_by_role("button").nth(stage).click()
        expect(part(page, "inside-chain").locator("li")).to_have_count(5)
    part(page, "inside-check").click()
    expect(part(page, "inside-histogram").locator("figure").first).to_be_visible()
    expect_accessible(page, "#inside")


def test_a_bug_that_was_raced_and_mended(page: Page) -> None:
    go_to(page, "bugs")
    page.locator("#bugs input[name=outcome]").first.check()
    page.locator("#bugs input[name=sees]").first.check()
    part(page, "bugs-run").click()
    expect(part(page, "bugs-evidence")).to_be_visible(timeout=visiting.START_PATIENCE)
    part(page, "bugs-mend").click()
    expect(part(page, "bugs-mended-words")).to_contain_text(
        "Fixed", timeout=visiting.START_PATIENCE
    )
    expect_accessible(page, "#bugs")


def test_the_editor_after_an_error_and_after_a_race(page: Page) -> None:
    go_to(page, "own")
    expect(part(page, "own-editor")).to_have_attribute("data-ready", "yes")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("(")
    part(page, "own-run").click()
    expect(part(page, "own-words")).to_have_attribute(
        "data-kind", "trouble", timeout=visiting.START_PATIENCE
    )
    expect_accessible(page, "#own")
    part(page, "own-reset").click()
    part(page, "own-run").click()
    expect(part(page, "own-words")).to_have_text("Done.", timeout=180_000)
    expect_accessible(page, "#own")


def test_the_playground_playing_and_open(page: Page) -> None:
    go_to(page, "playground")
    expect(part(page, "section-playground")).to_have_attribute("data-state", "paused")
    part(page, "playground-play").click()
    train_until(page, "value('playground-epoch') > 5")
    expect_accessible(page, "#playground")
    part(page, "playground-mode").click()
    part(page, "playground-play").click()
    part(page, "playground-initial-fold").locator("summary").click()
    part(page, "playground-export").click()
    part(page, "playground-data-points").click()
    expect(part(page, "playground-hand")).to_be_visible()
    expect_accessible(page, "#playground")
    part(page, "playground-data-formula").click()
    part(page, "playground-formula").fill("x +")
    part(page, "playground-formula").press("Tab")
    expect(part(page, "playground-formula-error")).to_be_visible()
    expect_accessible(page, "#playground")


def test_compared_followed_and_examined(page: Page) -> None:
    write_seven(page)
    go_to(page, "compare")
    expect(part(page, "compare-verdict")).to_contain_text("read a 7")
    expect_accessible(page, "#compare")
    go_to(page, "layers")
    expect(part(page, "layers").locator("figure").last).to_be_visible()
    expect_accessible(page, "#layers")
    part(page, "examine").click()
    expect(part(page, "mistakes").get_by_role("button").first).to_be_visible(timeout=180_000)
    expect_accessible(page, "#quality")


def test_all_of_it_at_once(page: Page) -> None:
    expect_accessible(page)


@pytest.mark.parametrize("window", WINDOWS)
def test_what_can_be_continued_is_offered(browser: Browser, site_url: str, window: str) -> None:
    with visiting.visitor(browser, **WINDOWS[window]) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        part(page, "train-start").click()
        expect(part(page, "kept-words")).to_contain_text("Saved in this browser")
        page.reload()
        expect(part(page, "kept-runs").get_by_role("button", name="Continue")).to_be_visible()
        expect_accessible(page, "#train")


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", ["bench.html", "licences.html"])
def test_the_other_pages(browser: Browser, site_url: str, name: str, window: str) -> None:
    with visiting.visitor(browser, **WINDOWS[window]) as context:
        page = context.new_page()
        page.goto(f"{site_url}{name}")
        expect_accessible(page)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("section", ["draw", "train"])
def test_a_section_alone(browser: Browser, site_url: str, section: str, window: str) -> None:
    with visiting.visitor(browser, **WINDOWS[window]) as context:
        page = visiting.open_ready(context.new_page(), f"{site_url}embed.html#{section}")
        expect_accessible(page, "body")  # the first heading is that of the page around it


# ---------------------------------------------------------------- by keyboard


@pytest.fixture(scope="module")
def keyboard(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser, **WINDOWS["desktop"]) as context:
        yield visiting.open_ready(context.new_page(), site_url)


@pytest.fixture
def pad(keyboard: Page) -> Page:
    """An empty pad that has the focus, by Tab."""
    visiting.clear(keyboard)
    part(keyboard, "pixel-mode").uncheck()
    part(keyboard, "model-picker").select_option(visiting.MODELS[0]["id"])
    part(keyboard, "draw-canvas").focus()
    keyboard.keyboard.press("Shift+Tab")
    keyboard.keyboard.press("Tab")
    expect(part(keyboard, "draw-canvas")).to_be_focused()
    place_cursor(keyboard, 14, 14)
    return keyboard


def place_cursor(page: Page, column: int, row: int) -> None:
    """Bring the cursor to a cell, counted from 0, from wherever it is."""
    for key, times in (
        ("ArrowLeft", 27),
        ("ArrowUp", 27),
        ("ArrowRight", column),
        ("ArrowDown", row),
    ):
        for _ in range(times):
            page.keyboard.press(key)


def write_a_one(page: Page) -> None:
    place_cursor(page, 14, 5)
    page.keyboard.press("Space")
    for _ in range(17):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")


@pytest.mark.parametrize("face", ["draw-canvas", "pixel-canvas"])
def test_a_digit_is_drawn_by_keyboard(pad: Page, face: str) -> None:
    if face == "pixel-canvas":
        part(pad, "pixel-mode").check()
        part(pad, face).focus()
    write_a_one(pad)
    expect_guess(pad, 1)
    pad.keyboard.press("ArrowRight")  # the pen is up
    pad.keyboard.press("Control+z")
    visiting.expect_empty(pad)


def test_two_arrows_at_once_move_along_a_diagonal(pad: Page) -> None:
    place_cursor(pad, 6, 6)
    pad.keyboard.press("Enter")
    pad.keyboard.down("ArrowRight")
    for _ in range(10):
        pad.keyboard.press("ArrowDown")
    pad.keyboard.up("ArrowRight")
    pad.keyboard.press("Escape")
    pad.keyboard.press("ArrowUp")
    assert visiting.ink(pad, (12.5 / 28, 11.5 / 28))
    assert not visiting.ink(pad, (7.5 / 28, 14.5 / 28))


@pytest.mark.parametrize("face", ["draw-canvas", "pixel-canvas"])
def test_delete_rubs_out_what_is_under_the_cursor(pad: Page, face: str) -> None:
    if face == "pixel-canvas":
        part(pad, "pixel-mode").check()
        part(pad, face).focus()
    write_a_one(pad)
    expect_guess(pad, 1)
    for _ in range(18):
        pad.keyboard.press("Delete")
        pad.keyboard.press("ArrowUp")
    visiting.expect_empty(pad)
    part(pad, "undo").click()
    expect(part(pad, "guess")).not_to_have_text("")


def test_the_cursor_is_seen_and_its_place_is_told(pad: Page) -> None:
    ears = Ears(pad)
    place_cursor(pad, 3, 9)
    expect(part(pad, "cursor-said")).to_have_text("Row 10, column 4")
    pad.keyboard.press("Space")
    expect(part(pad, "cursor-said")).to_have_text("Row 10, column 4, ink, pen down")
    assert len(ears.heard("cursor-said")) < 20, "a place that is only passed is not told"
    sheet, mark = part(pad, "draw-canvas").bounding_box(), part(pad, "cursor").bounding_box()
    assert sheet is not None
    assert mark is not None
    cell = sheet["width"] / 28
    assert mark["x"] - sheet["x"] == pytest.approx(3 * cell, abs=1.5)
    assert mark["y"] - sheet["y"] == pytest.approx(9 * cell, abs=1.5)
    part(pad, "undo").focus()
    expect(part(pad, "cursor")).to_be_hidden()


def test_undo_while_the_pen_is_down_lifts_it(pad: Page) -> None:
    pad.keyboard.press("Space")
    pad.keyboard.press("ArrowDown")
    pad.keyboard.press("Control+z")
    pad.keyboard.press("ArrowDown")
    visiting.expect_empty(pad)
    assert part(pad, "cursor").get_attribute("data-down") == "no"


def test_the_skip_link_leads_to_the_pad(keyboard: Page) -> None:
    keyboard.reload()
    expect_state(keyboard, "ready", visiting.START_PATIENCE)
    keyboard.keyboard.press("Tab")
    skip = keyboard.get_by_role("link", name="Skip to the drawing pad")
    expect(skip).to_be_focused()
    assert keyboard.evaluate("getComputedStyle(document.activeElement).clipPath") == "none"
    keyboard.keyboard.press("Enter")
    keyboard.keyboard.press("Tab")
    expect(part(keyboard, "draw-canvas")).to_be_focused()


_FOCUSED = """() => {
  let e = document.activeElement;
  while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  if (e === document.body) return null;
  const host = e.getRootNode().host ?? e;
  const around = [e, host, e.closest(".sheet"), host.closest(".editor")].filter(Boolean);
  const ring = around.some((one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
  const box = e.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const covered = !(top && (e.contains(top) || top.contains(e) || top === host || e.closest("label")?.contains(top)));
  const small = e.matches("button, select, summary") && Math.min(box.width, box.height) < 24;
  window.stops ??= [];
  const before = stops.at(-1);
  stops.push(host);
  return {
    name: host.dataset.testid ?? e.ariaLabel ?? e.textContent.trim().slice(0, 30),
    section: host.closest("section")?.id ?? "", ring, small,
    covered: covered && box.width > 0,
    last: host === [...document.querySelectorAll("a, button")].at(-1),
    backwards: Boolean(before) && Boolean(before.compareDocumentPosition(host) & Node.DOCUMENT_POSITION_PRECEDING),
  };
}"""  # noqa: E501


def test_tab_goes_through_everything_in_order_and_shows_where_it_is(keyboard: Page) -> None:
    """No trap: from the top of the page to its end, the editor among it."""
    write_seven(keyboard)
    for section in SECTIONS:
        go_to(keyboard, section)
        expect(part(keyboard, f"section-{section}")).to_be_in_viewport()
    for section, filled in {
        "inside": "[data-testid=inside-chain] li",
        "bugs": "[data-testid=bugs-list] button",
        "own": "[data-testid=own-editor][data-ready=yes]",
        "playground": "[data-testid=playground-neuron-0-0]",
    }.items():
        go_to(keyboard, section)
        expect(keyboard.locator(filled).first).to_be_visible()
    keyboard.evaluate("() => { scrollTo(0, 0); document.activeElement.blur(); }")
    keyboard.locator("h1").click()
    stops: list[dict[str, Any]] = []
    for _ in range(400):
        keyboard.keyboard.press("Tab")
        stop = keyboard.evaluate(_FOCUSED)
        assert stop is not None
        stops.append(stop)
        if stop["last"]:  # beyond it a key belongs to the browser, and may not be answered
            break
    assert {stop["section"] for stop in stops} >= {*SECTIONS} - {
        "compare",
        "layers",
    }  # to read only
    assert stops[-3]["name"] == "copy-diagnostics"
    assert stops[-1]["name"] == "Licences"
    assert [stop["name"] for stop in stops if stop["backwards"]] == []
    assert [stop["name"] for stop in stops if not stop["ring"]] == []
    assert [stop["name"] for stop in stops if stop["covered"]] == []
    assert [stop["name"] for stop in stops if stop["small"]] == []


def test_the_editor_lets_go_after_something_was_typed(keyboard: Page) -> None:
    go_to(keyboard, "own")
    keyboard.locator(".cm-content").click()
    keyboard.keyboard.type(" ")
    keyboard.keyboard.press("Tab")
    assert keyboard.evaluate("document.activeElement.dataset.testid") == "own-editor"
    keyboard.keyboard.press("Escape")
    keyboard.keyboard.press("Tab")
    assert keyboard.evaluate("document.activeElement.name") == "learningRate"


def test_any_weight_is_followed_by_keyboard(keyboard: Page) -> None:
    write_seven(keyboard)
    go_to(keyboard, "inside")
    expect(part(keyboard, "inside-chain").locator("li")).to_have_count(5)
    part(keyboard, "inside-weight-source").fill("100")
    part(keyboard, "inside-weight-source").press("Enter")
    expect(part(keyboard, "inside-weight")).to_contain_text("from pixel 100 to")
    part(keyboard, "inside-weight-layer").fill("3")
    part(keyboard, "inside-weight-layer").press("Enter")
    expect(part(keyboard, "inside-weight")).to_contain_text("layer 3, from neuron 30")
    part(keyboard, "inside-weight-neuron").fill("99")  # there is none
    part(keyboard, "inside-weight-neuron").press("Enter")
    expect(part(keyboard, "inside-weight")).to_contain_text("layer 3, from neuron 30")


# ---------------------------------------------------------------- by ear


@pytest.fixture(scope="module")
def spoken(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser, **WINDOWS["desktop"]) as context:
        yield visiting.open_ready(context.new_page(), site_url)


def test_the_guess_is_told_once_the_drawing_rests(spoken: Page) -> None:
    ears = Ears(spoken)
    draw(spoken, visiting.FOUR)
    expect_guess(spoken, 4)
    expect(part(spoken, "guess-said")).to_contain_text("It reads 4,")
    assert len(ears.heard("guess-said")) <= 2  # two strokes: perhaps one rest between them
    assert len(ears.heard()) <= 2, "nothing else is told of a drawing"
    assert ears.interruptions() == []


def test_training_is_told_in_milestones(spoken: Page) -> None:
    ears = Ears(spoken)
    part(spoken, "settings").locator("[name=epochs]").fill("2")
    part(spoken, "train-start").click()
    expect(part(spoken, "train-words")).to_contain_text("Done", timeout=120_000)
    fetched = [said for said in ears.heard("train-words") if said.startswith("Fetching")]
    assert len(fetched) <= 2, "shares of MNIST are seen, not heard"
    assert ears.heard("train-words")[-1].startswith("Done: it reads ")
    told = ears.heard("train-said")
    assert "Training." in told
    assert len(told) <= 4, "not at every report"
    assert ears.interruptions() == []
    part(spoken, "train-reset").click()


def test_a_failure_interrupts(spoken: Page) -> None:
    expect(part(spoken, "train-start")).to_be_enabled()
    part(spoken, "settings").locator("[name=learningRate]").fill("-1")
    ears = Ears(spoken)
    part(spoken, "train-start").click()
    expect(part(spoken, "train-words")).to_have_attribute("data-kind", "trouble")
    assert any("Learning rate" in said for said in ears.interruptions())


def test_the_playground_is_told_now_and_then(spoken: Page) -> None:
    go_to(spoken, "playground")
    expect(part(spoken, "section-playground")).to_have_attribute("data-state", "paused")
    ears = Ears(spoken)
    began = time.monotonic()
    part(spoken, "playground-play").click()
    train_until(spoken, "value('playground-epoch') > 60")
    part(spoken, "playground-play").click()
    expect(part(spoken, "playground-said")).to_contain_text("Paused at epoch")
    told = ears.heard("playground-said")
    assert told[0] == "Playing."
    assert len(told) <= 3 + (time.monotonic() - began) / 10, "every ten seconds, and at both ends"
    assert "cost" in told[-1]
    assert len(set(ears.heard()) - set(told)) <= 1, "perhaps how the training before it ended"
    assert ears.interruptions() == []


# ---------------------------------------------------------------- large


@pytest.fixture(scope="module")
def fill(browser: Browser) -> Callable[[Page], None]:
    """Bring every section of a page into a state in which it has much to show."""

    def fill(page: Page) -> None:
        draw(page, SEVEN)
        expect_guess(page, 7)
        part(page, "settings-fold").evaluate("fold => fold.open = true")
        train_long(page)
        part(page, "train-pause").click()
        for section, filled in {"train": "#train .numbers", **visiting.FILLED}.items():
            go_to(page, section)
            expect(page.locator(filled).first).to_be_attached()

    return fill


def test_nothing_is_lost_at_400_percent(
    browser: Browser, site_url: str, fill: Callable[[Page], None]
) -> None:
    """A window of 1,280 pixels, zoomed in four times, is one of 320."""
    with visiting.visitor(browser, viewport={"width": 320, "height": 640}) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        fill(page)
        assert access.misfits(page) == []


@pytest.mark.parametrize("width", [1280, 640])
def test_nothing_is_lost_when_text_is_twice_as_large(
    site_url: str, tmp_path: Path, width: int, fill: Callable[[Page], None], browser: Browser
) -> None:
    """The browser's own setting for the size of text, which knows nothing of the page."""
    profile = tmp_path / "Default" / "Preferences"
    profile.parent.mkdir()
    profile.write_text(json.dumps({"webkit": {"webprefs": {"default_font_size": 32}}}))
    context = browser.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=browsers.chromium(),
        args=browsers.flags(),
        viewport={"width": width, "height": 900},
    )
    context.set_default_timeout(visiting.PATIENCE)
    context.add_init_script(visiting.NO_SERVICE_WORKER)
    page = visiting.open_ready(context.pages[0], site_url)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    fill(page)
    found = access.misfits(page)
    context.close()
    assert found == []


def test_a_misfit_would_be_found(keyboard: Page) -> None:
    assert access.misfits(keyboard, "header") == []
    keyboard.locator("h1").evaluate(  # by script: the policy refuses a style that was written
        "h1 => Object.assign(h1.style,"
        " { marginBottom: '-2rem', whiteSpace: 'nowrap', width: '9rem' })"
    )
    found = " ".join(access.misfits(keyboard, "header"))
    assert "cut off: H1" in found
    assert "on top of each other: H1" in found
    keyboard.reload()
    expect_state(keyboard, "ready", visiting.START_PATIENCE)


# ---------------------------------------------------------------- in other colours

TEXTS = [
    ("ink", "page"),
    ("ink", "paper"),
    ("ink", "raised"),
    ("quiet", "page"),
    ("quiet", "paper"),
]
TEXTS += [("accent", "page"), ("on-accent", "accent"), ("bad", "page"), ("quiet", "raised")]
MARKS = [("positive", "paper"), ("negative", "paper"), ("positive", "raised"), ("good", "page")]
MARKS += [("accent", "page"), ("accent", "paper"), ("accent", "line"), ("quiet", "page")]


@pytest.mark.parametrize("scheme", access.SCHEMES)
@pytest.mark.parametrize(("asked", "text", "mark"), [("no-preference", 4.5, 3), ("more", 7, 4.5)])
def test_colours_stand_out(
    keyboard: Page,
    scheme: Literal["light", "dark"],
    asked: Literal["no-preference", "more"],
    text: float,
    mark: float,
) -> None:
    keyboard.emulate_media(color_scheme=scheme, contrast=asked)
    names = sorted({name for pair in TEXTS + MARKS for name in pair})
    values = keyboard.evaluate(
        "names => names.map((name) => getComputedStyle(document.documentElement)"
        ".getPropertyValue(`--${name}`).trim())",
        names,
    )
    colour = {name: rgb(value) for name, value in zip(names, values, strict=True)}
    keyboard.emulate_media(color_scheme="light", contrast="no-preference")
    for pairs, least in ((TEXTS, text), (MARKS, mark)):
        for one, other in pairs:
            ratio = contrast(colour[one], colour[other])
            if (one, other) == ("accent", "line"):  # a bar's share and its rest
                assert ratio >= 1.9
            else:
                assert ratio >= least, (one, other)


@pytest.mark.parametrize("kind", ["protanopia", "deuteranopia", "tritanopia"])
@pytest.mark.parametrize("scheme", access.SCHEMES)
def test_for_and_against_differ_whatever_colours_are_seen(
    keyboard: Page, kind: str, scheme: Literal["light", "dark"]
) -> None:
    """The scale of the playground's plane, from orange to blue, as the browser simulates it."""
    go_to(keyboard, "playground")
    ramp = keyboard.locator(".ramp")
    expect(ramp).to_be_visible()
    keyboard.emulate_media(color_scheme=scheme)
    devtools = keyboard.context.new_cdp_session(keyboard)
    devtools.send("Emulation.setEmulatedVisionDeficiency", {"type": kind})

    def apart() -> float:
        box = ramp.bounding_box()
        assert box is not None
        ends = []
        for x in (box["x"] + 3, box["x"] + box["width"] - 7):
            clip = {"x": x, "y": box["y"] + 3, "width": 4.0, "height": 3.0}
            picture = keyboard.screenshot(clip=clip, caret="initial")  # type: ignore[arg-type]
            _, _, colours = access.decoded(keyboard, picture)
            ends.append(colours.most_common(1)[0][0])
        return float(sum((a - b) ** 2 for a, b in zip(*ends, strict=True)) ** 0.5)

    visiting.until(keyboard, lambda: apart() > 90, "its ends differ")
    devtools.send("Emulation.setEmulatedVisionDeficiency", {"type": "none"})
    devtools.detach()
    keyboard.emulate_media(color_scheme="light")


@pytest.mark.parametrize("scheme", access.SCHEMES)
def test_what_a_colour_tells_remains_with_forced_colours(
    keyboard: Page, scheme: Literal["light", "dark"]
) -> None:
    write_seven(keyboard)
    part(keyboard, "erase").click()
    keyboard.emulate_media(color_scheme=scheme, forced_colors="active")
    bars = keyboard.locator(".bars .bar")
    places: dict[str, Locator] = {
        "the drawing": part(keyboard, "draw-canvas"),
        "what the net sees": part(keyboard, "net-sees"),
        "the digits": part(keyboard, "guess"),
    }
    seen = {name: access.strongest_contrast(pixels(place)) for name, place in places.items()}
    full, empty = (pixels(bars.nth(i)).most_common(1)[0][0] for i in (7, 0))
    pressed, plain = (
        pixels(part(keyboard, name)).most_common(1)[0][0] for name in ("erase", "clear")
    )
    part(keyboard, "undo").focus()
    keyboard.keyboard.press("Shift+Tab")
    ring = keyboard.evaluate(
        "() => { const sheet = getComputedStyle(document.querySelector('.sheet'));"
        " return [sheet.outlineStyle, sheet.outlineWidth]; }"
    )
    keyboard.emulate_media(color_scheme="light", forced_colors="none")
    part(keyboard, "erase").click()
    for name, ratio in seen.items():
        assert ratio >= 3, name
    assert contrast(full, empty) >= 3
    assert contrast(pressed, plain) >= 3
    assert ring == ["solid", "3px"]


def test_nothing_moves_by_itself_for_those_who_ask_for_it(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser, reduced_motion="reduce", **WINDOWS["desktop"]) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        draw(page, SEVEN)
        expect_guess(page, 7)
        go_to(page, "playground")
        expect(part(page, "section-playground")).to_have_attribute("data-state", "paused")
        moving = page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((e) => {
              const style = getComputedStyle(e);
              const seconds = style.transitionDuration.split(",").map(parseFloat);
              return Math.max(...seconds) > 0 || style.animationName !== "none";
            }).map((e) => e.className)"""
        )
        assert moving == []
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_motion_is_there_for_those_who_do_not(keyboard: Page) -> None:
    duration = keyboard.locator(".bars .bar").first.evaluate(
        "bar => getComputedStyle(bar).transitionDuration"
    )
    assert float(duration.removesuffix("s")) > 0
