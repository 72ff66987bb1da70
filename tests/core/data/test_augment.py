"""Distortions: none at strength 0, the stated map when there is only one, reproducible by seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nets_core.data import digits
from nets_core.data.augment import Distortion, distort, flourish, with_flourishes

EVERYTHING = Distortion(
    rotation=0.2, slant=0.2, stretch=0.15, shift=1, bend=1, elastic=0.7, pen=0.5
)

Strokes = list[list[tuple[float, float]]]

PLACES = np.arange(28) - 13.5

ONE: Strokes = [[(100, 50), (100, 250)]]
FOUR: Strokes = [[(95, 45), (80, 160), (200, 160)], [(160, 40), (160, 250)]]
SEVEN: Strokes = [[(60, 40), (180, 40), (120, 220)]]
NINE: Strokes = [
    [(120 + 40 * np.cos(t / 5), 90 + 40 * np.sin(t / 5)) for t in range(32)],
    [(160, 60), (155, 240)],
]
THREE: Strokes = [[(60, 60), (130, 60), (90, 120), (140, 170), (60, 220)]]


def bytes_of(strokes: Strokes, count: int = 1) -> NDArray[np.uint8]:
    """`count` copies of the same picture, in MNIST's format."""
    picture = np.rint(digits.rasterize(strokes) * 255).astype(np.uint8)
    return np.tile(picture.reshape(1, 784), (count, 1))


def moments(pictures: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Mass (n,), centre of mass (n, 2) and covariance (n, 2, 2), x first."""
    p = pictures.reshape(-1, 28, 28).astype(np.float64)
    mass = p.sum(axis=(1, 2))
    centre = np.stack([p.sum(axis=1) @ PLACES, p.sum(axis=2) @ PLACES], axis=1) / mass[:, None]
    x = PLACES[None, None, :] - centre[:, 0, None, None]
    y = PLACES[None, :, None] - centre[:, 1, None, None]
    xx, xy, yy = ((p * a * b).sum(axis=(1, 2)) / mass for a, b in ((x, x), (x, y), (y, y)))
    return mass, centre, np.stack([xx, xy, xy, yy], axis=1).reshape(-1, 2, 2)


def test_no_distortion_is_the_picture_itself() -> None:
    images = bytes_of(THREE, 3)
    result = distort(images, Distortion(), np.random.default_rng(1))
    assert result.shape == (3, 784)
    assert result.dtype == np.float32
    assert np.allclose(result, images / 255, atol=1e-5)
    floats = (images / 255).astype(np.float64)
    assert np.allclose(distort(floats, Distortion(), np.random.default_rng(1)), floats, atol=1e-5)


def test_same_generator_same_pictures_and_each_its_own() -> None:
    images = bytes_of(NINE, 5)
    one, same, other = (
        distort(images, EVERYTHING, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.abs(one[0] - one[1]).max() > 0.2
    assert one.min() >= 0
    assert one.max() <= 1


def test_input_is_not_changed() -> None:
    for images in (bytes_of(NINE, 4), (bytes_of(NINE, 4) / 255).astype(np.float32)):
        before = images.copy()
        distort(images, EVERYTHING, np.random.default_rng(1))
        assert np.array_equal(images, before)


def test_ink_is_roughly_kept() -> None:
    images = bytes_of(NINE, 500)
    mass, centre, _ = moments(distort(images, EVERYTHING, np.random.default_rng(1)))
    assert mass.mean() == pytest.approx(images[0].sum() / 255, rel=0.1)
    assert centre.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.2)
    assert (mass / mass.mean()).min() > 0.3
    assert (mass / mass.mean()).max() < 2.5


def test_shift_moves_the_centre_evenly_up_to_its_pixels() -> None:
    result = distort(bytes_of(NINE, 500), Distortion(shift=2), np.random.default_rng(1))
    _, centre, _ = moments(result)
    moved = centre - 0.5
    assert 1.8 < np.abs(moved).max() < 2.1
    assert moved.std(axis=0) == pytest.approx([2 / np.sqrt(3)] * 2, rel=0.1)


def test_rotation_turns_and_keeps_the_size() -> None:
    original = moments(bytes_of(ONE).astype(np.float32))[2][0]
    result = distort(bytes_of(ONE, 300), Distortion(rotation=0.3), np.random.default_rng(1))
    _, _, spread = moments(result)
    angle = 0.5 * np.arctan2(2 * spread[:, 0, 1], spread[:, 1, 1] - spread[:, 0, 0])
    assert 0.27 < np.abs(angle).max() < 0.32
    assert angle.std() == pytest.approx(0.3 / np.sqrt(3), rel=0.1)
    trace = np.trace(spread, axis1=1, axis2=2)
    assert trace == pytest.approx(np.full(300, np.trace(original)), rel=0.05)


def test_slant_moves_rows_and_keeps_heights() -> None:
    original = moments(bytes_of(ONE).astype(np.float32))[2][0]
    result = distort(bytes_of(ONE, 300), Distortion(slant=0.4), np.random.default_rng(1))
    _, _, spread = moments(result)
    slant = spread[:, 0, 1] / spread[:, 1, 1]
    assert 0.35 < np.abs(slant).max() < 0.42
    assert spread[:, 1, 1] == pytest.approx(np.full(300, original[1, 1]), rel=0.02)


def test_stretch_scales_each_side_on_its_own() -> None:
    original = moments(bytes_of(NINE).astype(np.float32))[2][0]
    result = distort(bytes_of(NINE, 300), Distortion(stretch=0.2), np.random.default_rng(1))
    _, _, spread = moments(result)
    width, height = (np.log(spread[:, i, i] / original[i, i]) / 2 for i in (0, 1))
    for change in (width, height):
        assert 0.16 < np.abs(change).max() < 0.22
    assert abs(np.corrcoef(width, height)[0, 1]) < 0.2


def test_bend_curves_a_line() -> None:
    result = distort(bytes_of(ONE, 200), Distortion(bend=3), np.random.default_rng(1))
    rows = result.reshape(-1, 28, 28)[:, [8, 14, 20]]
    x = rows @ PLACES / rows.sum(axis=2)
    sag = x[:, 1] - (x[:, 0] + x[:, 2]) / 2
    assert np.abs(sag).max() == pytest.approx(3 * (6 / 14) ** 2, rel=0.2)


def test_elastic_displaces_by_its_pixels() -> None:
    ramp = np.broadcast_to((np.arange(28) / 28).astype(np.float32), (200, 28, 28))
    result = distort(ramp.reshape(200, 784), Distortion(elastic=0.5), np.random.default_rng(1))
    moved = (result.reshape(200, 28, 28) - ramp)[:, 4:-4, 4:-4] * 28
    assert moved.std() == pytest.approx(0.5, rel=0.15)
    steps = np.diff(moved, axis=2)
    assert steps.std() < 0.2, "smooth: neighbours move together"


def test_pen_makes_lines_thicker_and_thinner() -> None:
    images = bytes_of(ONE, 300)
    mass, _, _ = moments(distort(images, Distortion(pen=0.5), np.random.default_rng(1)))
    change = (mass - images[0].sum() / 255) / 17.7  # over the line's length: its width
    assert change.max() == pytest.approx(1, abs=0.3)
    assert change.min() == pytest.approx(-1, abs=0.3)
    assert 0.4 < (change > 0).mean() < 0.6


def test_what_a_trainer_calls_keeps_the_shape() -> None:
    x = (bytes_of(NINE, 4) / 255).astype(np.float32)
    flat = EVERYTHING(x, np.random.default_rng(3))
    square = EVERYTHING(x.reshape(4, 28, 28, 1), np.random.default_rng(3))
    assert square.shape == (4, 28, 28, 1)
    assert np.array_equal(square.reshape(4, 784), flat)
    assert Distortion(**EVERYTHING.settings()) == EVERYTHING


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros(784, np.uint8), r"shape \(784,\), expected"),
        (np.zeros((2, 28, 28), np.uint8), r"shape \(2, 28, 28\), expected"),
        (np.zeros((2, 784), np.int64), "dtype int64, expected uint8 or float"),
    ],
)
def test_distort_refuses(images: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        distort(images, EVERYTHING, np.random.default_rng(1))


def test_distort_takes_an_empty_batch() -> None:
    empty = np.zeros((0, 784), np.uint8)
    assert distort(empty, EVERYTHING, np.random.default_rng(1)).shape == (0, 784)


@pytest.mark.parametrize(
    ("digit", "strokes", "more"),
    [(1, ONE, True), (7, SEVEN, True), (9, NINE, True), (4, FOUR, False)],
)
def test_flourish_adds_or_takes_a_stroke(digit: int, strokes: Any, more: bool) -> None:
    images = bytes_of(strokes, 100)
    labels = np.full(100, digit, np.uint8)
    marked = flourish(images, labels, np.random.default_rng(1))
    assert marked.dtype == np.uint8
    assert marked.shape == images.shape
    mass, centre, _ = moments(marked.astype(np.float32))
    changed = (marked != images).any(axis=1)
    assert changed.mean() > 0.9
    ink = mass[changed] / images[0].sum()
    if more:
        assert ink.mean() > 1.02
    assert centre == pytest.approx(np.full((100, 2), 0.5), abs=0.15)
    rows = (marked.reshape(-1, 28, 28) > 60).any(axis=2).sum(axis=1)
    columns = (marked.reshape(-1, 28, 28) > 60).any(axis=1).sum(axis=1)
    longest = np.maximum(rows, columns)
    assert longest.min() >= 18
    assert longest.max() <= 22


def test_flag_is_at_the_upper_left() -> None:
    marked = flourish(bytes_of(ONE, 50), np.full(50, 1), np.random.default_rng(1))
    pictures = marked.reshape(-1, 28, 28) > 100
    stem = pictures[:, 16].argmax(axis=1)
    flagged = [picture[:14, : x - 2].any() for picture, x in zip(pictures, stem, strict=True)]
    assert np.mean(flagged) > 0.7, "the others hang close to the stem"


def test_short_stem_leaves_one_line_at_the_top() -> None:
    marked = flourish(bytes_of(FOUR, 50), np.full(50, 4), np.random.default_rng(1))
    pictures = (marked.reshape(-1, 28, 28) > 100).astype(int)
    row = [picture[np.flatnonzero(picture.any(axis=1))[1]] for picture in pictures]
    assert all((np.diff(line, prepend=0) == 1).sum() == 1 for line in row)
    untouched = bytes_of(FOUR).reshape(28, 28)[6] > 100
    assert (np.diff(untouched.astype(int), prepend=0) == 1).sum() == 2


def test_flourish_leaves_the_other_digits() -> None:
    images = bytes_of(THREE, 8)
    labels = np.array([0, 2, 3, 5, 6, 8, 3, 3], np.uint8)
    assert np.array_equal(flourish(images, labels, np.random.default_rng(1)), images)


def test_with_flourishes_appends_a_share() -> None:
    images = np.concatenate([bytes_of(ONE, 20), bytes_of(THREE, 20)])
    labels = np.repeat(np.array([1, 3], np.uint8), 20)
    more, more_labels = with_flourishes(images, labels, 0.5, seed=1)
    assert more.shape == (60, 784)
    assert more_labels.shape == (60,)
    assert np.array_equal(more[:40], images)
    assert np.array_equal(more_labels[:40], labels)
    assert {int(label) for label in more_labels[40:]} == {1, 3}
    for image, label in zip(more[40:], more_labels[40:], strict=True):
        assert np.array_equal(image, images[20]) == (label == 3)
    again, _ = with_flourishes(images, labels, 0.5, seed=1)
    assert np.array_equal(more, again)


def test_flourish_refuses() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="dtype float64"):
        flourish(np.zeros((2, 784)), np.zeros(2), rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"labels has shape \(3,\), expected \(2,\)"):
        flourish(np.zeros((2, 784), np.uint8), np.zeros(3), rng)
    with pytest.raises(ValueError, match="share is 2"):
        with_flourishes(np.zeros((2, 784), np.uint8), np.zeros(2), 2, seed=1)
