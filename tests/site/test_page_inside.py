"""Inside .train(): a visitor walks through one step, follows a weight, and checks the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import environment
import visiting
from visiting import SEVEN, draw, expect_guess, part

STAGES = ["a¹", "z²", "a²", "z³", "a³", "C", "δ³", "δ²", "∂b²", "∂w²", "∂b³", "∂w³", "w² ←", "w³ ←"]


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser, viewport={"width": 1000, "height": 800}) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        draw(page, SEVEN)
        expect_guess(page, 7)
        yield page


@pytest.fixture
def page(open_page: Page) -> Page:
    """The section with a 7 that should have been a 7, at the first stage."""
    part(open_page, "section-inside").scroll_into_view_if_needed()
    part(open_page, "inside-net").select_option("fresh")
    part(open_page, "inside-example").select_option("drawing")
    part(open_page, "inside-truth").select_option("7")
    stage(open_page, 0)
    return open_page


def stage(page: Page, i: int) -> None:
    button = part(page, "inside-steps").get_by_role("button").nth(i)
    button.click(timeout=30_000)
    expect(button).to_have_attribute("aria-current", "step")


def test_every_stage_has_equation_words_code_and_values(page: Page) -> None:
    steps = part(page, "inside-steps").get_by_role("button")
    expect(steps).to_have_text(STAGES)
    for i in range(len(STAGES)):
        expect(steps.nth(i)).to_have_attribute("aria-current", "step")
        expect(part(page, "inside-equation").locator(".katex")).to_have_count(1)
        expect(part(page, "inside-equation").locator(".katex-error")).to_have_count(0)
        assert part(page, "inside-explained").inner_text()
        expect(part(page, "inside-values").locator("figure.made")).not_to_have_count(0)
        expect(part(page, "inside-code").locator(".now")).not_to_have_count(0)
        if i + 1 < len(STAGES):
            part(page, "inside-next").click()
    expect(part(page, "inside-next")).to_be_disabled()


def test_the_marked_line_is_the_librarys_own(page: Page) -> None:
    for i in range(len(STAGES)):
        stage(page, i)
        file, line = part(page, "inside-file").inner_text().split(", line ")
        source = (environment.ROOT / Path(file)).read_text().splitlines()
        marked = part(page, "inside-code").locator(".now").first
        expect(marked).to_have_text(source[int(line) - 1].strip())


def test_a_symbol_lights_up_wherever_it_stands(page: Page) -> None:
    stage(page, STAGES.index("δ²"))
    expect(part(page, "inside-title")).to_have_text("Backward: the error of layer 2")
    part(page, "inside-equation").locator(".sym-delta").first.hover()
    for place in ("inside-equation", "inside-code", "inside-values"):
        expect(part(page, place).locator(".sym-delta.lit")).not_to_have_count(0)
    part(page, "inside-code").locator(".sym-z").first.hover()
    expect(part(page, "inside-equation").locator(".sym-z.lit")).not_to_have_count(0)
    expect(part(page, "inside-equation").locator(".sym-delta.lit")).to_have_count(0)


def test_a_weight_is_picked_and_followed(page: Page) -> None:
    stage(page, STAGES.index("∂w²"))
    pictures = part(page, "inside-values").locator(".weights button")
    expect(pictures).to_have_count(30)
    pictures.nth(4).click()
    expect(pictures.nth(4)).to_have_attribute("aria-pressed", "true")
    expect(part(page, "inside-weight")).to_contain_text("to neuron 5")
    chain = part(page, "inside-chain").locator("li")
    expect(chain).to_have_count(5)
    expect(chain.nth(3)).to_have_class("now")
    stage(page, STAGES.index("∂w³"))
    cells = part(page, "inside-values").locator(".matrix button")
    expect(cells).to_have_count(300)
    cells.nth(31).click()
    expect(part(page, "inside-weight")).to_have_text("layer 3, from neuron 2 to neuron 2")


def test_the_gradient_is_checked(page: Page) -> None:
    part(page, "inside-check").click()
    expect(part(page, "inside-verdict")).to_contain_text("Yes.", timeout=60_000)
    expect(part(page, "inside-histogram").locator("figure")).to_have_count(4)


def test_another_truth_is_another_cost(page: Page) -> None:
    part(page, "inside-net").select_option("mlp-30")
    stage(page, STAGES.index("C"))
    made = part(page, "inside-values").locator("figure.made").last

    def cost() -> float:
        return float(made.inner_text().split("=")[1])

    expect(made).to_contain_text("C =")
    page.wait_for_timeout(1000)
    right = cost()
    part(page, "inside-truth").select_option("3")
    page.wait_for_timeout(1000)
    assert cost() > 10 * right


def test_the_truth_follows_what_is_read_until_the_visitor_says_otherwise(page: Page) -> None:
    part(page, "inside-example").select_option("test")
    part(page, "inside-example").select_option("drawing")  # nothing has been said of it now
    expect(part(page, "inside-truth")).to_have_value("7")
    part(page, "inside-truth").select_option("2")
    stage(page, STAGES.index("C"))
    expect(part(page, "inside-truth")).to_have_value("2")


def test_a_test_image_comes_with_its_label(page: Page) -> None:
    part(page, "inside-example").select_option("test")
    images = part(page, "inside-batch").get_by_role("button")
    expect(images).to_have_count(1, timeout=60_000)
    expect(images).to_have_text("7")  # the first of MNIST's test images
    expect(part(page, "inside-truth")).to_have_value("7")
    part(page, "inside-another").click()
    expect(images).to_have_text("2")  # and the second
    expect(part(page, "inside-truth")).to_have_value("2")
    part(page, "inside-example").select_option("drawing")


def shown(page: Page, caption: str) -> float:
    """The largest magnitude of a quantity."""
    figure = part(page, "inside-values").locator("figure", has_text=caption).last
    return float(figure.inner_text().split("largest")[1])


def test_a_mini_batch_is_averaged_over_its_examples(page: Page) -> None:
    part(page, "inside-example").select_option("batch")
    images = part(page, "inside-batch").get_by_role("button")
    expect(images).to_have_count(10, timeout=60_000)
    expect(images).to_have_text(list("5041921314"))  # the first ten training images
    stage(page, STAGES.index("∂w²"))
    expect(part(page, "inside-equation")).to_contain_text("10")
    mean = shown(page, "∂C/∂w²")
    errors = []
    for i in range(10):
        images.nth(i).click()
        expect(images.nth(i)).to_have_attribute("aria-pressed", "true")
        row = part(page, "inside-chain").locator("li").nth(3)
        expect(row).to_contain_text("this example")
        page.wait_for_timeout(200)
        errors.append(shown(page, "δ²"))
        assert shown(page, "∂C/∂w²") == mean, "the gradient is that of all of them"
    assert len(set(errors)) > 5, "each example has an error of its own"
    part(page, "inside-another").click()
    expect(images).not_to_have_text(list("5041921314"))
    part(page, "inside-example").select_option("drawing")


def test_it_plays_by_itself_and_stops(page: Page) -> None:
    part(page, "inside-play").click()
    second = part(page, "inside-steps").get_by_role("button").nth(1)
    expect(second).to_have_attribute("aria-current", "step")
    expect(part(page, "inside-play")).to_have_text("Stop")
    part(page, "inside-play").click()
    expect(part(page, "inside-play")).to_have_text("Play")


def test_an_empty_pad_is_asked_for_a_digit(page: Page) -> None:
    part(page, "clear").click()
    part(page, "section-inside").scroll_into_view_if_needed()
    expect(part(page, "inside-words")).to_contain_text("Draw a digit above")
    expect(part(page, "inside-body")).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    part(page, "undo").click()


def test_a_weight_under_the_pointer_shows_its_live_value(page: Page) -> None:
    part(page, "section-train").scroll_into_view_if_needed()
    part(page, "train-start").click()
    picture = part(page, "weights").locator("canvas").nth(6)
    picture.scroll_into_view_if_needed(timeout=60_000)
    picture.hover()
    shown = part(page, "weight")
    expect(shown).to_contain_text("to 7 =")
    first = shown.get_attribute("data-value")
    expect(shown).not_to_have_attribute("data-value", first or "")
    part(page, "train-reset").click()
