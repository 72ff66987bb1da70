"""Strokes to 28×28, the way MNIST was made.

MNIST's pictures are not what people wrote, but what was made of it. NIST scanned forms at
300 dots per inch and cut out each digit as a black-and-white picture of 128×128. For MNIST each
was then size normalised and centred (Y. LeCun, C. Cortes, C. Burges, "The MNIST database"):

1. The digit's bounding box was scaled to fit into 20×20 pixels, keeping its aspect ratio.
2. Scaling down black and white by an anti-aliasing filter made the edges grey.
3. The result was put into 28×28 so that its centre of mass lies in the middle: by whole pixels,
   in the middle of the pixel [14, 14] (over MNIST, the mean centre of mass is 14.00, 14.00).

A net that has learned such pictures reads others badly: it has never seen a 7 in the corner of a
pad, or one drawn with a line that is too thin. So `rasterize` takes the same steps. Unlike the
scanner it knows the pen's path: it scales the *path* and only then draws it, so that the line has
the width of MNIST's pens after step 1, however large the digit was drawn (`PEN_WIDTH`). The box
of step 1 is that of the ink: half a pen around the path, and the grey at its edge. The grey of
step 2 is the share of a pixel that the pen covers. Step 3 shifts by fractions of a pixel instead
of whole ones, so that moving the pen by a hair never moves the picture by a pixel.

The picture does not depend on where or how large the digit was drawn, on how many points the
pen left on its way, on the order of strokes, or on where a stroke was interrupted: no pixel
changes by more than 0.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

SIZE = 28
"""Side of the picture, in pixels."""
CENTRE = 14.5
"""Where the centre of mass is placed, from the left and from the top: mid-pixel, as in MNIST."""
BOX = 20
"""The longer side of the ink with its grey edge, in pixels."""
EDGE = 0.5
"""How much of the box is grey edge: MNIST's boxes end on whole pixels, a drawing's rarely do."""
PEN_WIDTH = 2.5
"""Width of the line, in pixels of the picture: a digit's ink then weighs as much as MNIST's."""
SPACING = 0.25
"""Distance between the round dots that make a line, in pixels: its edge is straight to 0.007 px."""
MAX_DOTS = 2000
"""A path longer than 500 px, which only a scribble over the whole box has, gets wider spacing."""
TAP = 1e-9
"""Strokes no larger than this, in their own unit, are a tap and not a tiny drawing."""
FARTHEST = 1e9
"""The largest coordinate allowed: beyond it, differences lose precision."""

Strokes = Sequence[ArrayLike]
"""A list of strokes, each the points (n, 2) where the pen was, x to the right, y downwards."""

PIXEL_CENTRES = np.arange(SIZE, dtype=np.float32) + np.float32(0.5)


def rasterize(strokes: Strokes) -> NDArray[np.float32]:
    """Draw strokes as MNIST would show them: (28, 28) float32, 0 = background … 1 = ink.

    strokes: one list of (x, y) for each time the pen was down, y downwards, in any unit.
    A tap (a stroke of one point, or of one point many times) is a round dot of the pen's width;
    if nothing else was drawn, that dot in the middle is the picture. Strokes without points
    count as not drawn.
    ValueError: nothing is drawn, or a stroke is not (n, 2), or a coordinate is not finite;
    says which stroke and point.
    """
    points, last = _points(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    scale = (BOX - EDGE - PEN_WIDTH) / extent if extent > TAP else 0.0
    dots = _dots((points - (low + high) / 2) * scale + CENTRE, last)
    ink = _draw(dots)
    columns, rows = ink.sum(axis=0), ink.sum(axis=1)
    mass = columns.sum()
    centre = np.array([columns @ PIXEL_CENTRES, rows @ PIXEL_CENTRES]) / mass
    return _draw(dots + (CENTRE - centre).astype(np.float32))


def rasterize_unnormalised(strokes: Strokes, size: float) -> NDArray[np.float32]:
    """The pad as it is, a square of side `size`, shrunk to (28, 28): what not to give to a net.

    The pen has the width that it has in `rasterize`; the digit keeps its position and size on the
    pad. Parts outside the pad are not drawn.
    ValueError: as for `rasterize`, or `size` is not a positive number.
    """
    if not 0 < size < np.inf:
        raise ValueError(f"size is {size}, expected the pad's side, a positive number")
    points, last = _points(strokes)
    return _draw(_dots(points * (SIZE / size), last))


def normalize(image: ArrayLike) -> NDArray[np.float32]:
    """MNIST's three steps for a picture without strokes: crop, scale to 20, centre by mass.

    image: (28, 28), 0 = background … 1 = ink -> (28, 28) float32. The lines' width is scaled with
    the rest, since the pen's path is not known.
    ValueError: another shape, values that are not in 0 … 1, or nothing is drawn.
    """
    pixels = np.asarray(image, np.float32)
    if pixels.shape != (SIZE, SIZE):
        raise ValueError(f"image has shape {pixels.shape}, expected ({SIZE}, {SIZE})")
    if not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError("image has values that are not in 0 … 1")
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not rows.size:
        raise ValueError("nothing is drawn: all pixels are 0")
    crop = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(crop.shape)
    centre = np.array([_middle(crop.sum(axis=1)), _middle(crop.sum(axis=0))])
    down, across = (
        _resample(length, scale, middle) for length, middle in zip(crop.shape, centre, strict=True)
    )
    return (down @ crop @ across.T).astype(np.float32)


def _middle(mass: NDArray[np.float32]) -> float:
    """The centre of mass along one axis, in pixels from the edge."""
    return float((mass * (np.arange(len(mass)) + 0.5)).sum() / mass.sum())


def _resample(length: int, scale: float, middle: float) -> NDArray[np.float64]:
    """(28, length): how much of each new pixel each old one covers, once scaled and centred.

    Row sums are at most 1: a new pixel is the mean of what covers it (a box filter).
    """
    edges = (np.arange(length + 1) - middle) * scale + CENTRE
    new = np.arange(SIZE)[:, None]
    overlap = np.minimum(edges[1:], new + 1) - np.maximum(edges[:-1], new)
    return np.asarray(np.maximum(overlap, 0))


def _points(strokes: Strokes) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """All points (n, 2), one stroke after the other, and the index of each stroke's last point."""
    if not isinstance(strokes, Sequence | np.ndarray):
        raise ValueError(f"strokes is {type(strokes).__name__}, expected a list of strokes")
    arrays = []
    for at, stroke in enumerate(strokes):
        try:
            array = np.asarray(stroke, np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"stroke {at} is not a list of (x, y) pairs of numbers") from None
        if not array.size:
            continue
        if array.ndim != 2 or array.shape[1] != 2:
            raise ValueError(f"stroke {at} has shape {array.shape}, expected (points, 2)")
        on_a_pad = (np.abs(array) <= FARTHEST).all(axis=1)  # False for NaN
        if not on_a_pad.all():
            point = int(on_a_pad.argmin())
            raise ValueError(
                f"stroke {at} has {array[point].tolist()} as point {point}, "
                f"expected finite coordinates up to {FARTHEST:g}"
            )
        arrays.append(array)
    if not arrays:
        raise ValueError("nothing is drawn: strokes holds no points")
    return np.concatenate(arrays), np.cumsum([len(array) for array in arrays]) - 1


def _dots(points: NDArray[np.float64], last: NDArray[np.intp]) -> NDArray[np.float32]:
    """Positions (m, 2) at even distances along the strokes, and both ends of each stroke."""
    first = np.concatenate(([0], last[:-1] + 1))
    steps = np.diff(points, axis=0)
    lengths = np.sqrt((steps * steps).sum(axis=1))
    lengths[last[:-1]] = 0  # from the end of a stroke to the next one, the pen is up
    travelled = np.concatenate(([0.0], np.cumsum(lengths)))
    count = min(MAX_DOTS, int(np.ceil(travelled[-1] / SPACING)))
    places = (np.arange(count) + 0.5) * (travelled[-1] / max(count, 1))
    # Strictly between 0 and the whole length, so that only segments of some length are found.
    at = np.searchsorted(travelled, places, side="right") - 1
    share = (places - travelled[at]) / lengths[at]
    between = points[at] + share[:, None] * steps[at]
    return np.concatenate((points[first], between, points[last])).astype(np.float32)


def _draw(dots: NDArray[np.float32]) -> NDArray[np.float32]:
    """(28, 28): how much of each pixel a round pen covers that is put down at each dot."""
    nearest = np.full((SIZE, SIZE), np.inf, np.float32)
    across, down = ((PIXEL_CENTRES - axis[:, None]) ** 2 for axis in dots.T)
    for some in range(0, len(dots), 256):  # parts that fit into the cache
        part = slice(some, some + 256)
        squared = down[part, :, None] + across[part, None, :]
        np.minimum(nearest, squared.min(axis=0), out=nearest)
    return np.clip(PEN_WIDTH / 2 + 0.5 - np.sqrt(nearest), 0, 1)
