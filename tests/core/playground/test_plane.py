"""Data in the plane, compared with formulas written point by point."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nets_core.playground import plane

FEATURES: dict[str, Callable[[float, float], float]] = {
    "x1": lambda a, b: a,
    "x2": lambda a, b: b,
    "x1^2": lambda a, b: a**2,
    "x2^2": lambda a, b: b**2,
    "x1x2": lambda a, b: a * b,
    "sin(x1)": lambda a, b: math.sin(a),
    "sin(x2)": lambda a, b: math.sin(b),
}


def hill(a: float, b: float) -> float:
    """The height furthest from 0 of six cones with radius 2."""
    tops = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    found = [sign * max(0.0, 1 - math.dist((a, b), (x, y)) / 2) for x, y, sign in tops]
    return max(found, key=abs)


SURFACES: dict[str, Callable[[float, float], float]] = {
    "plane": lambda a, b: (a + b) / 10,
    "hills": hill,
}


def test_features_are_their_formulas_in_the_order_asked_for() -> None:
    points = np.random.default_rng(1).uniform(-6, 6, (20, 2))
    names = list(FEATURES)[::-1]
    assert set(names) == set(plane.FEATURES)
    expected = [[FEATURES[name](float(a), float(b)) for name in names] for a, b in points]
    np.testing.assert_allclose(plane.features(points, names), expected, rtol=1e-12)
    assert plane.features(points[:0], names).shape == (0, len(names))


@pytest.mark.parametrize("names", [[], ["x3"], ["x1", 2]])
def test_other_features_are_refused(names: Any) -> None:
    with pytest.raises(ValueError, match="features"):
        plane.features(np.zeros((1, 2)), names)


def test_the_grid_begins_at_the_top_left() -> None:
    np.testing.assert_allclose(plane.grid(2), [[-3, 3], [3, 3], [-3, -3], [3, -3]])
    grid = plane.grid(24)
    assert len(np.unique(grid, axis=0)) == 24**2
    np.testing.assert_allclose(grid.min(axis=0), -5.75)
    np.testing.assert_allclose(grid.mean(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("name", SURFACES)
def test_surfaces_are_their_formulas(name: str) -> None:
    assert set(SURFACES) == set(plane.SURFACES)
    points, heights = plane.surface(name, 200, 0.0, seed=3)
    assert points.shape == (200, 2)
    assert np.abs(points).max() <= 6
    expected = [SURFACES[name](float(a), float(b)) for a, b in points]
    np.testing.assert_allclose(heights, expected, rtol=1e-12, atol=1e-12)
    assert heights.std() > 0.1


@pytest.mark.parametrize("name", SURFACES)
def test_noise_moves_heights_and_not_points(name: str) -> None:
    still, noisy = (plane.surface(name, 200, noise, seed=3) for noise in (0.0, 0.2))
    np.testing.assert_array_equal(still[0], noisy[0])
    assert not np.allclose(still[1], noisy[1])
    assert np.abs(noisy[1]).max() <= 1.5


def test_above_a_curve() -> None:
    points, labels = plane.above("x**2 / 2 - 3", 300, 0.0, seed=1)
    assert labels.dtype.kind == "i"
    assert np.abs(points).max() <= 5
    assert [int(b > a**2 / 2 - 3) for a, b in points] == labels.tolist()
    assert 0.2 < labels.mean() < 0.8
    noisy = plane.above("x**2 / 2 - 3", 300, 0.1, seed=1)
    np.testing.assert_array_equal(noisy[0], points)
    assert 0 < (noisy[1] != labels).mean() < 0.3


def test_heights_of_a_formula_are_cut() -> None:
    points, heights = plane.heights("x * y / 5", 300, 0.0, seed=1)
    expected = [min(1, max(-1, a * b / 5)) for a, b in points]
    np.testing.assert_allclose(heights, expected, rtol=1e-12)
    assert (np.abs(heights) == 1).any()


def test_points_lie_where_the_formula_has_a_value() -> None:
    points, _ = plane.above("sqrt(x)", 500, 0.0, seed=2)
    assert len(points) == 500
    assert points[:, 0].min() >= 0
    points, heights = plane.heights("log(x + y)", 500, 0.5, seed=2)
    assert np.isfinite(heights).all()


@pytest.mark.parametrize("formula", ["log(-1)", "sqrt(x - 6)", "1 / 0"])
def test_a_formula_without_values_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match="hardly anywhere"):
        plane.above(formula, 50, 0.0, seed=1)


MAKERS: dict[str, Callable[[int, float, int], tuple[Any, Any]]] = {
    "surface": lambda *drawn: plane.surface("hills", *drawn),
    "above": lambda *drawn: plane.above("sin(x)", *drawn),
    "heights": lambda *drawn: plane.heights("sin(x) * y", *drawn),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_same_seed_makes_the_same_points(make: Any) -> None:
    first, again, other = make(50, 0.1, 4), make(50, 0.1, 4), make(50, 0.1, 5)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("samples", (1, 0.0, 0)), ("samples", (2.5, 0.0, 0)), ("noise", (9, -0.1, 0)),
        ("noise", (9, 0.6, 0)), ("noise", (9, float("nan"), 0)), ("seed", (9, 0.0, -1)),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(make: Any, name: str, drawn: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=f"^{name} is"):
        make(*drawn)


def test_an_unknown_surface_is_refused() -> None:
    with pytest.raises(ValueError, match="plane, hills"):
        plane.surface("valley", 50, 0.0, 1)
