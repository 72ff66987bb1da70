"""The few array operations that cost time, each written in the form that is fast where it runs.

Natively NumPy hands ``@`` to BLAS. In the browser's tab there is none, and the same product
written with ``@`` is up to seven times slower than as an ``einsum`` whose inner loop runs along
contiguous memory. This module is the only place that knows; the rest of the library asks for a
product by what it is: *n* means a matrix as it is stored, *t* its transpose (the BLAS letters).
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
"""Products of fewer multiplications cost their call more than their arithmetic: ``@`` is then the
quicker one without BLAS too."""


def _einsum_nt(a: Array, b: Array) -> Array:
    return a @ b.T if len(a) * b.size < SMALL else np.einsum("bi,oi->bo", a, b)


def _einsum_nn(a: Array, b: Array) -> Array:
    return a @ b if len(a) * b.size < SMALL else np.einsum("bo,oi->bi", a, b)


def _einsum_tn(a: Array, b: Array) -> Array:
    return a.T @ b if a.shape[1] * b.size < SMALL else np.einsum("bo,bi->oi", a, b)


HAS_BLAS = sys.platform != "emscripten"

matmul_nt: Product = _blas_nt if HAS_BLAS else _einsum_nt
"""``a bᵀ``: (m, k) and (n, k) -> (m, n). The weighted input, a^{l-1} (w^l)ᵀ."""

matmul_nn: Product = _blas_nn if HAS_BLAS else _einsum_nn
"""``a b``: (m, k) and (k, n) -> (m, n). The error sent back, δ^l w^l."""

matmul_tn: Product = _blas_tn if HAS_BLAS else _einsum_tn
"""``aᵀ b``: (k, m) and (k, n) -> (m, n). The weight gradient, (δ^l)ᵀ a^{l-1}."""


def as_floats(x: Array, dtype: npt.DTypeLike) -> Array:
    """``x`` in the dtype of a net; ``uint8`` pixels become 0…1."""
    if x.dtype != np.uint8:
        return x.astype(dtype, copy=False)
    floats = x.astype(dtype)
    floats *= np.asarray(1 / 255, dtype)
    return floats


def gather(x: Array, rows: Array, dtype: npt.DTypeLike) -> Array:
    """The given rows of ``x`` (n, features) as one float batch (rows, features)."""
    return as_floats(x[rows], dtype)
