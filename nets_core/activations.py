"""Activation functions: a = σ(z), and σ'(z) beside each.

A new activation is one entry of ``ACTIVATIONS``; the tests check every entry against finite
differences. A derivative is given both z and a = σ(z), since many are cheapest in terms of a.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nets_core import ops
from nets_core.ops import Array


@dataclass(frozen=True)
class Activation:
    """One σ.

    ``function(z)`` returns a = σ(z), a new array of the shape of z.
    ``derivative(z, a)`` returns σ'(z), element-wise.
    ``kinked``: σ' jumps at z = 0, where a finite difference across the kink means nothing.
    ``output_only``: every a_j depends on all of z, so σ' is a matrix and not an array of z's shape.
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    kinked: bool = False
    output_only: bool = False


def identity(z: Array) -> Array:
    return z.copy()


def identity_prime(z: Array, a: Array) -> Array:
    return np.ones_like(z)


def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + e^{-z})."""
    return ops.sigmoid(z)


def sigmoid_prime(z: Array, a: Array) -> Array:
    """σ'(z) = σ(z) (1 − σ(z))."""
    return a - a * a


def tanh(z: Array) -> Array:
    return ops.tanh(z)


def tanh_prime(z: Array, a: Array) -> Array:
    return 1 - a * a


def relu(z: Array) -> Array:
    return ops.relu(z)


def relu_prime(z: Array, a: Array) -> Array:
    return (z > 0).astype(z.dtype)


LEAK = 0.01


def leaky_relu(z: Array) -> Array:
    return np.maximum(z, LEAK * z)


def leaky_relu_prime(z: Array, a: Array) -> Array:
    return np.where(z > 0, z.dtype.type(1), z.dtype.type(LEAK))


def swish(z: Array) -> Array:
    """z σ(z) with the sigmoid σ (Ramachandran, Zoph, Le: Searching for Activation Functions)."""
    return z * sigmoid(z)


def swish_prime(z: Array, a: Array) -> Array:
    """σ(z) + z σ(z) (1 − σ(z)), where z σ(z) = a."""
    s = sigmoid(z)
    return s + a * (1 - s)


def softmax(z: Array) -> Array:
    """a_j = e^{z_j} / Σ_k e^{z_k}. Subtracting the maximum prevents overflow; it cancels out."""
    a = ops.exp(z - z.max(axis=-1, keepdims=True))
    a /= a.sum(axis=-1, keepdims=True)
    return a


def softmax_prime(z: Array, a: Array) -> Array:
    raise ValueError(
        "softmax has no element-wise derivative: use it as the output with loss 'cross_entropy', "
        "where the derivative cancels"
    )


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_prime),
        Activation("sigmoid", sigmoid, sigmoid_prime),
        Activation("tanh", tanh, tanh_prime),
        Activation("relu", relu, relu_prime, kinked=True),
        Activation("leaky_relu", leaky_relu, leaky_relu_prime, kinked=True),
        Activation("swish", swish, swish_prime),
        Activation("softmax", softmax, softmax_prime, output_only=True),
    )
}
