"""Each neuron's picture of the plane: its activation at the points of a grid, as signed bytes.

0 is the middle of a neuron's scale and ±127 are its ends. The scale of a tanh is −1 to 1 and that
of a sigmoid 0 to 1; an unbounded output is clipped to −1 … 1, the range of the targets; any other
neuron is scaled by its own largest activation on the plane.
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
    """Draws a net with these ``features`` as inputs, with its parameters at the time of the call.

    A copy of the net computes in float32, which is precise enough for bytes and takes half the
    time. The inputs of a grid are cached from one drawing to the next.
    """

    def __init__(self, net: Network, features: Sequence[str]) -> None:
        self._net = net
        self._copy = net.astype(np.float32)
        self._features = tuple(features)
        self._density = 0

    def draw(self, density: int) -> npt.NDArray[np.int8]:
        """(neurons, density²) int8: first the features, then layer by layer, the output last. Row 0
        of each picture is at the top."""
        if density != self._density:
            x = plane.features(plane.grid(density), self._features)
            self._inputs = np.rint(x.T * (TOP / np.abs(x).max(axis=0))[:, np.newaxis])
            self._x = x.astype(np.float32)
            self._density = density
        layers = [layer for layer in self._copy.layers if isinstance(layer, Dense)]
        with np.errstate(all="ignore"):
            for copied, p in zip(self._copy.parameters(), self._net.parameters(), strict=True):
                np.copyto(copied, p, casting="same_kind")
            self._copy.propagate(self._x)
            rows = [_scaled(layer, layer is layers[-1]) for layer in layers]
        pictures = np.concatenate([self._inputs, *(np.rint(row, out=row) for row in rows)])
        return pictures.astype(np.int8)


def _scaled(layer: Dense, is_output: bool) -> Array:
    """A layer's activations, (neurons, points), scaled to −127 … 127; 0 for NaN."""
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
