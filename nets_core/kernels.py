"""The operations of ``ops`` in WebAssembly: ``site/kernels/``, loaded into the tab's Python.

A kernel takes NumPy arrays as they are. It first checks their dtypes, shapes and strides. What it
does not support (float64, rows that are not contiguous, shapes that do not match) it passes on to
the NumPy operation in ``ops``, which computes the result or raises.

A kernel has NumPy allocate the array that it returns, so a call is a single step for Python.

No address outlives a call. An array's data does not move while the array lives, even when the tab's
memory grows: growing invalidates JavaScript's views of the memory, and a kernel has none. But only
Python knows how long an array lives, and it keeps a call's arguments alive until the call returns.

The module is opened with ``ctypes`` like any shared library. A call through ``ctypes`` would take
1.4 µs, longer than many of these operations. So each kernel follows the calling convention of a C
extension and is registered as a builtin function: a call then takes 0.1 µs.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from nets_core.ops import NAMES, Array, Operations

_FLOAT = np.dtype(np.float32)


class Kernels(Operations):
    """The operations as computed by a module built from ``site/kernels/``.

    ``path`` is the module's file. Raises ValueError if the module cannot be loaded or gives wrong
    results.
    """

    def __init__(self, path: str) -> None:
        _check_layout()
        try:
            module = ctypes.PyDLL(path)
            begin = module["begin"]
            begin.argtypes = (*(ctypes.py_object,) * 4, ctypes.c_void_p)
            begin(np.ndarray, float, None, _FLOAT, _numpy_function(_PYARRAY_EMPTY))
            for name in NAMES:
                setattr(self, name, _builtin(module, name, getattr(super(), name)))
        except (OSError, AttributeError) as error:
            raise ValueError(f"the kernels cannot be loaded: {error}") from None
        _check_results(self)


class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef, which describes a builtin function."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("convention", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_FASTCALL = 0x80
"""CPython's METH_FASTCALL: the function gets the address and the length of an argument array."""

_method_defs: list[_MethodDef] = []
"""Keeps the definitions alive: a builtin function points to its own for as long as it lives."""


def _builtin(module: ctypes.PyDLL, name: str, fallback: Callable[..., Any]) -> Callable[..., Any]:
    """The function that ``module`` exports as ``name``, as a Python builtin.

    ``fallback``, the NumPy operation, is bound to it as ``self`` is to a method: the kernel calls
    it for arguments that it does not support.
    """
    address = ctypes.cast(module[name], ctypes.c_void_p)
    definition = _MethodDef(name.encode(), address, _FASTCALL, None)
    _method_defs.append(definition)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = (ctypes.POINTER(_MethodDef), ctypes.py_object, ctypes.c_void_p)
    return make(definition, fallback, None)


_PYARRAY_EMPTY = 184
"""The index of ``PyArray_Empty`` in NumPy's C API table: part of NumPy's stable ABI."""


def _numpy_function(number: int) -> int:
    """The address of a function in NumPy's C API table."""
    table = ctypes.pythonapi.PyCapsule_GetPointer
    table.restype = ctypes.POINTER(ctypes.c_void_p)
    table.argtypes = (ctypes.py_object, ctypes.c_char_p)
    capsule = importlib.import_module("numpy._core.multiarray")._ARRAY_API
    return int(table(capsule, None)[number])


def _check_layout() -> None:
    """ValueError unless arrays and floats have the layout that ``site/kernels/arrays.wat`` uses."""
    probe = np.zeros((5, 7), _FLOAT)[1:, 2:]
    number = 2.5
    expected = {
        4: id(np.ndarray),
        8: probe.ctypes.data,
        12: probe.ndim,
        28: id(probe.dtype),
        32: probe.flags.num,
    }
    if ctypes.sizeof(ctypes.c_void_p) == 4:
        field = ctypes.c_uint32.from_address
        lengths = [
            field(field(id(probe) + at).value + 4 * i).value for at in (16, 20) for i in (0, 1)
        ]
        dtype = id(probe.dtype)
        if (
            all(field(id(probe) + at).value == value for at, value in expected.items())
            and lengths == [*probe.shape, *probe.strides]
            and field(dtype + 16).value == probe.dtype.num
            and ctypes.string_at(dtype + 14, 1) == b"="
            and field(id(number) + 4).value == id(float)
            and ctypes.c_double.from_address(id(number) + 8).value == number
        ):
            return
    raise ValueError("the kernels do not support the memory layout of this Python's arrays")


_COMPARED = (np.ndarray, float, int)


def _check_results(kernels: Kernels) -> None:
    """ValueError unless each kernel agrees with NumPy, also where SIMD leaves a remainder."""
    numpy = Operations()

    def numbers(*shape: int) -> Array:
        return np.sin(np.arange(np.prod(shape)) + shape[0]).reshape(shape).astype(_FLOAT)

    for m, k, n in ((1, 1, 1), (3, 7, 2), (11, 37, 13)):
        pixels = (255 * numbers(m, k) ** 2).astype(np.uint8)
        cases: list[tuple[str, tuple[Any, ...]]] = [
            ("matmul_nt", (numbers(m, k), numbers(n, k))),
            ("matmul_nn", (numbers(m, k), numbers(k, n))),
            ("matmul_tn", (numbers(k, m), numbers(k, n))),
            ("add_row", (numbers(m, n), numbers(n))),
            ("sum_rows", (numbers(m, n),)),
            *((name, (8 * numbers(m, n),)) for name in ("exp", "sigmoid", "tanh", "relu")),
            ("squared_distance", (numbers(m, n), numbers(m, n) ** 2)),
            ("hits", (numbers(m, n), np.arange(m) % n)),
            ("combine", (numbers(m, n), 0.5, numbers(m, n), -3.0)),
            ("adam", (*(numbers(m, n) ** 2 for _ in range(4)), 0.9, 0.99, 0.1, 1e-3)),
            ("as_floats", (pixels, _FLOAT)),
            ("gather", (pixels, np.arange(-1, m), _FLOAT)),
            ("gather", (numbers(m, n), np.arange(-1, m), _FLOAT)),
        ]
        for name, arguments in cases:
            changed, expected = (
                [x.copy() if isinstance(x, np.ndarray) else x for x in arguments] for _ in range(2)
            )
            changed.append(getattr(kernels, name)(*changed))
            expected.append(getattr(numpy, name)(*expected))
            for found, right in zip(changed, expected, strict=True):
                if isinstance(right, _COMPARED) and not np.allclose(found, right, 1e-4, 1e-4):
                    raise ValueError(f"the kernel {name} computes wrongly in this browser")
