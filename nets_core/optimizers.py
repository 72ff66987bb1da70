"""Optimizers: from gradients to a step. Each updates the parameters in place.

A new optimizer is one class here: a learning rate that may change at any time, ``state`` (its
memory, as lists of arrays that ``saving`` can write) and ``update``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nets_core import checks, ops
from nets_core.checks import fraction, positive
from nets_core.ops import Array


class Optimizer(ABC):
    """The interface of an optimizer. ``learning_rate`` is η, positive and finite.

    ``memory`` names the lists of arrays that ``state`` holds from the first step on. ``steps``
    counts the updates.
    """

    name: str
    memory: tuple[str, ...] = ()

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.state: dict[str, list[Array]] = {}

    @property
    def learning_rate(self) -> float:
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = positive("learning_rate", value)

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The keyword arguments that make the same optimizer again."""

    @abstractmethod
    def update(self, parameters: Sequence[Array], gradients: Sequence[Array]) -> None:
        """One step: ``parameters`` change in place; ``gradients`` may be used as scratch space."""

    def forget(self) -> None:
        """Start over, with no memory of earlier gradients."""
        self.steps = 0
        self.state = {}

    def _remembered(self, name: str, parameters: Sequence[Array]) -> list[Array]:
        """The arrays of ``state[name]``, one for each parameter, initially zero."""
        if name not in self.state:
            self.state[name] = [np.zeros_like(p) for p in parameters]
        return self.state[name]


class SGD(Optimizer):
    """Stochastic gradient descent: v ← μ v − η ∂C/∂p, p ← p + v, with momentum 0 ≤ μ < 1."""

    name = "sgd"

    def __init__(self, learning_rate: float, momentum: float = 0.0) -> None:
        super().__init__(learning_rate)
        self.momentum = fraction("momentum", momentum)
        self.memory = ("velocity",) if momentum else ()

    def settings(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate, "momentum": self.momentum}

    def update(self, parameters: Sequence[Array], gradients: Sequence[Array]) -> None:
        self.steps += 1
        rate = self.learning_rate
        if not self.momentum:
            for p, g in zip(parameters, gradients, strict=True):
                ops.combine(p, 1.0, g, -rate)  # p ← p − η g
            return
        velocity = self._remembered("velocity", parameters)
        for p, g, v in zip(parameters, gradients, velocity, strict=True):
            ops.combine(v, self.momentum, g, -rate)  # v ← μ v − η g
            ops.combine(p, 1.0, v, 1.0)  # p ← p + v


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1, in the more efficient order given in section 2).

    m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − η_t m / (√v + ε̂) with
    η_t = η √(1 − β₂ᵗ) / (1 − β₁ᵗ) and ε̂ = ε √(1 − β₂ᵗ), which is the update of algorithm 1.
    """

    name = "adam"
    memory = ("mean", "square")

    def __init__(
        self,
        learning_rate: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(learning_rate)
        self.beta1 = fraction("beta1", beta1)
        self.beta2 = fraction("beta2", beta2)
        self.epsilon = positive("epsilon", epsilon)

    def settings(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "beta1": self.beta1,
            "beta2": self.beta2,
            "epsilon": self.epsilon,
        }

    def update(self, parameters: Sequence[Array], gradients: Sequence[Array]) -> None:
        self.steps += 1
        correction = math.sqrt(1 - self.beta2**self.steps)
        rate = self.learning_rate * correction / (1 - self.beta1**self.steps)
        epsilon = self.epsilon * correction
        means = self._remembered("mean", parameters)
        squares = self._remembered("square", parameters)
        for p, g, m, v in zip(parameters, gradients, means, squares, strict=True):
            ops.adam(p, g, m, v, self.beta1, self.beta2, rate, epsilon)


OPTIMIZERS: dict[str, type[Optimizer]] = {SGD.name: SGD, Adam.name: Adam}


def make_optimizer(name: str, settings: Mapping[str, Any]) -> Optimizer:
    """The optimizer of this name with the settings that ``settings()`` gave.

    Raises ValueError for an unknown name and TypeError for settings that it does not have.
    """
    made = OPTIMIZERS[checks.one_of("optimizer", name, OPTIMIZERS)]
    return made(**checks.settings_of(name, made, settings))
