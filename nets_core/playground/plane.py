"""Data in the plane besides ``datasets.toy``: heights to learn, formulas, features of points.

The heights are those of TensorFlow Playground (D. Smilkov, S. Carter: `dataset.ts`, "reg-plane"
and "reg-gauss"), the features those of its first column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nets_core import checks
from nets_core.playground.formula import Formula

Points = NDArray[np.float64]

RADIUS = 6.0
"""The plane is shown from −6 to 6 in both directions."""
REACH = 5.0
"""A formula's points lie within −5 … 5, as those of ``datasets.toy`` do."""
CANDIDATES = 20
"""How many points are tried for each one needed: a formula may not have a value everywhere."""

FEATURES: dict[str, Callable[[Points, Points], Points]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1^2": lambda x1, x2: x1 * x1,
    "x2^2": lambda x1, x2: x2 * x2,
    "x1x2": lambda x1, x2: x1 * x2,
    "sin(x1)": lambda x1, x2: np.sin(x1),
    "sin(x2)": lambda x1, x2: np.sin(x2),
}


def features(points: Points, names: Sequence[str]) -> Points:
    """Points (n, 2) -> a net's inputs, (n, len(names)); the names are keys of FEATURES.

    ValueError: an unknown name, or no names.
    """
    if not names:
        raise ValueError("features is empty, expected at least one")
    columns = [FEATURES[checks.one_of("features", name, FEATURES)] for name in names]
    x1, x2 = points[:, 0], points[:, 1]
    return np.column_stack([column(x1, x2) for column in columns])


def grid(density: int) -> Points:
    """The centres of density × density squares of the plane, (density², 2), from the top left."""
    middles = RADIUS * ((2 * np.arange(density) + 1) / density - 1)
    x1, x2 = np.meshgrid(middles, -middles)
    return np.column_stack((x1.ravel(), x2.ravel()))


def _slope(points: Points) -> Points:
    """(x₁ + x₂) / 10."""
    return points.sum(axis=1) / 10


HILLS = np.array(
    [[-4, 2.5, 1], [0, 2.5, -1], [4, 2.5, 1], [-4, -2.5, -1], [0, -2.5, 1], [4, -2.5, -1]]
)
"""x₁, x₂ and height of the top of each hill or the bottom of each hollow."""


def _hills(points: Points) -> Points:
    """Cones of radius 2, three up and three down; where two overlap, the larger |height| counts."""
    distances = np.linalg.norm(points[:, np.newaxis] - HILLS[:, :2], axis=2)
    heights = HILLS[:, 2] * np.clip(1 - distances / 2, 0, 1)
    return heights[np.arange(len(points)), np.abs(heights).argmax(axis=1)]


SURFACES: dict[str, Callable[[Points], Points]] = {"plane": _slope, "hills": _hills}


def surface(name: str, samples: int, noise: float, seed: int) -> tuple[Points, Points]:
    """Points (samples, 2) all over the plane, and the heights of one of SURFACES there, (samples,).

    noise, 0 … 0.5, shifts the position where the height is read, by up to that share of RADIUS.
    Same seed, same points.
    ValueError: an unknown name, fewer than 2 samples, or noise outside 0 … 0.5.
    """
    height = SURFACES[checks.one_of("name", name, SURFACES)]
    rng = _generator(samples, noise, seed)
    points = rng.uniform(-RADIUS, RADIUS, (samples, 2))
    return points, height(points + noise * rng.uniform(-RADIUS, RADIUS, points.shape))


def above(formula: str, samples: int, noise: float, seed: int) -> tuple[Points, NDArray[np.int64]]:
    """Points (samples, 2) and whether each lies above the curve x₂ = f(x₁): labels 0 or 1.

    The formula is a ``Formula`` of x; noise as for ``surface``.
    ValueError: ``Formula`` rejects it, it has a finite value hardly anywhere between −5 and 5, or
    as for ``surface``.
    """
    curve = Formula(formula, ["x"])
    points, seen = _where_finite(lambda p: curve(x=p[:, 0]), samples, noise, seed)
    return points, (seen[:, 1] > curve(x=seen[:, 0])).astype(np.int64)


def heights(formula: str, samples: int, noise: float, seed: int) -> tuple[Points, Points]:
    """Points (samples, 2) and the values of a formula of x and y there, clipped to −1 … 1.

    noise as for ``surface``, errors as for ``above``.
    """
    height = Formula(formula, ["x", "y"])
    points, seen = _where_finite(lambda p: height(x=p[:, 0], y=p[:, 1]), samples, noise, seed)
    return points, np.clip(height(x=seen[:, 0], y=seen[:, 1]), -1, 1)


def _where_finite(
    value: Callable[[Points], Points], samples: int, noise: float, seed: int
) -> tuple[Points, Points]:
    """Points, and the positions where their values are read, for which ``value`` is finite."""
    rng = _generator(samples, noise, seed)
    points = rng.uniform(-REACH, REACH, (CANDIDATES * samples, 2))
    seen = points + noise * rng.uniform(-REACH, REACH, points.shape)
    found = np.flatnonzero(np.isfinite(value(seen)))[:samples]
    if len(found) < samples:
        raise ValueError(
            "formula has a finite value hardly anywhere between −5 and 5: try another one"
        )
    return points[found], seen[found]


def _generator(samples: int, noise: float, seed: int) -> np.random.Generator:
    checks.count("samples", samples, least=2)
    if not 0 <= checks.number("noise", noise) <= 0.5:
        raise ValueError(f"noise is {noise}, expected 0 … 0.5")
    return np.random.default_rng(checks.count("seed", seed, least=0))
