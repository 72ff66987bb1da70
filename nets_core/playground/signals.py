"""What an initializer does to the activations of a deep, untrained net.

If the weights are too small, the signal dies out from layer to layer; if they are too large, it
grows without bound or saturates every sigmoid (X. Glorot, Y. Bengio: Understanding the difficulty
of training deep feedforward neural networks, 2010, figure 6).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nets_core import checks
from nets_core.activations import ACTIVATIONS, Activation
from nets_core.initializers import INITIALIZERS
from nets_core.layers import Dense
from nets_core.network import Network
from nets_core.ops import Array

LAYERS = 10
NEURONS = 100
EXAMPLES = 200
BINS = 24
FLAT = 0.05
"""A neuron is saturated where its slope is less than this share of the activation's steepest."""
BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""The range of an activation; for others, the histogram ends at the extremes."""


def initial(activation: str, initializer: str, seed: int) -> dict[str, Any]:
    """The activations in LAYERS layers of NEURONS, for EXAMPLES standard normal inputs.

    ``layers`` has one dict for each layer: ``counts`` (BINS of a histogram from ``low`` to
    ``high``), ``mean``, ``deviation`` (the standard deviation), ``saturated`` (the share, 0…1, of
    activations with almost no slope; see FLAT) and ``dead`` (the share of neurons that are
    saturated for every example).
    Raises ValueError for an unknown name and for "softmax", which is for outputs only, and
    ValueError or TypeError for a seed that is not a whole number ≥ 0.
    """
    hidden = [a.name for a in ACTIVATIONS.values() if not a.output_only]
    checks.one_of("activation", activation, hidden)
    checks.one_of("initializer", initializer, INITIALIZERS)
    sizes = [NEURONS] * (LAYERS + 1)
    net = Network.mlp(sizes, activation, activation, "mse", initializer, seed, np.float64)
    net.propagate(np.random.default_rng(seed).standard_normal((EXAMPLES, NEURONS)))
    layers = [layer for layer in net.layers if isinstance(layer, Dense)]
    return {"layers": [_summary(layer) for layer in layers]}


def _summary(layer: Dense) -> dict[str, Any]:
    a, name = layer.a, layer.activation.name
    low, high = BOUNDS.get(name, (min(0.0, float(a.min())), max(0.0, float(a.max()))))
    if low == high:  # all activations are 0: show them in the middle
        low, high = -1.0, 1.0
    counts, _ = np.histogram(a, bins=BINS, range=(low, high))
    flat = np.abs(layer.activation.derivative(layer.z, a)) < FLAT * _steepest(layer.activation)
    return {
        "counts": counts.tolist(),
        "low": low,
        "high": high,
        "mean": float(a.mean()),
        "deviation": float(a.std()),
        "saturated": float(flat.mean()),
        "dead": float(flat.all(axis=0).mean()),
    }


def _steepest(activation: Activation) -> float:
    """The largest |σ'(z)|, approximately."""
    z: Array = np.linspace(-4, 4, 81)
    return float(np.abs(activation.derivative(z, activation.function(z))).max())
