"""The playground: a small world in the plane, a net that learns it, and what a page draws of both.

All of it is here and in ``world`` (the settings), ``plane`` (the points), ``portraits`` (the
pictures), ``signals`` (how deep nets start) and ``export`` (the script): plain values in, plain
values and arrays out, so that any page can draw it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
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
from nets_core.training import Diverged, Step, Trainer

MODES = ("activations", "gradient")
COMPARED = 100
"""The costs of so many updates are kept, for the comparison with the exported script."""
MOST_DENSITY = 200


class Playground:
    """One world and one net. Every public method may be called by name (``lab.Lab.call``)."""

    def __init__(self) -> None:
        self._begin(World())

    def choices(self) -> dict[str, Any]:
        """The names that settings may take, their limits and defaults."""
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
        """Make points and net anew; returns all settings, defaults too.

        ValueError or TypeError names a setting that is unknown or not allowed; the world is then
        as it was.
        """
        self._begin(World.from_plain(settings))
        return self._world.plain()

    def _begin(self, chosen: World) -> None:
        parts, net = chosen.parts(), chosen.network()
        self._world = chosen
        self._train, self._test = parts
        self._net: Network = net
        self._optimizer = chosen.make_optimizer()
        self._trainer: Trainer | None = None
        self._portraits = Portraits(net, chosen.features)
        self._costs: list[float] = []
        self._curve = Curve()
        self._interfered = False
        self._work: Iterator[Step] = iter(())
        self._state, self._message = "ready", ""
        self._measured: tuple[float, float, float, float] | None = None
        self._take_up()
        self._note_epoch()

    def _take_up(self) -> None:
        """Train on the training set as it is now, and go on counting where the net stands."""
        self._work = iter(())
        if not len(self._train.x):
            return
        before = self._trainer
        self._trainer = self._world.trainer(self._net, self._optimizer, self._train)
        if before is not None:
            self._trainer.epoch, self._trainer.step = before.epoch, before.step

    def adjust(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Change learningRate, l1, l2 or batchSize and go on; returns all settings."""
        adjusted = self._world.adjusted(settings)
        if adjusted == self._world and self._state == "ready":
            return adjusted.plain()
        self._world = adjusted
        self._optimizer.learning_rate = self._world.learningRate
        if self._trainer is not None:
            self._trainer.l1, self._trainer.l2 = self._world.l1, self._world.l2
            self._trainer.batch_size = self._world.batchSize
        self._changed_by_hand()
        return self._world.plain()

    def points(self) -> dict[str, Array]:
        """Where the points are (flat, x₁ and x₂ in turn), and what is wanted there."""
        return {
            "train": self._train.points.flatten(),
            "trainTargets": self._train.y.flatten(),
            "test": self._test.points.flatten(),
            "testTargets": self._test.y.flatten(),
        }

    def place(self, x1: float, x2: float, value: float) -> dict[str, Any]:
        """Add a point to those set by hand, and to the training set; returns all settings."""
        placed = world.point(x1, x2, value)
        self._by_hand().check_value(placed[2])
        if len(self._world.points) == world.MOST_POINTS:
            raise ValueError(f"there are {world.MOST_POINTS} points already: remove one first")
        return self._set_points((*self._world.points, placed))

    def remove(self, x1: float, x2: float) -> dict[str, Any]:
        """Take away the point set by hand that is nearest to this place; returns all settings."""
        points = self._by_hand().points
        if not points:
            raise ValueError("there is no point to remove")
        place = checks.number("x1", x1), checks.number("x2", x2)
        nearest = min(range(len(points)), key=lambda i: math.dist(points[i][:2], place))
        return self._set_points(points[:nearest] + points[nearest + 1 :])

    def _by_hand(self) -> World:
        if self._world.data != world.POINTS:
            raise ValueError("points are set by hand where data is 'points': choose that first")
        return self._world

    def _set_points(self, points: tuple[tuple[float, float, float], ...]) -> dict[str, Any]:
        self._world = replace(self._world, points=points)
        self._train, self._test = self._world.parts()
        self._take_up()
        self._changed_by_hand()
        return self._world.plain()

    def weight(self, layer: int, neuron: int, source: int, value: float) -> dict[str, Any]:
        """Set one weight, or with source −1 a bias, by hand; returns all settings.

        Layers are counted from 0, the first hidden one, to the output. As long as the net has not
        learned, the weight is part of how it starts.
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
        self._state, self._message = "ready", ""
        self._measured = None
        if not self._costs:
            self._curve = Curve()
            self._note_epoch()

    # --- learning

    def advance(
        self, epochs: float, milliseconds: float, mode: str = MODES[0], density: int = 20
    ) -> dict[str, Any]:
        """Learn for so many epochs, a part of one too, and at most about so long; see ``view``."""
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
        trainer = self._trainer
        return trainer.epoch + trainer.position / len(trainer.x) if trainer else 0.0

    def _update(self) -> bool:
        """One update; False where there is nothing to learn from, or the net has diverged."""
        if self._trainer is None or not len(self._train.x) or self._state == "diverged":
            return False
        try:
            step = next(self._work, None)
            if step is None:
                self._work = self._trainer.steps(epochs=1)
                step = next(self._work)
            self._measured = None
            if len(self._costs) < COMPARED:
                self._costs.append(step.cost)
            if self._trainer.position == len(self._trainer.x):
                next(self._work, None)  # the end of an epoch, where the weights are looked at
                self._note_epoch()
        except Diverged as error:
            self._state, self._message = "diverged", str(error)
            self._measured = None
            return False
        return True

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
        """Where learning stands and all that one frame shows of the net.

        epoch (with its fraction), step, cost, accuracy, testCost, testAccuracy (None where there is
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
        trainer = self._trainer
        frame = {
            "epoch": self._learned(),
            "step": trainer.step if trainer else 0,
            "cost": _or_none(cost),
            "accuracy": _or_none(accuracy),
            "testCost": _or_none(test_cost),
            "testAccuracy": _or_none(test_accuracy),
            "state": self._state,
            "message": self._message,
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
        """What flows back, of the whole training set and without dropout."""
        layers, part = world.dense_layers(self._net), self._train
        if not len(part.x):
            nothing = [np.zeros_like(p) for p in self._net.parameters()]
            return _flow(nothing, np.zeros((0, 0)))
        with np.errstate(all="ignore"):
            _, gradients = self._net.backpropagate(part.x, part.y, learning=False)
        kept = zip(self._net.layers, self._net.deltas, strict=True)
        deltas = [delta.T for layer, delta in kept if layer in layers]
        return _flow(gradients, np.concatenate(deltas))

    def curves(self) -> dict[str, Array]:
        """Cost on the training set and on the test set (NaN without one), thinned, by epoch."""
        epochs, costs, test_costs = self._curve.plain()
        return {"epochs": epochs, "costs": costs, "testCosts": test_costs}

    def costs(self) -> Array:
        """The costs of this net's first updates, at most 100, each before its update."""
        return np.array(self._costs)

    def initial(self, activation: str, initializer: str, seed: int) -> dict[str, Any]:
        """What an initializer does to the activations of a deep net: see ``signals.initial``."""
        return signals.initial(activation, initializer, seed)

    def export(self) -> str:
        """A Python script that makes this world and this net and trains it: see ``export``."""
        return export.script(self._world, self._interfered)


def _measure(net: Network, part: Part) -> tuple[float, float]:
    """(cost, accuracy) of the net as it is; NaN without points, and where there is none."""
    if not len(part.x):
        return math.nan, math.nan
    with np.errstate(all="ignore"):
        a = net.propagate(part.x)
        cost = net.loss.cost(net.layers[-1].z, a, part.y)
    cost = cost if math.isfinite(cost) else math.nan
    return cost, metrics.right(a, part.wanted) / len(part.x)


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
