"""A training run that is driven piece by piece and records how it goes."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Literal

from nets_core.study.curves import Curves
from nets_core.training import Diverged, Evaluation, Step, Trainer, Waiting, Work

State = Literal["training", "waiting", "done", "diverged"]


class TrainingSession:
    """Drives a trainer as far as its caller asks, and stops where the run ends.

    Parameters
    ----------
    trainer : the run, which may have begun already.
    epochs : how many epochs to train for; the rest of one that has begun counts as the first.
    curves : what the run has recorded so far; each step and each evaluation is added.

    ``state`` is "training", "waiting" (the next examples are not available yet), "done" or
    "diverged"; ``failure`` is then what the trainer raised.
    """

    def __init__(self, trainer: Trainer, epochs: int, curves: Curves | None = None) -> None:
        self.trainer = trainer
        self.curves = Curves() if curves is None else curves
        self._evaluated = self._evaluations_due()
        self.train_for(epochs)

    def train_for(self, epochs: int) -> None:
        """Go on for so many epochs from here, also where the run was done or had diverged."""
        self._work: Iterator[Work] = self.trainer.work(epochs)
        self.state: State = "training"
        self.failure: Diverged | None = None

    @property
    def running(self) -> bool:
        """True until the run is done or has diverged."""
        return self.state in ("training", "waiting")

    @property
    def position(self) -> float:
        """Epochs learned from, with the fraction of the current one."""
        return self.trainer.epoch + self.trainer.position / len(self.trainer.x)

    @property
    def test_accuracy(self) -> float | None:
        """The accuracy (0…1) of the latest evaluation, None before the first."""
        return self.curves.tested()

    @property
    def evaluation_due(self) -> bool:
        """True from the step that calls for an evaluation until the evaluation is complete."""
        return self._evaluations_due() > self._evaluated

    def advance(self, milliseconds: float) -> None:
        """Train for about so long: at least one piece, and no longer than there is work."""
        end = perf_counter() + milliseconds / 1000
        while self.piece() and self.state == "training" and perf_counter() < end:
            pass

    def step(self) -> Step | None:
        """Train up to and including the next update; None where the run ends or waits before."""
        while piece := self.piece():
            if isinstance(piece, Step):
                return piece
            if isinstance(piece, Waiting):
                return None
        return None

    def piece(self) -> Work | None:
        """Do the next piece of work and record it; None where there is none left."""
        if not self.running:
            return None
        try:
            piece = next(self._work, None)
        except Diverged as error:
            self.state = "diverged"
            self.failure = error.with_traceback(None)  # a traceback would keep this session alive
            return None
        if piece is None:
            self.state = "done"
            return None
        self.state = "waiting" if isinstance(piece, Waiting) else "training"
        if isinstance(piece, Step):
            self.curves.add_step(self.position, piece.cost, piece.accuracy)
        elif isinstance(piece, Evaluation):
            self._evaluated = self._evaluations_due()
            self.curves.add_evaluation(self.position, piece.cost, piece.accuracy)
        return piece

    def _evaluations_due(self) -> int:
        """How many evaluations the run should have had at its present place."""
        trainer = self.trainer
        in_this_epoch = trainer.evaluations * trainer.position // len(trainer.x)
        return trainer.evaluations * trainer.epoch + in_this_epoch
