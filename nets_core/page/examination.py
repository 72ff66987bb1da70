"""The service "examination": how good a net is on MNIST's test images."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

from nets_core import checks
from nets_core.page.live import LiveNet
from nets_core.page.mnist import MnistData
from nets_core.page.models import LIVE, Models
from nets_core.study.examination import Examination

Version = tuple[object, int]
"""Which net was examined, and after how many steps."""


class Examinations:
    """Lets nets read the test set, in short turns, and shows their mistakes."""

    def __init__(self, models: Models, live: LiveNet, mnist: MnistData) -> None:
        self._models = models
        self._live = live
        self._mnist = mnist
        self._examined: dict[str, tuple[Examination, Version]] = {}

    def advance(self, model: str, milliseconds: float) -> dict[str, Any]:
        """Let a net read further test images for about this long.

        Returns ``share`` (0…1) of the test images that it has read and the ``confusion`` so far:
        100 integers, the label's row and the guess's column. The net in training starts again
        whenever it has changed; the answers of the others stay.
        """
        end = perf_counter() + milliseconds / 1000
        version = self._version(model)
        found = self._examined.get(model)
        if found is None or found[1] != version:
            test = self._mnist["test"]
            examination = Examination(self._models[model], test.images, test.labels.astype(np.intp))
            self._examined[model] = examination, version
        examination = self._examined[model][0]
        while examination.share < 1:
            examination.advance()
            if perf_counter() >= end:
                break
        return {"share": examination.share, "confusion": examination.confusion().ravel()}

    def mistakes(
        self, model: str, most: int, label: int | None = None, guess: int | None = None
    ) -> dict[str, Any]:
        """The test images in one cell of the confusion matrix, or else all misread ones.

        At most ``most`` of them, the most certain first: ``indices``, ``labels``, ``guesses``,
        ``images`` (count · 784 uint8), and their number before the cut, ``total``.
        """
        examination, (net, _) = self._examined.get(model, (None, (None, 0)))
        if examination is None or net != self._version(model)[0]:
            raise ValueError(f"model is {checks.quoted(model)}, which has not been examined yet")
        if label is None or guess is None:
            found = examination.worst()
        else:
            found = examination.cell(label, guess)
        chosen = found[: checks.count("most", most)]
        return {
            "total": len(found),
            "indices": chosen,
            "labels": examination.labels[chosen],
            "guesses": examination.guesses[chosen],
            "images": self._mnist["test"].images[chosen].ravel(),
        }

    def _version(self, model: str) -> Version:
        return self._live.version if model == LIVE else (None, 0)
