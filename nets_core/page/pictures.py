"""Drawings that a page sends, as images; and weights, as pictures for the page."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nets_core import checks
from nets_core.data import digits
from nets_core.metrics import PIXELS
from nets_core.ops import Array


def image(
    pixels: npt.ArrayLike | None = None,
    points: npt.ArrayLike | None = None,
    lengths: npt.ArrayLike | None = None,
    normalised: bool | None = None,
    side: float | None = None,
) -> npt.NDArray[np.float32]:
    """The image (784) float32, 0…1, of a drawing.

    The drawing is ``pixels``, 784 numbers 0…1, or strokes: ``points``, all x and y in turn, with
    ``lengths``, the number of points of each stroke. ``normalised`` says whether the drawing is
    first scaled and centred as MNIST's are; by default strokes are and pixels are not. Strokes that
    are not normalised need ``side``, the side of the pad. Raises ValueError or TypeError for
    anything else.
    """
    if pixels is not None:
        values = _numbers("pixels", pixels)
        if values.size != PIXELS:
            raise ValueError(f"pixels has {values.size} numbers, expected 784")
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError("pixels holds numbers outside 0…1")
        if normalised:
            return digits.normalize(values.reshape(28, 28)).ravel()
        return values.astype(np.float32)
    if points is None or lengths is None:
        raise TypeError("there is no drawing: give pixels, or points and lengths")
    flat, counts = _numbers("points", points), _numbers("lengths", lengths)
    if 2 * counts.sum() != flat.size or (counts < 0).any() or (counts % 1).any():
        raise ValueError(
            f"lengths has {len(counts)} numbers that sum to {counts.sum():g}, expected those of "
            f"points in each stroke, which has {flat.size} coordinates"
        )
    strokes = np.split(flat.reshape(-1, 2), np.cumsum(counts.astype(np.intp))[:-1])
    if normalised is False:
        return digits.rasterize_unnormalised(strokes, checks.positive("side", side)).ravel()
    return digits.rasterize(strokes).ravel()


def signed(rows: Array) -> npt.NDArray[np.int8]:
    """Each row of (n, pixels) scaled so that its largest magnitude is 127."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.rint(rows * (127 / np.where(largest > 1e-30, largest, 1))).astype(np.int8)


def _numbers(name: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(values, np.float64).ravel()
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} is a {type(values).__name__}, expected a list of numbers"
        ) from None
