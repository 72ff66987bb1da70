"""The same training run twice, side by side: with the library's code and with a changed function.

Both begin with the same weights and see the same mini-batches in the same order, so any difference
between their curves comes from the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from nets_core import gradcheck
from nets_core.ops import Array
from nets_core.study import patching
from nets_core.study.patching import Function
from nets_core.study.session import TrainingSession
from nets_core.study.step_trace import LIMIT
from nets_core.training import Trainer

CHECKED = 30
"""The number of entries of each parameter array in the gradient check."""
EXAMPLES = 6
"""The number of examples in the gradient check: of one alone, the sum would equal the mean."""

RAISED = (Exception, SystemExit, KeyboardInterrupt, GeneratorExit)
"""What a changed function may raise: anything. It ends its own run and no more."""


@dataclass(frozen=True)
class Change:
    """A changed function, and the name of the library's function that it replaces."""

    name: str
    function: Function


class Runner:
    """One of the two runs: its session, and what its code raised, if anything."""

    def __init__(self, trainer: Trainer, epochs: int, changes: Sequence[Change]) -> None:
        self.session = TrainingSession(trainer, epochs)
        self.changes = changes
        self._raised: BaseException | None = None

    @property
    def running(self) -> bool:
        return self._raised is None and self.session.running

    @property
    def trouble(self) -> BaseException | None:
        """What ended the run too early: an exception of the changed code, or Diverged."""
        return self._raised or self.session.failure

    def piece(self) -> None:
        """Do the next piece of work. What the changed code raises ends this run alone."""
        if not self.running:
            return
        try:
            self.session.piece()
        except RAISED as error:
            self._raised = error


class Race:
    """Two trainers made alike, ``healthy`` and ``changed``; ``changes`` go into the second."""

    def __init__(
        self, healthy: Trainer, changed: Trainer, epochs: int, changes: Sequence[Change]
    ) -> None:
        for change in changes:
            patching.put(changed, change.name, change.function)
        self.healthy = Runner(healthy, epochs, ())
        self.changed = Runner(changed, epochs, changes)

    def advance(self, milliseconds: float) -> None:
        """Let both train for about so long, in turns."""
        end = perf_counter() + milliseconds / 1000
        while self.running:
            self.healthy.piece()
            self.changed.piece()
            if perf_counter() >= end:
                break

    @property
    def running(self) -> bool:
        return self.healthy.running or self.changed.running


def verdict(trainer: Trainer) -> dict[str, Any]:
    """Check the gradient that this run's net computes before it learns against finite differences.

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
