"""The promises of `rasterize`: the same picture however a digit is drawn, and clear errors."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nets_core.data import digits

Stroke = list[tuple[float, float]]

SEVEN: list[Stroke] = [[(60, 40), (180, 35), (120, 220)], [(90, 130), (170, 120)]]
ZERO: list[Stroke] = [
    [(150 + 60 * math.cos(t / 10), 150 + 95 * math.sin(t / 10)) for t in range(63)]
]
ONE: list[Stroke] = [[(100, 50), (100, 250)]]
DRAWINGS = {"seven": SEVEN, "zero": ZERO, "one": ONE}


def moved(strokes: list[Stroke], scale: float, x: float, y: float) -> list[Stroke]:
    return [[(scale * a + x, scale * b + y) for a, b in stroke] for stroke in strokes]


def denser(stroke: Stroke, times: int) -> Stroke:
    """The same path with `times` times as many points."""
    points = [stroke[0]]
    for (a, b), (c, d) in itertools.pairwise(stroke):
        points += [(a + (c - a) * k / times, b + (d - b) * k / times) for k in range(1, times + 1)]
    return points


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max())


def middle(image: NDArray[np.float32]) -> tuple[float, float]:
    places = np.arange(28) + 0.5
    return (
        float((image.sum(axis=0) @ places) / image.sum()),
        float((image.sum(axis=1) @ places) / image.sum()),
    )


@pytest.mark.parametrize("strokes", DRAWINGS.values(), ids=DRAWINGS)
def test_picture_is_normalised_like_mnists(strokes: list[Stroke]) -> None:
    image = digits.rasterize(strokes)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() == 1
    assert middle(image) == pytest.approx((14.5, 14.5), abs=0.1)
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 0) for axis in (1, 0))
    assert 20 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21  # 20, not on whole pixels


def test_line_has_the_pens_width_at_every_angle() -> None:
    for angle in np.linspace(0, np.pi, 12):
        line = [[(0, 0), (300 * np.cos(angle), 300 * np.sin(angle))]]
        # Its ink is a rectangle with two half discs at the ends.
        length, width = digits.BOX - digits.EDGE - digits.PEN_WIDTH, digits.PEN_WIDTH
        length /= max(abs(np.cos(angle)), abs(np.sin(angle)))
        expected = length * width + math.pi * width**2 / 4
        assert digits.rasterize(line).sum() == pytest.approx(expected, rel=0.02)


def test_agrees_with_a_picture_of_many_samples_a_pixel() -> None:
    """An independent drawing: 16×16 samples per pixel, each inside the pen's track or not."""
    image = digits.rasterize(SEVEN)
    points = [np.array(stroke, float) for stroke in SEVEN]
    every = np.concatenate(points)
    size = np.ptp(every, axis=0).max() / (digits.BOX - digits.EDGE - digits.PEN_WIDTH)
    places = (np.arange(28 * 16) + 0.5) / 16
    x, y = np.meshgrid(places, places)
    # Undo the shift by comparing centres of mass afterwards: draw around the box's middle first.
    offset = (every.min(axis=0) + every.max(axis=0)) / 2
    for _ in range(2):
        nearest = np.full(x.shape, np.inf)
        for stroke in points:
            for (a, b), (c, d) in zip(
                (stroke[:-1] - offset) / size + 14.5,
                (stroke[1:] - offset) / size + 14.5,
                strict=True,
            ):
                along = np.clip(
                    ((x - a) * (c - a) + (y - b) * (d - b)) / ((c - a) ** 2 + (d - b) ** 2), 0, 1
                )
                nearest = np.minimum(
                    nearest, np.hypot(x - a - along * (c - a), y - b - along * (d - b))
                )
        inside = nearest <= digits.PEN_WIDTH / 2
        expected = inside.reshape(28, 16, 28, 16).mean(axis=(1, 3)).astype(np.float32)
        offset = offset + (np.array(middle(expected)) - 14.5) * size
    assert difference(image, expected) < 0.25  # a pixel on a corner of the line
    assert np.abs(image - expected).mean() < 0.006


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(sorted(DRAWINGS)),
    size=st.floats(40, 1000),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
)
def test_does_not_depend_on_place_and_size(name: str, size: float, x: float, y: float) -> None:
    strokes = DRAWINGS[name]
    image = digits.rasterize(moved(strokes, size / 200, x, y))
    assert difference(image, digits.rasterize(strokes)) < 1e-3


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(DRAWINGS)), times=st.integers(2, 100))
def test_does_not_depend_on_how_many_points(name: str, times: int) -> None:
    strokes = DRAWINGS[name]
    image = digits.rasterize([denser(stroke, times) for stroke in strokes])
    assert difference(image, digits.rasterize(strokes)) < 1e-3


def test_few_points_on_a_curve_are_nearly_many() -> None:
    """A fast pen leaves only every fourth point of a slow one: chords instead of arcs."""
    fast = [ZERO[0][::4] + ZERO[0][-1:]]
    assert difference(digits.rasterize(fast), digits.rasterize(ZERO)) < 0.3
    assert np.abs(digits.rasterize(fast) - digits.rasterize(ZERO)).mean() < 0.015


@settings(max_examples=50, deadline=None)
@given(name=st.sampled_from(sorted(DRAWINGS)), cut=st.floats(0.01, 0.99), turn=st.booleans())
def test_does_not_depend_on_where_strokes_are_cut(name: str, cut: float, turn: bool) -> None:
    pieces: list[Stroke] = []
    for stroke in DRAWINGS[name]:
        many = denser(stroke, 20)
        at = min(max(1, int(cut * len(many))), len(many) - 1)
        pieces += [many[at:][::-1] if turn else many[at:], many[: at + 1]]
    image = digits.rasterize(pieces)
    assert difference(image, digits.rasterize(DRAWINGS[name])) < 0.1


def test_does_not_depend_on_the_order_of_strokes_and_points() -> None:
    backwards = [stroke[::-1] for stroke in SEVEN[::-1]]
    assert difference(digits.rasterize(backwards), digits.rasterize(SEVEN)) < 0.1


def test_moving_a_point_a_little_moves_the_picture_a_little() -> None:
    image = digits.rasterize(SEVEN)
    for step in np.linspace(-2, 2, 41):  # whole-pixel centring would jump somewhere on the way
        moved_point = [[SEVEN[0][0], SEVEN[0][1], (120 + step, 220)], SEVEN[1]]
        assert difference(digits.rasterize(moved_point), image) < 0.2


def test_takes_arrays_tuples_and_points_that_stay() -> None:
    image = digits.rasterize(SEVEN)
    assert np.array_equal(digits.rasterize([np.array(s) for s in SEVEN]), image)
    assert np.array_equal(digits.rasterize([np.array(s, np.float32) for s in SEVEN]), image)
    assert np.array_equal(digits.rasterize(tuple(tuple(s) for s in SEVEN)), image)
    assert np.array_equal(digits.rasterize([[], *SEVEN, []]), image)
    still = [[point for point in stroke for _ in range(50)] for stroke in SEVEN]
    assert difference(digits.rasterize(still), image) < 1e-5


@pytest.mark.parametrize("tap", [[[(7, 9)]], [[(7, 9)] * 40], [[(0, 0), (0, 0)], [(0, 0)]]])
def test_a_tap_is_a_dot_in_the_middle(tap: list[Stroke]) -> None:
    image = digits.rasterize(tap)
    assert middle(image) == pytest.approx((14.5, 14.5), abs=1e-3)
    assert image.sum() == pytest.approx(math.pi * digits.PEN_WIDTH**2 / 4, rel=0.1)
    assert np.allclose(image, image.T)
    assert np.count_nonzero(image) <= 16


def test_a_tap_beside_a_line_is_drawn() -> None:
    with_dot = digits.rasterize([*ONE, [(160, 150)]])
    assert with_dot.sum() > digits.rasterize(ONE).sum() + 3


def test_thousands_of_points_and_strokes() -> None:
    rng = np.random.default_rng(1)
    scribble = rng.uniform(0, 300, (20_000, 2))
    image = digits.rasterize([scribble])
    assert image.shape == (28, 28)
    assert image[8:20, 8:20].min() > 0.9
    dots = digits.rasterize([[point] for point in scribble[:5000].tolist()])
    assert dots[8:20, 8:20].min() > 0.9


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "nothing is drawn"),
        ([[]], "nothing is drawn"),
        ([[], np.empty((0, 2))], "nothing is drawn"),
        ([[(1, 2)], [(1, 2), (3, math.nan)]], r"stroke 1 has \[3.0, nan\] as point 1"),
        ([[(math.inf, 2)]], "stroke 0 has .*inf.* as point 0"),
        ([[(1e300, 2), (-1e300, 2)]], r"stroke 0 has \[1e\+300"),
        ([[(1, 2, 3)]], r"stroke 0 has shape \(1, 3\)"),
        ([(1, 2)], r"stroke 0 has shape \(2,\)"),
        ([[(1, 2), (3,)]], "stroke 0 is not a list"),
        ([[("a", "b")]], "stroke 0 is not a list"),
        ([None], "stroke 0 .*"),
        (7, "strokes is int"),
    ],
)
def test_refuses(strokes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        digits.rasterize(strokes)
    with pytest.raises(ValueError, match=message):
        digits.rasterize_unnormalised(strokes, 300)


def test_unnormalised_keeps_place_and_size() -> None:
    corner = moved(ONE, 0.2, 240, 230)  # 40 pixels high, near the lower right corner of 300
    image = digits.rasterize_unnormalised(corner, 300)
    x, y = middle(image)
    assert x == pytest.approx(260 * 28 / 300, abs=0.2)
    assert y == pytest.approx(260 * 28 / 300, abs=0.2)
    assert digits.rasterize_unnormalised([[(-99, -99)]], 300).max() == 0, "off the pad"
    for size in (0, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match="size is"):
            digits.rasterize_unnormalised(ONE, size)


def test_normalize_crops_scales_and_centres() -> None:
    image = np.zeros((28, 28))
    image[3:8, 20:22] = 1  # 5 high, 2 wide
    expected = np.zeros((28, 28))
    normal = digits.normalize(image)
    assert normal.dtype == np.float32
    assert normal.sum() == pytest.approx(20 * 8)
    assert middle(normal) == pytest.approx((14.5, 14.5), abs=1e-4)
    expected[4:25, 10:19] = 0.25  # half pixels at the corners
    expected[5:24, 11:18] = 1
    expected[4, 11:18] = expected[24, 11:18] = 0.5
    expected[5:24, 10] = expected[5:24, 18] = 0.5
    assert np.allclose(normal, expected)


def test_normalize_hardly_changes_what_is_normalised() -> None:
    image = digits.rasterize(SEVEN)
    image[image < 0.02] = 0
    assert np.abs(digits.normalize(image) - image).mean() < 0.02


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((28, 28)), "nothing is drawn"),
        (np.zeros(784), r"shape \(784,\)"),
        (np.full((28, 28), 2.0), "not in 0 … 1"),
        (np.full((28, 28), np.nan), "not in 0 … 1"),
    ],
)
def test_normalize_refuses(image: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        digits.normalize(image)
