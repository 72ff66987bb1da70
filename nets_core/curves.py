"""Learning curves of bounded length."""

from __future__ import annotations

import numpy as np

from nets_core.ops import Array

MOST_POINTS = 400


class Curves:
    """Cost and accuracy over epochs, in at most ``MOST_POINTS`` points.

    Each point of the training curve is the mean over a number of steps; when there are too many,
    two neighbours become one, and from then on a point stands for twice as many steps.
    """

    def __init__(self) -> None:
        self._points: list[tuple[float, float, float]] = []
        self._steps_a_point = 1
        self._open: list[tuple[float, float, float]] = []
        self._evaluations: list[tuple[float, float, float]] = []

    def add_step(self, position: float, cost: float, accuracy: float) -> None:
        """The next step's result, at ``position`` epochs."""
        self._open.append((position, cost, accuracy))
        if len(self._open) < self._steps_a_point:
            return
        self._points.append(_mean(self._open))
        self._open = []
        if len(self._points) == MOST_POINTS:
            pairs = zip(self._points[::2], self._points[1::2], strict=True)
            self._points = [_mean(list(pair)) for pair in pairs]
            self._steps_a_point *= 2

    def add_evaluation(self, position: float, cost: float, accuracy: float) -> None:
        """An evaluation on the test set, at ``position`` epochs; a late thinning as for steps."""
        self._evaluations.append((position, cost, accuracy))
        if len(self._evaluations) > MOST_POINTS:
            del self._evaluations[1:-1:2]

    def latest(self) -> tuple[float | None, float | None]:
        """(cost, accuracy) of the newest point, None before the first step."""
        for points in (self._points, self._open):
            if points:
                return points[-1][1], points[-1][2]
        return None, None

    def plain(self) -> dict[str, Array]:
        """Arrays of equal length for training and for test: epochs, costs, accuracies."""
        train = np.array(self._points, np.float64).reshape(-1, 3).T
        test = np.array(self._evaluations, np.float64).reshape(-1, 3).T
        return {
            "epochs": train[0],
            "costs": train[1],
            "accuracies": train[2],
            "testEpochs": test[0],
            "testCosts": test[1],
            "testAccuracies": test[2],
        }


def _mean(points: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    count = len(points)
    position, cost, accuracy = (sum(values) / count for values in zip(*points, strict=True))
    return position, cost, accuracy
