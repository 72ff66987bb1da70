"""The playground's settings, and the points and the net that they make.

Every setting has a default. Unknown settings are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np

from nets_core import checks
from nets_core.activations import ACTIVATIONS
from nets_core.data import datasets
from nets_core.initializers import INITIALIZERS
from nets_core.layers import Dense, Dropout, Layer
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import OPTIMIZERS, Optimizer
from nets_core.playground import plane
from nets_core.playground.formula import MOST_CHARACTERS
from nets_core.training import Trainer

CLASSIFICATION, REGRESSION = "classification", "regression"
POINTS, FORMULA = "points", "formula"
DATA = {
    CLASSIFICATION: (*datasets.TOYS, POINTS, FORMULA),
    REGRESSION: (*plane.SURFACES, POINTS, FORMULA),
}
"""The data to choose from, by problem: sets of points, points set by hand, a formula."""
OUTPUTS = {CLASSIFICATION: ("sigmoid", "cross_entropy"), REGRESSION: ("identity", "mse")}
"""The output's activation and the loss, by problem."""
HIDDEN = tuple(a.name for a in ACTIVATIONS.values() if not a.output_only)
"""The activations that a hidden layer may have."""
ADJUSTABLE = ("learning_rate", "l1", "l2", "batch_size")
"""The settings that may change while a net trains; any other needs a new net."""
MOST_LAYERS = 6
MOST_NEURONS = 8
MOST_SAMPLES = 500
MOST_POINTS = 500
LARGEST_WEIGHT = 100.0
BIAS = -1
"""The ``source`` of an edit that sets a neuron's bias."""


@dataclass(frozen=True)
class Hidden:
    """One hidden layer."""

    neurons: int = 4
    activation: str = "tanh"
    dropout: float = 0.0


class Edit(NamedTuple):
    """A weight set by hand. Dense layers, neurons and sources count from 0; BIAS is a bias."""

    layer: int
    neuron: int
    source: int
    value: float


class Part(NamedTuple):
    """Training or test set of n points, which may be 0."""

    points: Array
    """(n, 2)."""
    x: Array
    """(n, features): the points as the net sees them."""
    targets: Array
    """What a ``Trainer`` takes: labels (n,) of integers, or targets (n, 1)."""
    y: Array
    """(n, 1) floats: what the output should be."""


@dataclass(frozen=True)
class World:
    """The settings of a world in the plane and of the net that learns it."""

    problem: str = CLASSIFICATION
    data: str = "circle"
    samples: int = 300
    noise: float = 0.0
    share: float = 0.5
    seed: int = 0
    points: tuple[tuple[float, float, float], ...] = ()
    formula: str = "sin(x)"
    features: tuple[str, ...] = ("x1", "x2")
    layers: tuple[Hidden, ...] = (Hidden(4), Hidden(2))
    initializer: str = "xavier"
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    l1: float = 0.0
    l2: float = 0.0
    batch_size: int = 10
    edits: tuple[Edit, ...] = ()

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """The world with these settings; ValueError or TypeError names the one that is wrong."""
        names = [field.name for field in fields(cls)]
        for name in values:
            checks.one_of("setting", name, names)
        given = {name: value for name, value in values.items() if value is not None}
        problem = checks.one_of("problem", given.get("problem", cls.problem), DATA)
        given.setdefault("data", DATA[problem][0])
        read = {"points": _points, "features": _features, "layers": _layers, "edits": _edits}
        for name, reading in read.items():
            if name in given:
                given[name] = reading(given[name])
        world = cls(**given)
        world._check()
        return world

    def _check(self) -> None:
        checks.one_of("data", self.data, DATA[self.problem])
        _between("samples", checks.count("samples", self.samples), 2, MOST_SAMPLES)
        _between("noise", self.noise, 0, 0.5)
        _between("share", self.share, 0.1, 0.9)
        checks.count("seed", self.seed, least=0)
        if not isinstance(self.formula, str):
            raise TypeError(
                f"formula is {checks.quoted(self.formula)}, expected a text such as 'sin(x)'"
            )
        if len(self.formula) > MOST_CHARACTERS:
            raise ValueError(
                f"formula has {len(self.formula)} characters, expected at most {MOST_CHARACTERS}"
            )
        if self.data == POINTS:
            for *_, value in self.points:
                self.check_value(value)
        checks.one_of("initializer", self.initializer, INITIALIZERS)
        checks.one_of("optimizer", self.optimizer, OPTIMIZERS)
        checks.positive("learning_rate", self.learning_rate)
        checks.not_negative("l1", self.l1)
        checks.not_negative("l2", self.l2)
        checks.count("batch_size", self.batch_size)
        for edit in self.edits:
            self.check_edit(edit)

    def check_value(self, value: float) -> None:
        """ValueError for a value that a point of this problem cannot have."""
        if self.problem == REGRESSION:
            _between("the value of a point", value, -1, 1)
        elif value not in (0, 1):
            raise ValueError(
                f"the value of a point is {checks.quoted(value)}, expected the class 0 or 1"
            )

    def check_edit(self, edit: Edit) -> None:
        """ValueError for a weight that this world's net does not have."""
        sizes = [len(self.features), *(layer.neurons for layer in self.layers), 1]
        _between("the layer of an edit", edit.layer, 0, len(sizes) - 2)
        _between("the neuron of an edit", edit.neuron, 0, sizes[edit.layer + 1] - 1)
        _between("the source of an edit", edit.source, BIAS, sizes[edit.layer] - 1)
        _between("the value of an edit", edit.value, -LARGEST_WEIGHT, LARGEST_WEIGHT)

    def plain(self) -> dict[str, Any]:
        """All settings as a dict of plain values."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "points": [list(point) for point in self.points],
            "features": list(self.features),
            "layers": [asdict(layer) for layer in self.layers],
            "edits": [list(edit) for edit in self.edits],
        }

    def adjusted(self, values: Mapping[str, Any]) -> Self:
        """The same world with some of ``ADJUSTABLE`` changed; ValueError for any other setting."""
        for name in values:
            if name not in ADJUSTABLE:
                raise ValueError(
                    f"{checks.cut(name)} cannot change while a net trains, "
                    f"only {', '.join(ADJUSTABLE)} can"
                )
        given = {name: value for name, value in values.items() if value is not None}
        return self.from_plain(self.plain() | given)

    def edited(self, edit: Edit) -> Self:
        """The same world with one weight set by hand before training."""
        kept = tuple(other for other in self.edits if other[:3] != edit[:3])
        return replace(self, edits=(*kept, edit))

    # --- what the settings mean

    def parts(self) -> tuple[Part, Part]:
        """The training set and the test set; ValueError for a formula that makes no points.

        Points set by hand are all in the training set: there are few of them.
        """
        if self.data == POINTS:
            rows = np.array(self.points, np.float64).reshape(-1, 3)
            return self._part(rows[:, :2], rows[:, 2]), self._part(rows[:0, :2], rows[:0, 2])
        points, values = self._drawn()
        n = self.training_points
        return self._part(points[:n], values[:n]), self._part(points[n:], values[n:])

    @property
    def training_points(self) -> int:
        """The number of points, counted from the first, in the training set; never all of them,
        except for points set by hand."""
        if self.data == POINTS:
            return len(self.points)
        return min(max(round(self.samples * self.share), 1), self.samples - 1)

    def _drawn(self) -> tuple[Array, Array]:
        drawn = self.samples, self.noise, self.seed
        if self.data == FORMULA:
            by_formula = plane.heights if self.problem == REGRESSION else plane.above
            return by_formula(self.formula, *drawn)
        by_name = plane.surface if self.problem == REGRESSION else datasets.toy
        return by_name(self.data, *drawn)

    def _part(self, points: Array, values: Array) -> Part:
        y = values[:, np.newaxis].astype(np.float64)
        targets = y if self.problem == REGRESSION else values.astype(np.int64)
        return Part(points, plane.features(points, self.features), targets, y)

    def network(self) -> Network:
        """The untrained net, with the weights that were set by hand."""
        output, loss = OUTPUTS[self.problem]
        layers: list[Layer] = []
        for hidden in self.layers:
            layers.append(Dense(hidden.neurons, hidden.activation))
            if hidden.dropout:
                layers.append(Dropout(hidden.dropout))
        layers.append(Dense(1, output))
        shape = (len(self.features),)
        net = Network(layers, shape, loss, self.initializer, self.seed, np.float64)
        for edit in self.edits:
            apply(edit, net)
        return net

    def make_optimizer(self) -> Optimizer:
        return OPTIMIZERS[self.optimizer](self.learning_rate)

    def trainer(self, net: Network, optimizer: Optimizer, part: Part) -> Trainer:
        """A training run of ``net`` on ``part``, which must not be empty."""
        return Trainer(
            net,
            optimizer,
            part.x,
            part.targets,
            batch_size=self.batch_size,
            l1=self.l1,
            l2=self.l2,
            seed=self.seed,
        )


def dense_layers(net: Network) -> list[Dense]:
    """The layers that have weights, in the order that an ``Edit`` counts them."""
    return [layer for layer in net.layers if isinstance(layer, Dense)]


def apply(edit: Edit, net: Network) -> None:
    """Set the weight or bias in the net."""
    layer = dense_layers(net)[edit.layer]
    if edit.source == BIAS:
        layer.biases[edit.neuron] = edit.value
    else:
        layer.weights[edit.neuron, edit.source] = edit.value


def point(x1: Any, x2: Any, value: Any) -> tuple[float, float, float]:
    """A point set by hand; TypeError or ValueError if it is outside the plane."""
    return (
        _between("x1 of a point", x1, -plane.RADIUS, plane.RADIUS),
        _between("x2 of a point", x2, -plane.RADIUS, plane.RADIUS),
        checks.number("the value of a point", value),
    )


def edit(layer: Any, neuron: Any, source: Any, value: Any) -> Edit:
    """An edit from three integers and a number; TypeError or ValueError for anything else."""
    return Edit(
        checks.count("the layer of an edit", layer, least=0),
        checks.count("the neuron of an edit", neuron, least=0),
        checks.count("the source of an edit", source, least=BIAS),
        checks.number("the value of an edit", value),
    )


def _between(name: str, value: Any, low: float, high: float) -> float:
    result = checks.number(name, value)
    if not low <= result <= high:
        raise ValueError(f"{name} is {checks.quoted(value)}, expected {low:g} to {high:g}")
    return result


def _list(name: str, value: Any, most: int, of: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{name} is {checks.quoted(value)}, expected a list of {of}")
    if len(value) > most:
        raise ValueError(f"{name} has {len(value)} entries, expected at most {most}")
    return value


def _rows(name: str, value: Any, most: int, of: str, length: int) -> Sequence[Sequence[Any]]:
    rows = _list(name, value, most, of)
    for row in rows:
        if not isinstance(row, (list, tuple)) or len(row) != length:
            raise TypeError(f"{name} holds {checks.quoted(row)}, expected {of}")
    return rows


def _points(value: Any) -> tuple[tuple[float, float, float], ...]:
    rows = _rows("points", value, MOST_POINTS, "[x1, x2, value]", 3)
    return tuple(point(*row) for row in rows)


def _edits(value: Any) -> tuple[Edit, ...]:
    most = (MOST_LAYERS + 1) * MOST_NEURONS * (MOST_NEURONS + 1)
    rows = _rows("edits", value, most, "[layer, neuron, source, value]", 4)
    return tuple(edit(*row) for row in rows)


def _features(value: Any) -> tuple[str, ...]:
    names = _list("features", value, len(plane.FEATURES), "names")
    if not names:
        raise ValueError("features is empty, expected at least one of the features")
    for name in names:
        checks.one_of("features", name, plane.FEATURES)
    if len(set(names)) < len(names):
        raise ValueError(f"features is {list(names)}, expected each at most once")
    return tuple(names)


def _layers(value: Any) -> tuple[Hidden, ...]:
    known = [field.name for field in fields(Hidden)]
    layers = []
    for spec in _list("layers", value, MOST_LAYERS, "layers such as {'neurons': 4}"):
        if not isinstance(spec, Mapping):
            raise TypeError(
                f"layers holds {checks.quoted(spec)}, expected one such as {{'neurons': 4}}"
            )
        for name in spec:
            checks.one_of("a layer's setting", name, known)
        hidden = Hidden(**spec)
        name = "neurons of a layer"
        _between(name, checks.count(name, hidden.neurons), 1, MOST_NEURONS)
        checks.one_of("activation of a layer", hidden.activation, HIDDEN)
        _between("dropout of a layer", hidden.dropout, 0, 0.9)
        layers.append(hidden)
    return tuple(layers)
