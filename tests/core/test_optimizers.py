"""Each optimizer, compared with its formula, written number by number as in its source."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nets_core import SGD, Adam, Network, Trainer
from nets_core.optimizers import OPTIMIZERS

STEPS = 25


def gradients_of(step: int) -> list[Any]:
    rng = np.random.default_rng(step)
    return [rng.standard_normal((3, 2)), rng.standard_normal(3)]


def start() -> list[Any]:
    rng = np.random.default_rng(99)
    return [rng.standard_normal((3, 2)), rng.standard_normal(3)]


def run(optimizer: Any) -> list[float]:
    """Every number of the parameters after ``STEPS`` updates."""
    parameters = start()
    kept = list(parameters)
    for step in range(STEPS):
        optimizer.update(parameters, gradients_of(step))
    assert all(p is q for p, q in zip(parameters, kept, strict=True))  # in place
    assert optimizer.steps == STEPS
    return [float(v) for p in parameters for v in p.ravel()]


def numbers(arrays: list[Any]) -> list[float]:
    return [float(v) for array in arrays for v in array.ravel()]


def test_sgd() -> None:
    expected = numbers(start())
    for step in range(STEPS):
        for i, g in enumerate(numbers(gradients_of(step))):
            expected[i] = expected[i] - 0.3 * g
    np.testing.assert_allclose(run(SGD(0.3)), expected, rtol=1e-12)


def test_momentum_as_in_nielsens_chapter_3() -> None:
    expected = numbers(start())
    velocity = [0.0] * len(expected)
    for step in range(STEPS):
        for i, g in enumerate(numbers(gradients_of(step))):
            velocity[i] = 0.9 * velocity[i] - 0.3 * g
            expected[i] = expected[i] + velocity[i]
    np.testing.assert_allclose(run(SGD(0.3, momentum=0.9)), expected, rtol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-2}])
def test_adam_as_in_algorithm_1(settings: dict[str, float]) -> None:
    beta1, beta2 = settings.get("beta1", 0.9), settings.get("beta2", 0.999)
    epsilon = settings.get("epsilon", 1e-8)
    expected = numbers(start())
    m, v = [0.0] * len(expected), [0.0] * len(expected)
    for t in range(1, STEPS + 1):
        for i, g in enumerate(numbers(gradients_of(t - 1))):
            m[i] = beta1 * m[i] + (1 - beta1) * g
            v[i] = beta2 * v[i] + (1 - beta2) * g * g
            m_hat, v_hat = m[i] / (1 - beta1**t), v[i] / (1 - beta2**t)
            expected[i] -= 0.05 * m_hat / (math.sqrt(v_hat) + epsilon)
    np.testing.assert_allclose(run(Adam(0.05, **settings)), expected, rtol=1e-10)


def test_adam_s_first_step_is_the_learning_rate_whatever_the_gradient_s_size() -> None:
    p = [np.zeros(3)]
    Adam(0.01).update(p, [np.array([1e-4, -1.0, 1e4])])
    np.testing.assert_allclose(p[0], [-0.01, 0.01, -0.01], rtol=1e-3)


@pytest.mark.parametrize("make", [lambda: SGD(0.5), lambda: SGD(0.5, 0.9), lambda: Adam(0.5)])
def test_the_learning_rate_may_change_at_any_time(make: Any) -> None:
    """A rate that falls to almost nothing stops the net at once, except for its momentum."""
    optimizer, parameters = make(), start()
    optimizer.update(parameters, gradients_of(0))
    optimizer.learning_rate = 1e-300
    before = [p.copy() for p in parameters]
    for v in optimizer.state.get("velocity", []):
        v[:] = 0
    optimizer.update(parameters, gradients_of(1))
    for p, q in zip(parameters, before, strict=True):
        np.testing.assert_allclose(p, q, atol=1e-200)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_the_dtype_of_the_parameters_is_kept(name: str, dtype: Any) -> None:
    optimizer = OPTIMIZERS[name](0.1)
    parameters = [p.astype(dtype) for p in start()]
    for step in range(3):
        optimizer.update(parameters, [g.astype(dtype) for g in gradients_of(step)])
    arrays = [*parameters, *(a for arrays in optimizer.state.values() for a in arrays)]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("optimizer", [SGD(0.2), SGD(0.2, 0.8), Adam(0.02, 0.8, 0.99, 1e-6)])
def test_settings_make_the_same_optimizer_again(optimizer: Any) -> None:
    again = type(optimizer)(**optimizer.settings())
    assert again.settings() == optimizer.settings()
    np.testing.assert_array_equal(run(type(optimizer)(**optimizer.settings())), run(again))


@pytest.mark.parametrize(
    "make", [lambda: SGD(0.5), lambda: SGD(0.5, momentum=0.9), lambda: Adam(0.01)]
)
def test_l2_is_added_to_the_weights_gradient_and_not_to_the_biases(make: Any) -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.random((12, 4)), rng.integers(0, 2, 12)
    net, by_hand = (Network.mlp([4, 3, 2], seed=3, dtype=np.float64) for _ in range(2))
    trainer = Trainer(net, make(), x, labels, batch_size=12, l2=0.25)
    optimizer = make()
    trainer.run(epochs=6)
    for _ in range(6):
        gradients = by_hand.backward(x, np.eye(2)[labels])[1]
        for g, p in zip(gradients, by_hand.parameters(), strict=True):
            if p.ndim == 2:
                g += 0.25 * p
        optimizer.update(by_hand.parameters(), gradients)
    for p, q in zip(net.parameters(), by_hand.parameters(), strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: SGD(v), "learning_rate"),
        (lambda v: Adam(v), "learning_rate"),
        (lambda v: setattr(SGD(1), "learning_rate", v), "learning_rate"),
        (lambda v: Adam(0.1, epsilon=v), "epsilon"),
    ],
)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "0.1", None, True, [1]])
def test_impossible_rates_are_refused(make: Any, name: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=f"{name} is .*expected"):
        make(value)


@pytest.mark.parametrize("value", [1, -0.1, float("nan"), "0.9"])
@pytest.mark.parametrize("name", ["momentum", "beta1", "beta2"])
def test_impossible_averages_are_refused(name: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=f"{name} is .*expected"):
        (SGD if name == "momentum" else Adam)(0.1, **{name: value})
