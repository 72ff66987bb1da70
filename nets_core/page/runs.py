"""The service "runs": the net in training as a file, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from nets_core import checks
from nets_core.files import saving
from nets_core.metrics import check_reads_digits
from nets_core.page import saved_runs
from nets_core.page.live import LiveNet
from nets_core.page.mnist import MnistData
from nets_core.page.training import NO_NET
from nets_core.study.curves import Curves
from nets_core.training import Trainer


class Runs:
    """Saves the net in training, and makes a saved one the net in training."""

    def __init__(self, live: LiveNet, mnist: MnistData) -> None:
        self._live = live
        self._mnist = mnist

    def save(self, format: str = "npz") -> bytes:
        """The net in training and the state of its run, in one of ``saving.FORMATS``."""
        trainer, session = self._trainer(), self._live.session
        curves = session.curves if session else Curves()
        return saved_runs.dumps(trainer, self._live.settings, curves, format, self._live.metadata)

    def file_name(self, format: str) -> str:
        """A name for the file of ``save``, such as "nets-784-30-10-epoch-3.npz"."""
        trainer = self._trainer()
        checks.one_of("format", format, saving.FORMATS)
        name = saved_runs.title(trainer.net).replace(", ", "-")
        epoch = f"-epoch-{self._live.progress()['epoch']}" if self._live.session else ""
        return f"nets-{name}{epoch}.{format}"

    def autosave(self, resting: bool = False) -> dict[str, Any] | None:
        """What the browser stores of the net in training: ``data``, a file, and ``about``.

        ``about`` has title, settings and all of ``LiveNet.progress``. Returns None if nothing
        should be stored: there is no net; its numbers are no longer finite, so the last save is
        better; or an evaluation is running, which would be lost, unless training is paused
        (``resting``).
        """
        trainer, session = self._live.trainer, self._live.session
        if trainer is None or (session and session.evaluation_due and not resting):
            return None
        try:
            data = self.save()
        except ValueError:
            if not _is_finite(trainer):
                return None
            raise
        about = {"title": saved_runs.title(trainer.net), **self._live.progress()}
        if self._live.settings is not None:
            about["settings"] = self._live.settings.plain()
        return {"data": data, "about": about}

    def inspect(self, data: bytes) -> dict[str, str]:
        """The ``title`` of the net in a file; ValueError says why ``reopen`` would refuse it."""
        net = saving.loads(bytes(data))
        check_reads_digits(net)
        return {"title": saved_runs.title(net)}

    def reopen(self, data: bytes) -> dict[str, Any]:
        """Make the net in a file the one in training, as it stood when it was saved.

        Returns ``settings`` and ``progress`` as ``Training.train``, and a ``remark`` on why the
        run in the file cannot go on, or "". ValueError says what is wrong with the file; the net in
        training then stays. See ``saved_runs.loads``.
        """
        run = saved_runs.loads(bytes(data), *self._mnist.allocated)
        self._live.begin(run.trainer, run.settings, run.curves, run.metadata)
        return {
            "settings": run.settings.plain(),
            "progress": self._live.progress(),
            "remark": run.remark,
        }

    def _trainer(self) -> Trainer:
        if self._live.trainer is None:
            raise ValueError(NO_NET)
        return self._live.trainer


def _is_finite(trainer: Trainer) -> bool:
    """Whether all parameters and the optimizer's memory are finite."""
    memory = trainer.optimizer.state.values()
    arrays = [*trainer.net.parameters(), *(array for state in memory for array in state)]
    return all(np.isfinite(array).all() for array in arrays)
