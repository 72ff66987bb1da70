"""Each formula that "Inside .train()" shows is evaluated, and compared with the value beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nets_core import SGD, Adam, Network
from nets_core.optimizers import Optimizer
from nets_core.page import bugs, formulas
from nets_core.page.lab import Lab
from nets_core.page.settings import Settings
from nets_core.study import patching
from nets_core.study.step_trace import Path, StepTrace
from tests.core.page.conftest import TEST, TRAIN, drawn, filled, value

SIGMAS: dict[str, Callable[[float], float]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: max(0.0, z),
    "leaky_relu": lambda z: max(z, z / 100),
    "swish": lambda z: z / (1 + math.exp(-z)),
    "softmax": math.nan.__add__,  # of no single neuron: its formula has no σ
}
SMALLEST = 1e-37
"""Below this a float32 is 0."""
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.(\d+))?(?:e(-?\d+))?")


def sides(tex: str) -> list[str]:
    """What stands around the equals signs and arrows of a row, as Python where it is numbers."""
    tex = re.sub(r"\\(begin|end)\{aligned\}|\\big|&|\\\\", "", tex)
    tex = re.sub(r"([\d.]+) \\cdot 10\^\{(-?\d+)\}", r"\1e\2", tex)
    tex = re.sub(r"\\underbrace\{([^{}]*)\}_\{(?:[^{}]|\{[^{}]*\})*\}", r"\1", tex)
    tex = re.sub(r"\\frac\{([^{}\\]*)\}\{([^{}\\]*)\}", r"((\1)/(\2))", tex)
    tex = tex.replace("\\cdot", "*").replace("\\sigma(", "sigma(")
    return [side.strip() for side in re.split(r"=|\\leftarrow|\\to", tex)]


def is_numbers(side: str) -> bool:
    return "\\" not in side


def evaluated(side: str, activation: str) -> tuple[float, float]:
    """The value of a side, and how far the rounding of its printed numbers may have moved it."""

    def result(text: str) -> float:
        return float(eval(text, {"__builtins__": {}}, {"sigma": SIGMAS[activation]}))

    exact, moved = result(side), 0.0
    for number in NUMBER.finditer(side):
        decimals, power = number.groups()
        if decimals is None and power is None:
            continue  # 0, y and n are exact
        half = 0.5 * 10.0 ** (int(power or 0) - len(decimals or ""))
        rounded = f"({number[0]}+{half!r})"
        moved += abs(result(side[: number.start()] + rounded + side[number.end() :]) - exact)
    return exact, 1.1 * moved


def expect_true(path: Path) -> int:
    """Every formula of the path is true, and beside it stands what the code returned.

    Returns how many formulas were evaluated.
    """
    count = 0
    for row in formulas.rows(path):
        name, shown = row["equation"], sides(row["tex"])
        numbers = [evaluated(side, path.activation) for side in shown if is_numbers(side)]
        if "\\to" not in row["tex"]:
            for (one, off), (other, more) in pairwise(numbers):
                limit = off + more + 1e-6 * abs(one) + SMALLEST
                assert abs(one - other) <= limit, f"{row}: {one} is not {other}"
                count += 1
        actual = path.actual[name]
        if formulas.plain(actual) in row["note"]:
            continue
        assert row["note"] == ""
        if not math.isfinite(actual):
            assert shown[-1] == f"\\text{{{formulas.plain(actual)}}}"
            continue
        last, precision = numbers[-1]
        assert abs(last - actual) <= precision + 1e-6 * abs(actual), f"{row}: not {actual}"
    return count


def paths(lesson: StepTrace, net: Network, examples: int) -> Iterator[Path]:
    """Some weights of every layer, for some examples."""
    rng = np.random.default_rng(1)
    for layer, dense in enumerate(net.layers, start=2):
        rows, columns = dense.parameters()[0].shape
        for _ in range(12):
            weight = (int(rng.integers(rows)), int(rng.integers(columns)))
            yield lesson.follow(layer, *weight, int(rng.integers(examples)))


def expect_all_true(net: Network, optimizer: Optimizer, batch: int, l2: float = 0.0) -> StepTrace:
    images, labels = drawn(TRAIN, 5)
    x = (images[:batch] / 255).astype(net.dtype)
    lesson = StepTrace(net, x, labels[:batch], optimizer, l2)
    counts = [expect_true(path) for path in paths(lesson, net, batch)]
    assert min(counts) >= 2  # else a change of form would leave nothing to evaluate
    return lesson


NETS: dict[str, dict[str, Any]] = {
    "blog": {"sizes": [784, 30, 10], "initializer": "nielsen"},
    "deep": {"sizes": [784, 12, 12, 10], "activation": "tanh", "initializer": "xavier"},
    "softmax": {"sizes": [784, 10], "output": "softmax", "loss": "cross_entropy"},
    "relu": {
        "sizes": [784, 16, 10], "activation": "relu", "output": "softmax",
        "loss": "cross_entropy", "initializer": "he",
    },
    "saturated": {"sizes": [784, 30, 10], "initializer": "normal", "loss": "cross_entropy"},
    "swish": {"sizes": [784, 8, 10], "activation": "swish", "output": "identity"},
    "leaky": {"sizes": [784, 8, 10], "activation": "leaky_relu", "output": "identity"},
}  # fmt: skip


@pytest.mark.parametrize("batch", [1, 10])
@pytest.mark.parametrize("name", NETS)
def test_every_formula_of_the_librarys_code_is_true(name: str, batch: int) -> None:
    net = Network.mlp(**NETS[name], seed=3)
    for optimizer, l2 in ((SGD(1.0), 0.0), (SGD(0.01), 0.1), (Adam(0.001), 0.0)):
        lesson = expect_all_true(net, optimizer, batch, l2)
        assert lesson.departures == {}


@pytest.mark.parametrize("batch", [1, 10])
@pytest.mark.parametrize("name", bugs.BUGS)
def test_every_formula_is_true_with_each_bug(name: str, batch: int) -> None:
    bug = bugs.BUGS[name]
    images, labels = drawn(TRAIN, 5)
    settings = Settings.from_plain({**bug.settings, **bug.changed})
    trainer = settings.trainer(images, labels, (images, labels))
    if bug.target and bug.target != "Mnist.split":
        patching.put(trainer, bug.target, patching.compiled(bug.target, bug.text()))
    with np.errstate(all="ignore"):
        lesson = expect_all_true(trainer.net, trainer.optimizer, batch)
    departed = {equation for equation, _ in lesson.departures}
    assert departed == {
        "summed": {"dw", "db"} if batch > 1 else set(),
        "transpose": {"delta"},
        "early-update": {"delta"},
        "prime-of-a": {"delta", "delta_output"},
        "no-maximum": {"a"} if batch > 1 else set(),  # the first z are small enough
    }.get(name, set())


OWN = {
    "Dense.gradients": [
        ("delta / len(delta)", "3 * delta / len(delta)"), ("self.a_in)", "-self.a_in)"),
    ],
    "Dense.forward": [("ops.add_row(self.z, self.biases)", "self.z += 0.5")],
    "Network.backpropagate": [
        (" * layer.sigma_prime()", ""),
        ("+= layer.gradients(delta)", "+= [g * 0.1 for g in layer.gradients(delta)]"),
    ],
    "sigmoid": [("ops.sigmoid(z)", "ops.sigmoid(2 * z)")],
    "MeanSquaredError.gradient": [("a - y", "y - a")],
    "MeanSquaredError.cost": [("/ (2 * len(a))", "/ 2")],
    "SGD.update": [("-rate)  # p", "rate)  # p"), ("self.steps += 1", "return")],
}  # fmt: skip


@pytest.mark.parametrize("batch", [1, 10])
@pytest.mark.parametrize(
    ("target", "old", "new"),
    [(target, *change) for target, changes in OWN.items() for change in changes],
)
def test_every_formula_is_true_with_a_visitors_code(
    target: str, old: str, new: str, batch: int
) -> None:
    images, labels = drawn(TRAIN, 5)
    trainer = Settings.from_plain(bugs.PLAIN).trainer(images, labels, (images, labels))
    text = patching.source_of(target)
    assert text.count(old) == 1
    patching.put(trainer, target, patching.compiled(target, text.replace(old, new)))
    lesson = expect_all_true(trainer.net, trainer.optimizer, batch)
    assert bool(lesson.departures) == (batch > 1 or target != "MeanSquaredError.cost")


def test_code_that_keeps_no_errors_is_refused() -> None:
    net = Network.mlp([6, 3])
    text = patching.source_of("Network.backpropagate").replace("self.deltas = deltas", "pass")
    patching.put(net, "Network.backpropagate", patching.compiled("Network.backpropagate", text))
    with pytest.raises(ValueError, match="keeps no error"):
        StepTrace(net, np.zeros((1, 6), np.float32), [1], SGD(1))


class TestInTheLab:
    """The words of the page, as its services answer."""

    def lesson(self, bug: str | None = None, count: int = 10) -> tuple[Lab, dict[str, Any]]:
        lab = filled(Lab())
        labels = [int(label) for label in drawn(TEST, 2)[1][:count]]
        traced = value(
            lab, "steps.trace", model="fresh", labels=labels, rate=1.0, name="test",
            indices=list(range(count)), bug=bug,
        )  # fmt: skip
        return lab, traced

    def row(self, lab: Lab, traced: dict[str, Any], name: str) -> dict[str, Any]:
        neuron, source = traced["telling"]
        return self.path(lab, neuron, source)["rows"][
            ["z", "a", "delta", "dw", "update"].index(name)
        ]

    def path(self, lab: Lab, neuron: int, source: int) -> dict[str, Any]:
        found = value(lab, "steps.follow", layer=2, neuron=neuron, source=source)
        assert isinstance(found, dict)
        return found

    def test_a_summed_gradient_is_said_to_be_summed(self) -> None:
        lab, traced = self.lesson("summed")
        path = self.path(lab, *traced["telling"])
        tex = self.row(lab, traced, "dw")["tex"]
        assert "\\frac{1}" not in tex
        assert "\\frac" not in tex.split("=", 1)[1]
        assert "does not divide by n = 10" in path["words"]
        assert "divided by n = 10 it is" not in path["words"]
        assert path["dw"] == pytest.approx(path["products"].sum(), rel=1e-4)
        for stage in traced["stages"]:
            summed = stage["equation"] in ("dw", "db")
            assert ("does not divide by n = 10" in stage["note"]) == summed
            assert stage["over"] == (
                "sum" if summed else "mean" if stage["equation"] == "cost" else ""
            )

    def test_the_librarys_code_divides(self) -> None:
        lab, traced = self.lesson()
        path = self.path(lab, *traced["telling"])
        assert "divided by n = 10 it is" in path["words"]
        assert "\\frac{1}{\\symN}" in self.row(lab, traced, "dw")["tex"]
        assert path["dw"] == pytest.approx(path["products"].sum() / 10, rel=1e-4)
        assert {stage["note"] for stage in traced["stages"]} == {""}
        assert {stage["note"] for stage in self.lesson(count=1)[1]["stages"]} == {""}

    @pytest.mark.parametrize(
        ("bug", "cause"), [("prime-of-a", "its σ′ is 0."), ("early-update", "its first factor is")]
    )
    def test_the_note_names_the_factor_that_differs(self, bug: str, cause: str) -> None:
        lab, traced = self.lesson(bug)
        notes = {stage["equation"] for stage in traced["stages"] if stage["note"]}
        assert "delta" in notes
        neurons = [self.path(lab, neuron, 406)["rows"][2]["note"] for neuron in range(30)]
        assert any(cause in note for note in neurons)

    def test_weight_decay_is_in_the_update(self) -> None:
        lab = filled(Lab())
        value(lab, "training.train", settings={"l2": 0.5, "optimizer": "sgd", "learningRate": 0.1})
        traced = value(
            lab, "steps.trace", model="live", labels=[4], rate=1.0, name="test", indices=[3]
        )
        assert traced["l2"] == 0.5
        before = lab._live.trainer.net.parameters()[0].copy()  # type: ignore[union-attr]
        neuron, source = traced["telling"]
        path = lab._client("").steps._trace().follow(2, neuron, source)
        expected = before[neuron, source] * (1 - 0.1 * 0.5) - 0.1 * path.actual["dw"]
        assert path.actual["update"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (1, "1"), (-0.12345, "−0.123"), (0.001, "0.001"), (0.00012345, "1.2e-4"),
        (-0.00012345, "−1.2e-4"), (123456, "123000"), (10.000001, "10"), (math.nan, "NaN"),
        (-math.inf, "−∞"),
    ],
)  # fmt: skip
def test_numbers_in_sentences(number: float, text: str) -> None:
    assert formulas.plain(number) == text
