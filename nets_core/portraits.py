"""Each neuron's picture of the plane: its activation at the points of a grid, as signed bytes.

0 is the middle of a neuron's scale and ±127 its ends. A tanh lies between −1 and 1 and a sigmoid
between 0 and 1; an output without bounds is cut at −1 and 1, where the targets end; any other is
scaled by its own largest activation on the plane.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nets_core import plane
from nets_core.layers import Dense
from nets_core.network import Network
from nets_core.ops import Array

TOP = 127


class Portraits:
    """Draws nets that see these ``features``; the grid is kept from one drawing to the next."""

    def __init__(self, features: Sequence[str]) -> None:
        self._features = tuple(features)
        self._density = 0

    def draw(self, net: Network, density: int) -> npt.NDArray[np.int8]:
        """(neurons, density²): the features first, then layer by layer, the output last; row 0 of
        each picture is at the top."""
        if density != self._density:
            self._x = plane.features(plane.grid(density), self._features)
            self._inputs = np.abs(self._x).max(axis=0)
            self._density = density
        with np.errstate(all="ignore"):
            net.propagate(self._x)
            scaled = [self._x.T * (TOP / self._inputs)[:, np.newaxis]]
            scaled += [
                _scaled(layer, layer is net.layers[-1])
                for layer in net.layers
                if isinstance(layer, Dense)
            ]
        return np.nan_to_num(np.rint(np.concatenate(scaled))).astype(np.int8)


def _scaled(layer: Dense, is_output: bool) -> Array:
    """A layer's activations (neurons, points) between −127 and 127."""
    name = layer.activation.name
    if name == "sigmoid":
        return (layer.a.T - 0.5) * (2 * TOP)
    if name == "tanh":
        return layer.a.T * TOP
    if is_output:
        return np.clip(layer.a.T, -1, 1) * TOP
    largest = np.abs(layer.a).max(axis=0)
    return layer.a.T * (TOP / np.where(largest > 0, largest, 1))[:, np.newaxis]
