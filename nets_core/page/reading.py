"""The service "reading": what nets read in a drawing."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

from nets_core.layers import Votes
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.page import pictures
from nets_core.page.models import Models
from nets_core.study import explain

CLEAR = 0.2
"""How far ahead of the next digit the answer of a net is that is sure of it."""


class Reading:
    """Reads a drawing, which comes as the keyword arguments of ``pictures.image``."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def predict(self, model: str, **drawing: Any) -> dict[str, Any]:
        """What a net reads in a drawing.

        Returns digit, probabilities (10), which sum to 1, rival, the digit that comes close to it
        or None, image (784) and milliseconds.
        """
        begun = perf_counter()
        image = pictures.image(**drawing)
        net = self._models[model]
        output = net.forward(image[np.newaxis])[0]
        return {
            "digit": int(output.argmax()),
            "probabilities": _probabilities(output),
            "rival": _rival(net, output),
            "image": image,
            "milliseconds": (perf_counter() - begun) * 1000,
        }

    def compare(self, models: list[str], **drawing: Any) -> list[dict[str, Any]]:
        """What each of these nets reads in a drawing, and how long it took.

        For each net: model, digit, probabilities, milliseconds of the net alone, and votes, None
        unless the net votes.
        """
        image = pictures.image(**drawing)[np.newaxis]
        return [{"model": model, **_answer(self._models[model], image)} for model in models]

    def activations(self, model: str, **drawing: Any) -> dict[str, Any]:
        """What happens in a net while it reads a drawing: activations and evidence.

        ``layers`` as of ``explain.activations``; ``digit`` and ``rival``, the runner-up;
        ``evidence`` (784) int8, positive where it speaks for the digit, negative for the rival.
        """
        image = pictures.image(**drawing)[np.newaxis]
        net = self._models[model]
        rival, digit = (int(i) for i in np.argsort(net.forward(image)[0], kind="stable")[-2:])
        found = explain.evidence(net, image.astype(net.dtype), digit, rival)
        return {
            "digit": digit,
            "rival": rival,
            "layers": explain.activations(net, image.astype(net.dtype)),
            "evidence": pictures.signed(found[np.newaxis])[0],
        }


def _answer(net: Network, image: Array) -> dict[str, Any]:
    """A net's answer, and the mean time of enough forward passes to measure it."""
    begun, times = perf_counter(), 0
    while times == 0 or (times < 20 and perf_counter() - begun < 0.0005):
        output = net.forward(image)[0]
        times += 1
    return {
        "digit": int(output.argmax()),
        "probabilities": _probabilities(output),
        "milliseconds": (perf_counter() - begun) * 1000 / times,
        "votes": np.rint(output) if isinstance(net.layers[-1], Votes) else None,
    }


def _rival(net: Network, output: Array) -> int | None:
    """The runner-up if the net is not sure of its answer, else None.

    A net that votes is sure if the digit wins against all nine others: the runner-up may still
    have eight votes. Any other net is sure of more than half, and of ``CLEAR`` more than the next.
    """
    second, best = (int(i) for i in np.argsort(output, kind="stable")[-2:])
    if isinstance(net.layers[-1], Votes):
        return second if np.rint(output[best]) < net.outputs - 1 else None
    shares = _probabilities(output)
    return second if shares[best] < max(0.5, shares[second] + CLEAR) else None


def _probabilities(output: Array) -> Array:
    """The outputs divided by their sum, negative ones taken as 0; softmax outputs stay as is."""
    if not np.isfinite(output).all():
        raise ValueError("the net answers with NaN or infinity: it is about to diverge")
    output = np.maximum(output, 0)
    total = output.sum()
    if total == 0:
        return np.full_like(output, 1 / output.size)
    return output / total
