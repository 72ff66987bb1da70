"""The operations in any implementation: in the tab these tests also run with the kernels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nets_core import SGD, Adam, Network, Trainer, ops

Array = NDArray[Any]

size = st.integers(0, 40)
seed = st.integers(0, 10**6)
dtype = st.sampled_from([np.float32, np.float32, np.float32, np.float64])
layout = st.sampled_from(["as made", "rows apart", "columns apart", "transposed", "unaligned"])
LAYOUTS = st.tuples(layout, layout)


def laid_out(x: Array, layout: str) -> Array:
    """The same numbers, laid out differently in memory."""
    if layout == "rows apart":
        return np.pad(x, ((0, 0), (2, 3)))[:, 2 : 2 + x.shape[1]]
    if layout == "columns apart":
        return np.repeat(x, 2, axis=1)[:, ::2]
    if layout == "transposed":
        return np.ascontiguousarray(x.T).T
    if layout == "unaligned":
        return np.frombuffer(b"?" + x.tobytes(), x.dtype, offset=1).reshape(x.shape)
    return x


def eps(x: Array) -> float:
    return float(np.finfo(x.dtype).eps)


@settings(max_examples=500)
@given(m=size, k=size, n=size, seed=seed, dtype=dtype, layouts=LAYOUTS)
@pytest.mark.parametrize(
    ("name", "formula"),
    [("matmul_nt", "ik,jk->ij"), ("matmul_nn", "ik,kj->ij"), ("matmul_tn", "ki,kj->ij")],
)
def test_products(
    name: str, formula: str, m: int, k: int, n: int, seed: int, dtype: Any, layouts: tuple[str, str]
) -> None:
    rng = np.random.default_rng(seed)
    length = {"i": m, "j": n, "k": k}
    a, b = (
        laid_out(rng.standard_normal([length[axis] for axis in axes]).astype(dtype), layout)
        for axes, layout in zip(formula.split("->")[0].split(","), layouts, strict=True)
    )
    found = getattr(ops, name)(a, b)
    exact = np.einsum(formula, a.astype(np.float64), b.astype(np.float64))
    bound = (k + 2) * eps(a) * np.einsum(formula, abs(a).astype(np.float64), abs(b))
    assert (found.shape, found.dtype) == ((m, n), a.dtype)
    assert (abs(found - exact) <= bound).all()


@settings(max_examples=100)
@given(
    m=size,
    k=st.integers(64, 130),
    n=size,
    seed=seed,
    layouts=LAYOUTS,
    share=st.sampled_from([0, 0.2, 0.6]),
    special=st.booleans(),
)
@pytest.mark.parametrize(
    ("name", "formula"), [("matmul_nt", "ik,jk->ij"), ("matmul_tn", "ij,ik->jk")]
)
def test_products_of_pictures_that_are_mostly_zero(
    name: str,
    formula: str,
    m: int,
    k: int,
    n: int,
    seed: int,
    layouts: tuple[str, str],
    share: float,
    special: bool,
) -> None:
    """x (m, k) times weights (n, k), and errors (m, n) times x; 0 · ∞ is NaN here too."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((m, k)).astype(np.float32)
    x[np.repeat(rng.random((m, k // 8 + 1)) >= share, 8, axis=1)[:, :k]] = 0
    other = rng.standard_normal((n, k) if name == "matmul_nt" else (m, n)).astype(np.float32)
    if special and other.size:
        other.flat[rng.integers(other.size)] = rng.choice([np.inf, -np.inf, np.nan])
    operands = laid_out(x, layouts[0]), laid_out(other, layouts[1])
    found = getattr(ops, name)(*(operands if name == "matmul_nt" else operands[::-1]))
    first, second = (x, other) if name == "matmul_nt" else (other, x)
    with np.errstate(invalid="ignore"):
        exact = np.einsum(formula, first.astype(np.float64), second.astype(np.float64))
        bound = (
            (max(m, k) + 2)
            * eps(x)
            * np.einsum(formula, abs(first).astype(np.float64), abs(second))
        )
    plain = np.isfinite(exact)
    np.testing.assert_array_equal(found[~plain], exact[~plain])
    assert (abs(found - exact)[plain] <= bound[plain]).all()


@pytest.mark.parametrize("name", ["matmul_nt", "matmul_nn", "matmul_tn"])
def test_products_that_do_not_fit_are_refused(name: str) -> None:
    a, b = np.ones((2, 3), np.float32), np.ones((4, 5), np.float32)
    with pytest.raises(ValueError, match=r"mismatch|broadcast"):
        getattr(ops, name)(a, b)


@settings(max_examples=200)
@given(m=size, n=size, seed=seed, dtype=dtype, layout=layout)
def test_rows(m: int, n: int, seed: int, dtype: Any, layout: str) -> None:
    rng = np.random.default_rng(seed)
    x, b = rng.standard_normal((m, n)).astype(dtype), rng.standard_normal(n).astype(dtype)
    found = ops.sum_rows(laid_out(x, layout))
    assert (found.shape, found.dtype) == ((n,), x.dtype)
    bound = (m + 1) * eps(x) * abs(x).sum(axis=0, dtype=np.float64)
    assert (abs(found - x.sum(axis=0, dtype=np.float64)) <= bound).all()
    changed = laid_out(x, layout).copy(order="K")
    ops.add_row(changed, b)
    np.testing.assert_array_equal(changed, x + b)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("exp", np.exp),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("relu", lambda z: np.maximum(z, 0)),
    ],
)
@settings(max_examples=200)
@given(shape=st.lists(st.integers(0, 7), min_size=1, max_size=4), seed=seed, dtype=dtype)
def test_functions(name: str, function: Any, shape: list[int], seed: int, dtype: Any) -> None:
    z = np.asarray(np.random.default_rng(seed).uniform(-80, 80, shape)).astype(dtype)
    found = getattr(ops, name)(z)
    assert (found.shape, found.dtype) == (z.shape, z.dtype)
    np.testing.assert_allclose(found, function(z.astype(np.float64)), rtol=5 * eps(z))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_of_what_is_no_finite_number(dtype: Any) -> None:
    z = np.array([[np.nan, np.inf, -np.inf, 1e30, -1e30]], dtype)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(ops.exp(z), [[np.nan, np.inf, 0, np.inf, 0]])
    np.testing.assert_array_equal(ops.sigmoid(z), [[np.nan, 1, 0, 1, 0]])
    np.testing.assert_array_equal(ops.tanh(z), [[np.nan, 1, -1, 1, -1]])
    np.testing.assert_array_equal(ops.relu(z), np.array([[np.nan, np.inf, 0, 1e30, 0]], dtype))


@settings(max_examples=200)
@given(shape=st.lists(st.integers(0, 7), max_size=4), seed=seed, dtype=dtype)
def test_updates(shape: list[int], seed: int, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    p, g, m, v = (np.asarray(rng.uniform(0.5, 1, shape)).astype(dtype) for _ in range(4))
    x = p.copy()
    ops.combine(x, 0.5, g, -2.0)
    np.testing.assert_allclose(x, 0.5 * p - 2 * g, atol=8 * eps(p))
    arrays = [x.copy() for x in (p, m, v)]
    ops.adam(arrays[0], g, arrays[1], arrays[2], 0.9, 0.99, 0.1, 1e-3)
    mean, square = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
    expected = p - 0.1 * mean / (np.sqrt(square) + 1e-3), mean, square
    for found, right in zip(arrays, expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=16 * eps(p))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_arrays_may_be_changed_by_themselves(kind: Any) -> None:
    x = np.arange(12, dtype=kind).reshape(3, 4)
    before = x.copy()
    ops.combine(x, 2.0, x, 3.0)
    np.testing.assert_array_equal(x, 5 * before)
    x = before.copy()
    ops.add_row(x, x[0])
    np.testing.assert_array_equal(x, before + before[0])


@settings(max_examples=200)
@given(n=st.integers(1, 20), features=size, count=size, seed=seed, dtype=dtype, layout=layout)
def test_pixels(n: int, features: int, count: int, seed: int, dtype: Any, layout: str) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n, features)).astype(np.uint8)
    x, rows = laid_out(pixels, layout), rng.integers(-n, n, count)
    for found, right in (
        (ops.as_floats(x, dtype), pixels),
        (ops.gather(x, rows, dtype), pixels[rows]),
    ):
        assert (found.shape, found.dtype) == (right.shape, np.dtype(dtype))
        np.testing.assert_allclose(found, right / 255, rtol=2 * eps(found))
    numbers = laid_out(rng.standard_normal((n, features)).astype(dtype), layout)
    gathered = ops.gather(numbers, rows, dtype)
    assert not np.shares_memory(gathered, numbers)
    one_by_one = np.array([numbers[i] for i in rows], dtype).reshape(count, features)
    np.testing.assert_array_equal(gathered, one_by_one)


@pytest.mark.parametrize("row", [3, -4, 2**31 - 1])
def test_rows_that_are_not_there_are_refused(row: int) -> None:
    with pytest.raises(IndexError):
        ops.gather(np.zeros((3, 2), np.uint8), np.array([0, row]), np.float32)


@pytest.mark.parametrize(
    "optimizer", [SGD(0.5), SGD(0.1, 0.9), Adam(0.01)], ids=["sgd", "momentum", "adam"]
)
def test_training_takes_the_same_way_in_float32_as_in_float64(optimizer: Any) -> None:
    """In float32 the kernels compute everything, in float64 nothing."""
    rng = np.random.default_rng(3)
    x = rng.integers(0, 256, (60, 40)).astype(np.uint8)
    labels = rng.integers(0, 3, 60)
    costs = {}
    for kind in (np.float32, np.float64):
        net = Network.mlp([40, 9, 3], seed=2, dtype=kind)
        optimizer.forget()
        trainer = Trainer(net, optimizer, x, labels, batch_size=7, l2=0.01)
        costs[kind] = [step.cost for step in trainer.steps(3)]
    np.testing.assert_allclose(costs[np.float32], costs[np.float64], rtol=1e-4)


@settings(max_examples=200)
@given(
    m=size,
    n=st.integers(1, 20),
    seed=seed,
    dtype=dtype,
    layouts=LAYOUTS,
    kind=st.sampled_from([np.uint8, np.int16, np.int32, np.int64, np.intp]),
)
def test_what_answers_are_worth(
    m: int, n: int, seed: int, dtype: Any, layouts: tuple[str, str], kind: Any
) -> None:
    rng = np.random.default_rng(seed)
    a, y = rng.random((m, n)).astype(dtype), rng.random((m, n)).astype(dtype)
    a[rng.random((m, n)) < 0.05] = 1  # the maximum may occur twice
    labels = rng.integers(0, n, m).astype(kind)
    given_a, given_y = laid_out(a, layouts[0]), laid_out(y, layouts[1])
    distance = ops.squared_distance(given_a, given_y)
    exact = math.fsum((x - z) ** 2 for x, z in zip(a.flat, y.flat, strict=True))
    assert isinstance(distance, float)
    assert abs(distance - exact) <= (m * n + 4) * eps(a) * exact
    hits = ops.hits(given_a, labels)
    assert isinstance(hits, int)
    assert hits == sum(
        list(row).index(max(row)) == label for row, label in zip(a, labels, strict=True)
    )
