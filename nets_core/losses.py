"""Losses: the cost C of an output a for a target y, and the error δ^L of the output layer.

The cost is the mean over the mini-batch of one example's loss. ``gradient`` and ``delta`` are
those of single examples, one per row: the mean is taken once, where they become the gradients of
the parameters (``layers``). A new loss is one class here and one entry of ``LOSSES``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from nets_core import checks, ops
from nets_core.activations import ACTIVATIONS, Activation
from nets_core.ops import Array


class Loss(ABC):
    """One loss, of a net whose output activation is ``output``, one of ``outputs``."""

    name: str
    outputs: frozenset[str]

    def __init__(self, output: str) -> None:
        self.output = output

    @abstractmethod
    def cost(self, z: Array, a: Array, y: Array) -> float:
        """The mean loss of a mini-batch: z, a and y are (batch, outputs)."""

    @abstractmethod
    def gradient(self, a: Array, y: Array) -> Array:
        """∇_a C of every example, (batch, outputs)."""

    def delta(self, activation: Activation, z: Array, a: Array, y: Array) -> Array:
        """δ^L = ∇_a C ⊙ σ'^L(z^L) of every example, (batch, outputs)."""
        return self.gradient(a, y) * activation.derivative(z, a)


class MeanSquaredError(Loss):
    """Nielsen's quadratic cost, ½ ‖y − a‖²."""

    name = "mse"
    outputs = frozenset(a.name for a in ACTIVATIONS.values() if not a.output_only)

    def cost(self, z: Array, a: Array, y: Array) -> float:
        return ops.squared_distance(a, y) / (2 * len(a))

    def gradient(self, a: Array, y: Array) -> Array:
        return a - y


class CrossEntropy(Loss):
    """−Σ_j y_j ln a_j after softmax; −Σ_j (y_j ln a_j + (1 − y_j) ln(1 − a_j)) after sigmoid.

    Both are computed from z and not from a, so that they stay finite where a rounds to 0 or 1.
    """

    name = "cross_entropy"
    outputs = frozenset({"sigmoid", "softmax"})

    def cost(self, z: Array, a: Array, y: Array) -> float:
        if self.output == "softmax":
            top = z.max(axis=1)
            log_sum = top + np.log(ops.exp(z - top[:, np.newaxis]).sum(axis=1))
            loss = log_sum * y.sum(axis=1) - (y * z).sum(axis=1)
        else:
            loss = np.logaddexp(0, z) - y * z  # ln(1 + e^z) − y z = −y ln a − (1 − y) ln(1 − a)
        return float(loss.sum()) / len(z)

    def gradient(self, a: Array, y: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return -y / a if self.output == "softmax" else (a - y) / (a * (1 - a))

    def delta(self, activation: Activation, z: Array, a: Array, y: Array) -> Array:
        """δ^L = a − y: σ' cancels, so a saturated neuron that is wrong still learns fast.

        After softmax this needs Σ_j y_j = 1; for other y it is a Σ_j y_j − y.
        """
        if self.output == "softmax":
            return a * y.sum(axis=1, keepdims=True) - y
        return a - y


LOSSES: dict[str, type[Loss]] = {loss.name: loss for loss in (MeanSquaredError, CrossEntropy)}


def make_loss(name: str, output: str) -> Loss:
    """The loss of this name for a net whose output activation is ``output``.

    Raises ValueError for an unknown name and for a loss that does not go with ``output``.
    """
    loss = LOSSES[checks.one_of("loss", name, LOSSES)](output)
    if output not in loss.outputs:
        raise ValueError(
            f"loss {name!r} goes with the outputs {', '.join(sorted(loss.outputs))}, not {output!r}"
        )
    return loss
