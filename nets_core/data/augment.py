"""Data augmentation: a net that has seen many versions of each digit reads other people's digits.

P. Simard, D. Steinkraus, J. Platt, "Best Practices for Convolutional Neural Networks Applied to
Visual Document Analysis" (2003): what helps a net that reads handwriting most is more handwriting,
and the ways in which people write differently can be imitated. A `Distortion` gives each picture of
a mini-batch its own

- affine map: rotation, slant, stretch in both directions, shift;
- bend: straight lines become parabolas, and one side grows more than the other, as in a 9 with a
  small head on a long tail;
- elastic field: smooth noise displaces every pixel, like the oscillations of the hand;
- pen: the line becomes thicker or thinner.

For each pixel of the result, its source position is computed, for all pictures at once, as one
product of random coefficients and fixed fields (`_fields`). The picture is read there by bilinear
interpolation.

No map of the plane can add a stroke. MNIST's writers were American: their 1 is a bare line, their 7
has no bar, their 9 ends in a straight stem, and the stem of their 4 is as tall as its arm. Many
people elsewhere write differently, and `flourish` draws the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nets_core import checks

Point = tuple[NDArray[Any], NDArray[Any]]
"""x and y, each (n,), one entry per picture, in pixels from the middle of pixel [0, 0]."""

SIDE = 28
BOX = 20
MIDDLE = 14
"""The row and column of the pixel in which MNIST's centres of mass lie; see ``digits``."""
COLUMNS = np.arange(SIDE, dtype=np.float32)
NODES = 6
"""The elastic noise has NODES × NODES independent nodes, about 5 pixels apart."""


@dataclass(frozen=True)
class Distortion:
    """The strength of each distortion; 0 turns it off. Each picture draws its own, with mean 0.

    Uniform up to plus or minus: `rotation` in radians; `slant`, the shear x/y; `stretch`, the
    logarithm of the factor along each axis; `shift` in pixels along each axis; `bend` in pixels at
    the edges; `pen`, the weight of the same line drawn one pixel thicker or thinner on each side.
    Normal: `elastic`, the standard deviation of a pixel's displacement along each axis, in pixels.
    """

    rotation: float = 0.0
    slant: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    bend: float = 0.0
    elastic: float = 0.0
    pen: float = 0.0

    @classmethod
    def of(cls, settings: Any) -> Self:
        """The distortion of these `settings()`; TypeError or ValueError for anything else."""
        given = checks.settings_of("a distortion", cls, settings)
        return cls(**{name: checks.not_negative(name, value) for name, value in given.items()})

    def __call__(self, x: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
        """`distort` for a mini-batch of any shape (n, …), which is kept; a Trainer calls this."""
        return distort(x.reshape(len(x), -1), self, rng).reshape(x.shape)

    def settings(self) -> dict[str, Any]:
        """The keyword arguments that make the same distortion again."""
        return asdict(self)


@cache
def _fields() -> NDArray[np.float32]:
    """(6 + NODES², 784): x, y, 1, x², xy and y² over the picture, then a bump at each elastic node.

    x and y are measured from the picture's middle; x² and y² are scaled to 1 at the edges. The
    bumps are Gaussians whose sum of squares is 1 on average, so that noise of standard deviation 1
    at the nodes gives a displacement of standard deviation 1.
    """
    places = np.arange(SIDE) - (SIDE - 1) / 2
    y, x = np.meshgrid(places, places, indexing="ij")
    nodes = np.linspace(-14, 14, NODES)
    bumps = np.exp(-((places - nodes[:, None]) ** 2) / (2 * 4.0**2))
    bumps /= np.sqrt((bumps**2).sum(axis=0).mean())
    products = np.einsum("iy,jx->ijyx", bumps, bumps).reshape(NODES**2, SIDE, SIDE)
    plain = np.stack((x, y, np.ones_like(x), x * x / 14**2, x * y / 14**2, y * y / 14**2))
    fields = np.concatenate((plain, products))
    return fields.reshape(len(fields), SIDE * SIDE).astype(np.float32)


def distort(
    images: NDArray[Any], distortion: Distortion, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(n, 784) pictures -> (n, 784) float32 in 0 … 1, each distorted in its own way.

    images: uint8, read as /255, or floats 0 … 1. Same generator state, same pictures.
    ValueError: another shape or dtype.
    """
    if images.ndim != 2 or images.shape[1] != SIDE * SIDE:
        raise ValueError(f"images has shape {images.shape}, expected (n, {SIDE * SIDE})")
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise ValueError(f"images has dtype {images.dtype}, expected uint8 or float")
    n = len(images)
    # A frame of background, which positions outside the picture read.
    framed = np.zeros((n, SIDE + 2, SIDE + 2), np.float32)
    framed[:, 1:-1, 1:-1] = images.reshape(n, SIDE, SIDE)
    if images.dtype == np.uint8:
        framed *= np.float32(1 / 255)
    if distortion.pen:
        _change_pen(framed, rng.uniform(-distortion.pen, distortion.pen, n).astype(np.float32))
    places = _sources(n, distortion, rng)
    return _read(framed, places)


def _sources(n: int, d: Distortion, rng: np.random.Generator) -> NDArray[np.float32]:
    """(2, n, 784): the source x and y of each pixel of each result, from the picture's middle."""
    turn, slant, wide, high = rng.uniform(-1, 1, (4, n))
    turn, slant = turn * d.rotation, slant * d.slant
    wide, high = np.exp(wide * d.stretch), np.exp(high * d.stretch)
    coefficients = np.empty((2, n, len(_fields())), np.float32)
    # The map from result to source: slant, then rotation, then stretch.
    coefficients[0, :, 0] = wide * np.cos(turn)
    coefficients[0, :, 1] = wide * (slant * np.cos(turn) - np.sin(turn))
    coefficients[1, :, 0] = high * np.sin(turn)
    coefficients[1, :, 1] = high * (slant * np.sin(turn) + np.cos(turn))
    coefficients[:, :, 2] = rng.uniform(-d.shift, d.shift, (2, n))
    coefficients[:, :, 3:6] = rng.uniform(-d.bend, d.bend, (2, n, 3))
    coefficients[:, :, 6:] = rng.standard_normal((2, n, NODES**2), np.float32)
    coefficients[:, :, 6:] *= d.elastic
    return coefficients @ _fields()


def _change_pen(framed: NDArray[np.float32], share: NDArray[np.float32]) -> None:
    """Blend each picture, in place, with its lines one pixel thicker (share > 0) or thinner."""
    for extreme, chosen in ((np.maximum, share > 0), (np.minimum, share < 0)):
        part = framed[chosen]
        middle = part[:, 1:-1, 1:-1]
        beside = extreme(part[:, 1:-1, 2:], part[:, 1:-1, :-2])
        other = extreme(extreme(part[:, 2:, 1:-1], part[:, :-2, 1:-1]), beside)
        extreme(other, middle, out=other)
        other -= middle
        other *= np.abs(share[chosen])[:, None, None]
        middle += other
        framed[chosen] = part


def _read(framed: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 784): the pictures at ``places`` (2, n, 784), by bilinear interpolation.

    ``framed`` is (n, 30, 30); ``places`` is overwritten.
    """
    side = SIDE + 2
    places += np.float32((SIDE - 1) / 2 + 1)  # from the middle to the frame's corner
    np.clip(places, 0, side - 1.001, out=places)
    corners = places.astype(np.int32)
    places -= corners
    x, y = places
    at = corners[1] * side + corners[0]
    at += np.arange(len(framed), dtype=np.int32)[:, None] * (side * side)
    flat = framed.ravel()
    upper, lower = flat[at], flat[at + side]
    at += 1
    upper += x * (flat[at] - upper)
    lower += x * (flat[at + side] - lower)
    lower -= upper
    lower *= y
    upper += lower
    return upper


def flourish(
    images: NDArray[np.uint8], labels: NDArray[Any], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """(n, 784) pictures with the strokes that many people add, normalised again like MNIST's.

    A 1 gets a flag and sometimes a foot, a 7 a bar, a 9 a tail that curls to the left; a 4 loses
    the upper end of its stem. Other digits stay as they are, and so do digits that lie on their
    side or have no place for the mark.
    ValueError: images are not uint8 (n, 784), or labels are not (n,).
    """
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE * SIDE,):
        raise ValueError(
            f"images has shape {images.shape} and dtype {images.dtype}, "
            f"expected (n, {SIDE * SIDE}) of uint8"
        )
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels has shape {labels.shape}, expected ({len(images)},)")
    result = images.copy()
    for digit, mark in MARKS.items():
        found = np.flatnonzero(labels == digit)
        if not found.size:
            continue
        pictures = images[found].reshape(-1, SIDE, SIDE) * np.float32(1 / 255)
        marked = mark(Glyphs(pictures), rng)
        changed = np.abs(marked - pictures).sum(axis=(1, 2)) > 2  # pixels of ink
        normal = _normalise(marked[changed]) * 255
        result[found[changed]] = np.rint(normal).astype(np.uint8)
    return result


def with_flourishes(
    images: NDArray[np.uint8], labels: NDArray[Any], share: float, seed: int
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """The examples, followed by a random `share` of them repeated with a `flourish`.

    Digits that have no mark are repeated as they are, so that the classes keep their frequencies.
    ValueError: share is not in 0 … 1, or as for `flourish`.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, expected 0 … 1")
    rng = np.random.default_rng(seed)
    again = rng.permutation(len(images))[: round(share * len(images))]
    marked = flourish(images[again], labels[again], rng)
    return np.concatenate((images, marked)), np.concatenate((labels, labels[again]))


class Glyphs:
    """Pictures (n, 28, 28) of one digit, with the measures needed to place a mark on each.

    ``top``, ``bottom`` and ``height`` of the ink and the width ``pen`` of its lines are (n,), in
    pixels.
    """

    def __init__(self, pictures: NDArray[np.float32]) -> None:
        self.pictures = pictures
        self.n = len(pictures)
        self.ink = pictures > 0.4
        rows = np.asarray(self.ink.any(axis=2))
        self.top = rows.argmax(axis=1)
        self.bottom = SIDE - 1 - rows[:, ::-1].argmax(axis=1)
        self.height = (self.bottom - self.top).astype(np.float64)
        # The width of a line is its area over half its border, as for a long rectangle.
        ink = self.ink[:, 1:-1, 1:-1]
        inside = ink & self.ink[:, 2:, 1:-1] & self.ink[:, :-2, 1:-1]
        inside &= self.ink[:, 1:-1, 2:] & self.ink[:, 1:-1, :-2]
        area, inner = ink.sum(axis=(1, 2)), inside.sum(axis=(1, 2))
        self.pen = np.clip(2 * area / np.maximum(area - inner, 1), 1.6, 4.5)

    def across(self, row: NDArray[Any]) -> NDArray[np.float64]:
        """(n,): the mean x of the ink in ``row`` (n,) of each picture; the middle without ink."""
        ink = self.pictures[np.arange(self.n), row] + np.float32(1e-6)
        return np.asarray(ink @ COLUMNS / ink.sum(axis=1))

    def draw(
        self, start: Point, middle: Point, end: Point, where: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """The pictures with a quadratic Bézier curve where `where` (n,), in their own pen width."""
        t = np.linspace(0, 1, 14)
        x, y = (
            np.outer(a, (1 - t) ** 2) + np.outer(b, 2 * t * (1 - t)) + np.outer(c, t**2)
            for a, b, c in zip(start, middle, end, strict=True)
        )
        across, down = (COLUMNS - x[:, :, None]) ** 2, (COLUMNS - y[:, :, None]) ** 2
        distance = np.sqrt((down[:, :, :, None] + across[:, :, None, :]).min(axis=1))
        line = np.clip(self.pen[:, None, None] / 2 + 0.5 - distance, 0, 1) * where[:, None, None]
        return np.maximum(self.pictures, line).astype(np.float32)


def _flag(g: Glyphs, rng: np.random.Generator) -> NDArray[np.float32]:
    """A stroke from the top of a 1 down to the left; three in ten also get a foot."""
    standing = g.height > 13
    length = rng.uniform(0.2, 0.55, g.n) * g.height
    angle = rng.uniform(0.15, 1.2, g.n)
    x, y = g.across(g.top), g.top + g.pen / 2 - 0.5
    tip = x - length * np.cos(angle), y + length * np.sin(angle)
    wobble = rng.normal(0, 0.6, (2, g.n))
    bend = (x + tip[0]) / 2 + wobble[0], (y + tip[1]) / 2 + wobble[1]
    flagged = Glyphs(g.draw((x, y), bend, tip, standing))
    x, y = g.across(g.bottom), g.bottom + 0.5 - g.pen / 2
    left, right = rng.uniform(2, 6, (2, g.n))
    rise = rng.uniform(-1, 0.5, (2, g.n))
    ends = (x - left, y + rise[0]), (x + right, y + rise[1])
    footed = standing & (rng.random(g.n) < 0.3)
    flagged.pen = g.pen
    return flagged.draw(ends[0], (x + (right - left) / 2, y + rise.mean(axis=0)), ends[1], footed)


def _bar(g: Glyphs, rng: np.random.Generator) -> NDArray[np.float32]:
    """A bar across the stem of a 7, near the middle of its height."""
    y = g.top + g.height * rng.uniform(0.42, 0.65, g.n)
    row = y.astype(np.intp)
    x = g.across(row)
    left, right = rng.uniform(2, 6, (2, g.n))
    slope = rng.uniform(-0.3, 0.3, g.n)
    wobble = rng.normal(0, 0.5, g.n)
    return g.draw(
        (x - left, y + slope * left),
        (x + (right - left) / 2, y + slope * (left - right) / 2 + wobble),
        (x + right, y - slope * right),
        g.ink[np.arange(g.n), row].any(axis=1),
    )


def _curl(g: Glyphs, rng: np.random.Generator) -> NDArray[np.float32]:
    """A curl from the bottom of a 9 to the left and a little up."""
    x, y = g.across(g.bottom), g.bottom + 0.5 - g.pen / 2
    length, rise = rng.uniform(3, 10, g.n), rng.uniform(-1, 4, g.n)
    turn = x - length * rng.uniform(0.2, 0.6, g.n), y + rng.uniform(0.5, 2.5, g.n)
    return g.draw((x, y), turn, (x - length, y - rise), g.height > 10)


def _short_stem(g: Glyphs, rng: np.random.Generator) -> NDArray[np.float32]:
    """Shorten the stem of a 4: in the top rows where stem and arm are apart, erase the stem."""
    ink = g.pictures > 0.25
    # From the right, the first run of ink in a row ends at the first pixel without ink.
    back = ink[:, :, ::-1]
    fallen = np.zeros(ink.shape, bool)
    fallen[:, :, 1:] = back[:, :, :-1] & ~back[:, :, 1:]
    fallen = np.logical_or.accumulate(fallen, axis=2)
    stem = (back & ~fallen)[:, :, ::-1]
    apart = (back & fallen).any(axis=2)
    # Ink above the first row with both is the stem's end if it is nearer to the stem.
    first, every = apart.argmax(axis=1), np.arange(g.n)
    right = stem[every, first]
    left = ink[every, first] & ~right
    middles = [(run @ COLUMNS) / np.maximum(run.sum(axis=1), 1) for run in (left, right)]
    top = g.across(g.top)
    is_end = apart.any(axis=1) & (np.abs(top - middles[1]) < np.abs(top - middles[0]))
    above = np.arange(SIDE) < first[:, None]
    cut = np.arange(SIDE) < (g.top + rng.uniform(0.15, 0.55, g.n) * g.height)[:, None]
    gone = stem.copy()
    gone[:, :, 1:] |= stem[:, :, :-1]  # including its soft edges
    gone[:, :, :-1] |= stem[:, :, 1:]
    gone &= (cut & (apart | (above & is_end[:, None])))[:, :, None]
    return np.where(gone, np.float32(0), g.pictures)


MARKS: dict[int, Callable[[Glyphs, np.random.Generator], NDArray[np.float32]]] = {
    1: _flag,
    4: _short_stem,
    7: _bar,
    9: _curl,
}


def _normalise(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 28, 28) -> (n, 784): the ink's longer side is 20 pixels again, its mass centred."""
    ink = pictures > 0.1
    sides = []
    for axis in (1, 2):
        used = np.asarray(ink.any(axis=axis))
        sides.append(SIDE - used.argmax(axis=1) - used[:, ::-1].argmax(axis=1))
    scale = np.maximum(*sides)[:, None] / BOX
    mass = pictures.sum(axis=(1, 2))
    x, y = ((pictures.sum(axis=axis) @ COLUMNS / mass)[:, None] for axis in (1, 2))
    column, row = np.tile(COLUMNS, SIDE), np.repeat(COLUMNS, SIDE)
    places = np.stack(((column - MIDDLE) * scale + x, (row - MIDDLE) * scale + y))
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    return _read(framed, (places - (SIDE - 1) / 2).astype(np.float32))
