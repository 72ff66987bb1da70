"""How weights start: means and deviations of many draws, and what follows from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nets_core import Network
from nets_core.initializers import INITIALIZERS
from nets_core.layers import Conv2D, Dense, Flatten

INPUTS, OUTPUTS = 400, 250
DEVIATIONS = {
    "nielsen": 1 / math.sqrt(INPUTS),
    "normal": 1.0,
    "xavier": math.sqrt(2 / (INPUTS + OUTPUTS)),
    "he": math.sqrt(2 / INPUTS),
    "small": 1 / math.sqrt(3 * INPUTS),
    "zeros": 0.0,
}


def net(initializer: str, seed: int = 1, dtype: Any = np.float64) -> Network:
    return Network.mlp([INPUTS, OUTPUTS], initializer=initializer, seed=seed, dtype=dtype)


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_mean_and_deviation_of_the_weights(name: str) -> None:
    weights, deviation = net(name).layers[0].weights, DEVIATIONS[name]
    # 100,000 draws determine the deviation to 0.2 %, and the mean to 0.3 % of the deviation.
    assert weights.std() == pytest.approx(deviation, rel=0.015)
    assert abs(weights.mean()) <= 0.015 * deviation
    if deviation:  # half of a normal distribution, or of a uniform one, lies within this
        inside = np.abs(weights / deviation) < (math.sqrt(3) / 2 if name == "small" else 0.6745)
        assert inside.mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_biases_are_nielsens_or_zero(name: str) -> None:
    biases = net(name).layers[0].biases
    if name in ("nielsen", "normal"):
        assert biases.std() == pytest.approx(1, abs=0.2)
    else:
        assert not biases.any()


@pytest.mark.parametrize("name", sorted(set(INITIALIZERS) - {"zeros"}))
def test_the_seed_decides(name: str) -> None:
    one, same, other = (net(name, seed).layers[0].weights for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.99


def test_float32_and_float64_start_as_the_same_net() -> None:
    single, double = net("nielsen", dtype=np.float32), net("nielsen", dtype=np.float64)
    for p, q in zip(single.parameters(), double.parameters(), strict=True):
        np.testing.assert_array_equal(p, q.astype(np.float32))


def test_layers_do_not_repeat_each_other_s_numbers() -> None:
    layers = Network.mlp([20, 20, 20], seed=1).layers
    assert (layers[0].weights != layers[1].weights).any()


def test_a_filter_s_inputs_are_its_window() -> None:
    made = Network([Conv2D(600, 5), Flatten(), Dense(2)], (5, 5, 8), initializer="he", seed=1)
    assert made.layers[0].weights.std() == pytest.approx(math.sqrt(2 / (5 * 5 * 8)), rel=0.02)


def test_with_zeros_hidden_neurons_stay_equal() -> None:
    same = Network.mlp([5, 4, 3], initializer="zeros", dtype=np.float64)
    x, y = np.random.default_rng(0).random((6, 5)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    gradients = same.backward(x, y)[1]
    np.testing.assert_array_equal(gradients[0], np.broadcast_to(gradients[0][0], (4, 5)))
