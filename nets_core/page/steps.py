"""The service "steps": one training step in full detail."""

from __future__ import annotations

from typing import Any

import numpy as np

from nets_core import checks, ops
from nets_core.optimizers import SGD
from nets_core.page import bugs, formulas, pictures
from nets_core.page.live import LiveNet
from nets_core.page.mnist import MnistData
from nets_core.page.models import LIVE, Models
from nets_core.study import sources
from nets_core.study.step_trace import StepTrace


class Steps:
    """Traces a training step, and answers questions about the latest traced one."""

    def __init__(self, models: Models, live: LiveNet, mnist: MnistData) -> None:
        self._models = models
        self._live = live
        self._mnist = mnist
        self._traced: StepTrace | None = None

    def trace(
        self,
        model: str,
        labels: list[int],
        rate: float,
        name: str | None = None,
        indices: list[int] | None = None,
        bug: str | None = None,
        **drawing: Any,
    ) -> dict[str, Any]:
        """Trace one step of a net, or of a copy of it with a ``bug`` from the gallery.

        The net learns from a drawing (see ``pictures.image``), or from the images ``indices`` of
        MNIST's ``name``, "train" or "test"; ``labels`` has one digit for each. The net in training
        uses its own optimizer and weight decay, any other net SGD at ``rate``. No net is changed.
        Returns ``StepTrace.plain``; each stage also has ``note``, what its code does instead of the
        equation, and ``over``, "mean" or "sum" over the mini-batch, or "". Raises ValueError for a
        net with layers that are not dense, and for images that are not available.
        """
        net = self._models[model]
        if bug:
            net = bugs.broken(net, bug)
        trainer = self._live.trainer if model == LIVE else None
        if name is None or indices is None:
            x = pictures.image(**drawing)[np.newaxis].astype(net.dtype)
        else:
            images = self._mnist[name].images
            most = len(images)
            if not indices or any(checks.count("indices", i, least=0) >= most for i in indices):
                raise ValueError(f"indices is {indices}, expected some from 0 to {most - 1}")
            x = ops.as_floats(images[indices], net.dtype)
        self._traced = StepTrace(
            net,
            x,
            labels,
            trainer.optimizer if trainer else SGD(rate),
            trainer.l2 if trainer else 0.0,
        )
        plain = self._traced.plain()
        for stage in plain["stages"]:
            place = stage["equation"], stage["layer"]
            departure = self._traced.departures.get(place)
            mean = place[0] in ("cost", "db", "dw")
            stage["note"] = formulas.departure_in_words(departure, len(x), mean=mean)
            stage["over"] = ""
            if mean and len(x) > 1 and departure is None:
                stage["over"] = "mean"
            elif mean and formulas.is_sum(departure, len(x)):
                stage["over"] = "sum"
        return plain

    def follow(self, layer: int, neuron: int, source: int, example: int = 0) -> dict[str, Any]:
        """One weight through the latest traced step, as of ``StepTrace.follow``.

        Returns its formulas (``rows``, see ``formulas.rows``), ``blank``, whether its input is 0,
        and, for each example, the ``products`` a δ, with ``words`` on how they become the gradient
        ``dw``.
        """
        path = self._trace().follow(layer, neuron, source, example)
        return {
            "rows": formulas.rows(path),
            "blank": path.a_in == 0,
            "products": path.products,
            "words": formulas.mean_in_words(path),
            "dw": path.actual["dw"],
        }

    def check_gradient(self, entries: int) -> dict[str, Any]:
        """Finite differences for the latest traced step: see ``StepTrace.check``."""
        return self._trace().check(checks.count("entries", entries))

    def source(self, file: str) -> str:
        """The text of a module of nets_core, as it runs."""
        return sources.text_of(file)

    def _trace(self) -> StepTrace:
        if self._traced is None:
            raise ValueError("no step has been traced yet")
        return self._traced
