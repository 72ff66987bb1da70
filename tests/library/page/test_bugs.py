"""Each bug of the gallery does to MNIST what the gallery says, and its fix takes it away.

Of every bug two runs are made, with the library's code and with the bug, and another two with the
fix; what came of them is measured here on digits that no run has seen, by a forward pass that is
written out below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from building import mnist_shards
from building.parts import Parts
from nets_core import ops
from nets_core.data.datasets import Examples
from nets_core.page import bugs
from nets_core.page.bugs import BUGS, Bug
from nets_core.page.workshop import FRESH, Workshop
from nets_core.study import patching

SEEDS = (1, 2)
UNSEEN = slice(FRESH, FRESH + 2000)
"""Of the test digits: not those that the workshop itself measures with."""
LAST = 100
"""Points of a learning curve that are its end."""

Data = tuple[Examples, Examples]
Array = NDArray[Any]


@dataclass
class Side:
    """One run: its weights, what it learned from, its guesses of unseen digits, its curves."""

    parameters: list[Array]
    learned_from: Array
    guesses: Array
    right: float
    state: dict[str, Any]

    @property
    def cost(self) -> float:
        return float(self.state["curves"]["costs"][-LAST:].mean())


@dataclass
class Run:
    found: dict[str, Any]
    healthy: Side
    changed: Side
    labels: Array
    errors: dict[str, float]
    """The gradient check's error of each array."""


@pytest.fixture(scope="module")
def data() -> Data:
    images, labels, test_images, test_labels = mnist_shards.mnist(Parts())
    return Examples(images, labels), Examples(test_images, test_labels)


def forward(parameters: list[Array], x: Array, hidden: str, output: str) -> Array:
    """The output for pixels 0…1, in float64."""
    a = x
    *below, last = zip(parameters[::2], parameters[1::2], strict=True)
    for w, b in below:
        z = a @ w.astype(np.float64).T + b
        a = np.maximum(z, 0) if hidden == "relu" else 1 / (1 + np.exp(-z))
    z = a @ last[0].astype(np.float64).T + last[1]
    if output == "sigmoid":
        return 1 / (1 + np.exp(-z))
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def ran(bug: Bug, seed: int, data: Data, mended: bool = False) -> Run:
    """The race of a bug with another seed than the gallery's."""
    shown = BUGS[bug.id]
    BUGS[bug.id] = replace(bug, settings={**bug.settings, "seed": seed})
    try:
        workshop = Workshop(lambda: data)
        found = workshop.try_bug(bug.id, mended)
    finally:
        BUGS[bug.id] = shown
    state = workshop.advance(1000)
    while state["running"]:
        state = workshop.advance(1000)
    test = data[1]
    labels = test.labels[UNSEEN]
    race = workshop._race
    assert race is not None
    sides = []
    for name, runner in (("healthy", race.healthy), ("changed", race.changed)):
        parameters = runner.session.trainer.net.parameters()
        kinds = bug.settings.get("activation", "sigmoid"), bug.settings.get("output", "sigmoid")
        guesses = forward(parameters, test.images[UNSEEN] / 255, *kinds).argmax(axis=1)
        right = float((guesses == labels).mean())
        sides.append(Side(parameters, runner.session.trainer.x, guesses, right, state[name]))
    errors = {f"{one['symbol']}{one['layer']}": one["error"] for one in found["arrays"]}
    return Run(found, *sides, labels, errors)


@pytest.fixture(scope="module")
def race(data: Data) -> Callable[..., Run]:
    """``race(bug, seed, mended)``, each made once."""
    made: dict[tuple[str, int, bool], Run] = {}

    def get(bug: str, seed: int, mended: bool = False) -> Run:
        key = bug, seed, mended
        if key not in made:
            made[key] = ran(BUGS[bug], seed, data, mended)
        return made[key]

    return get


# What each outcome means, in numbers. Measured over six seeds, the nearest that any run came to a
# limit is noted beside it.


def learns_as_well(run: Run) -> None:
    assert run.healthy.right > 0.8
    assert abs(run.changed.right - run.healthy.right) < 0.02  # 0.004
    assert run.changed.cost == pytest.approx(run.healthy.cost, rel=0.05)  # 1 %


def learns_worse(run: Run) -> None:
    assert run.healthy.right > 0.8
    assert 0.2 < run.changed.right < run.healthy.right - 0.02  # 0.27, a gap of 0.04
    assert run.changed.cost > 1.3 * run.healthy.cost  # 1.46
    assert run.changed.cost < run.changed.state["curves"]["costs"][0]


def learns_nothing(run: Run) -> None:
    assert run.healthy.right > 0.55  # 0.59: ten ReLUs at a high rate
    assert 0.05 < run.changed.right < 0.16  # 0.08 … 0.13, and 0.10 is guessing
    assert run.changed.cost > 2 * run.healthy.cost
    assert run.changed.state["trouble"] is None


def learns_the_wrong_thing(run: Run) -> None:
    assert run.changed.cost == pytest.approx(run.healthy.cost, rel=0.1)
    assert run.changed.right < 0.03
    wanted = (run.labels.astype(int) - 1) % 10
    assert float((run.changed.guesses == wanted).mean()) > 0.8


def breaks(run: Run) -> None:
    assert run.changed.state["trouble"]["diverged"]
    assert "NaN" in run.changed.state["trouble"]["message"]
    assert run.healthy.state["trouble"] is None
    assert run.healthy.right > 0.6


def flatters(run: Run) -> None:
    held = run.changed.state["test_accuracy"], run.healthy.state["test_accuracy"]
    assert held[0] > 0.99
    assert held[1] < 0.96  # 0.94
    assert run.changed.right < 0.95
    assert abs(run.changed.right - run.healthy.right) < 0.03


OUTCOMES = {
    "same": learns_as_well,
    "worse": learns_worse,
    "nothing": learns_nothing,
    "astray": learns_the_wrong_thing,
    "breaks": breaks,
    "flattered": flatters,
}


def test_each_outcome_has_a_criterion() -> None:
    assert set(OUTCOMES) == set(bugs.OUTCOMES)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bug", BUGS)
def test_the_symptom_appears(race: Callable[..., Run], bug: str, seed: int) -> None:
    OUTCOMES[BUGS[bug].outcome](race(bug, seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bug", BUGS)
def test_no_other_symptom_appears(race: Callable[..., Run], bug: str, seed: int) -> None:
    run = race(bug, seed)
    for outcome, criterion in OUTCOMES.items():
        if outcome != BUGS[bug].outcome:
            with pytest.raises((AssertionError, TypeError)):  # None is not subscriptable
                criterion(run)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bug", BUGS)
def test_the_gradient_check_sees_what_it_is_said_to_see(
    race: Callable[..., Run], bug: str, seed: int
) -> None:
    run = race(bug, seed)
    assert run.found["right"] is not BUGS[bug].check_sees
    worst = max(run.errors.values())
    assert worst > 0.05 if BUGS[bug].check_sees else worst < 1e-6


@pytest.mark.parametrize("bug", BUGS)
def test_the_fix_takes_it_away(race: Callable[..., Run], bug: str) -> None:
    chosen = BUGS[bug]
    if chosen.target is not None:
        source = patching.source_of(chosen.target)
        assert chosen.text().replace(chosen.new, chosen.old) == source
    broken, mended = race(bug, SEEDS[0]), race(bug, SEEDS[0], mended=True)
    assert mended.found["right"]
    for name, values in mended.healthy.state["curves"].items():
        assert np.array_equal(values, mended.changed.state["curves"][name]), name
        assert np.array_equal(values, broken.healthy.state["curves"][name]), name
    assert mended.changed.state["trouble"] is None
    for p, q in zip(mended.healthy.parameters, mended.changed.parameters, strict=True):
        assert np.array_equal(p, q)


# What the lessons say of the reason.


@pytest.mark.parametrize("seed", SEEDS)
def test_a_summed_gradient_is_as_many_times_too_large_as_there_are_examples(
    race: Callable[..., Run], seed: int
) -> None:
    found = race("summed", seed).found
    ratios = [one["ratio"] for one in found["arrays"]]
    assert ratios == pytest.approx([found["examples"]] * 4)
    assert found["examples"] > 1


def test_sizes_that_differ_reveal_the_missing_transpose(data: Data) -> None:
    bug = replace(BUGS["transpose"], settings={**BUGS["transpose"].settings, "hidden": [20, 10]})
    with pytest.raises(ValueError, match="matmul"):
        ran(bug, 1, data)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_output_layers_gradient_is_right_where_only_delta_goes_wrong(
    race: Callable[..., Run], seed: int
) -> None:
    for bug, right in (("transpose", "4"), ("early-update", "3")):
        errors = race(bug, seed).errors
        for array, error in errors.items():
            assert (error < 1e-6) == array.endswith(right), f"{array} of {bug}"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slope_of_the_wrong_argument_is_faster_at_first(
    race: Callable[..., Run], seed: int
) -> None:
    run = race("prime-of-a", seed)
    begin = [side.state["curves"]["costs"][:15].mean() for side in (run.changed, run.healthy)]
    assert begin[0] < begin[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_neurons_that_begin_alike_stay_alike(
    data: Data, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the sums of each are added in the same order. On some processors BLAS takes another one
    for some of them: then rounding tells the neurons apart, as the lesson says it could."""
    monkeypatch.setattr(ops, "HAS_BLAS", False)
    monkeypatch.setattr(ops, "SMALL", 0)
    run = ran(BUGS["zeros"], seed, data)
    w, _, above, _ = run.changed.parameters
    assert np.allclose(w, w[0], atol=1e-3)
    assert np.allclose(above, above[:, :1], atol=1e-3)
    assert np.abs(w).max() > 0.1, "it has learned something"
    assert not np.allclose(run.healthy.parameters[0], run.healthy.parameters[0][0], atol=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_dead_relus_are_0_for_every_digit(race: Callable[..., Run], data: Data, seed: int) -> None:
    run = race("dead-relu", seed)
    z = [
        data[1].images[UNSEEN] / 255 @ side.parameters[0].T + side.parameters[1]
        for side in (run.changed, run.healthy)
    ]
    assert (z[0] <= 0).all()
    assert (z[1] > 0).any(axis=0).mean() > 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_the_images_held_back_were_learned_from(
    race: Callable[..., Run], data: Data, seed: int
) -> None:
    run = race("test-in-training", seed)
    images = data[0].images[: BUGS["test-in-training"].examples]
    assert np.array_equal(run.changed.learned_from, images)
    held_back = len(images) - len(run.healthy.learned_from)
    assert held_back == 400
    assert np.array_equal(run.healthy.learned_from, images[:-held_back])
