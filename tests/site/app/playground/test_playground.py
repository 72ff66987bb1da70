"""The playground: a visitor changes, plays, sets by hand and takes away a net in the plane."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import visiting
from building import environment
from visiting import part

COST = "playground-cost"
VIEW = {"width": 1280, "height": 1000}


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visiting.visitor(browser, viewport=VIEW) as context:
        yield context


@pytest.fixture(scope="module")
def opened(context: BrowserContext, site_url: str) -> Page:
    """The playground, for all tests that leave it usable."""
    return open_world(context.new_page(), site_url)


@pytest.fixture
def page(opened: Page) -> Page:
    """The playground as it is at first: all of its state is in the address."""
    opened.mouse.move(5, 5)
    return go_to_world(opened, "?mode=activations")


def open_world(page: Page, site_url: str, address: str = "") -> Page:
    """Open the page at an address of the playground and wait until there is a net."""
    page.goto("about:blank")
    page.goto(f"{site_url}#playground{address}")
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(part(page, "section-playground")).to_have_attribute("data-state", "paused")
    return page


def go_to_world(page: Page, address: str) -> Page:
    """Have an open page show what an address of the playground says."""
    section = part(page, "section-playground")
    section.scroll_into_view_if_needed()
    if section.get_attribute("data-state") == "playing":
        press(page, "play")
        expect(section).to_have_attribute("data-state", "paused")
    section.evaluate("section => section.dataset.state = 'another'")
    page.evaluate(
        """address => {
          history.replaceState(null, "", "#playground");
          location.hash = `#playground${address}`;
        }""",
        address,
    )
    expect(section).to_have_attribute("data-state", "paused")
    return page


def press(page: Page, *names: str) -> None:
    for name in names:
        part(page, f"playground-{name}").click()


def typed(page: Page, name: str, value: str) -> None:
    """Type into a field and leave it."""
    part(page, f"playground-{name}").fill(value)
    part(page, f"playground-{name}").press("Tab")


def cost(page: Page) -> float:
    value = visiting.number(page, COST)
    assert value is not None
    return value


def expect_another_cost(page: Page, before: float) -> float:
    expect(part(page, COST)).not_to_have_attribute("data-value", str(before))
    return cost(page)


def steps(page: Page, count: int) -> float:
    """The cost after so many updates more."""
    for _ in range(count):
        before = cost(page)
        press(page, "step")
        expect_another_cost(page, before)
    return cost(page)


def colour(page: Page, testid: str, x: float, y: float) -> str:
    """Which colour a picture has at a place 0…1 of it: "blue", "orange" or "pale"."""
    red, blue = page.evaluate(
        """([testid, x, y]) => {
          const found = document.querySelector(`[data-testid="${testid}"]`);
          const canvas = found.querySelector("canvas") ?? found;
          const { data } = canvas.getContext("2d").getImageData(
            Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1);
          return [data[0], data[2]];
        }""",
        [testid, x, y],
    )
    return "pale" if abs(red - blue) < 25 else "blue" if blue > red else "orange"


def picture(page: Page, testid: str) -> str:
    """A picture's pixels, to compare with later ones."""
    visiting.frames(page)
    pixels: str = part(page, testid).evaluate(
        "found => (found.querySelector('canvas') ?? found).toDataURL()"
    )
    return pixels


def answered(page: Page) -> None:
    """Wait until all that the worker has been asked for is there and drawn."""
    visiting.settled(page)
    visiting.frames(page)
    visiting.settled(page)


def at_plane(page: Page, x1: float, x2: float) -> None:
    """Press a place of the plane, in its coordinates −6 … 6."""
    canvas = part(page, "playground-points")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    share = (x1 + 6) / 12, (6 - x2) / 12
    page.mouse.click(box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])


def test_nothing_is_fetched_for_it_before_it_is_seen(
    browser: Browser, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    with visiting.visitor(browser, viewport={"width": 1000, "height": 700}) as context:
        page = visiting.open_ready(context.new_page(), site.url)
        answered(page)
        visiting.requested(page)  # after what the first frames, or an answer, might have fetched
        assert "playground.js" not in site.requested
        part(page, "section-playground").scroll_into_view_if_needed()
        expect(part(page, "playground-play")).to_be_visible()
        assert "playground.js" in site.requested


def test_it_learns_the_circle(page: Page) -> None:
    before = cost(page)
    press(page, "play")
    expect(part(page, "playground-play")).to_have_text("Pause")
    expect(part(page, COST)).to_have_attribute(
        "data-value", re.compile(r"^(0\.0[0-4]|\d\.\d+e-)"), timeout=60_000
    )
    press(page, "play")
    expect(part(page, "playground-play")).to_have_text("Play")
    answered(page)
    assert cost(page) < 0.05 < before
    assert (visiting.number(page, "playground-test-accuracy") or 0) > 0.9
    assert (visiting.number(page, "playground-epoch") or 0) > 5
    middle = colour(page, "playground-plane", 0.5, 0.5)
    assert {middle, colour(page, "playground-plane", 0.05, 0.5)} == {"blue", "orange"}
    assert colour(page, "playground-plane", 0.95, 0.5) != middle
    expect(part(page, "playground-chart").locator("canvas")).to_have_count(1)
    stopped = visiting.number(page, "playground-epoch")
    answered(page)  # in which another frame would have been computed and shown
    assert visiting.number(page, "playground-epoch") == stopped
    press(page, "reset")
    expect(part(page, "playground-epoch")).to_have_attribute("data-value", "0")
    assert cost(page) == before


def test_a_step_is_one_update(page: Page) -> None:
    steps(page, 3)
    assert visiting.number(page, "playground-epoch") == pytest.approx(3 * 10 / 150)
    typed(page, "batchSize", "150")
    first = cost(page)
    expect(part(page, "playground-epoch")).to_have_attribute("data-value", str(3 * 10 / 150))
    press(page, "step")
    expect_another_cost(page, first)


@pytest.mark.parametrize(
    ("name", "value"),
    [("noise", "0.3"), ("samples", "100"), ("share", "0.8"), ("seed", "7")],
)
def test_other_numbers_make_another_world(page: Page, name: str, value: str) -> None:
    before, points = cost(page), picture(page, "playground-points")
    typed(page, name, value)
    expect_another_cost(page, before)
    assert picture(page, "playground-points") != points
    assert f"{name}={value}" in page.url
    slider = part(page, f"playground-{name}-slider")
    expect(slider).to_have_attribute("aria-valuetext", value)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).not_to_have_attribute("aria-valuetext", value)
    expect(part(page, f"playground-{name}")).not_to_have_value(value)


@pytest.mark.parametrize(
    ("name", "value"), [("learningRate", "0.5"), ("l1", "0.1"), ("l2", "0.1"), ("batchSize", "30")]
)
def test_how_it_learns_changes_while_it_learns(page: Page, name: str, value: str) -> None:
    after = steps(page, 2)
    epoch = visiting.number(page, "playground-epoch")
    expected = steps(page, 2)
    press(page, "reset")
    expect(part(page, "playground-epoch")).to_have_attribute("data-value", "0")
    assert steps(page, 2) == after
    typed(page, name, value)
    expect(page).to_have_url(re.compile(f"{name}={value}"))
    assert visiting.number(page, "playground-epoch") == epoch
    assert steps(page, 2) != expected


def test_what_is_not_allowed_is_told_and_left(page: Page) -> None:
    typed(page, "samples", "9000")
    samples = part(page, "playground-samples")
    expect(samples).to_have_accessible_description(
        "Points is 9000, expected a whole number from 2 to 500."
    )
    expect(page).not_to_have_url(re.compile("samples=9000"))
    press(page, "play")
    expect(part(page, "playground-words")).to_contain_text("Points is 9000")
    expect(part(page, "section-playground")).to_have_attribute("data-state", "paused")
    expect(samples).to_be_focused()
    typed(page, "samples", "200")
    expect(part(page, "playground-words")).to_have_text("")
    expect(samples).to_have_accessible_description("")


def test_the_net_gets_layers_neurons_and_features(page: Page) -> None:
    neurons = part(page, "playground-net").locator("[data-testid^=playground-neuron-]")
    expect(neurons).to_have_count(4 + 2 + 1)
    press(page, "more-1", "more-1", "fewer-0", "layers-more")
    expect(neurons).to_have_count(3 + 4 + 4 + 1)
    expect(part(page, "playground-layers")).to_have_text("3 hidden layers")
    before = cost(page)
    part(page, "playground-activation-2").select_option("relu")
    before = expect_another_cost(page, before)
    press(page, "feature-x1x2")
    expect(part(page, "playground-feature-x1x2")).to_have_attribute("aria-pressed", "true")
    expect_another_cost(page, before)
    typed(page, "dropout-0", "0.5")
    expect(page).to_have_url(re.compile(r"3-tanh-0\.5\*4-tanh\*4-relu&"))
    press(page, *["layers-fewer"] * 3)
    expect(neurons).to_have_count(1)
    expect(part(page, "playground-layers-fewer")).to_be_disabled()
    press(page, "step")
    for name in ("x1", "x2", "x1x2"):
        press(page, f"feature-{name}")
    expect(part(page, "playground-words")).to_contain_text("features")


@pytest.mark.parametrize(
    ("name", "value"), [("optimizer", "adam"), ("initializer", "he"), ("problem", "regression")]
)
def test_what_is_chosen_counts(page: Page, name: str, value: str) -> None:
    before = steps(page, 2)
    part(page, f"playground-{name}").select_option(value)
    expect(part(page, "playground-epoch")).to_have_attribute("data-value", "0")
    assert steps(page, 2) != before
    assert f"{name}={value}" in page.url


def test_every_set_of_points_is_another(page: Page) -> None:
    seen = set()
    sets = part(page, "section-playground").locator("button.set")
    for problem, count in (("classification", 7), ("regression", 4)):
        part(page, "playground-problem").select_option(problem)
        expect(sets).to_have_count(count)
        for i in range(count):
            sets.nth(i).click()
            expect(sets.nth(i)).to_have_attribute("aria-pressed", "true")
            seen.add(picture(page, "playground-points"))
    assert len(seen) == 10, "both problems begin with no point set by hand"


def test_a_neuron_is_shown_large(page: Page) -> None:
    output = picture(page, "playground-plane")
    small = picture(page, "playground-neuron-0-2")
    assert output == picture(page, "playground-neuron-2-0")
    part(page, "playground-neuron-0-2").hover()
    expect(part(page, "playground-plane-of")).to_have_text("Neuron 3 of layer 2")
    expect(part(page, "playground-weight")).to_contain_text("b²₃ = ")
    assert picture(page, "playground-plane") == small != output
    page.mouse.move(5, 5)
    expect(part(page, "playground-plane-of")).to_have_text("Output")
    part(page, "playground-feature-x1").focus()
    expect(part(page, "playground-plane-of")).to_have_text("x₁")
    page.keyboard.press("ArrowRight")
    expect(part(page, "playground-plane-of")).to_have_text("Neuron 1 of layer 2")


def test_a_weight_is_shown_and_set_by_hand(page: Page) -> None:
    line = between(page, "playground-feature-x2", "playground-neuron-0-3")
    page.mouse.move(*line)
    shown = part(page, "playground-weight")
    expect(shown).to_contain_text("w²₄₂ = ")
    expect(shown).to_contain_text("in z²₄ = … + w²₄₂ a¹₂ + … + b²₄")
    page.mouse.click(*line)
    page.mouse.move(5, 5)
    before = cost(page)
    typed(page, "weight-value", "2.5")
    expect(shown).to_have_attribute("data-value", "2.5")
    changed = expect_another_cost(page, before)
    expect(page).to_have_url(re.compile("edits=0_3_1_2.5"))
    press(page, "reset")
    assert cost(page) == changed
    press(page, "forget")
    expect(part(page, COST)).to_have_attribute("data-value", str(before))
    assert "edits" not in page.url


def test_weights_set_by_hand_go_with_the_layers_they_are_in(page: Page) -> None:
    part(page, "playground-neuron-1-1").click()
    typed(page, "weight-value", "0.5")
    expect(page).to_have_url(re.compile("edits=1_1_-1_0.5"))
    press(page, "fewer-1")
    expect(part(page, "playground-neuron-1-1")).to_have_count(0)
    expect(part(page, "playground-words")).to_have_text("")
    assert "edits" not in page.url


def test_a_bias_is_set_by_keyboard(page: Page) -> None:
    before = cost(page)
    part(page, "playground-feature-x1").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(part(page, "playground-weight-value")).to_be_focused()
    page.keyboard.type("-1.5")
    page.keyboard.press("Enter")
    expect(part(page, "playground-weight")).to_contain_text("b²₂ = −1.5")
    changed = expect_another_cost(page, before)
    part(page, "playground-weight-source").select_option(label="From x₁ to neuron 2 of layer 2")
    expect(part(page, "playground-weight")).to_contain_text("w²₂₁ = ")
    typed(page, "weight-value", "3")
    expect_another_cost(page, changed)


def between(page: Page, left: str, right: str) -> tuple[float, float]:
    """The middle of the line between two squares."""
    part(page, left).scroll_into_view_if_needed()
    a, b = (part(page, testid).bounding_box() for testid in (left, right))
    assert a is not None
    assert b is not None
    x = (a["x"] + a["width"] + b["x"]) / 2
    return x, (a["y"] + b["y"] + a["height"]) / 2


def test_points_are_set_and_removed_by_hand(page: Page) -> None:
    press(page, "data-points", "hand-one")
    expect(part(page, COST)).to_have_attribute("data-value", "")
    for name in ("play", "step"):  # there is nothing yet to learn from
        press(page, name)
        expect(part(page, "playground-words")).to_contain_text("press the plane to set some")
        expect(part(page, "playground-play")).to_have_text("Play")
    at_plane(page, -3, 0)
    expect(part(page, "playground-words")).to_have_text("")
    press(page, "hand-zero")
    at_plane(page, 3, 0)
    at_plane(page, 3, 3)
    expect_points(page, [(-3, 0, 1), (3, 0, 0), (3, 3, 0)])
    press(page, "hand-eraser")
    at_plane(page, 3, 2.5)
    expect_points(page, [(-3, 0, 1), (3, 0, 0)])
    press(page, "play")
    expect(part(page, COST)).to_have_attribute("data-value", re.compile(r"^0\.[0-3]"))
    press(page, "play")
    assert colour(page, "playground-plane", 0.25, 0.5) == "blue"
    assert colour(page, "playground-plane", 0.75, 0.5) == "orange"


def expect_points(page: Page, points: list[tuple[float, float, int]]) -> None:
    """The address keeps these points, set with the precision of a pixel."""
    expect(page).to_have_url(re.compile(rf"points=([-\d._]+\*){{{len(points) - 1}}}[-\d._]+&"))
    found = re.search(r"points=([^&]+)", page.url)
    assert found is not None
    rows = [[float(number) for number in row.split("_")] for row in found[1].split("*")]
    for row, point in zip(rows, points, strict=True):
        assert row == pytest.approx(list(point), abs=0.06)


def test_points_are_set_by_keyboard(page: Page) -> None:
    press(page, "data-points", "hand-one")
    part(page, "playground-points").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"points=0.5_0.25_1&"))


def test_values_are_set_by_hand_for_regression(page: Page) -> None:
    part(page, "playground-problem").select_option("regression")
    expect(page).to_have_url(re.compile("problem=regression"))
    press(page, "data-points")
    part(page, "playground-hand-value").fill("-0.5")
    expect(part(page, "playground-hand-one")).to_have_text("Set −0.5")
    expect(part(page, "playground-hand-zero")).to_be_hidden()
    at_plane(page, 1, -2)
    expect(page).to_have_url(re.compile(r"points=[\d.]+_-[\d.]+_-0\.5&"))


def test_a_formula_parts_the_plane(page: Page) -> None:
    press(page, "data-formula")
    expect(part(page, "playground-formula")).to_be_visible()
    before = cost(page)
    typed(page, "formula", "x / 2 + 1")
    before = expect_another_cost(page, before)
    error = part(page, "playground-formula-error")
    expect(error).to_be_hidden()
    typed(page, "formula", "open(x)")
    expect(error).to_contain_text("open")
    expect(part(page, "playground-formula")).to_have_value("open(x)")
    assert cost(page) == before
    typed(page, "formula", "sin(x)")
    expect(error).to_be_hidden()
    expect_another_cost(page, before)


def test_the_gradient_flows_back(page: Page) -> None:
    forward = picture(page, "playground-neuron-0-0")
    lines = picture(page, "playground-net")
    at_rest = part(page, "playground-sees").inner_text()
    press(page, "mode")
    expect(part(page, "playground-mode")).to_have_attribute("aria-pressed", "true")
    expect(part(page, "playground-sees")).to_contain_text("δ")
    assert part(page, "playground-sees").inner_text() != at_rest
    expect(part(page, "playground-plane-of")).to_have_text("δ: Output")
    assert picture(page, "playground-neuron-0-0") != forward
    assert picture(page, "playground-net") != lines
    part(page, "playground-feature-x1").hover()
    expect(part(page, "playground-plane-of")).to_have_text("x₁ is an input: it has no δ")
    part(page, "playground-neuron-2-0").click()
    expect(part(page, "playground-weight")).to_contain_text("∂C/∂b⁴₁ = ")
    before = cost(page)
    press(page, "play")
    expect_another_cost(page, before)
    press(page, "play", "mode")
    expect(part(page, "playground-plane-of")).to_have_text("Output")


def test_a_mode_chosen_right_after_a_pause_is_shown(page: Page) -> None:
    press(page, "play")
    expect(part(page, "playground-epoch")).not_to_have_attribute("data-value", "0")
    page.evaluate(
        """() => {
          for (const name of ["play", "mode"]) {
            document.querySelector(`[data-testid=playground-${name}]`).click();
          }
        }"""
    )
    expect(part(page, "playground-plane-of")).to_have_text("δ: Output")


def test_after_a_step_while_it_plays_the_net_is_shown_as_it_is(page: Page) -> None:
    before = 0.0
    for caption in ("δ: Output", "Output") * 3:
        press(page, "play")
        visiting.until(
            page,
            lambda at=before: visiting.number(page, "playground-epoch") != at,  # type: ignore[misc]
            "it plays",
        )
        press(page, "step")
        answered(page)
        shown = visiting.number(page, "playground-epoch")
        assert shown is not None
        press(page, "mode")  # for which it is asked anew
        expect(part(page, "playground-plane-of")).to_have_text(caption)
        assert visiting.number(page, "playground-epoch") == shown
        before = shown


def test_who_wants_no_motion_sees_none(browser: Browser, site_url: str) -> None:
    """With a learning rate of almost nothing only the flow can move the lines."""
    address = "?mode=gradient&learningRate=1e-12"
    for motion in ("reduce", "no-preference"):
        with visiting.visitor(browser, viewport=VIEW, reduced_motion=motion) as context:
            page = open_world(context.new_page(), site_url, address)
            press(page, "play")
            expect(part(page, "playground-epoch")).not_to_have_attribute("data-value", "0")
            seen = {picture(page, "playground-net") for _ in range(4)}
            while motion == "no-preference" and len(seen) == 1:  # or the test hangs
                seen.add(picture(page, "playground-net"))
            assert (len(seen) == 1) == (motion == "reduce")


def test_what_is_being_typed_is_not_overwritten_by_an_earlier_change(
    page: Page, site_url: str
) -> None:
    part(page, "playground-dropout-0").fill("0.3")  # and the field keeps the focus
    select = part(page, "playground-activation-0")
    select.evaluate(
        "select => { select.value = 'relu'; select.dispatchEvent(new Event('change')) }"
    )
    expect(page).to_have_url(re.compile(r"layers=\d-relu\*"))
    expect(part(page, "playground-dropout-0")).to_have_value("0.3")
    part(page, "playground-dropout-0").press("Tab")
    expect(page).to_have_url(re.compile(r"layers=\d-relu-0\.3\*"))
    typed(page, "dropout-0", "7")
    expect(part(page, "playground-dropout-0")).to_have_accessible_description(
        "Dropout of layer 2 is 7, expected a number from 0 to 0.9."
    )
    expect(page).to_have_url(re.compile(r"layers=\d-relu-0\.3\*"))


def test_the_address_keeps_the_whole_state(page: Page, site_url: str) -> None:
    press(page, "data-spiral", "feature-sin(x1)", "feature-x1^2", "layers-more", "more-0")
    part(page, "playground-activation-1").select_option("leaky_relu")
    typed(page, "dropout-2", "0.25")
    typed(page, "noise", "0.15")
    typed(page, "l1", "0.002")
    typed(page, "seed", "12")
    part(page, "playground-optimizer").select_option("adam")
    expect(page).to_have_url(re.compile(r"seed=12&.*optimizer=adam"))
    part(page, "playground-speed").select_option("0.5")
    part(page, "playground-neuron-1-1").click()
    typed(page, "weight-value", "-0.75")
    expect(page).to_have_url(re.compile("edits=1_1_-1_-0.75"))
    expected = steps(page, 5)
    other = page.context.new_page()
    open_world(other, site_url, page.url.partition("#playground")[2])
    expect(part(other, "section-playground")).to_be_in_viewport()
    expect(part(other, "playground-speed")).to_have_value("0.5")
    expect(part(other, "playground-dropout-2")).to_have_value("0.25")
    assert steps(other, 5) == expected
    assert other.url == page.url
    other.close()


def test_points_and_mode_come_from_the_address(context: BrowserContext, site_url: str) -> None:
    page = context.new_page()
    open_world(page, site_url, "?data=points&points=1_2_1*-1.5_2_0&mode=gradient")
    expect(part(page, "playground-mode")).to_have_attribute("aria-pressed", "true")
    expect(part(page, "playground-data-points")).to_have_attribute("aria-pressed", "true")
    assert colour(page, "playground-feature-x1", 0.05, 0.5) == "orange", "features have no δ"
    before = cost(page)
    press(page, "hand-eraser")
    at_plane(page, 1, 2)
    expect_another_cost(page, before)
    expect(page).to_have_url(re.compile(r"points=-1.5_2_0&"))
    page.close()


@pytest.mark.parametrize(
    ("address", "left_out", "kept"),
    [
        ("?noise=much&seed=5", ["noise"], "5"),
        ("?layers=4-tanh*9-tanh&seed=5", ["layers"], "5"),
        ("?seed=-1&data=mars&colour=red", ["colour", "data", "seed"], "0"),
        ("?formula=__import__(x)&data=formula&edits=1_2&seed=5", ["edits", "formula"], "5"),
        ("?problem=regression&data=spiral&seed=5", ["data", "problem"], "5"),
        ("?edits=1_0_0_2&layers=2-tanh&__proto__=1&toString=2&seed=5", ["__proto__"], "5"),
        ("?%E0%A4%A&seed=5", [], "5"),
    ],
)
def test_what_is_wrong_in_an_address_is_left_out(
    context: BrowserContext, site_url: str, address: str, left_out: list[str], kept: str
) -> None:
    page = open_world(context.new_page(), site_url, address)
    for name in left_out:
        expect(part(page, "playground-words")).to_contain_text(f"“{name}”")
    expect(part(page, "playground-seed")).to_have_value(kept)
    before = cost(page)
    press(page, "step")
    expect_another_cost(page, before)
    page.close()


def test_another_address_in_the_same_tab_is_followed(page: Page) -> None:
    page.evaluate("() => { location.hash = '#playground?data=xor&seed=3'; }")
    expect(part(page, "playground-data-xor")).to_have_attribute("aria-pressed", "true")
    expect(part(page, "playground-seed")).to_have_value("3")


SCRIPTS = {
    "default": "",
    "spiral": "?data=spiral&noise=0.1&features=x1*x2*sin(x1)&layers=5-relu-0.2*3-swish&l2=0.01",
    "regression": "?problem=regression&data=hills&optimizer=adam&learningRate=0.01&l1=0.001",
    "by hand": "?data=points&points=1_2_1*-1.5_2_0*3_-4_1&edits=0_0_0_0.5*2_0_-1_-0.25",
    "formula": "?data=formula&formula=x**2/4-2&layers=&batchSize=7",
}


@pytest.mark.parametrize("address", SCRIPTS.values(), ids=list(SCRIPTS))
def test_the_script_learns_as_the_page(page: Page, address: str, tmp_path: Any) -> None:
    if address:
        go_to_world(page, address)
    press(page, "play")
    enough = re.compile(r"^(\d{3}|[4-9]\d)(\.|$)")  # epochs, in which there are 100 updates or 40
    expect(part(page, "playground-epoch")).to_have_attribute("data-value", enough, timeout=60_000)
    press(page, "play", "export")
    expect(part(page, "playground-script")).to_be_visible()
    script = part(page, "playground-script").text_content() or ""
    here = costs(part(page, "playground-first-costs").text_content() or "")
    with page.expect_download() as download:
        press(page, "script-download")
    download.value.save_as(tmp_path / "playground.py")
    assert (tmp_path / "playground.py").read_text().strip() == script.strip()
    done = subprocess.run(
        [sys.executable, tmp_path / "playground.py"],
        cwd=environment.ROOT,
        env={"PYTHONPATH": str(environment.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    there = costs(done.stdout)
    assert len(here) >= 40
    assert len(there) == 100
    assert here == pytest.approx(there[: len(here)], rel=1e-6)
    press(page, "export")
    expect(part(page, "playground-script")).to_be_hidden()


def costs(text: str) -> list[float]:
    """The costs of the first updates, which are numbered from 1."""
    found = re.findall(r"^update (\d+): cost (\S+)$", text, re.MULTILINE)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1))
    return [float(value) for _, value in found]


def test_the_script_and_the_link_are_copied(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser, viewport=VIEW) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = open_world(context.new_page(), site_url)
        assert page.url.endswith("#playground"), "nothing was changed yet"
        press(page, "export", "script-copy")
        expect(part(page, "playground-script-copy")).to_have_text("Copied")
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert "from nets_core import" in copied
        press(page, "link")
        expect(part(page, "playground-link")).to_have_text("Copied")
        link = page.evaluate("() => navigator.clipboard.readText()")
        assert link == page.url
        assert "data=circle" in link


def test_the_initializer_is_seen_to_matter(page: Page) -> None:
    part(page, "playground-initial-fold").locator("summary").click()
    expect(part(page, "playground-initial").locator("figure")).to_have_count(10)
    part(page, "playground-initial-activation").select_option("tanh")
    said = part(page, "playground-initial-words")
    for initializer, words in (("normal", "saturated"), ("small", "dies out"), ("nielsen", "goes")):
        part(page, "playground-initial-initializer").select_option(initializer)
        expect(said).to_contain_text(words)


def test_a_net_that_diverges_is_told_of(page: Page) -> None:
    go_to_world(page, "?problem=regression&data=plane&layers=8-identity*8-identity&learningRate=50")
    press(page, "play")
    expect(part(page, "playground-words")).to_contain_text("learning rate")
    expect(part(page, "playground-play")).to_have_text("Play")
    press(page, "reset")
    expect(part(page, "playground-words")).to_have_text("")
    assert cost(page) < 10


def test_a_dead_engine_leaves_a_sentence_and_comes_back(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser, errors=True, viewport=VIEW) as context:
        page = open_world(context.new_page(), site_url, "?data=xor")
        before = cost(page)
        press(page, "play")
        expect_another_cost(page, before)
        worker = visiting.python_worker(page)
        worker.evaluate("() => setTimeout(() => { throw new Error('out of luck'); })")
        expect(part(page, "playground-words")).to_contain_text("out of luck")
        expect(part(page, "playground-play")).to_have_text("Play")
        part(page, "retry").click()
        expect(part(page, COST)).to_have_attribute(
            "data-value", str(before), timeout=visiting.START_PATIENCE
        )
        expect(part(page, "playground-words")).to_have_text("")
        press(page, "step")
        expect_another_cost(page, before)


def test_a_missing_worker_is_told_here_too(
    browser: Browser, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    site.faults["worker.js"] = "missing"
    with visiting.visitor(browser, errors=True, viewport=VIEW) as context:
        page = context.new_page()
        page.goto(f"{site.url}#playground")
        expect(part(page, "playground-words")).to_contain_text("worker.js")


def test_code_that_does_not_come_is_told(browser: Browser, serve_site: Callable[..., Any]) -> None:
    site = serve_site()
    site.faults["playground.js"] = "missing"
    with visiting.visitor(browser, errors=True, viewport=VIEW) as context:
        page = visiting.open_ready(context.new_page(), site.url)
        part(page, "section-playground").scroll_into_view_if_needed()
        words = part(page, "playground-words")
        expect(words).to_contain_text("The playground did not load: HTTP status 404.")
        site.faults.clear()
        words.get_by_role("button", name="Try again").click()
        expect(part(page, "playground-neuron-0-0")).to_be_visible()


def test_a_narrower_window_makes_everything_narrower(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser, viewport={"width": 800, "height": 700}) as context:
        page = open_world(context.new_page(), site_url)
        part(page, "playground-step").click()
        expect(part(page, "playground-chart").locator("canvas")).to_be_visible()
        for width in (560, 360, 320):
            page.set_viewport_size({"width": width, "height": 700})
            page.wait_for_function(
                "width => innerWidth === width && document.documentElement.scrollWidth === "
                "document.documentElement.clientWidth",
                arg=width,
            )


def test_on_a_phone_nothing_sticks_out(browser: Browser, site_url: str) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with visiting.visitor(browser, **phone) as context:
        page = open_world(context.new_page(), site_url)
        assert page.evaluate("() => document.documentElement.scrollWidth") == 360
        tops = [
            page.get_by_role("heading", name=name, exact=True).bounding_box()["y"]  # type: ignore[index]
            for name in ("Data", "Output")
        ]
        assert tops == sorted(tops), "one chooses the points, and sees below what comes of them"
        part(page, "playground-layers-more").tap()
        expect(part(page, "playground-layers")).to_have_text("3 hidden layers")
        part(page, "playground-neuron-0-1").tap()
        expect(part(page, "playground-weight")).to_contain_text("b²₂")
        assert page.evaluate("() => document.documentElement.scrollWidth") == 360
        part(page, "playground-play").tap()
        expect(part(page, "playground-epoch")).not_to_have_attribute("data-value", "0")


def test_nothing_is_computed_for_what_is_not_seen(page: Page) -> None:
    press(page, "play")
    expect(part(page, "playground-epoch")).not_to_have_attribute("data-value", "0")
    page.evaluate("() => scrollTo(0, 0)")
    expect(part(page, "section-playground")).not_to_be_in_viewport()
    answered(page)
    left = visiting.number(page, "playground-epoch")
    answered(page)  # in which another frame would have been computed and shown
    assert visiting.number(page, "playground-epoch") == left
    part(page, "playground-play").scroll_into_view_if_needed()
    visiting.until(
        page,
        lambda: visiting.number(page, "playground-epoch") != left,
        "it goes on where it is seen",
    )
