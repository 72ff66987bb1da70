"""Inside a net for one input: the activations of every layer, and which pixels decided."""

from __future__ import annotations

from typing import Any

import numpy as np

from nets_core.layers import Votes
from nets_core.network import Network
from nets_core.ops import Array


def activations(net: Network, x: Array) -> list[dict[str, Any]]:
    """a^l of every layer for one example ``x`` (1, inputs), in order.

    Each is ``{"kind", "activation", "shape", "values"}``. ``shape`` is (outputs,) or
    (height, width, channels); ``values`` are flat float32, for pictures one channel after the
    other. Flatten and dropout layers are left out: they only reshape, or act only while learning.
    """
    net.propagate(x)
    return [
        {
            "kind": layer.kind,
            "activation": layer.activation.name,
            "shape": list(layer.output_shape),
            "values": np.moveaxis(layer.a[0], -1, 0).astype(np.float32).ravel(),
        }
        for layer in net.layers
        if layer.kind not in ("flatten", "dropout")
    ]


def evidence(net: Network, x: Array, digit: int, rival: int) -> Array:
    """How much each input of ``x`` (1, inputs) speaks for ``digit`` against ``rival``: (inputs,).

    It is x_k · ∂(z_digit − z_rival)/∂x_k: the input times the gradient of the difference of the two
    outputs. The four equations give that gradient when δ^L is +1 for ``digit`` and −1 for ``rival``
    (Simonyan, Vedaldi, Zisserman 2013). For a net without hidden layers the evidence adds up to the
    difference itself, except for the biases. For a net that votes, only the pair's map counts.
    """
    net.propagate(x)
    layers = net.layers
    delta = np.zeros((1, net.outputs), net.dtype)
    delta[0, digit], delta[0, rival] = 1, -1
    if isinstance(layers[-1], Votes):
        votes, layers = layers[-1], layers[:-1]
        delta = votes.pair(digit, rival).astype(net.dtype)
    for layer, above in zip(layers[-2::-1], layers[:0:-1], strict=True):
        delta = above.backward(delta) * layer.sigma_prime()
    contributions: Array = layers[0].backward(delta).reshape(-1) * x[0]
    return contributions
