"""Each neuron's picture of the plane: its activation at the points of a grid, as signed bytes.

0 is the middle of a neuron's scale and ±127 its ends. A tanh lies between −1 and 1 and a sigmoid
between 0 and 1; an output without bounds is cut at −1 and 1, where the targets end; any other is
scaled by its own largest activation on the plane.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nets_core.layers import Dense
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.playground import plane

TOP = 127


class Portraits:
    """Draws one net, which sees these ``features``, as its parameters are at the time.

    Bytes need no more than float32: a copy of the net computes in it, and that takes half as long.
    What does not change is kept from one drawing to the next.
    """

    def __init__(self, net: Network, features: Sequence[str]) -> None:
        self._net = net
        self._copy = net.astype(np.float32)
        self._features = tuple(features)
        self._density = 0

    def draw(self, density: int) -> npt.NDArray[np.int8]:
        """(neurons, density²): the features first, then layer by layer, the output last; row 0 of
        each picture is at the top."""
        if density != self._density:
            x = plane.features(plane.grid(density), self._features)
            self._inputs = np.rint(x.T * (TOP / np.abs(x).max(axis=0))[:, np.newaxis])
            self._x = x.astype(np.float32)
            self._density = density
        layers = [layer for layer in self._copy.layers if isinstance(layer, Dense)]
        with np.errstate(all="ignore"):
            for kept, p in zip(self._copy.parameters(), self._net.parameters(), strict=True):
                np.copyto(kept, p, casting="same_kind")
            self._copy.propagate(self._x)
            rows = [_scaled(layer, layer is layers[-1]) for layer in layers]
        pictures = np.concatenate([self._inputs, *(np.rint(row, out=row) for row in rows)])
        return pictures.astype(np.int8)


def _scaled(layer: Dense, is_output: bool) -> Array:
    """A layer's activations (neurons, points) between −127 and 127; 0 where they are no number."""
    name = layer.activation.name
    a = layer.a.T
    if not np.isfinite(a.sum()):
        a = np.nan_to_num(a)
    if name == "sigmoid":
        return (a - np.float32(0.5)) * np.float32(2 * TOP)
    if name == "tanh":
        return a * np.float32(TOP)
    if is_output:
        return np.clip(a, -1, 1) * np.float32(TOP)
    largest = np.abs(a).max(axis=1, keepdims=True)
    return a * (np.float32(TOP) / np.where(largest > 0, largest, np.float32(1)))
