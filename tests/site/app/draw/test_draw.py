"""The pad in the hands of a visitor: mouse, finger and pen; undo, eraser, clear; the reading."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

import visiting
from visiting import (
    FOUR,
    ONE,
    SEVEN,
    ZERO,
    Fingers,
    draw,
    drawing,
    expect_empty,
    expect_guess,
    ink,
    part,
    place,
    probabilities,
)

pytestmark = pytest.mark.every_engine("input")


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(
        browser, has_touch=True, viewport={"width": 800, "height": 700}
    ) as context:
        yield visiting.open_ready(context.new_page(), site_url)


@pytest.fixture
def page(open_page: Page) -> Page:
    """The page with an empty pad and a pen in the hand."""
    visiting.clear(open_page)
    part(open_page, "model-picker").select_option(visiting.MODELS[0]["id"])
    open_page.evaluate("scrollTo(0, 0)")
    return open_page


@pytest.mark.parametrize(
    ("strokes", "digit"), [(ONE, 1), (SEVEN, 7), (ZERO, 0), (FOUR, 4)], ids=["1", "7", "0", "4"]
)
def test_what_the_mouse_draws_is_read(
    page: Page, strokes: list[visiting.Stroke], digit: int
) -> None:
    draw(page, strokes)
    expect_guess(page, digit)
    visiting.settled(page)
    shares = [share or 0.0 for share in probabilities(page)]
    assert shares.index(max(shares)) == digit
    assert sum(shares) == pytest.approx(1, abs=1e-5)


@pytest.mark.chromium("Playwright has no touch elsewhere")
def test_what_a_finger_draws_is_read(page: Page) -> None:
    Fingers(page).draw(SEVEN)
    expect_guess(page, 7)


@pytest.mark.chromium("Playwright has no pen elsewhere")
def test_what_a_pen_draws_is_read(page: Page) -> None:
    kinds = page.evaluate_handle(
        "() => { const kinds = new Set(); addEventListener('pointerdown',"
        " (event) => kinds.add(event.pointerType), true); return kinds; }"
    )
    visiting.draw_with_pen(page, FOUR)
    expect_guess(page, 4)
    assert kinds.evaluate("kinds => [...kinds]") == ["pen"]


def test_the_reading_follows_the_pen_before_it_is_lifted(page: Page) -> None:
    [seven] = SEVEN
    page.mouse.move(*place(page, seven[0]))
    page.mouse.down()
    for point in seven[1:]:
        page.mouse.move(*place(page, point), steps=6)
    expect_guess(page, 7)
    page.mouse.up()
    expect_guess(page, 7)


def test_the_right_button_draws_nothing(page: Page) -> None:
    page.mouse.move(*place(page, (0.3, 0.5)))
    page.mouse.down(button="right")
    page.mouse.move(*place(page, (0.7, 0.5)), steps=4)
    page.mouse.up(button="right")
    page.keyboard.press("Escape")
    assert not ink(page, (0.5, 0.5), 0.3)
    expect_empty(page)


def test_a_tap_is_a_dot_that_is_read(page: Page) -> None:
    page.mouse.click(*place(page, (0.5, 0.5)))
    assert ink(page, (0.5, 0.5))
    expect(part(page, "guess")).not_to_have_text("")


def test_what_the_net_sees_is_what_predict_returns(page: Page) -> None:
    assert page.evaluate(SEEN) == 0
    draw(page, SEVEN)
    expect_guess(page, 7)
    assert 40 < page.evaluate(SEEN) < 250  # pixels with ink in a digit of MNIST
    part(page, "clear").click()
    expect_empty(page)
    assert page.evaluate(SEEN) == 0


SEEN = """() => {
  const canvas = document.querySelector('[data-testid="net-sees"]');
  const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
  const values = Array.from({ length: 784 }, (_, i) => data[4 * i]);
  return values.filter((value) => Math.abs(value - values[0]) > 60).length;
}"""


def test_an_empty_pad_has_no_guess(page: Page) -> None:
    expect_empty(page)
    assert part(page, "undo").is_disabled() or not ink(page, (0.5, 0.5), 0.5)
    assert part(page, "clear").is_disabled()
    expect(part(page, "draw-hint")).to_be_visible()


def test_undo_takes_back_one_stroke_at_a_time(page: Page) -> None:
    draw(page, [ONE[0], [(0.2, 0.5), (0.8, 0.5)]])
    assert ink(page, (0.3, 0.5))
    part(page, "undo").click()
    assert not ink(page, (0.3, 0.5))
    assert ink(page, (0.5, 0.3))
    expect_guess(page, 1)
    part(page, "undo").click()
    assert not ink(page, (0.5, 0.5), 0.5)
    expect_empty(page)


def test_undo_brings_back_what_was_cleared(page: Page) -> None:
    draw(page, SEVEN)
    expect_guess(page, 7)
    before = drawing(page)
    part(page, "clear").click()
    expect_empty(page)
    part(page, "undo").click()
    expect_guess(page, 7)
    assert drawing(page) == before


def test_the_eraser_splits_a_stroke(page: Page) -> None:
    draw(page, [[(0.2, 0.5), (0.8, 0.5)]])
    part(page, "erase").click()
    draw(page, [[(0.5, 0.4), (0.5, 0.6)]])
    assert not ink(page, (0.5, 0.5))
    assert ink(page, (0.3, 0.5))
    assert ink(page, (0.7, 0.5))
    part(page, "undo").click()  # one gesture
    assert ink(page, (0.5, 0.5))


def test_the_eraser_leaves_no_guess_when_it_leaves_no_ink(page: Page) -> None:
    draw(page, ONE)
    expect_guess(page, 1)
    part(page, "erase").click()
    draw(page, [[(0.5, 0.1), (0.5, 0.9)]])
    expect_empty(page)
    assert not ink(page, (0.5, 0.5), 0.5)
    expect(part(page, "clear")).to_be_disabled()


@pytest.mark.parametrize("canvas", ["draw-canvas", "pixel-canvas"])
def test_the_pens_eraser_end_erases(page: Page, canvas: str) -> None:
    """Playwright has no such pen: its events are made as browsers make them."""
    if canvas == "pixel-canvas":
        part(page, "pixel-mode").check()
    inked = """canvas => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const paper = getComputedStyle(canvas).backgroundColor.match(/\\d+/g).map(Number);
      return data.filter((value, i) => i % 4 === 0 && Math.abs(value - paper[0]) > 100).length;
    }"""
    strokes = """(canvas, [button, buttons]) => {
      canvas.setPointerCapture = () => {};
      const box = canvas.getBoundingClientRect();
      const send = (type, y, rest) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: 7, pointerType: "pen", bubbles: true, cancelable: true, ...rest,
        clientX: box.left + box.width / 2, clientY: box.top + y * box.height }));
      send("pointerdown", 0.2, { button, buttons });
      for (let y = 0.2; y <= 0.8; y += 0.05) send("pointermove", y, { button: -1, buttons });
      send("pointerup", 0.8, { button, buttons: 0 });
      delete canvas.setPointerCapture;
    }"""
    part(page, canvas).evaluate(strokes, [0, 1])
    visiting.frames(page)
    before = part(page, canvas).evaluate(inked)
    assert before > 0
    part(page, canvas).evaluate(strokes, [5, 32])
    visiting.frames(page)
    assert part(page, canvas).evaluate(inked) == 0
    part(page, "undo").click()  # one gesture
    visiting.frames(page)
    assert part(page, canvas).evaluate(inked) == before
    expect(part(page, "erase")).to_have_attribute("aria-pressed", "false")
    part(page, canvas).evaluate(strokes, [2, 2])  # the pen's other button does neither
    assert part(page, canvas).evaluate(inked) == before
    part(page, "clear").click()
    if canvas == "pixel-canvas":
        part(page, "pixel-mode").uncheck()


def test_rubbing_where_nothing_is_leaves_nothing_to_undo(page: Page) -> None:
    draw(page, ONE)
    part(page, "erase").click()
    draw(page, [[(0.1, 0.1), (0.1, 0.9)]])
    part(page, "undo").click()
    assert not ink(page, (0.5, 0.5), 0.5), "undo took back a gesture that had changed nothing"


@pytest.mark.chromium("Playwright has no touch elsewhere")
def test_a_second_finger_is_ignored(page: Page) -> None:
    fingers = Fingers(page)
    fingers.down(1, (0.5, 0.2))
    fingers.move(1, (0.5, 0.4))
    fingers.down(2, (0.1, 0.6))
    fingers.move(2, (0.2, 0.6))
    fingers.move(1, (0.5, 0.6))
    fingers.move(2, (0.3, 0.6))
    fingers.up(2)
    fingers.move(1, (0.5, 0.8))
    fingers.up(1)
    assert not ink(page, (0.2, 0.6), 0.12)
    assert ink(page, (0.5, 0.5))
    assert ink(page, (0.5, 0.75))
    expect_guess(page, 1)


@pytest.mark.chromium("Playwright has no touch elsewhere")
def test_drawing_does_not_scroll_the_page(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") > 100
    fingers = Fingers(page)  # whole pad in view
    before = page.evaluate("scrollY")
    fingers.draw([[(0.5, 0.9), (0.5, 0.1)]])
    assert ink(page, (0.5, 0.5))  # two frames later, the first of which would have scrolled
    assert page.evaluate("scrollY") == before
    # The same movement beside the pad does scroll it.
    fingers = Fingers(page)
    _x, y = place(page, (0.5, 0.5))
    fingers.press(1, (790, y + 150))
    for i in range(1, 11):
        fingers.slide(1, (790, y + 150 - 30 * i))
    fingers.up(1)
    page.wait_for_function("() => scrollY > 0")


def test_outside_the_pad_there_is_no_paper(page: Page) -> None:
    page.mouse.move(*place(page, (0.8, 0.3)))
    page.mouse.down()
    page.mouse.move(*place(page, (1.2, 0.3)), steps=8)
    page.mouse.move(*place(page, (1.2, 0.7)), steps=8)
    page.mouse.move(*place(page, (0.8, 0.7)), steps=8)
    page.mouse.up()
    assert ink(page, (0.9, 0.3))
    assert ink(page, (0.9, 0.7))
    assert not ink(page, (0.97, 0.5), 0.02), "leaving and coming back drew a line along the edge"
    page.mouse.move(*place(page, (0.2, 0.5)), steps=4)
    assert not ink(page, (0.3, 0.55), 0.02), "the pen was lifted"


def test_a_pen_lifted_outside_the_pad_is_lifted(page: Page) -> None:
    page.mouse.move(*place(page, (0.8, 0.3)))
    page.mouse.down()
    page.mouse.move(*place(page, (1.3, 0.3)), steps=8)
    page.mouse.up()
    page.mouse.move(*place(page, (0.2, 0.6)), steps=8)
    assert not ink(page, (0.4, 0.5), 0.2)


def test_control_z_undoes(page: Page) -> None:
    draw(page, [ONE[0], [(0.2, 0.5), (0.8, 0.5)]])
    page.keyboard.press("Control+z")
    assert not ink(page, (0.3, 0.5))
    assert ink(page, (0.5, 0.3))


def test_control_z_while_drawing_does_not_join_strokes(page: Page) -> None:
    draw(page, [[(0.2, 0.2), (0.2, 0.4)]])
    page.mouse.move(*place(page, (0.8, 0.2)))
    page.mouse.down()
    page.mouse.move(*place(page, (0.8, 0.4)), steps=4)
    page.keyboard.press("Control+z")
    page.mouse.move(*place(page, (0.8, 0.8)), steps=4)
    page.mouse.up()
    assert ink(page, (0.2, 0.3))
    assert not ink(page, (0.5, 0.6), 0.2), "a line was drawn from the stroke before"


def test_another_window_width_keeps_the_drawing(page: Page) -> None:
    draw(page, SEVEN)
    expect_guess(page, 7)
    page.set_viewport_size({"width": 360, "height": 700})
    assert ink(page, (0.5, 0.25))
    assert not ink(page, (0.2, 0.7), 0.1)
    expect_guess(page, 7)
    page.set_viewport_size({"width": 800, "height": 700})


WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")]
    .filter((one) => one.offsetParent && one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.dataset.testid || one.tagName + "." + one.className)"""
"""What makes the page wider than the window."""


def test_the_pad_is_square(page: Page) -> None:
    for width in (320, 360, 800):
        page.set_viewport_size({"width": width, "height": 700})
        box = part(page, "draw-canvas").bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"], abs=1)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        visiting.until(page, lambda: page.evaluate(WIDER) == [], f"all fits into {width} pixels")


def test_it_was_a_moves_the_bars(page: Page) -> None:
    draw(page, SEVEN)
    expect_guess(page, 7)
    visiting.settled(page)
    before = probabilities(page)
    correction = part(page, "correct").get_by_role("button", name="It was a 2")
    for _ in range(3):
        said = part(page, "corrected").inner_text()
        correction.click()
        expect(part(page, "corrected")).not_to_have_text(said)
        expect(part(page, "corrected")).to_contain_text("this was a 2")
    page.wait_for_function(
        "before => Number(document.querySelector('[data-testid=probability-2]').dataset.value)"
        " > 2 * before",
        arg=before[2],
    )
    assert part(page, "model-picker").input_value() == "live"
    # The shipped net is as it was.
    part(page, "model-picker").select_option(visiting.MODELS[0]["id"])
    page.wait_for_function(
        "before => Number(document.querySelector('[data-testid=probability-2]').dataset.value)"
        " === before",
        arg=before[2],
    )
    assert probabilities(page) == before


def test_a_net_that_is_chosen_while_another_is_corrected_stays_chosen(page: Page) -> None:
    draw(page, SEVEN)
    expect_guess(page, 7)
    page.evaluate(
        """() => {
          document.querySelector("[data-testid=correct] button:nth-of-type(3)").click();
          const picker = document.querySelector("[data-testid=model-picker]");
          picker.value = "softmax";
          picker.dispatchEvent(new Event("change"));
        }"""
    )
    expect(part(page, "corrected")).to_contain_text("this was a 2")
    assert part(page, "model-picker").input_value() == "softmax"


def test_a_net_that_was_corrected_is_among_the_models_until_it_is_reset(page: Page) -> None:
    if part(page, "train-reset").is_enabled():  # an earlier test has corrected a net
        part(page, "train-reset").click()
    part(page, "model-picker").select_option("mlp-30")
    draw(page, SEVEN)
    expect_guess(page, 7)
    part(page, "correct").get_by_role("button", name="It was a 2").click()
    expect(part(page, "corrected")).to_contain_text("this was a 2")
    expect(part(page, "corrected")).to_contain_text("A copy of the net learns")
    assert "live" in [model["id"] for model in page.evaluate("nets.models()")]
    part(page, "model-picker").select_option("softmax")
    expect(part(page, "corrected")).to_have_text("")  # that was of another net
    expect_guess(page, 7)
    part(page, "correct").get_by_role("button", name="It was a 3").click()
    expect(part(page, "corrected")).to_contain_text("A copy of the net learns")
    expect(part(page, "model-picker")).to_have_value("live")
    [live] = [model for model in page.evaluate("nets.models()") if model["id"] == "live"]
    assert live["parameters"] == 7850, "the copy is one of the net that was chosen last"
    part(page, "model-picker").select_option("mlp-30")
    part(page, "train-reset").click()
    expect(part(page, "corrected")).to_have_text("")
    expect(part(page, "model-picker")).to_have_value("mlp-30")


def test_a_taught_copy_is_lent_until_the_pad_is_cleared(page: Page) -> None:
    if part(page, "train-reset").is_enabled():  # an earlier test has corrected a net
        part(page, "train-reset").click()
    picker = part(page, "model-picker")
    picker.select_option("mlp-30")
    draw(page, SEVEN)
    expect_guess(page, 7)
    expect(part(page, "unsure")).to_have_text("")
    part(page, "correct").get_by_role("button", name="It was an 8").click()
    expect(part(page, "corrected")).to_contain_text("this was an 8")
    expect(picker).to_have_value("live")
    expect(picker.locator("option[value=live]")).to_have_text("The copy you taught")
    part(page, "clear").click()
    expect(picker).to_have_value("mlp-30")
    picker.select_option("live")  # by the visitor: it stays
    draw(page, SEVEN)
    expect(part(page, "guess")).not_to_have_text("")
    part(page, "clear").click()
    expect(picker).to_have_value("live")
    picker.select_option("mlp-30")
    part(page, "train-reset").click()


def test_what_the_percentages_are_is_said(page: Page) -> None:
    answer = part(page, "section-draw").locator(".answer")
    expect(answer).to_contain_text("None of them means “not a digit”")
    doubt = part(page, "unsure")
    said = set()
    for end in (0.3, 0.4, 0.5, 0.6, 0.7):  # from a 1 to a 7
        visiting.clear(page)
        expect(doubt).to_have_text("")
        draw(page, [[(end, 0.2), (0.7, 0.2), (0.5, 0.85)]])
        expect(part(page, "guess")).not_to_have_text("")
        visiting.settled(page)
        first, second = sorted(probabilities(page))[:-3:-1]
        unsure = first < max(0.5, second + 0.2)
        said.add(unsure)
        expect(doubt).to_have_text(
            re.compile("^Not sure: it could also be an? .[.]$" if unsure else "^$")
        )


def test_everything_on_the_pad_is_reached_by_keyboard(page: Page) -> None:
    draw(page, SEVEN)
    expect_guess(page, 7)
    page.mouse.click(5, 5)
    reached = []
    for _ in range(28):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => document.activeElement.dataset.testid"
                " ?? document.activeElement.getAttribute('aria-label')"
            )
        )
    wanted = [
        "draw-canvas",
        "undo",
        "erase",
        "clear",
        "model-picker",
        *(f"It was a{'n' if d == 8 else ''} {d}" for d in range(10)),
    ]
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)


def test_buttons_work_by_keyboard(page: Page) -> None:
    draw(page, SEVEN)
    part(page, "erase").focus()
    page.keyboard.press("Space")
    expect(part(page, "erase")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    expect(part(page, "erase")).to_have_attribute("aria-pressed", "false")
    part(page, "clear").focus()
    page.keyboard.press("Enter")
    expect_empty(page)
