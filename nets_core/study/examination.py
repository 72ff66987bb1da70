"""How good is a net? It reads the whole test set, and its mistakes can be inspected."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nets_core.metrics import confusion, predictions
from nets_core.network import Network
from nets_core.ops import Array


class Examination:
    """A net's answers to test images, computed slice by slice.

    ``x`` is (n, inputs) uint8 or floats, ``labels`` is (n,) integers, and ``guesses`` is (n,).
    ``advance`` reads the next slice; the answers are complete when ``share`` is 1.
    """

    def __init__(self, net: Network, x: Array, labels: npt.NDArray[np.intp]) -> None:
        self.labels = labels
        self.classes = net.outputs
        self.guesses = np.zeros(len(x), np.intp)
        self._certainty = np.zeros(len(x))
        self._done = 0
        self._slices: Iterator[Array] = predictions(net, x)

    @property
    def share(self) -> float:
        """How much of the test set has been read, 0…1."""
        return self._done / len(self.labels)

    def advance(self) -> None:
        """Read one more slice, if one is left."""
        a = next(self._slices, None)
        if a is None:
            return
        rows = slice(self._done, self._done + len(a))
        self.guesses[rows] = a.argmax(axis=1)
        total = np.maximum(a, 0).sum(axis=1)
        self._certainty[rows] = a.max(axis=1) / np.maximum(total, np.finfo(a.dtype).tiny)
        self._done += len(a)

    def confusion(self) -> Array:
        """(classes, classes): how often the row's class has been read as the column's so far."""
        n = self._done
        return confusion(self.guesses[:n], self.labels[:n], self.classes)

    def cell(self, label: int, guess: int) -> npt.NDArray[np.intp]:
        """Indices of the images of ``label`` that were read as ``guess``, most certain first."""
        found = np.flatnonzero((self.labels == label) & (self.guesses == guess))
        return self._by_certainty(found[found < self._done])

    def worst(self) -> npt.NDArray[np.intp]:
        """Indices of the images that were read wrong, most certain first."""
        found = np.flatnonzero(self.guesses != self.labels)
        return self._by_certainty(found[found < self._done])

    def _by_certainty(self, found: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        return found[np.argsort(-self._certainty[found], kind="stable")]
