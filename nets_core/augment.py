"""Distortions: a net that has seen each digit a little otherwise reads other people's digits.

P. Simard, D. Steinkraus, J. Platt, "Best Practices for Convolutional Neural Networks Applied to
Visual Document Analysis" (2003): the most that can be done for a net that reads handwriting is to
show it more of it, and what people write differently can be imitated. `distort` gives each picture
of a mini-batch its own

- affine map: turned, slanted, stretched in both directions, shifted;
- elastic field: every pixel displaced by smooth noise, "uncontrolled oscillations of the hand";
- pen: the line made thicker or thinner.

For each pixel of the result, the place it comes from is computed, all pictures at once as one
product of random coefficients and fixed fields (`FIELDS`), and the picture is read there by
bilinear interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 28
NODES = 6
"""The elastic noise has NODES × NODES independent places, about 5 pixels apart."""


@dataclass(frozen=True)
class Distortion:
    """How much of each distortion; 0 is none. Every picture draws its own, symmetric around none.

    Uniform: `rotation` and `slant` up to this many radians, `stretch` up to this change of the
    logarithm of each side, `shift` up to this many pixels each way, `pen` up to this share of a
    line one pixel thicker or thinner on either side. Normal: `elastic` is the standard deviation
    of a pixel's displacement, in pixels each way.
    """

    rotation: float = 0.0
    slant: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    pen: float = 0.0


def _fields() -> NDArray[np.float32]:
    """(3 + NODES², 784): x, y and 1 over the picture, then one bump around each elastic node.

    x and y are from the picture's middle. The bumps are Gaussians whose sum of squares is 1 on
    average, so that noise of deviation 1 at the nodes is a displacement of deviation 1.
    """
    places = np.arange(SIDE) - (SIDE - 1) / 2
    y, x = np.meshgrid(places, places, indexing="ij")
    nodes = np.linspace(-14, 14, NODES)
    bumps = np.exp(-((places - nodes[:, None]) ** 2) / (2 * 4.0**2))
    bumps /= np.sqrt((bumps**2).sum(axis=0).mean())
    products = np.einsum("iy,jx->ijyx", bumps, bumps).reshape(NODES**2, SIDE, SIDE)
    fields = np.concatenate((np.stack((x, y, np.ones_like(x))), products))
    return fields.reshape(len(fields), SIDE * SIDE).astype(np.float32)


FIELDS = _fields()


def distort(
    images: NDArray[Any], distortion: Distortion, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(n, 784) pictures -> (n, 784) float32 in 0 … 1, each distorted in its own way.

    images: uint8, read as 0 … 255, or float of 0 … 1. Same generator state, same pictures.
    ValueError: another shape or dtype.
    """
    if images.ndim != 2 or images.shape[1] != SIDE * SIDE:
        raise ValueError(f"images has shape {images.shape}, expected (n, {SIDE * SIDE})")
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise ValueError(f"images has dtype {images.dtype}, expected uint8 or float")
    n = len(images)
    # A frame of background: what lies outside is read from it.
    framed = np.zeros((n, SIDE + 2, SIDE + 2), np.float32)
    framed[:, 1:-1, 1:-1] = images.reshape(n, SIDE, SIDE)
    if images.dtype == np.uint8:
        framed *= np.float32(1 / 255)
    if distortion.pen:
        _change_pen(framed, rng.uniform(-distortion.pen, distortion.pen, n).astype(np.float32))
    places = _sources(n, distortion, rng)
    return _read(framed, places)


def _sources(n: int, d: Distortion, rng: np.random.Generator) -> NDArray[np.float32]:
    """(2, n, 784): for each pixel of each result, from which x and which y it comes."""
    turn, slant, wide, high = rng.uniform(-1, 1, (4, n))
    turn, slant = turn * d.rotation, slant * d.slant
    wide, high = np.exp(wide * d.stretch), np.exp(high * d.stretch)
    coefficients = np.empty((2, n, len(FIELDS)), np.float32)
    # The map back: a turn, after a slant, after a stretch.
    coefficients[0, :, 0] = wide * np.cos(turn)
    coefficients[0, :, 1] = wide * (slant * np.cos(turn) - np.sin(turn))
    coefficients[1, :, 0] = high * np.sin(turn)
    coefficients[1, :, 1] = high * (slant * np.sin(turn) + np.cos(turn))
    coefficients[:, :, 2] = rng.uniform(-d.shift, d.shift, (2, n))
    coefficients[:, :, 3:] = rng.standard_normal((2, n, NODES**2), np.float32)
    coefficients[:, :, 3:] *= d.elastic
    return coefficients @ FIELDS


def _change_pen(framed: NDArray[np.float32], share: NDArray[np.float32]) -> None:
    """Blend each picture with itself drawn by a pen one pixel thicker (share > 0) or thinner."""
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
    """The pictures at the given places (2, n, 784), between pixels by bilinear interpolation."""
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
