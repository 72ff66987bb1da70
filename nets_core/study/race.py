"""The same training run twice, side by side: with the library's code and with a changed function.

Both begin with the same weights and see the same mini-batches in the same order, so that whatever
differs between their curves is the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from nets_core import gradcheck
from nets_core.ops import Array
from nets_core.study import patching
from nets_core.study.curves import Curves
from nets_core.study.patching import Function
from nets_core.study.step_trace import LIMIT
from nets_core.training import Diverged, Evaluation, Step, Trainer, Work

CHECKED = 30
"""Entries of each parameter array that the gradient check looks at."""
EXAMPLES = 6
"""Examples of the mini-batch that it looks at: more than one, or a sum would look like a mean."""

RAISED = (Exception, SystemExit, KeyboardInterrupt, GeneratorExit)
"""What a visitor's function may raise: anything, and none of it may end more than its run."""


@dataclass(frozen=True)
class Change:
    """A changed function, and the name of the library's that it stands in for."""

    name: str
    function: Function


class Runner:
    """One of the two: its trainer, its curves, and how it ended."""

    def __init__(self, trainer: Trainer, epochs: int, changes: Sequence[Change]) -> None:
        self.trainer = trainer
        self.changes = changes
        self.curves = Curves()
        self.trouble: BaseException | None = None
        self.test_accuracy: float | None = None
        self._work: Iterator[Work] | None = trainer.work(epochs)

    @property
    def running(self) -> bool:
        return self._work is not None

    @property
    def position(self) -> float:
        """Epochs done."""
        return self.trainer.epoch + self.trainer.position / len(self.trainer.x)

    def piece(self) -> None:
        """The next piece of its work. What the changed code raises ends this runner alone."""
        if self._work is None:
            return
        try:
            piece = next(self._work, None)
        except RAISED as error:
            self.trouble = error
            piece = None
        if piece is None:
            self._work = None
        elif isinstance(piece, Step):
            self.curves.add_step(self.position, piece.cost, piece.accuracy)
        elif isinstance(piece, Evaluation):
            self.test_accuracy = piece.accuracy
            self.curves.add_evaluation(self.position, piece.cost, piece.accuracy)

    def plain(self) -> dict[str, Any]:
        """Curves and results for a page; ``trouble`` is None, or what ended it too early."""
        cost, accuracy = self.curves.latest()
        return {
            "curves": self.curves.plain(),
            "cost": cost,
            "accuracy": accuracy,
            "testAccuracy": self.test_accuracy,
            "trouble": None if self.trouble is None else told(self.trouble, self.changes),
        }


class Race:
    """``healthy`` and ``changed`` are two trainers made alike; ``changes`` go into the second."""

    def __init__(
        self, healthy: Trainer, changed: Trainer, epochs: int, changes: Sequence[Change]
    ) -> None:
        for change in changes:
            patching.put(changed, change.name, change.function)
        self.healthy = Runner(healthy, epochs, ())
        self.changed = Runner(changed, epochs, changes)

    def advance(self, milliseconds: float) -> dict[str, Any]:
        """Let both go on for about so long, in turns; returns ``plain()``."""
        end = perf_counter() + milliseconds / 1000
        while self.running:
            self.healthy.piece()
            self.changed.piece()
            if perf_counter() >= end:
                break
        return self.plain()

    @property
    def running(self) -> bool:
        return self.healthy.running or self.changed.running

    def plain(self) -> dict[str, Any]:
        """``running``, and ``healthy`` and ``changed`` as of ``Runner.plain``."""
        return {
            "running": self.running,
            "healthy": self.healthy.plain(),
            "changed": self.changed.plain(),
        }


def verdict(trainer: Trainer) -> dict[str, Any]:
    """What finite differences say of the gradient that this run's net computes before it learns.

    ``right``; ``finite``; and ``arrays``, for each parameter array its symbol, layer (from 2 on,
    counting those that learn), error (the largest, relative) and ratio (the median of backward's
    answer over the difference: 10 where a mini-batch of 10 was summed). Raises what the net's
    functions raise, and ValueError as ``gradcheck.compare`` does.
    """
    x: Array = trainer.x[:EXAMPLES]
    y = np.eye(trainer.net.outputs)[trainer.labels[:EXAMPLES]]
    arrays, right, finite = [], True, True
    with np.errstate(all="ignore"):
        for comparison in gradcheck.compare(trainer.net, x, y, CHECKED):
            error = float(comparison.errors.max(initial=0))
            right = right and error < LIMIT
            finite = finite and bool(np.isfinite(comparison.backward).all())
            there = comparison.difference != 0
            ratios = comparison.backward[there] / comparison.difference[there]
            arrays.append(
                {
                    "symbol": "db" if comparison.index % 2 else "dw",
                    "layer": comparison.index // 2 + 2,
                    "error": error,
                    "ratio": float(np.median(ratios)) if ratios.size else None,
                }
            )
    return {"right": right, "finite": finite, "examples": EXAMPLES, "arrays": arrays}


def told(error: BaseException, changes: Sequence[Change]) -> dict[str, Any]:
    """An exception as a page tells it: ``message``, ``line`` of the changed text or None, and
    ``diverged``."""
    if isinstance(error, patching.Refused):
        return {"message": str(error), "line": error.line, "diverged": False}
    if isinstance(error, Diverged):
        message = f"{error.what[:1].upper()}{error.what[1:]}."  # the learning rate is not to blame
        return {"message": message, "line": None, "diverged": True}
    lines = [patching.line_of(error, change.name) for change in changes]
    line = next((one for one in lines if one is not None), None)
    message = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, MemoryError):
        message = "It wants more memory than the 512 MB that it may have."
    elif line is None and changes:
        message = f"What {changes[0].name} returned could not be used. {message}"
    return {"message": message, "line": line, "diverged": False}
