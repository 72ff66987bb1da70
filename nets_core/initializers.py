"""How weights start. Each function draws a float64 array (outputs, inputs) from a generator.

The scale decides whether a signal survives many layers: too small and it dies out, too large and
sigmoids saturate. A new initializer is one entry of ``INITIALIZERS``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nets_core.ops import Array

Initializer = Callable[["np.random.Generator", int, int], Array]  # quoted: a slow import


def normal(rng: np.random.Generator, outputs: int, inputs: int) -> Array:
    """Standard normal: chapter 1 of Nielsen's book."""
    return rng.standard_normal((outputs, inputs))


def nielsen(rng: np.random.Generator, outputs: int, inputs: int) -> Array:
    """Standard deviation 1/√inputs, so that z is about as large as one input: chapter 3."""
    return rng.standard_normal((outputs, inputs)) / np.sqrt(inputs)


def xavier(rng: np.random.Generator, outputs: int, inputs: int) -> Array:
    """Standard deviation √(2 / (inputs + outputs)) (Glorot and Bengio 2010)."""
    return rng.standard_normal((outputs, inputs)) * np.sqrt(2 / (inputs + outputs))


def he(rng: np.random.Generator, outputs: int, inputs: int) -> Array:
    """Standard deviation √(2 / inputs), for ReLUs, which pass half the signal (He et al. 2015)."""
    return rng.standard_normal((outputs, inputs)) * np.sqrt(2 / inputs)


def small(rng: np.random.Generator, outputs: int, inputs: int) -> Array:
    """Uniform between −1/√inputs and 1/√inputs: a standard deviation of 1/√(3 inputs).

    LeCun, Bottou, Orr, Müller: Efficient BackProp (1998) ask for small weights; this is how common
    libraries start their layers. A net that starts smaller has to learn more of its features, and
    those carry over better to handwriting unlike MNIST's.
    """
    return rng.uniform(-1, 1, (outputs, inputs)) / np.sqrt(inputs)


def zeros(rng: np.random.Generator, outputs: int, inputs: int) -> Array:
    """All 0: the hidden neurons then stay equal forever. It is here so that one can see it fail."""
    return np.zeros((outputs, inputs))


INITIALIZERS: dict[str, Initializer] = {
    "nielsen": nielsen,
    "normal": normal,
    "xavier": xavier,
    "he": he,
    "small": small,
    "zeros": zeros,
}

RANDOM_BIASES = frozenset({"nielsen", "normal"})
"""The initializers whose biases are standard normal, as in Nielsen's book; the others' are zero."""
