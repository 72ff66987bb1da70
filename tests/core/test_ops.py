"""The operations in any implementation: in the tab these tests also run with the kernels."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nets_core import SGD, Adam, Network, Trainer, ops

Array = NDArray[Any]

Random = np.random.Generator
LAYOUTS = ("as made", "rows apart", "columns apart", "transposed", "unaligned")
EDGES = (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40)
"""Sizes around those of a SIMD register, and none at all."""


def repeated(times: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with ``rng``, a generator of another seed each time; a failure names the seed.

    Hypothesis would take ten times as long as the operations.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def run(**arguments: Any) -> None:
            for seed in range(times):
                try:
                    test(**arguments, rng=np.random.default_rng(seed))
                except Exception as error:
                    error.add_note(f"with rng of seed {seed}")
                    raise

        others = [p for p in inspect.signature(test).parameters.values() if p.name != "rng"]
        run.__signature__ = inspect.Signature(others)  # type: ignore[attr-defined]
        return run

    return decorate


def a_size(rng: Random) -> int:
    return int(rng.choice(EDGES) if rng.random() < 0.5 else rng.integers(41))


def a_dtype(rng: Random) -> Any:
    return np.float64 if rng.random() < 0.25 else np.float32


def a_shape(rng: Random, axes: int) -> list[int]:
    return [int(n) for n in rng.integers(0, 8, axes)]


def a_layout(rng: Random) -> str:
    return LAYOUTS[rng.integers(len(LAYOUTS))]


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


@repeated(500)
@pytest.mark.parametrize(
    ("name", "formula"),
    [("matmul_nt", "ik,jk->ij"), ("matmul_nn", "ik,kj->ij"), ("matmul_tn", "ki,kj->ij")],
)
def test_products(name: str, formula: str, rng: Random) -> None:
    m, k, n, dtype = a_size(rng), a_size(rng), a_size(rng), a_dtype(rng)
    length = {"i": m, "j": n, "k": k}
    a, b = (
        laid_out(rng.standard_normal([length[x] for x in axes]).astype(dtype), a_layout(rng))
        for axes in formula.split("->")[0].split(",")
    )
    found = getattr(ops, name)(a, b)
    exact = np.einsum(formula, a.astype(np.float64), b.astype(np.float64))
    bound = (k + 2) * eps(a) * np.einsum(formula, abs(a).astype(np.float64), abs(b))
    assert (found.shape, found.dtype) == ((m, n), a.dtype)
    assert (abs(found - exact) <= bound).all()


@repeated(100)
@pytest.mark.parametrize(
    ("name", "formula"), [("matmul_nt", "ik,jk->ij"), ("matmul_tn", "ij,ik->jk")]
)
def test_products_of_pictures_that_are_mostly_zero(name: str, formula: str, rng: Random) -> None:
    """x (m, k) times weights (n, k), and errors (m, n) times x; 0 · ∞ is NaN here too."""
    m, k, n = a_size(rng), int(rng.integers(64, 131)), a_size(rng)
    share = rng.choice([0, 0.2, 0.6])  # of what is not zero
    x = rng.standard_normal((m, k)).astype(np.float32)
    x[np.repeat(rng.random((m, k // 8 + 1)) >= share, 8, axis=1)[:, :k]] = 0
    other = rng.standard_normal((n, k) if name == "matmul_nt" else (m, n)).astype(np.float32)
    if other.size and rng.random() < 0.5:
        other.flat[rng.integers(other.size)] = rng.choice([np.inf, -np.inf, np.nan])
    operands = laid_out(x, a_layout(rng)), laid_out(other, a_layout(rng))
    first, second = (x, other) if name == "matmul_nt" else (other, x)
    with np.errstate(invalid="ignore"):
        found = getattr(ops, name)(*(operands if name == "matmul_nt" else operands[::-1]))
        exact = np.einsum(formula, first.astype(np.float64), second.astype(np.float64))
        bound = (
            (max(m, k) + 2)
            * eps(x)
            * np.einsum(formula, abs(first).astype(np.float64), abs(second))
        )
    plain = np.isfinite(exact)
    np.testing.assert_array_equal(found[~plain], exact[~plain])
    assert (abs(found[plain] - exact[plain]) <= bound[plain]).all()


@pytest.mark.parametrize("name", ["matmul_nt", "matmul_nn", "matmul_tn"])
def test_products_that_do_not_fit_are_refused(name: str) -> None:
    a, b = np.ones((2, 3), np.float32), np.ones((4, 5), np.float32)
    with pytest.raises(ValueError, match=r"mismatch|broadcast"):
        getattr(ops, name)(a, b)


@repeated(200)
def test_rows(rng: Random) -> None:
    m, n, dtype, layout = a_size(rng), a_size(rng), a_dtype(rng), a_layout(rng)
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
@repeated(200)
def test_functions(name: str, function: Any, rng: Random) -> None:
    z = rng.uniform(-80, 80, a_shape(rng, rng.integers(1, 5))).astype(a_dtype(rng))
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


@repeated(200)
def test_updates(rng: Random) -> None:
    shape, dtype = a_shape(rng, rng.integers(5)), a_dtype(rng)
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


@repeated(200)
def test_pixels(rng: Random) -> None:
    n, features, count = int(rng.integers(1, 21)), a_size(rng), a_size(rng)
    dtype, layout = a_dtype(rng), a_layout(rng)
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


@repeated(200)
def test_what_answers_are_worth(rng: Random) -> None:
    m, n, dtype = a_size(rng), int(rng.integers(1, 21)), a_dtype(rng)
    kind = rng.choice([np.uint8, np.int16, np.int32, np.int64, np.intp])
    a, y = rng.random((m, n)).astype(dtype), rng.random((m, n)).astype(dtype)
    a[rng.random((m, n)) < 0.05] = 1  # the maximum may occur twice
    labels = rng.integers(0, n, m).astype(kind)
    given_a, given_y = laid_out(a, a_layout(rng)), laid_out(y, a_layout(rng))
    distance = ops.squared_distance(given_a, given_y)
    exact = math.fsum((x - z) ** 2 for x, z in zip(a.flat, y.flat, strict=True))
    assert isinstance(distance, float)
    assert abs(distance - exact) <= (m * n + 4) * eps(a) * exact
    hits = ops.hits(given_a, labels)
    assert isinstance(hits, int)
    assert hits == sum(
        list(row).index(max(row)) == label for row, label in zip(a, labels, strict=True)
    )
