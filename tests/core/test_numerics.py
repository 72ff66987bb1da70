"""Numerical stability: saturated outputs, large weighted inputs, both ways to multiply."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nets_core import Network, ops
from nets_core.activations import ACTIVATIONS


@pytest.fixture(autouse=True)
def warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def net_with_z(z: list[float], output: str, dtype: Any) -> tuple[Network, np.ndarray[Any, Any]]:
    """A net of one layer, and an input for which its weighted inputs are ``z``."""
    net = Network.mlp([1, len(z)], output=output, loss="cross_entropy", dtype=dtype)
    net.layers[0].weights[:, 0] = z
    net.layers[0].biases[:] = 0
    return net, np.ones((1, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [50, 100, 1000])
@pytest.mark.parametrize("right", [0, 1, 2])
class TestSaturation:
    def test_softmax_with_cross_entropy(self, right: int, size: int, dtype: Any) -> None:
        z = [float(size), 0.0, -float(size)]
        net, x = net_with_z(z, "softmax", dtype)
        cost, gradients = net.backward(x, np.eye(3)[[right]])
        # ln Σ e^z − z_y, by the largest: the others add nothing
        assert cost == pytest.approx(size - z[right], rel=1e-6, abs=1e-6)
        a = [1, 0, 0]
        expected = np.array(a) - np.eye(3)[right]
        np.testing.assert_allclose(gradients[1], expected, atol=1e-6)
        assert all(np.isfinite(g).all() for g in gradients)
        np.testing.assert_allclose(net.forward(x), [a], atol=1e-6)

    def test_sigmoid_with_cross_entropy(self, right: int, size: int, dtype: Any) -> None:
        z = [float(size), 0.0, -float(size)]
        net, x = net_with_z(z, "sigmoid", dtype)
        y = np.eye(3)[[right]]
        cost, gradients = net.backward(x, y)
        a = np.array([1, 0.5, 0])
        # −ln σ(z) is 0 or −z, −ln(1 − σ(z)) is z or 0, and ln 2 in the middle
        expected = {0: 0, 1: size, 2: size + size}[right] + math.log(2)
        assert cost == pytest.approx(expected, rel=1e-6)
        np.testing.assert_allclose(gradients[1], a - y[0], atol=1e-6)
        assert all(np.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_is_finite_at_plus_and_minus_1000(name: str, dtype: Any) -> None:
    activation = ACTIVATIONS[name]
    z = np.array([[1000, -1000, 0, 90, -90]], dtype)
    a = activation.function(z)
    assert a.dtype == dtype
    assert np.isfinite(a).all()
    if not activation.output_only:
        slope = np.broadcast_to(activation.derivative(z, a), z.shape)
        assert slope.dtype == dtype
        assert np.isfinite(slope).all()


def test_activations_are_what_their_names_say() -> None:
    z = np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]])
    expected = {
        "identity": [float(v) for v in z[0]],
        "sigmoid": [1 / (1 + math.exp(-v)) for v in z[0]],
        "tanh": [math.tanh(v) for v in z[0]],
        "relu": [max(v, 0) for v in z[0]],
        "leaky_relu": [v if v > 0 else 0.01 * v for v in z[0]],
        "swish": [v / (1 + math.exp(-v)) for v in z[0]],
        "softmax": [math.exp(v) / sum(math.exp(u) for u in z[0]) for v in z[0]],
    }
    for name, values in expected.items():
        before = z.copy()
        a = ACTIVATIONS[name].function(z)
        np.testing.assert_allclose(a[0], values, rtol=1e-12, err_msg=name)
        np.testing.assert_array_equal(z, before)
        assert not np.shares_memory(a, z)


@pytest.mark.parametrize("name", [n for n, a in ACTIVATIONS.items() if not a.output_only])
def test_derivatives_are_the_slopes(name: str) -> None:
    activation, h = ACTIVATIONS[name], 1e-6
    z = np.array([[-3.0, -0.7, -0.1, 0.2, 1.0, 4.0]])
    slope = (activation.function(z + h) - activation.function(z - h)) / (2 * h)
    np.testing.assert_allclose(activation.derivative(z, activation.function(z)), slope, atol=1e-8)


def test_softmax_of_large_equal_inputs_is_even_and_shifts_change_nothing() -> None:
    softmax = ACTIVATIONS["softmax"].function
    np.testing.assert_allclose(softmax(np.full((2, 4), 1e300)), 0.25)
    z = np.random.default_rng(0).standard_normal((3, 4))
    np.testing.assert_allclose(softmax(z + 500), softmax(z), rtol=1e-10)


def test_an_unlikely_right_answer_costs_the_same_in_float32_as_in_float64() -> None:
    """A cost computed from a would be 0 or infinite here: σ(20) rounds to 1 in float32."""
    costs = {}
    for dtype in (np.float32, np.float64):
        for output in ("sigmoid", "softmax"):
            net, x = net_with_z([20.0, 0.0], output, dtype)
            for right in (0, 1):
                cost = net.backward(x, np.eye(2)[[right]])[0]
                costs.setdefault((output, right), []).append(cost)
    for (output, right), (single, double) in costs.items():
        assert single == pytest.approx(double, rel=1e-5, abs=1e-7), (output, right)
    assert costs["softmax", 0][0] == pytest.approx(math.log1p(math.exp(-20)), abs=1e-7)


@settings(deadline=None, max_examples=50)
@given(
    m=st.integers(1, 9),
    k=st.integers(1, 9),
    n=st.integers(1, 9),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 99),
)
def test_both_ways_to_multiply_are_the_same_product(
    m: int, k: int, n: int, dtype: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> Any:
        return rng.standard_normal((rows, columns)).astype(dtype)

    cases = [
        ("nt", matrix(m, k), matrix(n, k), "ik,jk->ij"),
        ("nn", matrix(m, k), matrix(k, n), "ik,kj->ij"),
        ("tn", matrix(k, m), matrix(k, n), "ki,kj->ij"),
    ]
    for form, a, b, formula in cases:
        exact = np.einsum(formula, a.astype(np.float64), b.astype(np.float64))
        for product in (getattr(ops, f"_{way}_{form}") for way in ("blas", "einsum")):
            result = product(a, b)
            assert result.dtype == dtype
            assert result.flags.writeable
            np.testing.assert_allclose(result, exact, atol=1e-5 if dtype is np.float32 else 1e-12)
        np.testing.assert_allclose(getattr(ops, f"matmul_{form}")(a, b), exact, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pixels_are_read_as_parts_of_255(dtype: Any) -> None:
    pixels = np.arange(256, dtype=np.uint8)[np.newaxis]
    floats = ops.as_floats(pixels, dtype)
    assert floats.dtype == dtype
    assert (floats[0, 0], floats[0, -1]) == (0, 1)
    np.testing.assert_allclose(floats[0], np.arange(256) / 255, rtol=1e-6)
    rows = ops.gather(pixels.T, np.array([7, 0]), dtype)
    np.testing.assert_allclose(rows[:, 0], [7 / 255, 0], rtol=1e-6)
