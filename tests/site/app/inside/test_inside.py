"""Inside .train(): a visitor walks through one step, follows a weight, and checks the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import visiting
from building import environment
from nets_core.page import bugs
from visiting import ONE, SEVEN, draw, expect_guess, part

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
    """The section with a drawn 7 that should have been a 7, at the first stage."""
    part(open_page, "section-inside").scroll_into_view_if_needed()
    part(open_page, "inside-net").select_option("fresh")
    part(open_page, "inside-example").select_option("drawing")
    part(open_page, "inside-truth").select_option("7")
    stage(open_page, 0)
    return open_page


def stage(page: Page, i: int) -> None:
    """A stage's button may move while it is pressed, as another net's words come or go above it."""
    button = part(page, "inside-steps").get_by_role("button").nth(i)

    def current() -> bool:
        button.click()
        return button.get_attribute("aria-current") == "step"

    visiting.until(page, current, "the stage that was pressed is shown")


def pick(page: Page, weight: Locator, which: str) -> None:
    """A weight's button is another one where a step that was asked for before comes meanwhile."""

    def picked() -> bool:
        weight.click()
        return which in part(page, "inside-weight").inner_text()

    visiting.until(page, picked, "the weight that was pressed is followed")


def test_the_stages_stand_by_the_part_of_the_step_they_belong_to(page: Page) -> None:
    parts = part(page, "inside-steps").locator("> li")
    together = {
        "Forward": "a¹ z² a² z³ a³",
        "Cost": "C",
        "Backward": "δ³ δ²",
        "Gradient": "∂b² ∂w² ∂b³ ∂w³",
        "Update": "w² ← w³ ←",
    }
    expect(parts).to_have_count(len(together))
    for (name, stages), found in zip(together.items(), parts.all(), strict=True):
        assert " ".join(found.inner_text().split()) == f"{name} {stages}"


def test_every_stage_has_equation_words_code_and_values(page: Page) -> None:
    steps = part(page, "inside-steps").get_by_role("button")
    expect(steps).to_have_text(STAGES)
    for i in range(len(STAGES)):
        expect(steps.nth(i)).to_have_attribute("aria-current", "step")
        expect(part(page, "inside-equation").locator(".katex")).to_have_count(1)
        expect(part(page, "inside-equation").locator(".katex-error")).to_have_count(0)
        assert part(page, "inside-explained").inner_text()
        expect(part(page, "inside-values").locator("figure.result")).not_to_have_count(0)
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


def symbols(page: Page, place: str) -> set[str]:
    """The symbols that stand somewhere, by their classes."""
    found: list[str] = page.evaluate(
        """(id) => [...document.querySelectorAll(`[data-testid="${id}"] .symbol`)]
          .flatMap((one) => [...one.classList].filter((name) => name.startsWith("sym-")))""",
        place,
    )
    return set(found)


def expect_all_lit(page: Page) -> None:
    """Each symbol of the equation has a value and a place in the code, and lights both up."""
    legend = part(page, "inside-legend").get_by_role("button")
    expect(part(page, "inside-code").locator(".now .symbol")).not_to_have_count(0)
    wanted = symbols(page, "inside-equation")
    assert wanted
    assert symbols(page, "inside-legend") == wanted
    for i in range(len(wanted)):
        legend.nth(i).focus()
        [name] = [one for one in (legend.nth(i).get_attribute("class") or "").split() if "-" in one]
        for place in ("inside-equation", "inside-legend", "inside-values"):
            expect(part(page, place).locator(f".{name}.lit")).not_to_have_count(0)
        if name in symbols(page, "inside-code"):
            expect(part(page, "inside-code").locator(f".{name}.lit")).not_to_have_count(0)
        others = part(page, "section-inside").locator(f".lit:not(.{name})")
        expect(others).to_have_count(0)
    assert wanted - symbols(page, "inside-code") <= {"sym-n"}  # no n in one of the two


def test_the_keyboard_lights_up_each_symbol_at_every_stage(page: Page) -> None:
    for i in range(len(STAGES)):
        stage(page, i)
        expect_all_lit(page)


def test_a_value_lights_up_its_symbol(page: Page) -> None:
    stage(page, STAGES.index("δ²"))
    part(page, "inside-values").locator(".signed").last.hover()
    for place in ("inside-equation", "inside-code"):
        expect(part(page, place).locator(".sym-delta.lit")).not_to_have_count(0)


def test_adams_memory_is_shown_and_lit(page: Page) -> None:
    page.evaluate(
        "() => { nets.train({ optimizer: 'adam', learningRate: 0.001 }).catch(() => {}) }"
    )
    visiting.expect_state(page, "training", 60_000)
    page.evaluate("() => nets.pause()")
    visiting.expect_state(page, "paused")
    part(page, "inside-net").select_option("live")
    expect(part(page, "inside-rate")).to_be_disabled()
    stage(page, STAGES.index("w³ ←"))
    expect(part(page, "inside-equation").locator(".sym-m")).not_to_have_count(0)
    assert {"sym-m", "sym-v", "sym-eta", "sym-dw", "sym-w"} == symbols(page, "inside-equation")
    expect_all_lit(page)
    expect(part(page, "inside-values").locator("figure.result")).to_have_count(4)
    page.evaluate("() => nets.reset()")
    expect(part(page, "inside-net").locator("option[value=live]")).to_have_count(0)
    expect(part(page, "inside-equation").locator(".sym-m")).to_have_count(0)


def test_a_weight_is_picked_and_followed(page: Page) -> None:
    stage(page, STAGES.index("∂w²"))
    pictures = part(page, "inside-values").locator(".weights button")
    expect(pictures).to_have_count(30)
    pick(page, pictures.nth(4), "to neuron 5")
    expect(pictures.nth(4)).to_have_attribute("aria-pressed", "true")
    chain = part(page, "inside-chain").locator("li")
    expect(chain).to_have_count(5)
    expect(chain.nth(3)).to_have_class("now")
    stage(page, STAGES.index("∂w³"))
    cells = part(page, "inside-values").locator(".matrix button")
    expect(cells).to_have_count(300)
    pick(page, cells.nth(31), "layer 3, from neuron 2 to neuron 2")
    expect(part(page, "inside-weight")).to_have_text("layer 3, from neuron 2 to neuron 2")


def test_the_gradient_is_checked(page: Page) -> None:
    part(page, "inside-check").click()
    expect(part(page, "inside-verdict")).to_contain_text("Yes.", timeout=60_000)
    expect(part(page, "inside-histogram").locator("figure")).to_have_count(4)


def test_a_check_pressed_while_the_step_changes_is_of_the_new_step(page: Page) -> None:
    check = part(page, "inside-check")
    visiting.until(page, check.is_enabled, "the check can be pressed")
    before = part(page, "inside-chain").inner_text()
    page.evaluate(
        """([net, check]) => {
          net.value = "mlp-30";
          net.dispatchEvent(new Event("change"));
          check.click();
        }""",
        [part(page, "inside-net").element_handle(), check.element_handle()],
    )
    expect(check).to_be_enabled(timeout=60_000)
    # The new step is shown: when it came, it would have taken an earlier verdict away.
    expect(part(page, "inside-chain")).not_to_have_text(before, use_inner_text=True)
    expect(part(page, "inside-verdict")).to_contain_text("Yes.")


def test_a_test_image_brings_its_label(page: Page) -> None:
    part(page, "inside-example").select_option("test")
    images = part(page, "inside-batch").get_by_role("button")
    expect(images).to_have_count(1, timeout=60_000)
    label = images.inner_text()
    expect(part(page, "inside-truth")).to_have_value(label)
    before = part(page, "inside-batch").get_attribute("data-indices")
    other = str((int(label) + 1) % 10)
    part(page, "inside-truth").select_option(other)
    expect(part(page, "inside-truth")).to_have_value(other)
    part(page, "inside-another").click()
    expect(part(page, "inside-batch")).not_to_have_attribute("data-indices", before or "")
    expect(part(page, "inside-truth")).to_have_value(images.inner_text())
    part(page, "inside-example").select_option("drawing")
    expect(part(page, "inside-truth")).to_be_visible()
    expect(part(page, "inside-batch")).to_be_hidden()


def test_a_mini_batch_shows_one_examples_errors_and_the_mean_of_all(page: Page) -> None:
    part(page, "inside-example").select_option("batch")
    images = part(page, "inside-batch").get_by_role("button")
    expect(images).to_have_count(10, timeout=60_000)
    expect(part(page, "inside-truth")).to_be_hidden()
    stage(page, STAGES.index("∂w³"))
    made = part(page, "inside-values").locator("figure.result")
    expect(made).to_contain_text("mean of 10")
    cells = part(page, "inside-values").locator(".matrix button")
    pick(page, cells.nth(33), "from neuron 4 to neuron 2, in example 1")
    products = part(page, "inside-products").locator("li")
    expect(products).to_have_count(10)
    values = [float(one.get_attribute("data-value") or "nan") for one in products.all()]
    mean = float(part(page, "inside-mean").get_attribute("data-value") or "nan")
    assert mean != 0
    assert sum(values) / 10 == pytest.approx(mean, rel=1e-4)
    expect(part(page, "inside-mean")).to_contain_text("divided by n = 10")

    gradient = made.inner_text()
    error = part(page, "inside-values").locator("figure[data-symbol=delta]")
    for i in (3, 7):
        images.nth(i).click()
        expect(images.nth(i)).to_have_attribute("aria-pressed", "true")
        expect(error).to_contain_text(f"example {i + 1}")
        expect(part(page, "inside-weight")).to_contain_text(f"in example {i + 1}")
        expect(products.nth(i)).to_have_class("picked")
    assert made.inner_text() == gradient
    before = part(page, "inside-batch").get_attribute("data-indices")
    part(page, "inside-another").click()
    expect(part(page, "inside-batch")).not_to_have_attribute("data-indices", before or "")
    expect(images).to_have_count(10)
    expect(images.first).to_have_attribute("aria-pressed", "true")


def test_a_mini_batchs_stages_light_up_too(page: Page) -> None:
    part(page, "inside-example").select_option("batch")
    expect(part(page, "inside-batch").get_by_role("button")).to_have_count(10, timeout=60_000)
    for name in ("C", "∂b²", "∂w²"):
        stage(page, STAGES.index(name))
        expect(part(page, "inside-equation").locator(".sym-n")).not_to_have_count(0)
        expect_all_lit(page)


def test_nothing_breaks_when_everything_is_changed_at_once(page: Page) -> None:
    steps = part(page, "inside-steps").get_by_role("button")
    part(page, "inside-example").select_option("batch")
    expect(part(page, "inside-batch").get_by_role("button")).to_have_count(10, timeout=60_000)
    stage(page, STAGES.index("∂w³"))
    part(page, "inside-values").locator(".matrix button").nth(250).click()
    for net in ("softmax", "mlp-30", "softmax", "fresh"):
        part(page, "inside-net").select_option(net)
        part(page, "inside-example").select_option("batch")
        steps.last.click()
        part(page, "inside-next").click(force=True)
        part(page, "inside-example").select_option("drawing")
        page.set_viewport_size({"width": 360 if net == "softmax" else 1000, "height": 800})
    expect(steps).to_have_text(STAGES)
    stage(page, 0)
    expect(part(page, "inside-title")).to_have_text("The input")
    expect(part(page, "inside-file")).to_contain_text("network.py")
    part(page, "inside-rate").fill("0")
    part(page, "inside-rate").press("Enter")
    expect(part(page, "inside-words")).to_contain_text("Learning rate is 0")
    expect(part(page, "inside-body")).to_be_hidden()
    part(page, "inside-rate").fill("1")
    part(page, "inside-rate").press("Enter")
    expect(part(page, "inside-words")).to_have_text("")
    expect(part(page, "inside-body")).to_be_visible()


def test_another_truth_is_another_cost(page: Page) -> None:
    part(page, "inside-net").select_option("mlp-30")
    stage(page, STAGES.index("C"))
    made = part(page, "inside-values").locator("figure.result").last

    def cost() -> float:
        return float(made.inner_text().split("=")[1])

    expect(made).to_contain_text("C =")
    visiting.until(page, lambda: cost() < 0.05, "the trained net is nearly right")
    right = cost()
    part(page, "inside-truth").select_option("3")
    visiting.until(page, lambda: cost() > 10 * right, "another truth costs more")


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
    expect(part(page, "inside-words")).to_contain_text("A test image")
    expect(part(page, "inside-body")).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    part(page, "undo").click()


def test_the_truth_is_what_the_page_reads_until_the_visitor_says(page: Page) -> None:
    truth = part(page, "inside-truth")
    for strokes, digit in ((ONE, 1), (SEVEN, 7)):
        visiting.clear(page)
        draw(page, strokes)
        expect_guess(page, digit)
        expect(truth).to_have_value(str(digit))
    truth.select_option("4")
    part(page, "model-picker").select_option("softmax")
    expect_guess(page, 7)
    draw(page, [[(0.4, 0.55), (0.65, 0.55)]])
    expect(part(page, "guess")).not_to_have_text("")
    expect(truth).to_have_value("4")
    part(page, "model-picker").select_option("mlp-30")
    visiting.clear(page)
    draw(page, SEVEN)
    expect_guess(page, 7)
    expect(truth).to_have_value("7")


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


@pytest.fixture
def fresh_page(browser: Browser) -> Iterator[Page]:
    """A new visitor's page, in which errors are to be expected."""
    with visiting.visitor(browser, errors=True) as context:
        yield context.new_page()


def test_mnist_that_does_not_come_is_told_and_asked_for_again(
    fresh_page: Page, serve_site: Callable[..., Any]
) -> None:
    page, site = fresh_page, serve_site()
    site.faults["mnist/test-images.gz"] = "truncated"
    visiting.open_ready(page, site.url)
    part(page, "section-inside").scroll_into_view_if_needed()
    assert not any(asked.startswith("mnist/") for asked in site.requested)
    part(page, "inside-example").select_option("test")
    expect(part(page, "inside-words")).to_contain_text("mnist/test-images.gz")
    expect(part(page, "inside-body")).to_be_hidden()
    site.faults.clear()
    expect(part(page, "inside-another")).to_have_text("Try again")
    part(page, "inside-another").click()
    expect(part(page, "inside-body")).to_be_visible(timeout=60_000)
    expect(part(page, "inside-another")).to_have_text("Another image")
    expect(part(page, "inside-words")).to_have_text("")


def test_a_dead_worker_takes_the_step_along_and_a_new_one_brings_it_back(
    fresh_page: Page, site_url: str
) -> None:
    page = fresh_page
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    visiting.open_ready(page, site_url)
    part(page, "section-inside").scroll_into_view_if_needed()
    part(page, "inside-example").select_option("batch")
    expect(part(page, "inside-batch").get_by_role("button")).to_have_count(10, timeout=60_000)
    stage(page, 3)
    part(page, "inside-play").click()
    worker = visiting.python_worker(page)
    worker.evaluate("() => setTimeout(() => { throw new Error('out of luck'); })")
    visiting.expect_state(page, "failed")
    expect(part(page, "inside-words")).to_contain_text("Python has stopped")
    expect(part(page, "inside-body")).to_be_hidden()
    expect(part(page, "inside-play")).to_have_text("Play")
    part(page, "retry").click()
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    part(page, "section-inside").scroll_into_view_if_needed()
    expect(part(page, "inside-body")).to_be_visible(timeout=60_000)
    expect(part(page, "inside-batch").get_by_role("button")).to_have_count(10)
    stage(page, STAGES.index("δ²"))
    assert thrown == []


def test_a_bug_is_followed_through_the_changed_line_and_the_check_sees_it(page: Page) -> None:
    part(page, "inside-example").select_option("batch")
    expect(part(page, "inside-batch").get_by_role("button")).to_have_count(10, timeout=60_000)
    offered = (
        part(page, "inside-bug").locator("option").evaluate_all("all => all.map(o => o.value)")
    )
    assert offered == ["", *bugs.FOLLOWED]
    part(page, "inside-bug").select_option("summed")
    expect(part(page, "inside-file")).to_be_attached()
    stage(page, STAGES.index("∂w²"))
    expect(part(page, "inside-file")).to_contain_text("A changed function")
    expect(part(page, "inside-code")).not_to_contain_text("delta / len(delta)")
    expect(part(page, "inside-departs")).to_contain_text("does not divide by n = 10")
    expect(part(page, "inside-values").locator("figure.result")).to_contain_text("sum of 10")
    expect(part(page, "inside-chain").locator(".katex")).to_have_count(5)
    expect(part(page, "inside-chain").locator(".katex-error")).to_have_count(0)
    products = part(page, "inside-products").locator("li").all()
    values = [float(one.get_attribute("data-value") or "nan") for one in products]
    shown = float(part(page, "inside-mean").get_attribute("data-value") or "nan")
    assert shown == pytest.approx(sum(values), rel=1e-4)
    expect(part(page, "inside-mean")).to_contain_text("does not divide by n = 10")
    expect(part(page, "inside-mean")).not_to_contain_text("divided by n = 10 it is")
    part(page, "inside-check").click()
    expect(part(page, "inside-verdict")).to_contain_text("No:", timeout=60_000)
    part(page, "inside-bug").select_option("prime-of-a")
    stage(page, STAGES.index("δ²"))
    expect(part(page, "inside-departs")).to_contain_text("This code does something else")
    expect(part(page, "inside-chain").locator("li").nth(2)).to_contain_text("its σ′ is 0.2")
    part(page, "inside-bug").select_option("summed")
    expect(part(page, "inside-departs")).to_be_hidden()
    stage(page, STAGES.index("∂w²"))
    part(page, "inside-example").select_option("drawing")
    expect(part(page, "inside-batch")).to_be_hidden()
    part(page, "inside-check").click()
    expect(part(page, "inside-verdict")).to_contain_text("With one example the bug does not show")
    part(page, "inside-bug").select_option("")
    expect(part(page, "inside-code")).to_contain_text("delta / len(delta)")
    part(page, "inside-check").click()
    expect(part(page, "inside-verdict")).to_contain_text("Yes.", timeout=60_000)
    expect(part(page, "inside-verdict")).not_to_contain_text("bug")
