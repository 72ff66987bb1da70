"""The playground: a small world in the plane, a net that learns it, and what to draw of both.

See also ``world`` (the settings), ``plane`` (the points), ``portraits`` (the pictures), ``signals``
(how deep nets start) and ``export`` (the script). Plain values come in; plain values and arrays go
out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from nets_core import checks, metrics
from nets_core.initializers import INITIALIZERS
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import OPTIMIZERS
from nets_core.playground import export, plane, signals, world
from nets_core.playground.portraits import Portraits
from nets_core.playground.world import Part, World
from nets_core.study.curves import Curve
from nets_core.study.session import TrainingSession
from nets_core.training import Diverged

MODES = ("activations", "gradient")
COMPARED = 100
"""The number of updates whose costs are kept, to compare them with the exported script's."""
MOST_DENSITY = 200


class Playground:
    """One world and one net."""

    def __init__(self) -> None:
        self._begin(World())

    def choices(self) -> dict[str, Any]:
        """The allowed values of settings, their limits and defaults."""
        return {
            "data": {problem: list(names) for problem, names in world.DATA.items()},
            "features": list(plane.FEATURES),
            "activations": list(world.HIDDEN),
            "initializers": list(INITIALIZERS),
            "optimizers": list(OPTIMIZERS),
            "limits": {
                "layers": world.MOST_LAYERS,
                "neurons": world.MOST_NEURONS,
                "samples": world.MOST_SAMPLES,
                "points": world.MOST_POINTS,
            },
            "defaults": World().plain(),
        }

    # --- the world

    def make(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Make new points and a new net; returns all settings, including the defaults.

        ValueError or TypeError names a setting that is unknown or not allowed; the world then
        stays as it is.
        """
        self._begin(World.from_plain(settings))
        return self._world.plain()

    def _begin(self, chosen: World) -> None:
        parts, net = chosen.parts(), chosen.network()
        self._world = chosen
        self._train, self._test = parts
        self._net: Network = net
        self._optimizer = chosen.make_optimizer()
        self._session: TrainingSession | None = None
        self._portraits = Portraits(net, chosen.features)
        self._costs: list[float] = []
        self._curve = Curve()
        self._interfered = False
        self._measured: tuple[float, float, float, float] | None = None
        self._use_training_set()
        self._note_epoch()

    def _use_training_set(self) -> None:
        """Train on the current training set; the counts of epochs and updates continue."""
        if not len(self._train.x):
            return
        trainer = self._world.trainer(self._net, self._optimizer, self._train)
        if self._session is not None:
            before = self._session.trainer
            trainer.epoch, trainer.step = before.epoch, before.step
        self._session = TrainingSession(trainer, epochs=1)

    def adjust(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Change learning_rate, l1, l2 or batch_size and continue; returns all settings."""
        adjusted = self._world.adjusted(settings)
        if adjusted == self._world and self._failure is None:
            return adjusted.plain()
        self._world = adjusted
        self._optimizer.learning_rate = self._world.learning_rate
        if self._session is not None:
            trainer = self._session.trainer
            trainer.l1, trainer.l2 = self._world.l1, self._world.l2
            trainer.batch_size = self._world.batch_size
        self._changed_by_hand()
        return self._world.plain()

    def points(self) -> dict[str, Array]:
        """Where the points are (flat, x₁ and x₂ in turn), and the targets there."""
        return {
            "train": self._train.points.flatten(),
            "train_targets": self._train.y.flatten(),
            "test": self._test.points.flatten(),
            "test_targets": self._test.y.flatten(),
        }

    def place(self, x1: float, x2: float, value: float) -> dict[str, Any]:
        """Add a point to those set by hand, and to the training set; returns all settings."""
        placed = world.point(x1, x2, value)
        self._by_hand().check_value(placed[2])
        if len(self._world.points) == world.MOST_POINTS:
            raise ValueError(
                f"there are {world.MOST_POINTS} points already, and no more may be set"
            )
        return self._set_points((*self._world.points, placed))

    def remove(self, x1: float, x2: float) -> dict[str, Any]:
        """Remove the point set by hand that is nearest to this position; returns all settings."""
        points = self._by_hand().points
        if not points:
            raise ValueError("there is no point to remove")
        place = checks.number("x1", x1), checks.number("x2", x2)
        nearest = min(range(len(points)), key=lambda i: math.dist(points[i][:2], place))
        return self._set_points(points[:nearest] + points[nearest + 1 :])

    def _by_hand(self) -> World:
        if self._world.data != world.POINTS:
            raise ValueError(
                f"data is {self._world.data!r}, expected 'points' where points are set by hand"
            )
        return self._world

    def _set_points(self, points: tuple[tuple[float, float, float], ...]) -> dict[str, Any]:
        self._world = replace(self._world, points=points)
        self._train, self._test = self._world.parts()
        self._use_training_set()
        self._changed_by_hand()
        return self._world.plain()

    def weight(self, layer: int, neuron: int, source: int, value: float) -> dict[str, Any]:
        """Set one weight, or with source −1 a bias, by hand; returns all settings.

        Layers count from 0, the first hidden one, to the output. Before the first update, the
        weight becomes one of the settings.
        """
        edit = world.edit(layer, neuron, source, value)
        self._world.check_edit(edit)
        if not self._costs:
            self._world = self._world.edited(edit)
        world.apply(edit, self._net)
        self._changed_by_hand()
        return self._world.plain()

    def _changed_by_hand(self) -> None:
        self._interfered = self._interfered or bool(self._costs)
        if self._session is not None and self._failure is not None:
            self._session.train_for(epochs=1)
        self._measured = None
        if not self._costs:
            self._curve = Curve()
            self._note_epoch()

    # --- learning

    def advance(
        self, epochs: float, milliseconds: float, mode: str = MODES[0], density: int = 20
    ) -> dict[str, Any]:
        """Train for this many epochs, not always whole, or about this long; see ``view``."""
        end = perf_counter() + checks.not_negative("milliseconds", milliseconds) / 1000
        goal = self._learned() + checks.not_negative("epochs", epochs)
        while self._learned() < goal and self._update() and perf_counter() < end:
            pass
        return self.view(mode, density)

    def step(self, mode: str = MODES[0], density: int = 20) -> dict[str, Any]:
        """One update; see ``view``."""
        self._update()
        return self.view(mode, density)

    def _learned(self) -> float:
        """How many epochs the net has learned for."""
        return self._session.position if self._session else 0.0

    @property
    def _failure(self) -> Diverged | None:
        return self._session.failure if self._session else None

    def _update(self) -> bool:
        """One update; False if there is nothing to learn from, or the net has diverged."""
        session = self._session
        if session is None or not len(self._train.x) or self._failure is not None:
            return False
        if session.state == "done":
            session.train_for(epochs=1)
        step = session.step()
        self._measured = None
        if step is not None and len(self._costs) < COMPARED:
            self._costs.append(step.cost)
        if step is not None and session.trainer.position == len(session.trainer.x):
            session.piece()  # the end of an epoch, where the weights are checked
            if session.state == "done":
                self._note_epoch()
        return self._failure is None

    def _note_epoch(self) -> None:
        if not len(self._train.x):
            return
        cost, _, test_cost, _ = self._measurement()
        self._curve.add((self._learned(), cost, test_cost))

    def _measurement(self) -> tuple[float, float, float, float]:
        """Cost and accuracy on the training set and on the test set, without dropout."""
        if self._measured is None:
            train, test = (_measure(self._net, part) for part in (self._train, self._test))
            self._measured = (*train, *test)
        return self._measured

    # --- what is drawn

    def view(self, mode: str = MODES[0], density: int = 20) -> dict[str, Any]:
        """The progress of the training, and what one frame shows of the net.

        epoch (with its fraction), step, cost, accuracy, test_cost, test_accuracy (None if there is
        none), state "ready" or "diverged", and message.
        In mode "activations": ``layers``, each with weights (neurons · sources) and biases, and
        ``pictures`` (neurons · density²) int8, see ``portraits``.
        In mode "gradient": ``layers`` with the means ∂C/∂w and ∂C/∂b over the training set,
        ``deltas``, δ of each neuron for each training point (neurons · points) float32 without the
        inputs, and ``largest`` magnitudes of weights and deltas.
        """
        checks.one_of("mode", mode, MODES)
        if checks.count("density", density) > MOST_DENSITY:
            raise ValueError(f"density is {density}, expected at most {MOST_DENSITY}")
        cost, accuracy, test_cost, test_accuracy = self._measurement()
        frame = {
            "epoch": self._learned(),
            "step": self._session.trainer.step if self._session else 0,
            "cost": _or_none(cost),
            "accuracy": _or_none(accuracy),
            "test_cost": _or_none(test_cost),
            "test_accuracy": _or_none(test_accuracy),
            "state": "diverged" if self._failure else "ready",
            "message": str(self._failure or ""),
        }
        return frame | (self._gradient() if mode == "gradient" else self._activations(density))

    def _activations(self, density: int) -> dict[str, Any]:
        return {
            "layers": [
                {"weights": layer.weights.flatten(), "biases": layer.biases.copy()}
                for layer in world.dense_layers(self._net)
            ],
            "pictures": self._portraits.draw(density).ravel(),
        }

    def _gradient(self) -> dict[str, Any]:
        """The backward pass over the whole training set, without dropout."""
        layers, part = world.dense_layers(self._net), self._train
        if not len(part.x):
            zeros = [np.zeros_like(p) for p in self._net.parameters()]
            return _flow(zeros, np.zeros((0, 0)))
        with np.errstate(all="ignore"):
            _, gradients = self._net.backpropagate(part.x, part.y, learning=False)
        pairs = zip(self._net.layers, self._net.deltas, strict=True)
        deltas = [delta.T for layer, delta in pairs if layer in layers]
        return _flow(gradients, np.concatenate(deltas))

    def curves(self) -> dict[str, Array]:
        """Cost on the training set and on the test set (NaN without one), thinned, by epoch."""
        columns = self._curve.plain()[:3]
        if self._curve.newest:
            columns[:, -1] = self._curve.newest  # of all points: no mean is needed at the end
        epochs, costs, test_costs = columns
        return {"epochs": epochs, "costs": costs, "test_costs": test_costs}

    def costs(self) -> Array:
        """The costs of this net's first updates, at most 100, each before its update."""
        return np.array(self._costs)

    def initial(self, activation: str, initializer: str, seed: int) -> dict[str, Any]:
        """How an initializer spreads the activations of a deep net: see ``signals.initial``."""
        return signals.initial(activation, initializer, seed)

    def export(self) -> str:
        """A Python script that makes this world and this net and trains it: see ``export``."""
        return export.script(self._world, self._interfered)


def _measure(net: Network, part: Part) -> tuple[float, float]:
    """(cost, accuracy) of the net; NaN without points, and for a cost that is not finite."""
    if not len(part.x):
        return math.nan, math.nan
    with np.errstate(all="ignore"):
        a = net.propagate(part.x)
        cost = net.loss.cost(net.layers[-1].z, a, part.y)
    cost = cost if math.isfinite(cost) else math.nan
    return cost, metrics.right(a, part.targets) / len(part.x)


def _flow(gradients: list[Array], deltas: Array) -> dict[str, Any]:
    largest = max(float(np.abs(gradient).max()) for gradient in gradients)
    with np.errstate(over="ignore"):  # of a net that is about to diverge
        small = deltas.astype(np.float32)
    return {
        "layers": [
            {"weights": w.ravel(), "biases": b}
            for w, b in zip(gradients[::2], gradients[1::2], strict=True)
        ],
        "deltas": small.ravel(),
        "largest": {"weights": largest, "deltas": float(np.abs(deltas).max(initial=0))},
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
