"""Training by the page's buttons and fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import visiting
from nets_core import recipes
from visiting import SEVEN, draw, expect_guess, expect_state, number, numbers, part


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser) as context:
        yield visiting.open_ready(context.new_page(), site_url)


@pytest.fixture
def page(open_page: Page) -> Page:
    """The page with nothing drawn, nothing in training, and the first recipe's settings."""
    if part(open_page, "train-reset").is_enabled():
        part(open_page, "train-reset").click()
    expect(part(open_page, "train-start")).to_be_enabled()
    set_field(open_page, "recipe", "mlp-30")
    set_field(open_page, "epochs", "1000")  # none comes to its end before it is looked at
    visiting.clear(open_page)
    return open_page


def field(page: Page, name: str) -> Locator:
    return part(page, "settings").locator(f"[name={name}]")


def set_field(page: Page, name: str, value: str) -> None:
    """Change a setting as a visitor does: choose it, or type it and leave the field."""
    element = field(page, name)
    if element.evaluate("element => element.tagName") == "SELECT":
        element.select_option(value)
        element.dispatch_event("change")  # also where it was chosen already
    else:
        element.fill(value)
        element.press("Tab")


def wait_for(page: Page, testid: str, condition: str) -> None:
    """Wait until a condition on ``value``, the number that an element shows, is true."""
    page.wait_for_function(
        f"""testid => {{
          const raw = document.querySelector(`[data-testid=${{testid}}]`).dataset.value;
          const value = raw === "" ? NaN : Number(raw);
          return {condition};
        }}""",
        arg=testid,
        timeout=60_000,
    )


def live(page: Page) -> list[float]:
    """What the net in training makes of a 7."""
    read: list[float] = page.evaluate(
        "async () => (await nets.predict({ strokes: [[[30, 25], [70, 25], [45, 80]]],"
        " model: 'live' })).probabilities"
    )
    return read


def pictures(page: Page) -> list[str]:
    """The weights of the hidden neurons as they are painted."""
    painted: list[str] = (
        part(page, "weights")
        .locator("canvas")
        .evaluate_all("canvases => canvases.map((canvas) => canvas.toDataURL())")
    )
    return painted


def test_training_by_the_buttons_passes_90_percent(page: Page) -> None:
    part(page, "train-start").click()
    expect_state(page, "training")
    expect(part(page, "weights").locator("canvas")).to_have_count(30)
    before = pictures(page)
    wait_for(page, "test-accuracy", "value > 0.9")
    assert part(page, "test-accuracy").inner_text().startswith("9")
    epoch, cost, accuracy, throughput, rest = numbers(
        page, "epoch", "cost", "train-accuracy", "throughput", "remaining"
    )
    assert epoch is not None
    assert epoch >= 1
    assert cost is not None
    assert 0 < cost < 0.2
    assert accuracy is not None
    assert accuracy > 0.8
    assert throughput is not None
    assert throughput > 100
    assert rest is not None
    assert rest > 0
    assert part(page, "train-bar").evaluate("bar => bar.value") > 0
    for chart in ("cost-chart", "accuracy-chart"):
        expect(part(page, chart).locator("canvas")).to_be_visible()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=weights] canvas').toDataURL() !== before",
        arg=before[0],
    )
    part(page, "train-pause").click()
    expect_state(page, "paused")


def test_pause_resume_and_one_step(page: Page) -> None:
    set_field(page, "epochs", "6")
    part(page, "train-start").click()
    wait_for(page, "cost", "value > 0")
    part(page, "train-pause").click()
    expect_state(page, "paused")
    expect(part(page, "train-pause")).to_have_text("Resume")
    at_rest = live(page)  # the worker has been told to stop before it is asked this
    visiting.settled(page)  # between these questions it would train
    assert live(page) == at_rest
    part(page, "train-step").click()
    page.wait_for_function(
        "async before => (await nets.predict({ strokes: [[[30, 25], [70, 25], [45, 80]]],"
        " model: 'live' })).probabilities.some((p, i) => p !== before[i])",
        arg=at_rest,
    )
    expect_state(page, "paused")
    part(page, "train-pause").click()
    expect_state(page, "training")
    expect_state(page, "ready")
    wait_for(page, "epoch", "value === 6")
    assert (number(page, "test-accuracy") or 0) > 0.9
    expect(part(page, "train-words")).to_contain_text("Done")


def test_one_step_makes_a_net_and_takes_one_step(page: Page) -> None:
    part(page, "train-step").click()
    expect_state(page, "paused")
    wait_for(page, "cost", "value > 0")
    expect(part(page, "train-words")).to_have_text(
        "One update of every weight, by mini-batch 1 of this run."
    )
    first = live(page)
    steps = []
    for step in (2, 3):
        part(page, "train-step").click()
        expect(part(page, "train-words")).to_contain_text(f"mini-batch {step} of this run")
        steps.append(live(page))
    assert first != steps[0] != steps[1]
    expect_state(page, "paused")
    expect(part(page, "train-pause")).to_have_text("Resume")


def test_one_step_while_training_pauses(page: Page) -> None:
    part(page, "train-start").click()
    expect_state(page, "training")
    part(page, "train-step").click()
    expect_state(page, "paused")


def test_reset_forgets_the_net(page: Page) -> None:
    part(page, "train-start").click()
    wait_for(page, "cost", "value > 0")
    draw(page, SEVEN)
    part(page, "model-picker").select_option("live")
    part(page, "train-reset").click()
    expect_state(page, "ready")
    assert numbers(page, "epoch", "cost", "train-accuracy", "test-accuracy", "throughput") == (
        [None] * 5
    )
    expect(part(page, "model-picker").locator("option[value=live]")).to_have_count(0)
    expect(part(page, "train-start")).to_be_enabled()
    expect(part(page, "train-pause")).to_be_disabled()
    expect(part(page, "train-bar")).to_have_js_property("value", 0)
    expect(part(page, "weights-figure")).to_be_hidden()
    expect_guess(page, 7)  # by a trained net again


def test_what_may_change_in_training_changes_it_and_the_rest_waits(page: Page) -> None:
    set_field(page, "optimizer", "sgd")
    set_field(page, "learningRate", "0.5")
    part(page, "train-start").click()
    wait_for(page, "cost", "value > 0")
    for name in ("hidden", "activation", "output", "loss", "optimizer", "initializer", "seed"):
        expect(field(page, name)).to_be_disabled()
    for name in ("learningRate", "batchSize", "l2"):
        expect(field(page, name)).to_be_enabled()
    part(page, "train-pause").click()
    expect_state(page, "paused")

    def moved_by_a_step(learning_rate: str) -> float:
        set_field(page, "learningRate", learning_rate)
        before = live(page)  # asked after the change, and so answered after it
        part(page, "train-step").click()  # which empties the words
        expect(part(page, "train-words")).to_contain_text("One update of every weight")
        return max(abs(a - b) for a, b in zip(before, live(page), strict=True))

    assert moved_by_a_step("1e-9") < 1e-6 < 1e-4 < moved_by_a_step("20")
    set_field(page, "learningRate", "-1")
    expect(part(page, "settings-trouble")).to_contain_text("Learning rate is -1")
    expect(field(page, "learningRate")).to_have_attribute("aria-invalid", "true")
    set_field(page, "learningRate", "0.5")
    expect(part(page, "settings-trouble")).to_be_hidden()
    expect(field(page, "learningRate")).not_to_have_attribute("aria-invalid", "true")
    part(page, "train-reset").click()
    expect(field(page, "hidden")).to_be_enabled()
    assert field(page, "learningRate").input_value() == "0.5"


def test_settings_that_cannot_be_are_named_where_they_stand(page: Page) -> None:
    for name, value, said in (
        ("hidden", "30, many", "Hidden layers is 'many'"),
        ("hidden", "-1", "Hidden layers is -1"),
        ("batchSize", "0", "Mini-batch is 0"),
        ("batchSize", "1000000000", "Mini-batch is 1000000000, expected at most"),
    ):
        set_field(page, "recipe", "mlp-30")
        set_field(page, name, value)
        part(page, "train-start").click()
        expect(part(page, "train-words")).to_contain_text(said)
        expect(field(page, name)).to_have_attribute("aria-invalid", "true")
        expect_state(page, "ready")
        expect(part(page, "train-start")).to_be_enabled()


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_divergence_is_told_and_the_last_finite_net_kept(page: Page, activation: str) -> None:
    set_field(page, "activation", activation)
    set_field(page, "output", "identity")
    set_field(page, "optimizer", "sgd")
    set_field(page, "learningRate", "0.001")
    part(page, "train-start").click()
    wait_for(page, "cost", "value > 0")
    set_field(page, "learningRate", "1e6")
    expect(part(page, "train-words")).to_contain_text("learning rate")
    expect(part(page, "train-words")).to_contain_text("too high")
    expect_state(page, "ready")
    assert number(page, "remaining") is None
    expect(part(page, "train-restore")).to_contain_text("learning rate 0.004")
    assert all(0 <= share <= 1 for share in live(page))
    draw(page, SEVEN)
    part(page, "model-picker").select_option("live")
    expect(part(page, "guess")).not_to_have_text("")
    part(page, "train-reset").click()
    expect(part(page, "train-restore")).to_be_hidden()
    set_field(page, "learningRate", "0.001")
    part(page, "train-start").click()
    expect_state(page, "training")
    expect(part(page, "train-words")).to_have_text("")


def test_a_run_that_learned_nothing_says_so_and_the_default_mends_it(page: Page) -> None:
    set_field(page, "learningRate", "1000")
    set_field(page, "epochs", "1")
    part(page, "train-start").click()
    words = part(page, "train-words")
    expect(words).to_contain_text("It has learned nothing", timeout=60_000)
    expect(words).to_contain_text("saturated")
    expect(words).to_contain_text("learning rate 1000 is probably too high")
    expect(words).to_have_attribute("data-kind", "trouble")
    assert number(page, "remaining") is None
    restore = part(page, "train-restore")
    expect(restore).to_have_text("Restore the default learning rate 0.004")
    restore.click()
    expect(field(page, "learningRate")).to_have_value("0.004")
    expect(restore).to_be_hidden()
    expect(part(page, "train-start")).to_be_focused()
    page.keyboard.press("Enter")
    expect(words).to_contain_text("Done: it reads 9", timeout=60_000)
    expect(words).to_have_attribute("data-kind", "quiet")
    expect(restore).to_be_hidden()


def test_the_legend_says_what_the_figures_say(page: Page) -> None:
    """From the first steps on, which are not epoch 0, and with a pointer left on the chart."""

    def told(chart: str) -> tuple[float, str]:
        values = page.locator(f"[data-testid={chart}] .u-legend .u-value")
        position, training, _ = (values.nth(i).inner_text() for i in range(3))
        return (0.0 if position == "–" else float(position)), training

    def agrees() -> bool:
        cost, accuracy = number(page, "cost"), number(page, "train-accuracy")
        assert cost is not None
        assert accuracy is not None
        shown = float(told("cost-chart")[1]), told("accuracy-chart")[1]
        return shown == (float(f"{cost:.2g}"), f"{100 * accuracy:.0f} %")

    for step in range(1, 6):
        part(page, "train-step").click()
        expect(part(page, "train-words")).to_contain_text(f"mini-batch {step} of this run")
    for chart in ("cost-chart", "accuracy-chart"):
        expect(part(page, chart).locator("canvas")).to_be_visible()
        visiting.until(
            page,
            lambda chart=chart: told(chart)[0] == pytest.approx(5 * 32 / 60_000, rel=0.05),
            "the legend tells five steps",
        )
    visiting.until(page, agrees, "the legend tells what the figures tell")
    part(page, "cost-chart").locator(".u-over").hover(position={"x": 3, "y": 40})
    page.evaluate("() => nets.resume()")
    wait_for(page, "test-accuracy", "value > 0.8")
    visiting.until(
        page,
        lambda: told("cost-chart")[0] > 0.9 * told("accuracy-chart")[0],
        "a pointer at rest lets the legend go on",
    )
    page.evaluate("() => nets.pause()")
    expect_state(page, "paused")
    page.mouse.move(0, 0)
    visiting.until(page, agrees, "the legend tells what the figures tell")


def test_the_pad_reads_with_the_net_in_training_as_it_learns(page: Page) -> None:
    set_field(page, "learningRate", "0.0005")
    part(page, "train-start").click()
    expect_state(page, "training")
    part(page, "model-picker").select_option("live")
    draw(page, SEVEN)
    expect(part(page, "guess")).not_to_have_text("")
    readings = set()

    def read_again() -> bool:
        readings.add(tuple(visiting.probabilities(page)))
        return len(readings) > 2

    visiting.until(page, read_again, "the readings change twice")
    assert part(page, "status").get_attribute("data-state") == "training"
    wait_for(page, "test-accuracy", "value > 0.85")
    expect_guess(page, 7)


def test_a_correction_in_training_is_one_more_step(page: Page) -> None:
    part(page, "train-step").click()
    expect_state(page, "paused")
    wait_for(page, "cost", "value > 0")
    draw(page, SEVEN)
    part(page, "model-picker").select_option("live")
    expect(part(page, "guess")).not_to_have_text("")
    before = live(page)
    for _ in range(10):
        part(page, "correct").get_by_role("button", name="It was a 3").click()
    page.wait_for_function(
        "before => Number(document.querySelector('[data-testid=probability-3]').dataset.value)"
        " > before + 0.01",
        arg=before[3],
    )
    expect_state(page, "paused")
    expect(part(page, "train-pause")).to_have_text("Resume")


def test_everywhere_in_a_chart_each_line_has_a_value(page: Page) -> None:
    part(page, "train-start").click()
    wait_for(page, "epoch", "value > 2")
    part(page, "train-pause").click()
    chart = part(page, "cost-chart").locator(".u-over")
    values = part(page, "cost-chart").locator(".u-legend .u-value")
    box = chart.bounding_box()
    assert box is not None
    for share in (0.3, 0.51, 0.77, 0.9):
        chart.hover(position={"x": share * box["width"], "y": 40})
        expect(values).to_have_text(
            [re.compile(r"^\d+(\.\d+)?$"), *[re.compile(r"^\d+\.\d+$")] * 2]
        )


def test_the_answer_to_the_last_step_does_not_undo_a_reset(page: Page) -> None:
    set_field(page, "epochs", "1")
    set_field(page, "batchSize", "10000")
    for step in range(1, 7):
        part(page, "train-step").click()
        expect(part(page, "train-words")).to_contain_text(f"mini-batch {step} of this run")
    page.evaluate(
        """async () => {
          for (const id of ["train-step", "train-reset"]) {
            document.querySelector(`[data-testid=${id}]`).click();
            for (let i = 0; i < 10; i++) await null; // the Lab is asked, and has not answered
          }
        }"""
    )
    visiting.settled(page)  # the answer to the step came before these
    assert page.evaluate("() => nets.models().map(({ id }) => id)").count("live") == 0
    expect(part(page, "train-reset")).to_be_disabled()
    expect_state(page, "ready")


@pytest.mark.parametrize(("width", "rows"), [(1280, 1), (800, 2), (560, 3), (360, 3), (320, 3)])
def test_no_figure_stands_alone_in_its_row(page: Page, width: int, rows: int) -> None:
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_function("width => innerWidth === width", arg=width)
    tops = (
        part(page, "section-train")
        .locator(".figures > div")
        .evaluate_all("tiles => tiles.map(tile => tile.getBoundingClientRect().top)")
    )
    page.set_viewport_size(size)
    assert sorted(tops.count(top) for top in set(tops)) == [6 // rows] * rows


def test_the_figures_are_those_of_window_nets(page: Page) -> None:
    page.evaluate(
        """() => {
          window.last = undefined;
          const settings = { hidden: [8], epochs: 1000 };
          nets.train(settings, (progress) => (last = progress)).catch(() => {});
        }"""
    )
    wait_for(page, "test-accuracy", "value > 0")
    part(page, "train-pause").click()
    expect_state(page, "paused")
    names = ("epoch", "cost", "trainAccuracy", "testAccuracy", "examplesPerSecond")

    def agree() -> bool:
        shown = numbers(page, "epoch", "cost", "train-accuracy", "test-accuracy", "throughput")
        last = page.evaluate("last")
        return shown == [last[name] for name in names]

    visiting.until(page, agree, "the elements show what was reported last")
    last = page.evaluate("last")
    assert field(page, "hidden").input_value() == "8"
    assert page.evaluate("nets.models().at(-1).accuracy") == last["testAccuracy"]


def test_a_recipe_fills_in_its_settings(page: Page) -> None:
    set_field(page, "hidden", "7")
    set_field(page, "learningRate", "3")
    set_field(page, "recipe", "mlp-30")
    assert field(page, "hidden").input_value() == "30"
    recipe = recipes.get("mlp-30")
    assert float(field(page, "learningRate").input_value()) == recipe.learning_rate


def test_every_recipe_can_be_trained(page: Page) -> None:
    names = (
        field(page, "recipe")
        .locator("option")
        .evaluate_all("options => options.map((option) => option.value)")
    )
    assert "mlp-30" in names
    for name in names:
        set_field(page, "recipe", name)
        part(page, "train-start").click()
        wait_for(page, "cost", "value > 0")
        assert part(page, "train-words").inner_text() == ""
        part(page, "train-reset").click()
        expect(part(page, "train-start")).to_be_enabled()


def test_the_kernels_can_be_switched_off_and_on_while_it_learns(page: Page, site_url: str) -> None:
    visiting.open_ready(page, site_url)
    choice = part(page, "kernels")
    expect(choice).to_be_visible()
    expect(choice).to_have_value("kernels")
    page.evaluate("void nets.train({ epochs: 1000 }).catch(() => {})")
    visiting.expect_state(page, "training", 60_000)
    wait_for(page, "throughput", "value > 0")
    choice.select_option("numpy")
    expect(part(page, "kernels-words")).to_contain_text("times as fast")
    choice.select_option("kernels")
    visiting.expect_state(page, "training")
    wait_for(page, "cost", "value < 0.5")
    part(page, "train-reset").click()


@pytest.fixture
def learning(page: Page) -> Iterator[Page]:
    """The page while a net learns, long enough for whatever is tried; then without one."""
    part(page, "train-start").click()
    wait_for(page, "throughput", "value > 0")
    yield page
    part(page, "train-reset").click()


def change_at_once(page: Page, *changes: tuple[str, str]) -> None:
    """Give controls their values one right after the other, before any answer can come."""
    page.evaluate(
        """changes => {
          for (const [control, value] of changes) {
            const element = document.querySelector(control);
            element.value = value;
            element.dispatchEvent(new Event("change", { bubbles: true }));
          }
        }""",
        changes,
    )


def test_a_refusal_that_comes_after_the_correction_is_not_told(learning: Page) -> None:
    change_at_once(learning, ("[name=learningRate]", "-1"), ("[name=learningRate]", "0.002"))
    visiting.settled(learning)  # both answers came before these
    expect(part(learning, "settings-trouble")).to_be_hidden()
    expect(part(learning, "settings").locator("[name=learningRate]")).to_have_value("0.002")


def test_the_speeds_are_compared_whatever_is_changed_meanwhile(learning: Page) -> None:
    words = part(learning, "kernels-words")
    change_at_once(learning, ("[name=learningRate]", "0.002"), ("[data-testid=kernels]", "numpy"))
    expect(words).to_contain_text("times as fast")
    set_field(learning, "batchSize", "64")
    expect(words).to_contain_text("Switch back to compare.")
    part(learning, "kernels").select_option("kernels")
    expect(words).to_contain_text("times as fast")
