"""The page in WebKit, Safari's engine: each promise once, with real pointer and key events."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from app.inside.test_inside import STAGES
from app.own.test_own import GRADIENTS, PYTHON_ATTEMPTS
from blank import DOCUMENT
from nets_core.page.bugs import BUGS, OUTCOMES
from visiting import FIRST_MODEL, FOUR, MODELS, ONE, SEVEN, ZERO, Stroke, packed
from webkit import Visit
from worker.test_kernels_in_the_tab import GROW, NUMPY, START

NewVisit = Callable[[], AbstractContextManager[Visit]]


@pytest.fixture(scope="module")
def open_visit(webkit: NewVisit, site_in_a_folder: Any) -> Iterator[Visit]:
    """One page for many tests; afterwards it has complained about nothing and asked nobody else."""
    with webkit() as visit:
        yield visit.open_ready(site_in_a_folder.url)
        assert visit.errors() == []


@pytest.fixture
def visit(open_visit: Visit) -> Visit:
    """The page with an empty pad, the first net, and nothing in training."""
    if open_visit.part("train-reset").is_enabled():
        open_visit.click("train-reset")
    open_visit.clear()
    open_visit.choose("model-picker", MODELS[0]["id"])
    return open_visit


@pytest.mark.parametrize(
    ("strokes", "digit"), [(ONE, 1), (SEVEN, 7), (ZERO, 0), (FOUR, 4)], ids=["1", "7", "0", "4"]
)
def test_what_is_drawn_is_read(visit: Visit, strokes: list[Stroke], digit: int) -> None:
    visit.draw(strokes)
    visit.expect_guess(str(digit))
    shares = visit.evaluate(  # at one moment: the last point may still be on its way
        """() => Array.from({ length: 10 }, (_, i) =>
          Number(document.querySelector(`[data-testid=probability-${i}]`).dataset.value))"""
    )
    assert shares.index(max(shares)) == digit
    assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_every_net_reads_it_before_the_pen_is_lifted(visit: Visit) -> None:
    visit.draw(SEVEN, lift=False)
    for model in MODELS:
        visit.choose("model-picker", model["id"])
        visit.expect_guess("7")
    visit.lift()


def test_undo_eraser_and_clear(visit: Visit) -> None:
    visit.draw([*ONE, [(0.2, 0.5), (0.8, 0.5)]])
    visit.click("undo")
    visit.expect_guess("1")
    visit.click("erase")
    visit.draw([[(0.5, 0.1), (0.5, 0.9)]])
    visit.expect_guess("")
    visit.click("erase")
    visit.click("undo")
    visit.expect_guess("1")
    visit.click("clear")
    visit.expect_guess("")
    visit.click("undo")
    visit.expect_guess("1")


def test_pixels_are_painted(visit: Visit) -> None:
    visit.click("pixel-mode")
    visit.expect_seen("pixel-canvas")
    visit.draw(SEVEN, on="pixel-canvas")
    visit.expect_guess("7")
    visit.click("clear")
    visit.click("pixel-mode")


LIVE = """async () => {
  const drawing = { strokes: [[[30, 25], [70, 25], [45, 80]]], model: "live" };
  return (await nets.predict(drawing)).probabilities;
}"""
"""What the net in training makes of a 7."""


def test_it_learns_while_it_reads_and_is_paused_stepped_and_changed(visit: Visit) -> None:
    visit.until(lambda: visit.part("train-start").is_enabled(), "training is possible")
    visit.choose_in("settings", "recipe", "mlp-30")
    visit.type_in("settings", "epochs", "1000")
    visit.click("train-start")
    visit.expect_state("training")
    visit.choose("model-picker", "live")
    visit.draw(SEVEN)
    before = visit.until(lambda: visit.number("probability-7"), "the net in training reads")
    visit.until(lambda: visit.number("probability-7") != before, "the reading changes")
    visit.until(lambda: (visit.number("test-accuracy") or 0) > 0.9, "it passes 90 %")
    visit.expect_guess("7")
    visit.click("train-pause")
    visit.expect_state("paused")
    before_the_step = visit.evaluate(LIVE)
    visit.click("train-step")
    visit.until(lambda: visit.evaluate(LIVE) != before_the_step, "a step changes the net")
    visit.expect_state("paused")
    visit.click("train-pause")
    visit.expect_state("training")
    visit.type_in("settings", "learningRate", "0.002")
    visit.choose("kernels", "numpy")
    visit.expect_text("kernels-words", "times as fast")
    visit.choose("kernels", "kernels")
    visit.type_in("settings", "learningRate", "-1")
    rate = visit.field("settings", "learningRate")
    visit.until(lambda: rate.get_attribute("aria-invalid") == "true", "the field is marked")
    visit.type_in("settings", "learningRate", "0.002")
    visit.until(lambda: rate.get_attribute("aria-invalid") is None, "the field is right again")
    visit.expect_state("training")
    visit.click("train-reset")
    visit.expect_state("ready")
    assert visit.number("test-accuracy") is None
    visit.expect_guess("7")  # by a trained net again


def test_window_nets_trains_and_predicts(visit: Visit) -> None:
    found = visit.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
    assert found["accuracy"] > 0.8
    read = visit.evaluate(LIVE)
    assert read.index(max(read)) == 7


def test_inside_train_every_stage_and_the_check(visit: Visit) -> None:
    visit.draw(SEVEN)
    visit.expect_guess("7")
    visit.show("section-inside")
    visit.expect_seen("inside-steps")
    steps = visit.until(lambda: visit.all("inside-steps", "button"), "there are stages")
    assert [step.text for step in steps] == STAGES
    visit.press(steps[0])
    for i in range(len(STAGES)):
        visit.until(
            lambda i=i: steps[i].get_attribute("aria-current") == "step", f"stage {i} is shown"
        )
        visit.until(lambda: visit.all("inside-equation", ".katex"), "there is an equation")
        visit.until(lambda: visit.all("inside-values", "figure.result"), "there are values")
        visit.until(lambda: visit.all("inside-code", ".now"), "a line is marked")
        if i + 1 < len(STAGES):
            visit.click("inside-next")
    visit.click("inside-check")
    visit.expect_text("inside-verdict", "Yes.")


def test_a_bug_is_guessed_tried_and_mended(visit: Visit) -> None:
    visit.show("section-bugs")
    visit.click("bug-summed")
    visit.expect_text("bugs-name", BUGS["summed"].name)
    labels = {label.text: label for label in visit.all("bugs-guess", "label")}
    visit.press(labels[OUTCOMES[BUGS["summed"].outcome]])
    visit.press(labels["Yes" if BUGS["summed"].check_sees else "No"])
    visit.click("bugs-run")
    visit.expect_seen("bugs-evidence")
    assert [one.get_attribute("data-right") for one in visit.all("bugs-answers", "li")] == [
        "yes",
        "yes",
    ]
    visit.click("bugs-mend")
    visit.expect_text("bugs-mended-words", "are the same")


def bring(visit: Visit, code: str) -> None:
    """Go to a link with code in it."""
    visit.evaluate(
        "(code) => { location.hash = `#own?target=Dense.gradients&code=${code}`; }", packed(code)
    )
    visit.until(
        lambda: "\n".join(editor_lines(visit)).strip() == code.strip(), "the code is in the editor"
    )


def editor_lines(visit: Visit) -> list[str]:
    lines: list[str] = visit.evaluate(
        """() => [...document.querySelector("[data-testid=own-editor]")
          .shadowRoot.querySelectorAll(".cm-line")].map((line) => line.textContent)"""
    )
    return lines


def open_own(visit: Visit) -> None:
    visit.show("section-own")
    visit.expect_attribute("own-editor", "data-ready", "yes")


def test_own_code_is_typed_run_and_stopped(visit: Visit) -> None:
    open_own(visit)
    bring(visit, GRADIENTS)
    written = visit.part("own-editor").shadow_root.find_element(By.CSS_SELECTOR, ".cm-content")
    visit.press(written)
    written.send_keys(Keys.END, "  # mine")
    visit.until(lambda: "  # mine" in "".join(editor_lines(visit)), "the editor has what is typed")
    visit.click("own-run")
    visit.expect_text("own-words", "Done.")
    [verdict] = visit.all("own-race", "[data-testid=race-verdict]")
    assert verdict.get_attribute("data-right") == "yes"
    bring(visit, GRADIENTS.replace("    delta = delta / len(delta)\n", "    # summed\n"))
    visit.click("own-run")
    visit.until(
        lambda: (
            [
                one.get_attribute("data-right")
                for one in visit.all("own-race", "[data-testid=race-verdict]")
            ]
            == ["no"]
        ),
        "the bug is seen",
    )
    bring(visit, "def gradients(self, delta):\n    while True:\n        pass\n")
    visit.click("own-run")
    visit.expect_text("own-words", "still running")
    visit.click("own-stop")
    visit.expect_text("own-words", "Stopped")


def test_python_finds_no_way_out_of_the_sandbox(visit: Visit, site_in_a_folder: Any) -> None:
    open_own(visit)
    url = site_in_a_folder.url
    socket = url.replace("http", "ws", 1)
    text = PYTHON_ATTEMPTS.replace("{url}", url).replace("{socket}", socket)
    bring(visit, text + GRADIENTS)
    visit.click("own-run")
    visit.expect_text("own-output", "urllib")
    lines = visit.text("own-output").splitlines()
    attempts = [line for line in lines if " kept in " in line or " out " in line]
    assert len(attempts) == 12
    assert not [line for line in attempts if " out " in line]
    visit.until(lambda: visit.part("own-run").is_enabled(), "the run ends")
    assert not any("escaped" in address for address in site_in_a_folder.requested)


def test_the_playground_plays_and_is_changed(visit: Visit) -> None:
    visit.show("section-playground")
    visit.expect_attribute("section-playground", "data-state", "paused")
    before = visit.number("playground-cost")
    visit.click("playground-play")
    visit.until(lambda: (visit.number("playground-cost") or 1) < 0.1, "it learns the circle")
    visit.click("playground-play")
    visit.expect_text("playground-play", "Play")
    visit.click("playground-reset")
    visit.expect_attribute("playground-epoch", "data-value", "0")
    assert visit.number("playground-cost") == before
    visit.click("playground-layers-more")
    visit.until(lambda: visit.number("playground-cost") != before, "another net, another cost")
    visit.press(visit.part("playground-neuron-1-1"))
    visit.type_over(visit.show("playground-weight-value"), "0.5")
    visit.until(lambda: "edits=1_1_-1_0.5" in visit.driver.current_url, "the address keeps it")


def test_all_nets_are_compared_and_one_is_looked_into(visit: Visit) -> None:
    visit.draw(SEVEN)
    visit.show("section-compare")
    for model in MODELS:
        visit.expect_text(f"compare-guess-{model['id']}", "7")
    visit.show("section-layers")
    visit.expect_text("evidence-words", "evidence for 7")


def test_a_net_is_examined_as_models_json_says(visit: Visit) -> None:
    [softmax] = (model for model in MODELS if model["id"] == "softmax")
    visit.choose("model-picker", "softmax")
    visit.click("examine")
    visit.expect_seen("examine-result")
    texts = [cell.get_property("textContent") for cell in visit.all("confusion", "tbody button")]
    counts = [0 if text == "·" else int(str(text)) for text in texts]
    assert sum(counts) == 10_000
    right = sum(counts[11 * digit] for digit in range(10)) / 10_000
    assert right == pytest.approx(softmax["mnist_test_accuracy"], abs=5e-4)


def test_files_that_fail_are_named_and_asked_for_again(
    webkit: NewVisit, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    faults = [
        ("worker.js", "missing"),
        ("pyodide/pyodide.asm.wasm.br", "missing"),
        ("pyodide/numpy.files.br", "truncated"),
        (FIRST_MODEL, "truncated"),
        (None, None),
    ]
    site.faults = dict(faults[:1])
    with webkit() as visit:
        visit.open(site.url)
        visit.draw(SEVEN)
        for (file, _), following in itertools.pairwise(faults):
            visit.expect_state("failed")
            visit.expect_text("failure-words", str(file))
            visit.expect_text("failure-words", "Your drawing is still here")
            site.faults = dict([following])
            visit.click("retry")
        visit.expect_guess("7")
        visit.expect_state("ready")


def test_the_kernels_are_in_use_and_survive_growing_memory(
    webkit: NewVisit, serve_harness: Callable[..., Any]
) -> None:
    """Those without relaxed SIMD, which this engine does not have."""
    site = serve_harness()
    site.guests["blank.html"] = DOCUMENT.encode()
    with webkit() as visit:
        visit.open(f"{site.url}blank.html")
        assert visit.evaluate(START) == {"kernels": "simd", "reason": ""}
        assert visit.evaluate("() => engine.call('computing.use_numpy')") == NUMPY
        calm, grown, sizes = visit.evaluate(GROW.replace("relaxed", "simd"))
        assert len(set(sizes)) > 3, "the memory did not grow in mid-training"
        assert grown == calm
