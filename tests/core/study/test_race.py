"""Two runs side by side: alike but for the change, and none can take the other down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nets_core.data.datasets import Examples
from nets_core.page import bugs
from nets_core.page.lab import Lab
from nets_core.page.workshop import TARGETS, Workshop
from nets_core.study import patching

TRAIN, TEST = 300, 60
AT_ONCE = 1e-300
"""Milliseconds that are over by the time they begin, however coarse the clock: in a browser it may
stand still for a whole step."""


def drawn(n: int, seed: int) -> Examples:
    """Pictures of a bright bar whose place is the label, with noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n).astype(np.uint8)
    images = rng.integers(0, 60, (n, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 2 : 2 * label + 6] += 150
    return Examples(images.reshape(n, 784), labels)


DATA = drawn(TRAIN, 1), drawn(TEST, 2)


@pytest.fixture
def workshop() -> Workshop:
    return Workshop(lambda: DATA)


def changed(name: str, old: str, new: str) -> str:
    text = patching.source_of(name)
    assert text.count(old) == 1
    return text.replace(old, new)


def ended(workshop: Workshop, milliseconds: float = 1000) -> dict[str, Any]:
    state = workshop.advance(milliseconds)
    while state["running"]:
        state = workshop.advance(milliseconds)
    return state


def curves(side: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = side["curves"]
    return found


def agree(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(np.array_equal(curves(a)[name], curves(b)[name]) for name in curves(a))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_librarys_own_text_is_right_and_runs_a_dead_heat(target: Any) -> None:
    workshop = Workshop(lambda: DATA)
    found = workshop.try_text(target.name, patching.source_of(target.name), {"hidden": [6]})
    assert found["right"]
    assert found["finite"]
    assert max(one["error"] for one in found["arrays"]) < 1e-6
    state = ended(workshop)
    assert agree(state["healthy"], state["changed"])
    assert state["healthy"]["fresh"] == state["changed"]["fresh"]
    assert state["healthy"]["trouble"] is None


def test_the_settings_are_those_that_were_asked_for(workshop: Workshop) -> None:
    text = patching.source_of("sigmoid")
    shapes = []
    for settings in ({}, {"batch_size": 60}, {"learning_rate": 0.1}, {"seed": 4}):
        workshop.try_text("sigmoid", text, settings)
        state = ended(workshop)
        shapes.append(curves(state["healthy"])["costs"].tolist())
    assert len({tuple(costs) for costs in shapes}) == 4
    assert len(shapes[1]) < len(shapes[0])
    with pytest.raises(ValueError, match="hidden"):
        workshop.try_text("sigmoid", text, {"hidden": [-1]})
    with pytest.raises(ValueError, match="setting"):
        workshop.try_text("sigmoid", text, {"epochs": 100})
    with pytest.raises(ValueError, match="target"):
        workshop.try_text("Mnist.split", text, {})


def test_a_race_in_small_turns_is_the_same_race(workshop: Workshop) -> None:
    text = changed("Dense.gradients", "delta = delta / len(delta)", "delta = delta / 20")
    workshop.try_text("Dense.gradients", text, {})
    whole = ended(workshop, 60_000)
    workshop.try_text("Dense.gradients", text, {})
    first = workshop.advance(AT_ONCE)
    assert first["running"]
    assert len(curves(first["healthy"])["epochs"]) == len(curves(first["changed"])["epochs"]) == 1
    assert "fresh" not in first["healthy"]
    pieces = ended(workshop, AT_ONCE)
    assert agree(pieces["healthy"], whole["healthy"])
    assert agree(pieces["changed"], whole["changed"])
    assert not agree(whole["healthy"], whole["changed"])


def test_the_healthy_run_is_the_same_whatever_races_it(workshop: Workshop) -> None:
    texts = [
        patching.source_of("Dense.gradients"),
        changed("Dense.gradients", "delta = delta / len(delta)", "pass"),
        "def gradients(self, delta):\n    return [0 * self.weights, 0 * self.biases]",
    ]
    states = []
    for text in texts:
        workshop.try_text("Dense.gradients", text, {})
        states.append(ended(workshop))
    assert agree(states[0]["healthy"], states[1]["healthy"])
    assert agree(states[0]["healthy"], states[2]["healthy"])
    assert states[2]["changed"]["cost"] > 2 * states[2]["healthy"]["cost"], "it never moved"


def test_the_ratio_is_how_many_times_the_gradient_is_too_large(workshop: Workshop) -> None:
    text = changed(
        "Dense.gradients", "delta = delta / len(delta)", "delta = -2.5 * delta / len(delta)"
    )
    found = workshop.try_text("Dense.gradients", text, {})
    assert not found["right"]
    assert [(one["symbol"], one["layer"]) for one in found["arrays"]] == [
        ("dw", 2), ("db", 2), ("dw", 3), ("db", 3),
    ]  # fmt: skip
    assert [one["ratio"] for one in found["arrays"]] == pytest.approx([-2.5] * 4)
    assert [one["error"] for one in found["arrays"]] == pytest.approx([1.4] * 4)  # 3.5 / 2.5


def test_one_wrong_array_is_told_from_the_right_ones(workshop: Workshop) -> None:
    text = changed("Dense.gradients", "ops.sum_rows(delta)]", "3 * delta.sum(axis=0)]")
    found = workshop.try_text("Dense.gradients", text, {})
    assert not found["right"]
    assert [one["error"] > 0.5 for one in found["arrays"]] == [False, True, False, True]
    assert [one["ratio"] for one in found["arrays"]] == pytest.approx([1, 3, 1, 3])


GRADIENTS = "def gradients(self, delta):\n    delta = delta / len(delta)\n"
REFUSED: dict[str, tuple[str, str, int | None]] = {
    "syntax": ("def gradients(self, delta):\n    return [", "not Python", 2),
    "raises at once": ("x = 1\n1 / 0\ndef gradients(self, delta): pass", "ZeroDivisionError", 2),
    "exits at once": ("import sys\nsys.exit(3)\ndef gradients(self, d): pass", "SystemExit: 3", 2),
    "raises": (GRADIENTS + "    return [nothing, delta]", "NameError: name 'nothing'", 3),
    "exits": (GRADIENTS + "    raise SystemExit", "SystemExit", 3),
    "interrupts": (GRADIENTS + "    raise KeyboardInterrupt('x')", "KeyboardInterrupt: x", 3),
    "None": (GRADIENTS, "gradients returned could not be used", None),
    "wrong shape": (
        GRADIENTS + "    return [delta, delta.sum(axis=0)]",
        "gradients returned could not be used. ValueError: gradient 0 has shape",
        None,
    ),
    "too few": (GRADIENTS + "    return [self.weights]", "could not be used", None),
    "other name": ("def gradient(self, delta): pass", "does not define gradients", 1),
    "too long": ("#" * 20_001, "at most 20,000", None),
    "deep": (GRADIENTS + "    return self.gradients(delta)", "RecursionError", 3),
    "memory": (GRADIENTS + "    raise MemoryError", "more memory", 3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_code_that_cannot_be_used_is_told_with_its_line(workshop: Workshop, name: str) -> None:
    text, message, line = REFUSED[name]
    workshop.try_text("Dense.gradients", patching.source_of("Dense.gradients"), {})
    found = workshop.try_text("Dense.gradients", text, {})
    assert list(found) == ["trouble"]
    assert message in found["trouble"]["message"]
    assert found["trouble"]["line"] == line
    with pytest.raises(ValueError, match="nothing is racing"):
        workshop.advance(1)
    workshop.try_text("Dense.gradients", patching.source_of("Dense.gradients"), {})
    assert ended(workshop)["changed"]["trouble"] is None, "the next one suffers"


def test_a_gradient_of_nan_is_not_right_and_ends_its_own_run_alone(workshop: Workshop) -> None:
    text = GRADIENTS + "    return [np.nan * self.weights, delta.sum(axis=0)]"
    found = workshop.try_text("Dense.gradients", text, {})
    assert not found["right"]
    assert not found["finite"]
    state = ended(workshop)
    trouble = state["changed"]["trouble"]
    assert trouble["diverged"]
    assert trouble["message"].startswith("The cost became NaN in step ")
    assert "learning rate" not in trouble["message"]
    assert state["healthy"]["trouble"] is None
    assert curves(state["healthy"])["test_epochs"][-1] == 2


@pytest.mark.parametrize("raised", ["ValueError('late')", "SystemExit", "KeyboardInterrupt"])
def test_what_is_raised_in_mid_race_ends_one_run_and_not_the_other(
    workshop: Workshop, raised: str
) -> None:
    text = changed(
        "Trainer.learn",
        "    self.step += 1\n",
        f"    self.step += 1\n    if self.step == 7:\n        raise {raised}\n",
    )
    assert workshop.try_text("Trainer.learn", text, {})["right"]
    state = ended(workshop)
    line = text.splitlines().index(f"        raise {raised}") + 1
    assert state["changed"]["trouble"]["line"] == line
    assert not state["changed"]["trouble"]["diverged"]
    assert state["changed"]["trouble"]["message"].startswith(raised.partition("(")[0])
    assert len(curves(state["changed"])["epochs"]) == 6
    assert curves(state["healthy"])["test_epochs"][-1] == 2


def test_dead_neurons_are_those_that_are_0_for_every_digit(workshop: Workshop) -> None:
    text = "def relu(z):\n    a = np.maximum(z, 0)\n    a[..., :2] = 0\n    return a"
    workshop.try_text("relu", text, {"hidden": [6], "learning_rate": 0.001})
    state = ended(workshop)
    assert state["changed"]["dead"] >= state["healthy"]["dead"] + 2
    assert state["changed"]["dead"] < 6


def test_a_function_that_fails_only_on_the_fresh_digits_leaves_them_unmeasured(
    workshop: Workshop,
) -> None:
    text = changed(
        "Dense.forward", "self.a_in = a\n", f"self.a_in = a\n    assert len(a) != {TEST}\n"
    )
    # 240 to learn from in mini-batches of 10, 60 held back: the same number as there are fresh
    workshop = Workshop(lambda: (drawn(250, 1), DATA[1]))
    assert "trouble" not in workshop.try_text("Dense.forward", text, {})
    state = ended(workshop)
    assert state["changed"]["fresh"] is None
    assert state["changed"]["dead"] is None
    assert state["healthy"]["fresh"] > 0.1


def test_before_anything_races_it_says_so(workshop: Workshop) -> None:
    with pytest.raises(ValueError, match="nothing is racing"):
        workshop.advance(10)
    answer = Lab().call("workshop.try_bug", {"bug": "summed"})
    assert "MNIST has not been loaded" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("ValueError('x' * 1_000_000)", "ValueError: xxx"),
        ("type('E' * 1_000_000, (Exception,), {})()", "EEE"),
        ("training.Diverged('x' * 1_000_000, '')", "Xxx"),
        ("type('E', (Exception,), {'__str__': lambda e: 1 / 0})()", "no message"),
        ("type('E', (Exception,), {'__str__': lambda e: 5})()", "no message"),
    ],
)
def test_what_is_raised_is_told_in_short_whatever_it_is(
    workshop: Workshop, raised: str, words: str
) -> None:
    begun = "def update(self, parameters, gradients):\n    from nets_core import training\n"
    workshop.try_text("SGD.update", f"{begun}    raise {raised}\n", {})
    trouble = ended(workshop)["changed"]["trouble"]
    assert words in trouble["message"]
    assert len(trouble["message"]) <= 2000


def test_what_a_function_leaves_behind_ends_no_race(workshop: Workshop) -> None:
    """Neurons are counted after the race in what the layers keep of their last pass."""
    kept = "a, self.a = self.a, self.a if learning else 5\n    return a"
    spoilt = changed("Dense.forward", "return self.a", kept)
    workshop.try_text("Dense.forward", spoilt, {})
    side = ended(workshop)["changed"]
    assert (side["trouble"], side["fresh"], side["dead"]) == (None, None, None)


@pytest.mark.parametrize("bug", bugs.BUGS)
def test_the_patch_and_its_fix_fit_the_library(workshop: Workshop, bug: str) -> None:
    chosen = bugs.get(bug)
    if chosen.target is None:
        assert chosen.changed
        with pytest.raises(ValueError, match="changes a setting"):
            chosen.text()
    else:
        source = patching.source_of(chosen.target)
        assert chosen.text() != source
        assert chosen.mended() == source
    workshop.try_bug(bug, mended=True)
    first = workshop.advance(AT_ONCE)
    assert first["running"]
    assert agree(first["healthy"], first["changed"])


@pytest.mark.parametrize("bug", bugs.BUGS)
def test_the_lines_of_a_patch_turn_one_text_into_the_other(bug: str) -> None:
    plain = bugs.get(bug).plain()
    before, after, first = plain["before"], plain["after"], plain["first"]
    removed, added = plain["removed"], plain["added"]
    assert removed + added > 0
    assert before[:first] + after[first : first + added] + before[first + removed :] == after
    if removed and added:
        assert before[first] != after[first]
        assert before[first + removed - 1] != after[first + added - 1]


def test_the_gallery_says_which_can_be_edited(workshop: Workshop) -> None:
    gallery = workshop.bugs()
    names = {target["name"] for target in workshop.targets()}
    assert {bug["outcome"] for bug in gallery["bugs"]} == set(gallery["outcomes"])
    for bug in gallery["bugs"]:
        assert bug["editable"] == (bug["target"] in names)
    with pytest.raises(ValueError, match="bug is 'heisen'"):
        workshop.try_bug("heisen")
