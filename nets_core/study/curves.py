"""Learning curves of bounded length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from nets_core import checks
from nets_core.ops import Array

MOST_POINTS = 400
Entry = tuple[float, float, float]
"""A position in epochs, and two values there."""


class Curve:
    """Two values over epochs, in at most ``MOST_POINTS`` points.

    Each point is the mean over a number of entries. When there are too many points, each two
    neighbours are merged, and from then on a point stands for twice as many entries.
    """

    def __init__(self) -> None:
        self._points: list[Entry] = []
        self._entries_a_point = 1
        self._sums = [0.0, 0.0, 0.0]  # of the entries since the last point
        self._open = 0  # the number of these entries

    def add(self, entry: Entry) -> None:
        """Add an entry: its position in epochs, and the values there."""
        sums = self._sums
        sums[0] += entry[0]
        sums[1] += entry[1]
        sums[2] += entry[2]
        self._open += 1
        if self._open < self._entries_a_point:
            return
        self._points.append(_mean(sums, self._open))
        self._sums, self._open = [0.0, 0.0, 0.0], 0
        if len(self._points) == MOST_POINTS:
            pairs = zip(self._points[::2], self._points[1::2], strict=True)
            self._points = [
                _mean([p + q for p, q in zip(one, other, strict=True)], 2) for one, other in pairs
            ]
            self._entries_a_point *= 2

    def latest(self) -> Entry | None:
        """The newest point, None before the first."""
        return self._points[-1] if self._points else None

    def plain(self) -> Array:
        """(3, points): the positions first."""
        return np.array(self._points, np.float64).reshape(-1, 3).T

    def describe(self) -> dict[str, Any]:
        """The whole state of this curve, in plain values."""
        return {
            "points": self._points,
            "each": self._entries_a_point,
            "sums": self._sums,
            "open": self._open,
        }

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """The curve that ``describe()`` described; ValueError or TypeError for anything else."""
        curve = cls()
        parts = _parts(description, "points", "each", "sums", "open")
        curve._points = _entries("points", parts["points"], MOST_POINTS - 1)
        curve._entries_a_point = checks.count("each", parts["each"])
        [sums] = _entries("sums", [parts["sums"]], 1)
        curve._sums = list(sums)
        curve._open = checks.count("open", parts["open"], least=0)
        if curve._open >= curve._entries_a_point:
            raise ValueError(f"open is {curve._open}, and a point has {curve._entries_a_point}")
        return curve


class Curves:
    """Cost and accuracy of training and of the evaluations on the test set."""

    def __init__(self) -> None:
        self._steps = Curve()
        self._evaluations: list[Entry] = []

    def add_step(self, position: float, cost: float, accuracy: float) -> None:
        """Add the result of a step, at ``position`` epochs."""
        self._steps.add((position, cost, accuracy))

    def add_evaluation(self, position: float, cost: float, accuracy: float) -> None:
        """Add an evaluation on the test set, at ``position`` epochs.

        When there are too many, every second one is dropped, but not the first and the latest.
        """
        self._evaluations.append((position, cost, accuracy))
        if len(self._evaluations) > MOST_POINTS:
            del self._evaluations[1:-1:2]

    def latest(self) -> tuple[float | None, float | None]:
        """(cost, accuracy) of the newest point, None before the first step."""
        newest = self._steps.latest()
        return (newest[1], newest[2]) if newest else (None, None)

    def tested(self) -> float | None:
        """The accuracy of the newest evaluation, None before the first."""
        return self._evaluations[-1][2] if self._evaluations else None

    def describe(self) -> dict[str, Any]:
        """The whole state of these curves, in plain values."""
        return {"steps": self._steps.describe(), "evaluations": self._evaluations}

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """The curves that ``describe()`` described; ValueError or TypeError for anything else."""
        curves = cls()
        parts = _parts(description, "steps", "evaluations")
        curves._steps = Curve.from_description(parts["steps"])
        curves._evaluations = _entries("evaluations", parts["evaluations"], MOST_POINTS)
        return curves

    def plain(self) -> dict[str, Array]:
        """Arrays of equal length for training and for test: epochs, costs, accuracies."""
        train = self._steps.plain()
        test = np.array(self._evaluations, np.float64).reshape(-1, 3).T
        return {
            "epochs": train[0],
            "costs": train[1],
            "accuracies": train[2],
            "test_epochs": test[0],
            "test_costs": test[1],
            "test_accuracies": test[2],
        }


def _mean(sums: list[float], count: int) -> Entry:
    position, first, second = sums
    return position / count, first / count, second / count


def _parts(description: Any, *names: str) -> Mapping[str, Any]:
    """``description``, if it is a mapping that has all of these names; else ValueError."""
    if not isinstance(description, Mapping) or not set(names) <= set(description):
        raise ValueError(
            f"curves are described by {checks.quoted(description)}, expected {', '.join(names)}"
        )
    return description


def _entries(name: str, values: Any, most: int) -> list[Entry]:
    """A list of at most so many entries, each three finite numbers."""
    if not isinstance(values, list) or len(values) > most:
        raise ValueError(f"{name} is no list of at most {most} entries")
    entries = []
    for value in values:
        if not isinstance(value, (list, tuple)) or len(value) != 3:
            raise ValueError(f"{name} holds {checks.quoted(value)}, expected three numbers")
        position, first, second = (checks.number(name, number) for number in value)
        entries.append((position, first, second))
    return entries
