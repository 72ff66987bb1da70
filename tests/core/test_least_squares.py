"""Maps found in closed form, and the votes they cast."""

from __future__ import annotations

import numpy as np
import pytest

from nets_core import Network, least_squares, metrics
from nets_core.files import saving
from nets_core.layers import Dense, Votes


def blobs(n: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points in ten clusters, one for each class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 10
    middles = np.random.default_rng(99).random((10, 12))
    return (middles[labels] + rng.normal(0, 0.12, (n, 12))).clip(0, 1), labels


def test_each_map_is_the_least_squares_solution() -> None:
    x, labels = blobs()
    net = least_squares.fit(x, labels, ridge=0.0)
    weights, biases = net.parameters()
    k = 0
    for i in range(10):
        for j in range(i + 1, 10):
            chosen = (labels == i) | (labels == j)
            rows = np.hstack([x[chosen], np.ones((chosen.sum(), 1))])
            targets = np.where(labels[chosen] == i, 1.0, -1.0)
            expected = np.linalg.lstsq(rows, targets, rcond=None)[0]
            np.testing.assert_allclose(weights[k], expected[:-1], rtol=1e-3, atol=1e-4)
            assert biases[k] == pytest.approx(expected[-1], rel=1e-3, abs=1e-4)
            k += 1


def test_it_reads_points_it_has_not_seen_and_survives_being_stored() -> None:
    net = least_squares.fit(*blobs(seed=1))
    x, labels = blobs(seed=2)
    assert metrics.accuracy(net, x, labels) > 0.9
    stored = saving.loads(saving.dumps(net, storage="int8"))
    assert metrics.accuracy(stored, x, labels) > 0.9


def test_pixels_that_never_change_do_no_harm() -> None:
    x, labels = blobs()
    x = np.hstack([x, np.zeros((len(x), 3))])
    weights = least_squares.fit(x, labels).parameters()[0]
    assert np.isfinite(weights).all()
    assert (weights[:, -3:] == 0).all()


def test_votes_are_counted_pair_by_pair() -> None:
    net = Network([Dense(6), Votes(4)], (6,), initializer="zeros", dtype=np.float64)
    net.layers[0].parameters()[0][...] = np.eye(6)
    a = np.random.default_rng(3).normal(0, 5, (50, 6))
    votes = np.zeros((50, 4))
    for row in range(50):
        k = 0
        for i in range(4):
            for j in range(i + 1, 4):
                votes[row, i if a[row, k] > 0 else j] += 1
                k += 1
    np.testing.assert_array_equal(np.rint(net.forward(a)), votes)


def test_a_tie_goes_to_the_clearer_pairs() -> None:
    net = Network([Dense(3), Votes(3)], (3,), initializer="zeros", dtype=np.float64)
    net.layers[0].parameters()[0][...] = np.eye(3)
    # 0 beats 1 clearly, 2 beats 0 by a hair, 1 beats 2 by a hair: one vote each.
    assert net.forward([[1.0, -0.01, 0.01]]).argmax() == 0


def test_what_it_refuses() -> None:
    x, labels = blobs()
    with pytest.raises(ValueError, match="labels has no 3"):
        least_squares.fit(x[labels != 3], labels[labels != 3])
    with pytest.raises(ValueError, match="labels has shape"):
        least_squares.fit(x, labels[:-1])
    with pytest.raises(ValueError, match="ridge is -1"):
        least_squares.fit(x, labels, ridge=-1)
    with pytest.raises(ValueError, match="a votes layer of 3 classes gets"):
        Network([Dense(4), Votes(3)], (2,))
