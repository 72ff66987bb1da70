"""Learning curves of bounded length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from nets_core import checks
from nets_core.ops import Array

MOST_POINTS = 400
Entry = tuple[float, float, float]
"""A position in epochs, and two values there."""


@dataclass(frozen=True)
class Point:
    """The mean of neighbouring entries, and the least and greatest of both their values."""

    mean: Entry
    least: tuple[float, float]
    greatest: tuple[float, float]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """One entry alone."""
        return cls(entry, entry[1:], entry[1:])

    def joined(self, other: Self, share: float) -> Self:
        """With a later point of ``share`` of all entries, 0…1."""
        mean = [p + share * (q - p) for p, q in zip(self.mean, other.mean, strict=True)]
        return type(self)(
            (mean[0], mean[1], mean[2]),
            (min(self.least[0], other.least[0]), min(self.least[1], other.least[1])),
            (max(self.greatest[0], other.greatest[0]), max(self.greatest[1], other.greatest[1])),
        )


class Curve:
    """Two values over epochs, in at most ``MOST_POINTS`` points.

    Each point stands for a number of entries. When there are too many points, each two neighbours
    are joined, and from then on a point stands for twice as many entries. The curve begins at the
    first entry and ends at the newest, and each point knows the least and greatest of its entries,
    so that thinning hides neither a beginning nor a peak.
    """

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._entries_a_point = 1
        self._open: Point | None = None  # of the entries since the last point
        self._opened = 0  # the number of these entries
        self._first: Entry | None = None
        self._newest: Entry | None = None

    def add(self, entry: Entry) -> None:
        """Add an entry: its position in epochs, and the values there."""
        self._first = self._first or entry
        self._newest = entry
        self._opened += 1
        one = Point.of(entry)
        self._open = self._open.joined(one, 1 / self._opened) if self._open else one
        if self._opened < self._entries_a_point:
            return
        self._points.append(self._open)
        self._open, self._opened = None, 0
        if len(self._points) == MOST_POINTS:
            pairs = zip(self._points[::2], self._points[1::2], strict=True)
            self._points = [one.joined(other, 1 / 2) for one, other in pairs]
            self._entries_a_point *= 2

    @property
    def first(self) -> Entry | None:
        """The first entry, None before it."""
        return self._first

    @property
    def newest(self) -> Entry | None:
        """The newest entry, None before the first."""
        return self._newest

    def latest(self) -> Entry | None:
        """The end of the curve, None before the first entry: the newest position, and the means
        over the latest entries."""
        points = self._all()
        return points[-1].mean if points else None

    def plain(self) -> Array:
        """(7, points): positions, the means of both values, their least, their greatest."""
        rows = [(*point.mean, *point.least, *point.greatest) for point in self._all()]
        return np.array(rows, np.float64).reshape(-1, 7).T

    def _all(self) -> list[Point]:
        """The points from the first entry to the newest."""
        if self._entries_a_point == 1 or self._first is None or self._newest is None:
            return self._points
        last = self._points[-1]
        if self._open:  # with the point before it: a few entries alone would be noise
            last = last.joined(self._open, self._opened / (self._entries_a_point + self._opened))
        end = replace(last, mean=(self._newest[0], *last.mean[1:]))
        return [Point.of(self._first), *self._points, end]

    def describe(self) -> dict[str, Any]:
        """The whole state of this curve, in plain values."""
        every = [*self._points, self._open] if self._open else self._points
        sums = [value * self._opened for value in self._open.mean] if self._open else [0.0] * 3
        return {
            "points": [point.mean for point in self._points],
            "each": self._entries_a_point,
            "sums": sums,
            "open": self._opened,
            "ranges": [[*point.least, *point.greatest] for point in every],
            "ends": [self._first, self._newest] if self._first else [],
        }

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """The curve that ``describe()`` described; ValueError or TypeError for anything else.

        Earlier versions described neither ranges nor ends: they are then those of the points.
        """
        curve = cls()
        parts = _parts(description, "points", "each", "sums", "open")
        means = _entries("points", parts["points"], MOST_POINTS - 1)
        curve._entries_a_point = checks.count("each", parts["each"])
        if curve._entries_a_point > 1 and not means:
            raise ValueError(f"points is empty, and a point has {curve._entries_a_point} entries")
        [sums] = _entries("sums", [parts["sums"]], 1)
        curve._opened = checks.count("open", parts["open"], least=0)
        if curve._opened >= curve._entries_a_point:
            raise ValueError(f"open is {curve._opened}, and a point has {curve._entries_a_point}")
        if curve._opened:
            position, first, second = (value / curve._opened for value in sums)
            means.append((position, first, second))
        points = [Point.of(mean) for mean in means]
        if "ranges" in description:
            ranges = _rows("ranges", description["ranges"], MOST_POINTS, 4)
            if len(ranges) != len(means):
                raise ValueError(f"ranges holds {len(ranges)} entries, expected {len(means)}")
            points = [
                Point(mean, (row[0], row[1]), (row[2], row[3]))
                for mean, row in zip(means, ranges, strict=True)
            ]
        if means:
            ends = description.get("ends", [means[0], means[-1]])
            entries = _entries("ends", ends, 2)
            if len(entries) != 2:
                raise ValueError(f"ends holds {len(entries)} entries, expected 2")
            curve._first, curve._newest = entries
        curve._open = points.pop() if curve._opened else None
        curve._points = points
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
        """(cost, accuracy) at the end of the curve, None before the first step."""
        newest = self._steps.latest()
        return (newest[1], newest[2]) if newest else (None, None)

    def began(self) -> tuple[float | None, float | None]:
        """(cost, accuracy) of the first step, None before it."""
        first = self._steps.first
        return (first[1], first[2]) if first else (None, None)

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
        """Arrays of equal length for training and for test: epochs, costs, accuracies.

        Those of training are means over neighbouring steps, with the least and the greatest.
        """
        train = self._steps.plain()
        test = np.array(self._evaluations, np.float64).reshape(-1, 3).T
        return {
            "epochs": train[0],
            "costs": train[1],
            "accuracies": train[2],
            "least_costs": train[3],
            "least_accuracies": train[4],
            "greatest_costs": train[5],
            "greatest_accuracies": train[6],
            "test_epochs": test[0],
            "test_costs": test[1],
            "test_accuracies": test[2],
        }


def _parts(description: Any, *names: str) -> Mapping[str, Any]:
    """``description``, if it is a mapping that has all of these names; else ValueError."""
    if not isinstance(description, Mapping) or not set(names) <= set(description):
        raise ValueError(
            f"curves are described by {checks.quoted(description)}, expected {', '.join(names)}"
        )
    return description


def _entries(name: str, values: Any, most: int) -> list[Entry]:
    """A list of at most so many entries, each three finite numbers."""
    return [(row[0], row[1], row[2]) for row in _rows(name, values, most, 3)]


def _rows(name: str, values: Any, most: int, length: int) -> list[list[float]]:
    """A list of at most so many rows, each so many finite numbers."""
    if not isinstance(values, list) or len(values) > most:
        raise ValueError(f"{name} is no list of at most {most} entries")
    rows = []
    for value in values:
        if not isinstance(value, (list, tuple)) or len(value) != length:
            raise ValueError(f"{name} holds {checks.quoted(value)}, expected {length} numbers")
        rows.append([checks.number(name, number) for number in value])
    return rows
