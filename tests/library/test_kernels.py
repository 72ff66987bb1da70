"""The kernels, run outside a browser on a memory made up here, against NumPy in float64.

The memory holds what Python and NumPy would have in it: arrays as C structs. After each call it is
compared with what it was before, byte by byte: nothing but the result may have changed.
"""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from numpy.typing import NDArray
from wasmtime import (
    Config,
    Engine,
    Func,
    FuncType,
    Global,
    GlobalType,
    Limits,
    Linker,
    Memory,
    MemoryType,
    Module,
    Store,
    Table,
    TableType,
    Val,
    ValType,
)

from building import kernels
from building.environment import ROOT

Array = NDArray[Any]

NDARRAY, FLOAT, NONE, NUMPY, FLOAT32, MADE, DONE = range(16, 128, 16)  # for these objects
OWN = range(1024, 1024 + 65600)  # the module's own memory
HEAP = OWN.stop
EPS = float(np.finfo(np.float32).eps)
TYPES = {"u1": 2, "i4": 7, "i8": 9, "f4": 11, "f8": 12}

size = st.integers(0, 40)
seed = st.integers(0, 10**6)
gap = st.sampled_from([0, 0, 4, 12, 3])
shift = st.integers(0, 5)


@dataclass
class Stored:
    """An array in the tab's memory: where its object is, and where its numbers are."""

    object: int
    data: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]


class Tab:
    """A module of kernels with a memory, as the tab's Python would call it."""

    def __init__(self, code: bytes) -> None:
        self.store = Store(Engine(Config()))
        self.memory = Memory(self.store, MemoryType(Limits(16, None)))
        base = Global(self.store, GlobalType(ValType.i32(), False), Val.i32(OWN.start))
        linker = Linker(self.store.engine)
        linker.define(self.store, "env", "memory", self.memory)
        linker.define(self.store, "env", "__memory_base", base)
        for name, kind in (
            ("PyFloat_FromDouble", ValType.f64()),
            ("PyLong_FromLong", ValType.i32()),
        ):
            make = Func(self.store, FuncType([kind], [ValType.i32()]), self._make)
            linker.define(self.store, "env", name, make)
        i32 = ValType.i32()
        call = Func(self.store, FuncType([i32] * 4, [i32]), self._numpy)
        linker.define(self.store, "env", "PyObject_Vectorcall", call)
        hold = Func(self.store, FuncType([i32], []), self._hold)
        linker.define(self.store, "env", "Py_IncRef", hold)
        empty = Func(self.store, FuncType([i32] * 4, [i32]), self._empty)
        table = Table(self.store, TableType(ValType.funcref(), Limits(2, None)), empty)
        linker.define(self.store, "env", "__indirect_function_table", table)
        instance = linker.instantiate(self.store, Module(self.store.engine, code))
        self.exports = instance.exports(self.store)
        self._function("begin")(self.store, NDARRAY, FLOAT, NONE, FLOAT32, 1)
        self.clear()

    def _make(self, value: float) -> int:
        """Python makes the object of a number."""
        self.made = value
        return MADE

    def _numpy(self, function: int, arguments: int, count: int, names: int) -> int:
        """Python calls an object: the function that does with NumPy what was asked of a kernel."""
        assert (function, arguments, count, names) == (NUMPY, *self.asked, 0)
        return DONE

    def _hold(self, thing: int) -> None:
        """Python counts one more reference to an object."""
        assert thing == FLOAT32
        self.held += 1

    def _empty(self, axes: int, shape: int, dtype: int, fortran: int) -> int:
        """NumPy makes an array: the one that the call is expected to ask for, or none."""
        lengths = struct.unpack(f"<{axes}i", self.memory.read(self.store, shape, shape + 4 * axes))
        assert (dtype, fortran, self.held) == (FLOAT32, 0, 1)
        self.held = 0
        if self.result is None:
            return 0
        assert lengths == self.result.shape
        return self.result.object

    def _function(self, name: str) -> Func:
        function = self.exports[name]
        assert isinstance(function, Func)
        return function

    def clear(self) -> None:
        """Forget all arrays; what lies between new ones is not zero."""
        self.held = 0
        self.result: Stored | None = None
        self.end = HEAP
        self.write(HEAP, b"\xa5" * (self.memory.data_len(self.store) - HEAP))

    def write(self, at: int, data: bytes) -> None:
        self.memory.write(self.store, data, at)

    def bytes(self) -> bytearray:
        return self.memory.read(self.store, 0, self.memory.data_len(self.store))

    def room(self, count: int) -> int:
        """Where so many bytes are free, 16 others around them."""
        at = self.end + 16
        self.end = (at + count + 31) & ~15
        assert self.end < self.memory.data_len(self.store)
        return at

    def put(
        self, array: Array, gap: int = 0, shift: int = 0, order: str = "=", writeable: bool = True
    ) -> Stored:
        """Store an array: ``gap`` bytes between its rows, ``shift`` bytes off its alignment."""
        strides = [array.itemsize] * array.ndim
        for axis in range(array.ndim - 2, -1, -1):
            strides[axis] = strides[axis + 1] * array.shape[axis + 1] + (gap if axis == 0 else 0)
        data = (
            self.room((strides[0] * len(array) if array.ndim else array.itemsize) + shift) + shift
        )
        if gap:
            for i, row in enumerate(array):
                self.write(data + i * strides[0], row.tobytes())
        else:
            self.write(data, array.tobytes())
        return self.describe(data, array.shape, tuple(strides), array.dtype, order, writeable)

    def describe(
        self,
        data: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        dtype: np.dtype[Any],
        order: str = "=",
        writeable: bool = True,
    ) -> Stored:
        """The array object of numbers that are there."""
        dims, dtype_at, at = self.room(8 * len(shape)), self.room(32), self.room(40)
        self.write(dims, struct.pack(f"<{2 * len(shape)}i", *shape, *strides))
        order = "|" if dtype.itemsize == 1 else order
        self.write(dtype_at + 14, order.encode())
        self.write(dtype_at + 16, struct.pack("<i", TYPES[dtype.str[1:]]))
        expected = [dtype.itemsize] * len(shape)
        for axis in range(len(shape) - 2, -1, -1):
            expected[axis] = expected[axis + 1] * shape[axis + 1]
        flags = (1 if list(strides) == expected else 0) | (0x400 if writeable else 0)
        fields = (1, NDARRAY, data, len(shape), dims, dims + 4 * len(shape), 0, dtype_at, flags)
        self.write(at, struct.pack("<9i", *fields))
        return Stored(at, data, shape, strides, dtype)

    def number(self, value: float) -> int:
        """A Python float."""
        at = self.room(16)
        self.write(at, struct.pack("<iid", 1, FLOAT, value))
        return at

    def get(self, stored: Stored) -> Array:
        """The numbers of an array, as they are now."""
        view = np.ndarray(
            stored.shape, stored.dtype, bytes(self.bytes()), stored.data, stored.strides
        )
        return view.copy()

    def call(
        self,
        name: str,
        *arguments: Stored | int,
        result: Stored | None = None,
        changes: tuple[Stored, ...] = (),
    ) -> bool:
        """Call a kernel: does it do what it is asked, and not leave it to NumPy?

        Whatever it does, only ``changes`` may have changed, and ``result``, the array that it is
        given when it asks for a new one; without, there is no memory left.
        """
        objects = [x if isinstance(x, int) else x.object for x in arguments]
        listed = self.room(4 * len(objects))
        self.write(listed, struct.pack(f"<{len(objects)}i", *objects))
        before = np.frombuffer(bytes(self.bytes()), np.uint8)
        self.result = result
        self.asked = listed, len(objects)
        answer = self._function(name)(self.store, NUMPY, *self.asked)
        assert answer in (NONE, DONE, MADE, 0 if result is None else result.object)
        changed = np.frombuffer(bytes(self.bytes()), np.uint8) != before
        changed[OWN.start : OWN.stop] = False
        if answer != DONE:
            for stored in changes if result is None else (result, *changes):
                places = np.zeros(stored.shape, np.intp) + stored.data
                for axis, stride in enumerate(stored.strides):
                    steps = np.arange(stored.shape[axis]) * stride
                    places += steps.reshape([-1] + [1] * (len(stored.shape) - axis - 1))
                for byte in range(stored.dtype.itemsize):
                    changed[places.ravel() + byte] = False
        assert not changed.any(), f"{name} changed byte {changed.argmax()}"
        return answer != DONE


@pytest.fixture(scope="module", params=["simd", "relaxed"])
def tab(request: pytest.FixtureRequest) -> Tab:
    return Tab(kernels.assemble(ROOT / "site" / "kernels")[f"{request.param}.wasm"])


def numbers(rng: np.random.Generator, *shape: int, special: bool = False) -> Array:
    """Random float32 numbers of very different sizes; some may be NaN, ∞ or 0."""
    result = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)
    if special and result.size:
        places = rng.integers(0, result.size, 2)
        result.reshape(-1)[places] = rng.choice([np.nan, np.inf, -np.inf, 0], 2)
    return result.astype(np.float32)


FORMS = {
    "matmul_nt": ("ik,jk->ij", lambda m, k, n: ((m, k), (n, k))),
    "matmul_nn": ("ik,kj->ij", lambda m, k, n: ((m, k), (k, n))),
    "matmul_tn": ("ki,kj->ij", lambda m, k, n: ((k, m), (k, n))),
}


@pytest.mark.parametrize("name", FORMS)
@examples(max_examples=700)
@given(m=size, k=size, n=size, seed=seed, gap=gap, shift=shift, special=st.booleans())
@example(m=10, k=784, n=30, seed=1, gap=0, shift=0, special=False)
@example(m=30, k=513, n=9, seed=1, gap=0, shift=0, special=False)
@example(m=3, k=1030, n=7, seed=1, gap=4, shift=1, special=False)
@example(m=2, k=7, n=3, seed=1, gap=4, shift=1, special=True)
def test_products(
    tab: Tab, name: str, m: int, k: int, n: int, seed: int, gap: int, shift: int, special: bool
) -> None:
    rng = np.random.default_rng(seed)
    tab.clear()
    formula, shapes = FORMS[name]
    a, b = (numbers(rng, *shape, special=special) for shape in shapes(m, k, n))
    c = tab.put(numbers(rng, m, n), shift=shift)
    assert tab.call(name, tab.put(a, gap, shift), tab.put(b, gap), result=c)
    found = tab.get(c)
    with np.errstate(invalid="ignore"):
        exact = np.einsum(formula, a.astype(np.float64), b.astype(np.float64))
        bound = (k + 2) * EPS * np.einsum(formula, abs(a).astype(np.float64), abs(b))
    plain = np.isfinite(exact)
    np.testing.assert_array_equal(found[~plain], exact[~plain])
    assert (abs(found[plain] - exact[plain]) <= bound[plain]).all()


@pytest.mark.parametrize("name", ["matmul_nt", "matmul_tn"])
@examples(max_examples=300)
@given(
    m=st.integers(0, 40),
    k=st.integers(64, 150),
    n=st.integers(10, 40),
    seed=seed,
    gap=gap,
    shift=shift,
    share=st.sampled_from([0, 0.1, 0.3, 0.6, 1]),
    special=st.sampled_from(["", "", "the zeros' matrix", "the other"]),
)
@example(m=17, k=4096, n=12, seed=1, gap=0, shift=0, share=0.1, special="")
@example(m=17, k=4100, n=12, seed=1, gap=0, shift=0, share=0.1, special="")
def test_products_that_skip_zeros_are_the_dense_ones_to_the_last_bit(
    tab: Tab,
    name: str,
    m: int,
    k: int,
    n: int,
    seed: int,
    gap: int,
    shift: int,
    share: float,
    special: str,
) -> None:
    """The same product in strips of nine rows of the other matrix, for which nothing is skipped."""
    rng = np.random.default_rng(seed)
    tab.clear()
    sparse = numbers(rng, m, k, special=special.startswith("the zeros"))
    kept = np.repeat(rng.random((m, k // 4 + 1)) < share, 4, axis=1)[:, :k]
    sparse[~kept] = 0  # in runs, as the pixels beside a digit
    forward = name == "matmul_nt"  # (m, k) (n, k)ᵀ, and (m, n)ᵀ (m, k)
    shape = (n, k) if forward else (m, n)
    other = numbers(rng, *shape, special=special == "the other")
    x = tab.put(sparse, gap, shift)
    whole = tab.put(numbers(rng, *((m, n) if forward else (n, k))), shift=shift)
    operands = (x, tab.put(other, gap)) if forward else (tab.put(other, gap), x)
    assert tab.call(name, *operands, result=whole)
    strips = []
    for start in range(0, n, 9):
        part = other[start : start + 9] if forward else other[:, start : start + 9].copy()
        count = min(9, n - start)
        strip = tab.put(numbers(rng, *((m, count) if forward else (count, k))))
        operands = (x, tab.put(part)) if forward else (tab.put(part), x)
        assert tab.call(name, *operands, result=strip)
        strips.append(tab.get(strip))
    assert len(strips) > 1
    np.testing.assert_array_equal(tab.get(whole), np.concatenate(strips, 1 if forward else 0))


EXACT = {
    "exp": (np.exp, 2, 0.0),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), 3, 1 / float(np.finfo(np.float32).max)),
    "tanh": (np.tanh, 3, 0.0),
    "relu": (lambda z: np.maximum(z, 0), 0.5, 0.0),
}
"""Each in float64, how many units in the last place the kernel may be off, and how much besides: σ
is 0 where e^{-z} is beyond float32, as NumPy's is."""


@pytest.mark.parametrize("name", EXACT)
@examples(max_examples=200)
@given(shape=st.lists(st.integers(0, 9), max_size=4), seed=seed, shift=shift)
def test_functions_of_arrays_of_any_shape(
    tab: Tab, name: str, shape: list[int], seed: int, shift: int
) -> None:
    tab.clear()
    z = numbers(np.random.default_rng(seed), *shape, special=True)
    assert_right(tab, name, z, shift)


@pytest.mark.parametrize("name", EXACT)
def test_functions_at_numbers_of_all_sizes(tab: Tab, name: str) -> None:
    tab.clear()
    rng = np.random.default_rng(0)
    every = rng.integers(0, 2**32, 15_000).astype(np.uint32).view(np.float32)
    usual = rng.uniform(-110, 110, 15_000).astype(np.float32)
    near = rng.uniform(-1, 1, 5_000).astype(np.float32)
    edges = [0, -0.0, 88.7228, 88.7229, 89, -87.4, -103.97, -103.98, -104, 0.625, -0.625]
    edges += [np.inf, -np.inf, np.nan]
    assert_right(tab, name, np.concatenate([every, usual, near, np.float32(edges)]), 0)


def assert_right(tab: Tab, name: str, z: Array, shift: int) -> None:
    """The function of z, to so many units in the last place."""
    function, ulps, besides = EXACT[name]
    to = tab.put(np.zeros_like(z), shift=shift)
    assert tab.call(name, tab.put(z), result=to)
    found = tab.get(to)
    with np.errstate(all="ignore"):
        exact = np.asarray(function(z.astype(np.float64)))
        nearest = exact.astype(np.float32)
        unit = np.spacing(abs(nearest)).astype(np.float64)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(exact))
    infinite = np.isinf(nearest)
    np.testing.assert_array_equal(found[infinite], nearest[infinite])
    plain = np.isfinite(nearest)
    with np.errstate(invalid="ignore"):
        off = abs(found.astype(np.float64) - exact)
    assert (off <= ulps * unit + besides)[plain].all()


@examples(max_examples=300)
@given(m=size, n=size, seed=seed, shift=shift)
def test_rows_added_and_summed(tab: Tab, m: int, n: int, seed: int, shift: int) -> None:
    tab.clear()
    rng = np.random.default_rng(seed)
    x, b = numbers(rng, m, n, special=True), numbers(rng, n)
    stored, row, sums = tab.put(x, shift=shift), tab.put(b), tab.put(numbers(rng, n), shift=shift)
    assert tab.call("sum_rows", stored, result=sums)
    with np.errstate(invalid="ignore"):
        exact = x.sum(axis=0, dtype=np.float64)
        bound = (m + 1) * EPS * abs(x).sum(axis=0, dtype=np.float64)
        found = tab.get(sums)
        plain = np.isfinite(exact)
        np.testing.assert_array_equal(found[~plain], exact[~plain])
        assert (abs(found - exact)[plain] <= bound[plain]).all()
        assert tab.call("add_row", stored, row, changes=(stored,))
        np.testing.assert_array_equal(tab.get(stored), x + b)


@examples(max_examples=200)
@given(shape=st.lists(st.integers(0, 9), max_size=4), seed=seed, shift=shift)
def test_distances(tab: Tab, shape: list[int], seed: int, shift: int) -> None:
    tab.clear()
    rng = np.random.default_rng(seed)
    x, y = numbers(rng, *shape), numbers(rng, *shape)
    assert tab.call("squared_distance", tab.put(x, shift=shift), tab.put(y))
    squares = (x - y).astype(np.float64) ** 2
    np.testing.assert_allclose(tab.made, squares.sum(), rtol=(squares.size + 2) * EPS)


@examples(max_examples=300)
@given(
    m=size,
    n=st.integers(1, 20),
    seed=seed,
    gap=gap,
    shift=shift,
    kind=st.sampled_from(["u1", "i4", "i8"]),
)
def test_hits(tab: Tab, m: int, n: int, seed: int, gap: int, shift: int, kind: str) -> None:
    tab.clear()
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 9, (m, n)).astype(np.float32)  # the largest may be there twice
    a[rng.random((m, n)) < 0.1] = np.nan
    labels = np.where(rng.random(m) < 0.5, a.argmax(axis=1), rng.integers(0, n, m)).astype(kind)
    if kind != "u1" and m:
        labels[0] = -1
    assert tab.call("hits", tab.put(a, gap, shift), tab.put(labels))
    assert tab.made == np.count_nonzero(a.argmax(axis=1) == labels)


coefficient = st.floats(-10, 10)


@examples(max_examples=300)
@given(
    shape=st.lists(st.integers(0, 9), max_size=4),
    seed=seed,
    shift=shift,
    alpha=coefficient,
    beta=coefficient,
)
def test_combinations(
    tab: Tab, shape: list[int], seed: int, shift: int, alpha: float, beta: float
) -> None:
    tab.clear()
    rng = np.random.default_rng(seed)
    x, y = numbers(rng, *shape), numbers(rng, *shape)
    stored = tab.put(x, shift=shift)
    numbers_given = tab.number(alpha), tab.put(y), tab.number(beta)
    assert tab.call("combine", stored, *numbers_given, changes=(stored,))
    exact = np.float32(alpha) * x.astype(np.float64) + np.float32(beta) * y.astype(np.float64)
    bound = 2 * EPS * (abs(np.float32(alpha) * x) + abs(np.float32(beta) * y)) + 1e-44
    assert (abs(tab.get(stored) - exact) <= bound).all()


@examples(max_examples=200)
@given(n=size, seed=seed, shift=shift)
def test_adam(tab: Tab, n: int, seed: int, shift: int) -> None:
    tab.clear()
    rng = np.random.default_rng(seed)
    p, g, m, v = (numbers(rng, n) for _ in range(4))
    v = abs(v)
    given_arrays = [tab.put(x, shift=shift) for x in (p, g, m, v)]
    rate, beta1, beta2, epsilon = 0.01, 0.9, 0.999, 1e-8
    given_numbers = (beta1, beta2, rate, epsilon)
    stored_p, _, stored_m, stored_v = given_arrays
    assert tab.call(
        "adam",
        *given_arrays,
        *(tab.number(x) for x in given_numbers),
        changes=(stored_p, stored_m, stored_v),
    )
    m64 = beta1 * m.astype(np.float64) + (1 - beta1) * g
    v64 = beta2 * v.astype(np.float64) + (1 - beta2) * g.astype(np.float64) ** 2
    step = rate * m64 / (np.sqrt(v64) + epsilon)
    sizes = beta1 * abs(m) + (1 - beta1) * abs(g)
    np.testing.assert_allclose(tab.get(stored_v), v64, rtol=8 * EPS)
    assert (abs(tab.get(stored_m) - m64) <= 4 * EPS * sizes).all()
    slack = 8 * EPS * (abs(p) + abs(step) + rate * sizes / (np.sqrt(v64) + epsilon))
    assert (abs(tab.get(stored_p) - (p - step)) <= slack).all()


@examples(max_examples=300)
@given(
    n=st.integers(1, 20),
    features=size,
    count=st.integers(0, 20),
    seed=seed,
    shift=shift,
    gap=st.integers(0, 3),
    kind=st.sampled_from(["i4", "i8"]),
)
def test_rows_gathered(
    tab: Tab, n: int, features: int, count: int, seed: int, shift: int, gap: int, kind: str
) -> None:
    tab.clear()
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (n, features)).astype(np.uint8)
    rows = rng.integers(-n, n, count).astype(kind)
    to = tab.put(numbers(rng, count, features), shift=shift)
    assert tab.call("gather", tab.put(x, gap, shift), tab.put(rows), FLOAT32, result=to)
    np.testing.assert_array_equal(tab.get(to), x[rows].astype(np.float32) * np.float32(1 / 255))
    x = numbers(rng, n, features)
    to = tab.put(numbers(rng, count, features), shift=shift)
    assert tab.call("gather", tab.put(x, gap, shift), tab.put(rows), FLOAT32, result=to)
    np.testing.assert_array_equal(tab.get(to), x[rows])


@examples(max_examples=100)
@given(n=st.integers(1, 20), features=size, seed=seed, shift=shift)
def test_pixels_made_floats(tab: Tab, n: int, features: int, seed: int, shift: int) -> None:
    tab.clear()
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (n, features)).astype(np.uint8)
    floats = tab.put(numbers(rng, n, features), shift=shift)
    assert tab.call("as_floats", tab.put(x, shift=shift), FLOAT32, result=floats)
    np.testing.assert_array_equal(tab.get(floats), x.astype(np.float32) * np.float32(1 / 255))


class TestRefusals:
    """What a kernel does not take is left to NumPy, untouched: ``call`` sees that it is."""

    def refused(self, tab: Tab, name: str, *arguments: Stored | int) -> bool:
        return not tab.call(name, *arguments)

    @pytest.mark.parametrize("row", [5, -6, 2**31 - 1, -(2**31), 2**40, -(2**40)])
    def test_rows_that_are_not_there(self, tab: Tab, row: int) -> None:
        tab.clear()
        rows = tab.put(np.array([0, row]))
        for dtype in (np.uint8, np.float32):
            assert self.refused(tab, "gather", tab.put(np.ones((5, 3), dtype)), rows, FLOAT32)

    def test_pixels_as_numbers_of_another_type(self, tab: Tab) -> None:
        tab.clear()
        x = tab.put(np.ones((5, 3), np.uint8))
        rows = tab.put(np.array([0, 1]))
        assert self.refused(tab, "gather", x, rows, rows.object)
        assert self.refused(tab, "gather", x, rows)
        assert self.refused(tab, "as_floats", x, rows.object)
        assert self.refused(tab, "as_floats", x)

    @pytest.mark.parametrize("name", FORMS)
    @examples(max_examples=200)
    @given(shapes=st.lists(st.tuples(*[st.integers(0, 4)] * 2), min_size=2, max_size=2))
    def test_shapes_that_do_not_fit(
        self, tab: Tab, name: str, shapes: list[tuple[int, int]]
    ) -> None:
        tab.clear()
        a, b = (tab.put(np.ones(shape, np.float32)) for shape in shapes)
        k = {"matmul_nt": (1, 1), "matmul_nn": (1, 0), "matmul_tn": (0, 0)}[name]
        fits = shapes[0][k[0]] == shapes[1][k[1]]
        m, n = shapes[0][1 - k[0]], shapes[1][1 - k[1]]
        c = tab.put(np.ones((m, n), np.float32)) if fits else None
        assert tab.call(name, a, b, result=c) == fits

    @pytest.mark.parametrize("name", FORMS)
    def test_arrays_of_another_kind(self, tab: Tab, name: str) -> None:
        tab.clear()
        good = np.ones((4, 4), np.float32)
        right = tab.put(good)
        columns = tab.describe(right.data, (4, 4), (4, 16), good.dtype)
        wrong = {
            "float64": tab.put(np.ones((4, 4))),
            "foreign byte order": tab.put(good, order=">"),
            "a vector": tab.put(good[0]),
            "three axes": tab.put(good[np.newaxis]),
            "transposed": columns,
            "a float": tab.number(1.0),
            "None": NONE,
        }
        assert tab.call(name, right, right, result=tab.put(good))
        for what, argument in wrong.items():
            for place in range(2):
                given_arguments: list[Stored | int] = [right, right]
                given_arguments[place] = argument
                assert self.refused(tab, name, *given_arguments), (what, place)
        assert self.refused(tab, name, right)
        assert self.refused(tab, name, right, right, right)

    def test_answers_that_are_not_like_what_was_wanted(self, tab: Tab) -> None:
        tab.clear()
        a = tab.put(np.ones((4, 3), np.float32))
        doubles = tab.put(np.ones((4, 3)))
        fewer = tab.put(np.ones((3, 3), np.float32))
        empty = tab.put(np.ones((4, 0), np.float32))
        labels = tab.put(np.zeros(4, np.uint8))
        assert self.refused(tab, "squared_distance", a, doubles)
        assert self.refused(tab, "squared_distance", doubles, a)
        assert self.refused(tab, "squared_distance", a, fewer)
        assert self.refused(tab, "squared_distance", a)
        assert self.refused(tab, "hits", doubles, labels)
        assert self.refused(tab, "hits", fewer, labels)
        assert self.refused(tab, "hits", empty, labels)
        assert self.refused(tab, "hits", a, tab.put(np.zeros(4)))
        assert self.refused(tab, "hits", a, tab.put(np.zeros((4, 1), np.uint8)))
        assert self.refused(tab, "hits", a, tab.number(1.0))
        assert self.refused(tab, "hits", a)

    @pytest.mark.parametrize("name", EXACT)
    def test_functions_of_arrays_of_another_kind(self, tab: Tab, name: str) -> None:
        tab.clear()
        x = np.ones((4, 4), np.float32)
        for wrong in (tab.put(x, gap=4), tab.put(x.astype(np.float64)), tab.number(1.0)):
            assert self.refused(tab, name, wrong)
        assert self.refused(tab, name)
        assert self.refused(tab, name, tab.put(x), tab.put(x))

    @pytest.mark.parametrize("name", ["combine", "add_row"])
    def test_results_that_may_not_be_written(self, tab: Tab, name: str) -> None:
        tab.clear()
        x = np.ones((4, 4), np.float32)
        one = tab.number(1.0)
        source = tab.put(x[0] if name == "add_row" else x)
        for wrong in (
            tab.put(x, writeable=False),
            tab.put(x, gap=4),
            tab.put(x.astype(np.float64)),
        ):
            given_arguments = (wrong, one, source, one) if name == "combine" else (wrong, source)
            assert self.refused(tab, name, *given_arguments)

    @pytest.mark.parametrize("distance", [4, -4, 28, -28])
    def test_arrays_that_share_a_part_of_their_numbers(self, tab: Tab, distance: int) -> None:
        tab.clear()
        x = tab.put(np.ones(40, np.float32))
        first = tab.describe(x.data + 40, (8,), (4,), x.dtype)
        other = tab.describe(x.data + 40 + distance, (8,), (4,), x.dtype)
        apart = tab.describe(x.data + 40 + 32, (8,), (4,), x.dtype)
        one = tab.number(1.0)
        assert self.refused(tab, "combine", first, one, other, one)
        assert tab.call("combine", first, one, apart, one, changes=(first,))
        assert tab.call("combine", first, one, first, one, changes=(first,))

    def test_a_matrix_and_a_row_of_its_own(self, tab: Tab) -> None:
        tab.clear()
        x = tab.put(np.ones((4, 8), np.float32))
        own = tab.describe(x.data, (8,), (4,), x.dtype)
        assert self.refused(tab, "add_row", x, own)

    def test_numbers_that_are_no_floats(self, tab: Tab) -> None:
        tab.clear()
        x, y = (tab.put(np.ones(4, np.float32)) for _ in range(2))
        one = tab.number(1.0)
        assert self.refused(tab, "combine", x, x.object, y, one)
        assert self.refused(tab, "combine", x, one, y, y.object)


@pytest.mark.parametrize(
    ("name", "count"),
    [*((name, 2) for name in FORMS), *((name, 1) for name in EXACT), ("sum_rows", 1)],
)
def test_without_memory_for_the_result_python_is_told(tab: Tab, name: str, count: int) -> None:
    tab.clear()
    x = tab.put(np.ones((12, 12), np.float32))
    assert tab.call(name, *[x] * count)  # the answer is 0, and nothing has changed


class TestAssembling:
    def test_it_makes_the_same_bytes_each_time(self) -> None:
        folder = ROOT / "site" / "kernels"
        assert kernels.assemble(folder) == kernels.assemble(folder)

    def test_only_one_of_the_modules_needs_relaxed_simd(self) -> None:
        config = Config()
        config.wasm_relaxed_simd = False
        engine = Engine(config)
        modules = kernels.assemble(ROOT / "site" / "kernels")
        Module.validate(engine, modules["simd.wasm"])
        with pytest.raises(Exception, match="relaxed"):
            Module.validate(engine, modules["relaxed.wasm"])

    def test_a_mistake_is_named(self, tmp_path: Path) -> None:
        folder = tmp_path / "kernels"
        shutil.copytree(ROOT / "site" / "kernels", folder)
        (folder / "steps.wat").write_text("(func $none (i32.const))")
        with pytest.raises(kernels.KernelError, match=r"site/kernels: "):
            kernels.assemble(folder)
