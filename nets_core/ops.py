"""The few array operations that take most of the time, and which implementation is in use.

``Operations`` defines them in NumPy. The tab has a second implementation, in WebAssembly
(``kernels``), and ``use`` switches between the two. The rest of the library calls
``ops.matmul_nt(a, b)`` and so on, and does not know which one runs.

A matrix product is named after its operands, with BLAS's letters: *n* is a matrix as it is stored,
*t* its transpose.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Product = Callable[[Array, Array], Array]


def _blas_nt(a: Array, b: Array) -> Array:
    return a @ b.T


def _blas_nn(a: Array, b: Array) -> Array:
    return a @ b


def _blas_tn(a: Array, b: Array) -> Array:
    return a.T @ b


SMALL = 50_000
"""With fewer multiplications, the call costs more than the arithmetic: ``@`` is then faster even
without BLAS."""


def _einsum_nt(a: Array, b: Array) -> Array:
    return a @ b.T if len(a) * b.size < SMALL else np.einsum("bi,oi->bo", a, b)


def _einsum_nn(a: Array, b: Array) -> Array:
    return a @ b if len(a) * b.size < SMALL else np.einsum("bo,oi->bi", a, b)


def _einsum_tn(a: Array, b: Array) -> Array:
    return a.T @ b if a.shape[1] * b.size < SMALL else np.einsum("bo,bi->oi", a, b)


HAS_BLAS = sys.platform != "emscripten"
"""Natively NumPy passes ``@`` to BLAS. In the tab there is none, and ``@`` is up to seven times
slower than an ``einsum`` whose inner loop runs over contiguous memory."""


class Operations:
    """The operations in NumPy."""

    def matmul_nt(self, a: Array, b: Array) -> Array:
        """``a bᵀ``: (m, k) and (n, k) -> (m, n). The weighted input, a^{l-1} (w^l)ᵀ."""
        return _blas_nt(a, b) if HAS_BLAS else _einsum_nt(a, b)

    def matmul_nn(self, a: Array, b: Array) -> Array:
        """``a b``: (m, k) and (k, n) -> (m, n). The error sent back, δ^l w^l."""
        return _blas_nn(a, b) if HAS_BLAS else _einsum_nn(a, b)

    def matmul_tn(self, a: Array, b: Array) -> Array:
        """``aᵀ b``: (k, m) and (k, n) -> (m, n). The weight gradient, (δ^l)ᵀ a^{l-1}."""
        return _blas_tn(a, b) if HAS_BLAS else _einsum_tn(a, b)

    def add_row(self, x: Array, b: Array) -> None:
        """x_ij ← x_ij + b_j, in place: (m, n) and (n,)."""
        x += b

    def sum_rows(self, x: Array) -> Array:
        """Σ_i x_ij: (m, n) -> (n,)."""
        return x.sum(axis=0)

    def exp(self, z: Array) -> Array:
        """e^z, element-wise."""
        return np.exp(z)

    def sigmoid(self, z: Array) -> Array:
        """1 / (1 + e^{-z}); e^{-z} may overflow to infinity, and 1/∞ = 0 is then right."""
        with np.errstate(over="ignore"):
            a = np.exp(-z)
            a += 1
            return np.reciprocal(a, out=a)

    def tanh(self, z: Array) -> Array:
        """tanh z, element-wise."""
        return np.tanh(z)

    def relu(self, z: Array) -> Array:
        """max(z, 0), element-wise."""
        return np.maximum(z, 0)

    def squared_distance(self, x: Array, y: Array) -> float:
        """‖x − y‖², the sum of all (x_ij − y_ij)²."""
        difference = (x - y).ravel()
        return float(difference.dot(difference))

    def hits(self, a: Array, labels: Array) -> int:
        """How many rows of ``a`` (n, outputs) have their largest entry at ``labels`` (n,)."""
        return int(np.count_nonzero(a.argmax(axis=1) == labels))

    def combine(self, x: Array, alpha: float, y: Array, beta: float) -> None:
        """x ← α x + β y, in place: two arrays of one shape."""
        added = beta * y  # before x changes: y may be x
        if alpha != 1:
            x *= alpha
        x += added

    def adam(
        self,
        p: Array,
        gradient: Array,
        mean: Array,
        square: Array,
        beta1: float,
        beta2: float,
        rate: float,
        epsilon: float,
    ) -> None:
        """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − η m / (√v + ε), in place."""
        mean *= beta1
        mean += (1 - beta1) * gradient
        square *= beta2
        square += (1 - beta2) * (gradient * gradient)
        p -= rate * (mean / (np.sqrt(square) + epsilon))

    def as_floats(self, x: Array, dtype: npt.DTypeLike) -> Array:
        """``x`` as floats of this dtype; ``uint8`` pixels become 0…1."""
        if x.dtype != np.uint8:
            return x.astype(dtype, copy=False)
        floats = x.astype(dtype)
        floats *= np.asarray(1 / 255, dtype)
        return floats

    def gather(self, x: Array, rows: Array, dtype: npt.DTypeLike) -> Array:
        """The given rows of ``x`` (n, features) as one float batch (rows, features)."""
        return Operations.as_floats(self, x[rows], dtype)


_numpy = Operations()

in_use = _numpy
"""The current implementation; see ``use``."""

matmul_nt = _numpy.matmul_nt
matmul_nn = _numpy.matmul_nn
matmul_tn = _numpy.matmul_tn
add_row = _numpy.add_row
sum_rows = _numpy.sum_rows
exp = _numpy.exp
sigmoid = _numpy.sigmoid
tanh = _numpy.tanh
relu = _numpy.relu
squared_distance = _numpy.squared_distance
hits = _numpy.hits
combine = _numpy.combine
adam = _numpy.adam
as_floats = _numpy.as_floats
gather = _numpy.gather

NAMES = tuple(name for name in vars(Operations) if not name.startswith("_"))


def use(operations: Operations | None) -> None:
    """Compute with these operations from now on; None means NumPy's."""
    chosen = operations or _numpy
    globals().update(in_use=chosen, **{name: getattr(chosen, name) for name in NAMES})
