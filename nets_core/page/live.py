"""The net called "live": the one in training, or one that was corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nets_core.page.models import LIVE, Models, parameter_count
from nets_core.page.settings import Settings
from nets_core.study.curves import Curves
from nets_core.study.session import TrainingSession
from nets_core.training import Trainer


class LiveNet:
    """The live net, which several services share. It is not a service itself.

    A net in training has ``trainer``, ``settings`` and ``session``. A copy of a trained net that
    was corrected has a ``trainer`` alone: no session runs it.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._replacements = 0
        self.trainer: Trainer | None = None
        self.settings: Settings | None = None
        self.session: TrainingSession | None = None
        self.metadata: Mapping[str, str] = {}
        self._outcome: tuple[str, dict[str, Any] | None] | None = None  # of a state of the session

    def begin(
        self,
        trainer: Trainer,
        settings: Settings,
        curves: Curves,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Make this run the one in training; ``curves`` are what it has recorded so far, and
        ``metadata`` what other programs have noted in its file."""
        self.adopt(trainer)
        self.metadata = metadata or {}
        self.settings = settings
        self.session = TrainingSession(trainer, settings.epochs - trainer.epoch, curves)

    def adopt(self, trainer: Trainer) -> None:
        """Make the trainer's net the live one, without a run."""
        self.forget()
        self.trainer = trainer
        self._models[LIVE] = trainer.net

    def forget(self) -> None:
        """Drop the live net, if there is one."""
        if self.trainer is not None:
            del self._models[LIVE]
        self.trainer = self.settings = self.session = None
        self.metadata = {}
        self._outcome = None
        self.mark_changed()

    def mark_changed(self) -> None:
        """Note that the net was replaced, or changed other than by a step of its run."""
        self._replacements += 1

    @property
    def version(self) -> tuple[object, int]:
        """Which net it is, and its number of steps. Weights differ only where the version does."""
        diverged = self.session is not None and self.session.state == "diverged"
        return (self._replacements, diverged), self.trainer.step if self.trainer else 0

    def progress(self) -> dict[str, Any]:
        """The progress of the training.

        ``state`` is "idle", "training", "waiting" (for data), "done" or "diverged", and ``message``
        says why it diverged. Without a run there are only these, and ``parameters`` if there is a
        net. A run also has epoch (from 1), epochs, share (0…1), step, cost and train_accuracy
        (means over the latest examples), test_accuracy (of the latest evaluation, None before the
        first), examples_per_second, parameters and examples (the number still to learn from). One
        that has ended has ``outcome``, as of ``outcome.outcome``.
        """
        trainer, settings, session = self.trainer, self.settings, self.session
        if trainer is None or settings is None or session is None:
            idle: dict[str, Any] = {"state": "idle", "message": ""}
            return idle | ({"parameters": parameter_count(trainer.net)} if trainer else {})
        cost, accuracy = session.curves.latest()
        ended = self._ended(session, settings)
        return {
            "state": session.state,
            "message": ended["message"] if ended and session.failure else "",
            "outcome": ended,
            "epoch": min(trainer.epoch + 1, settings.epochs),
            "epochs": settings.epochs,
            "share": session.position / settings.epochs,
            "step": trainer.step,
            "cost": cost,
            "train_accuracy": accuracy,
            "test_accuracy": session.test_accuracy,
            "examples_per_second": trainer.examples_per_second,
            "parameters": parameter_count(trainer.net),
            "examples": int((settings.epochs - session.position) * len(trainer.x)),
        }

    def _ended(self, session: TrainingSession, settings: Settings) -> dict[str, Any] | None:
        """How the run ended, found out once."""
        if session.running:
            return None
        if self._outcome is None or self._outcome[0] != session.state:
            from nets_core.page.outcome import outcome  # not needed at the start

            self._outcome = session.state, outcome(session, settings)
        return self._outcome[1]
