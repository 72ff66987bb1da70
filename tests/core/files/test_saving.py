"""Files: what comes back, how small they are, and that nothing in a hostile one is trusted."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import pickle
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nets_core import SGD, Adam, Diverged, Network, Trainer
from nets_core.files import container, npz, saving
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from nets_core.training import MOST_HISTORY

X = np.random.default_rng(1).integers(0, 256, (12, 16)).astype(np.uint8)
LABELS = np.random.default_rng(2).integers(0, 3, 12)


def picture_net(dtype: Any = np.float32) -> Network:
    layers = [Conv2D(3, 2), MaxPool2D(2), Flatten(), Dropout(0.25), Dense(3, "softmax")]
    return Network(layers, (4, 4, 1), "cross_entropy", "nielsen", 3, dtype)


def run(optimizer: Any = None) -> Trainer:
    trainer = Trainer(
        picture_net(), optimizer or Adam(0.01), X, LABELS, batch_size=5, l2=0.1, test=(X, LABELS)
    )
    stream = iter(trainer.steps(epochs=2))
    for _ in range(4):
        next(stream)
    return trainer


NET = saving.dumps(Network.mlp([3, 2], seed=1))
RUN = saving.dumps(run())
ONE_SENTENCE = r"^[^\n]{15,600}$"
PYTHON_S_OWN = re.compile(
    r"'\w+' object|\w+\(\)|argument|NoneType|unhashable|iterable|to unpack|attribute|indices"
)
"""What Python says of its own values, which tells nobody what is wrong with a file."""


def refused(data: bytes, *, load: Callable[[bytes], Any] | None = None) -> str:
    """Asserts that every way to open the file fails with one sentence, and returns it."""
    messages = []
    ways: list[Callable[[bytes], Any]] = [load] if load else [saving.loads, saving.recipe_of]
    for way in ways:
        with pytest.raises(ValueError, match=ONE_SENTENCE) as caught:
            way(data)
        assert not isinstance(caught.value, UnicodeError)
        assert not PYTHON_S_OWN.search(str(caught.value))
        messages.append(str(caught.value))
    return messages[0]


def opened(data: bytes, way: Callable[[bytes], Any]) -> Any:
    """What a damaged file loads as, or None if it fails with one sentence."""
    try:
        return way(data)
    except ValueError as error:
        problem = str(error)
    assert re.search(ONE_SENTENCE, problem)
    assert not PYTHON_S_OWN.search(problem), problem
    return None


def resume(data: bytes) -> Trainer:
    return saving.resume(data, X, LABELS)


def parts(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The header, and the bytes of every other member, of a good file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(np.load(io.BytesIO(members.pop("header.npy"))).tobytes())
    return header, members


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def raw_npy(header: str, body: bytes = b"") -> bytes:
    """An .npy member whose header is this text."""
    text = header.encode("latin1")
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def packed(
    header: Any, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    file = io.BytesIO()
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("header.npy", npy(np.frombuffer(text, np.uint8)))
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_header(change: Callable[[dict[str, Any]], Any], data: bytes = NET) -> bytes:
    header, members = parts(data)
    changed = change(header)
    return packed(header if changed is None else changed, members)


def with_member(name: str, content: bytes, data: bytes = NET) -> bytes:
    header, members = parts(data)
    return packed(header, {**members, name: content})


def same_net(one: Network, other: Network) -> None:
    assert one.describe() == other.describe()
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p, q)
        assert p.dtype == q.dtype


@pytest.fixture(autouse=True)
def even_small_arrays_as_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower LARGE: the nets of these tests are small, and "int8" keeps small arrays as float16."""
    monkeypatch.setattr(saving, "LARGE", 0)


class TestRoundTrips:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_exact(self, dtype: Any) -> None:
        for net in (picture_net(dtype), Network.mlp([4, 3, 2], "swish", "tanh", "mse", "he", 7)):
            data = saving.dumps(net, recipe="my own")
            same_net(saving.loads(data), net)
            assert saving.recipe_of(data) == "my own"
            assert saving.dumps(net, recipe="my own") == data  # the same net, the same bytes
            assert saving.dumps(saving.loads(data), recipe="my own") == data

    def test_float16_is_off_by_half_its_last_digit(self) -> None:
        net = picture_net()
        for p, q in zip(
            net.parameters(), saving.loads(saving.dumps(net, "float16")).parameters(), strict=True
        ):
            assert q.dtype == p.dtype
            assert (np.abs(p - q) <= np.abs(p) * 2**-11 + 2**-25).all()

    def test_int8_is_off_by_half_a_step_of_its_row(self) -> None:
        net = Network.mlp([40, 6, 3], seed=4)
        net.layers[0].weights[2] = 0  # a row that has no scale of its own
        net.layers[0].weights[3] *= 1e6
        loaded = saving.loads(saving.dumps(net, "int8"))
        for layer, again in zip(net.layers, loaded.layers, strict=True):
            step = np.abs(layer.weights).max(axis=1, keepdims=True) / 127
            assert (np.abs(layer.weights - again.weights) <= step * 0.5001).all()
            assert (np.abs(layer.biases - again.biases) <= np.abs(layer.biases) * 2**-11).all()
        assert not loaded.layers[0].weights[2].any()

    def test_biases_may_be_integers_too_all_with_one_scale(self) -> None:
        header, members = parts(NET)
        net = saving.loads(NET)
        net.layers[-1].biases[:] = np.arange(len(net.layers[-1].biases)) * 0.5
        last = len(net.parameters()) - 1
        members[f"p{last}.npy"] = npy(np.arange(len(net.layers[-1].biases), dtype=np.int8))
        members[f"s{last}.npy"] = npy(np.float32(0.5))
        same_net(saving.loads(packed(header, members)), net)

    def test_int8_keeps_small_arrays_as_float16(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(saving, "LARGE", 100)
        with zipfile.ZipFile(io.BytesIO(saving.dumps(Network.mlp([20, 5, 4]), "int8"))) as archive:
            dtypes = {name: np.load(archive.open(name)).dtype for name in archive.namelist()}
        assert dtypes["p0.npy"] == np.int8  # 100 entries
        assert dtypes["p2.npy"] == np.float16  # 20
        assert "s2.npy" not in dtypes

    def test_smaller_storages_are_smaller(self) -> None:
        net = Network.mlp([200, 30, 10], seed=4)
        sizes = [len(saving.dumps(net, storage)) for storage in ("exact", "float16", "int8")]
        assert sizes[0] > 1.6 * sizes[1] > 2.5 * sizes[2]

    def test_a_loaded_net_can_be_trained(self) -> None:
        for storage in saving.STORAGES:
            net = saving.loads(saving.dumps(picture_net(), storage))
            before = [p.copy() for p in net.parameters()]
            Trainer(net, Adam(0.01), X, LABELS).run(epochs=1)
            assert any((p != q).any() for p, q in zip(net.parameters(), before, strict=True))

    def test_bytes_of_any_kind_are_read(self) -> None:
        for kind in (bytearray, memoryview):
            same_net(saving.loads(kind(NET)), saving.loads(NET))

    def test_compression_does_not_matter(self) -> None:
        header, members = parts(NET)
        for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            same_net(saving.loads(packed(header, members, compression)), saving.loads(NET))

    def test_history_comes_back(self) -> None:
        trainer = run()
        resumed = saving.resume(RUN, X, LABELS, test=(X, LABELS))
        assert [e.cost for e in resumed.history] == [e.cost for e in trainer.history]
        assert len(resumed.history) == 1

    def test_a_run_of_more_epochs_than_are_remembered_is_resumed(self) -> None:
        trainer = Trainer(Network.mlp([16, 3]), SGD(0.1), X[:4], LABELS[:4])
        assert len(trainer.run(epochs=MOST_HISTORY + 5)) == MOST_HISTORY + 5
        assert len(trainer.history) == MOST_HISTORY
        resumed = saving.resume(saving.dumps(trainer), X[:4], LABELS[:4])
        assert resumed.history == trainer.history
        assert resumed.epoch == MOST_HISTORY + 5
        assert resumed.run(epochs=1)[0].cost == trainer.run(epochs=1)[0].cost


@pytest.mark.parametrize("text", [b'\\"' * 2**19, b'"' + b'\\"' * 2**18, b'["\\' * 2**18])
def test_a_header_of_strings_that_never_end_is_refused_and_not_read_for_an_hour(
    text: bytes,
) -> None:
    with pytest.raises(ValueError, match="the file's header is not JSON"):
        container.parse(text)


class TestDumping:
    @pytest.mark.parametrize("format", saving.FORMATS)
    def test_notes_that_would_not_be_read_again_are_refused(self, format: str) -> None:
        with pytest.raises(ValueError, match=r"header takes .* nothing is saved"):
            saving.dumps(picture_net(), format=format, notes={"text": "a" * 2**20})

    def test_other_objects_and_storages_are_refused(self) -> None:
        with pytest.raises(TypeError, match="expected a Network or a Trainer, not a dict"):
            saving.dumps({})  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="storage is 'float8', expected one of exact"):
            saving.dumps(picture_net(), "float8")
        with pytest.raises(ValueError, match="storage is 'int8', expected 'exact'"):
            saving.dumps(run(), "int8")

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_what_is_not_finite_is_not_saved(self, value: float) -> None:
        net = picture_net()
        net.layers[0].biases[1] = value
        for storage in saving.STORAGES:
            with pytest.raises(ValueError, match="NaN or infinity"):
                saving.dumps(net, storage)
        trainer = run()
        trainer.optimizer.state["mean"][0][0, 0] = value
        with pytest.raises(ValueError, match="NaN or infinity"):
            saving.dumps(trainer)

    @pytest.mark.filterwarnings("error")
    def test_too_large_for_float16_is_said(self) -> None:
        net = picture_net()
        net.layers[0].biases[1] = 1e6
        for storage in ("float16", "int8"):
            with pytest.raises(ValueError, match="too large for float16"):
                saving.dumps(net, storage)


class TestResuming:
    def test_a_net_is_not_a_run(self) -> None:
        with pytest.raises(ValueError, match="no training run"):
            saving.resume(NET, X, LABELS)

    def test_other_examples_are_refused(self) -> None:
        with pytest.raises(ValueError, match="12 examples, but x has 11"):
            saving.resume(RUN, X[:-1], LABELS[:-1])
        with pytest.raises(ValueError, match="x has shape"):
            saving.resume(RUN, X[:, :9], LABELS)
        with pytest.raises(ValueError, match="labels"):
            saving.resume(RUN, X, LABELS + 5)


class TestDamage:
    """Files damaged by a bad connection or by a curious visitor."""

    def test_truncated_at_every_byte(self) -> None:
        assert len(NET) < 2000
        for length in range(len(NET)):
            refused(NET[:length])

    def test_every_bit_of_a_small_file_flipped(self) -> None:
        """The file fails to open, or the bit is one that is not read and the net is the same."""
        original, harmless = saving.loads(NET), 0
        for at in range(len(NET)):
            for bit in range(8):
                damaged = bytearray(NET)
                damaged[at] ^= 1 << bit
                net = opened(bytes(damaged), saving.loads)
                if net is not None:
                    same_net(net, original)
                    harmless += 1
        assert harmless < len(NET) * 8 / 4  # dates, attributes and the like

    @settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
    @given(
        edits=st.lists(
            st.tuples(st.integers(0, 10**6), st.binary(max_size=8), st.integers(0, 12)),
            min_size=1,
            max_size=4,
        )
    )
    def test_bytes_replaced_inserted_and_removed(self, edits: list[tuple[int, bytes, int]]) -> None:
        data = bytearray(RUN)
        for at, new, removed in edits:
            at %= len(data)
            data[at : at + removed] = new
        for way in (saving.loads, resume):
            opened(bytes(data), way)

    @settings(deadline=None, max_examples=60)
    @given(data=st.binary(max_size=300))
    def test_any_bytes(self, data: bytes) -> None:
        refused(data)
        refused(b"PK\x03\x04" + data)
        refused(data + NET[-22:])

    @settings(deadline=None, max_examples=100)
    @given(
        at=st.integers(0, 200),
        new=st.binary(min_size=1, max_size=6),
        name=st.sampled_from(["p0.npy", "p1.npy", "header.npy"]),
    )
    def test_damaged_members_in_a_sound_zip(self, at: int, new: bytes, name: str) -> None:
        """As above, but with matching checksums, so that the contents must be checked."""
        header, members = parts(NET)
        members["header.npy"] = npy(np.frombuffer(json.dumps(header).encode(), np.uint8))
        content = bytearray(members[name])
        content[at : at + len(new)] = new
        members[name] = bytes(content)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for member, inside in members.items():
                archive.writestr(member, inside)
        net = opened(file.getvalue(), saving.loads)
        if net is not None:
            assert all(np.isfinite(p).all() for p in net.parameters())


class TestForeignFiles:
    def test_not_bytes_at_all(self) -> None:
        for thing in ("text", None, 5, [1, 2]):
            with pytest.raises(TypeError, match=r"data is a .*expected bytes"):
                saving.loads(thing)  # type: ignore[arg-type]

    def test_other_formats(self) -> None:
        empty, text, npz, numpy_file = io.BytesIO(), io.BytesIO(), io.BytesIO(), npy(np.eye(3))
        zipfile.ZipFile(empty, "w").close()
        with zipfile.ZipFile(text, "w") as archive:
            archive.writestr("readme.txt", "hello")
        np.savez(npz, weights=np.eye(3))
        pickled = pickle.dumps({"weights": [1, 2, 3]})
        for data in (empty.getvalue(), text.getvalue(), npz.getvalue(), numpy_file, pickled):
            refused(data)

    def test_too_large_before_anything_is_read(self) -> None:
        class Endless(bytes):
            def __len__(self) -> int:
                return saving.MOST_BYTES + 1

        assert str(saving.MOST_BYTES) in refused(Endless(NET))

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_pickles_are_never_opened(self) -> None:
        touched: list[int] = []

        class Trap:
            def __reduce__(self) -> Any:
                return (touched.append, (1,))

        file = io.BytesIO()
        np.lib.format.write_array(file, np.array([Trap(), Trap()], object), allow_pickle=True)
        bare = pickle.dumps(Trap())
        for content in (file.getvalue(), bare):
            for name in ("p0.npy", "extra.npy", "header.npy"):
                refused(with_member(name, content))
        refused(with_member("trap.pkl", bare))
        assert not touched


def bomb(size: int, name: str = "p0.npy") -> bytes:
    """A file of some kilobytes that unpacks to ``size`` zeros of one byte each."""
    return with_member(name, raw_npy(npy_header("|i1", (size,))) + bytes(size))


def npy_header(descr: str, shape: tuple[int, ...], fortran: bool = False) -> str:
    return f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape!r}, }}"


class TestLies:
    """Sizes that a file claims but does not have; none may cost memory or time."""

    def limited(self, data: bytes, megabytes: float = 5, **kwargs: Any) -> str:
        tracemalloc.start()
        try:
            message = refused(data, **kwargs)
            assert tracemalloc.get_traced_memory()[1] < (megabytes + len(data) / 2**20) * 2**20
        finally:
            tracemalloc.stop()
        return message

    @pytest.mark.parametrize(
        "shape",
        [
            (10**9, 10**9),
            (2**63, 1),
            (2**64 + 1, 3),
            (10**30,),
            (0, 10**30),
            (0, 2**63),
            (-2, -3),
            (-1, 6),
            (2, 3, 1),
            (6,),
            (),
            (3, 2),
            (1,) * 70,
            (1,) * 40 + (2, 3),
        ],
        ids=str,
    )
    def test_shapes_in_an_array_s_own_header(self, shape: tuple[int, ...]) -> None:
        body = np.zeros(6, np.float32).tobytes()
        for content in (body, b""):
            made = raw_npy(npy_header("<f4", shape), content)
            assert "'p0'" in self.limited(with_member("p0.npy", made), load=saving.loads)

    @pytest.mark.parametrize("shape", [(0, 2**63), (0, 10**30), (0,) * 70], ids=str)
    def test_impossible_shapes_of_arrays_that_nothing_needs(self, shape: tuple[int, ...]) -> None:
        made = raw_npy(npy_header("<f4", shape))
        self.limited(with_member("extra.npy", made))

    @pytest.mark.parametrize(
        "descr", ["|O", ">f4", "<c8", "<f16", "|V6", "|S4", "<U2", "|b1", "<i4", "<M8[s]", "nope"]
    )
    def test_types_that_a_net_does_not_have(self, descr: str) -> None:
        assert "'p0'" in refused(
            with_member("p0.npy", raw_npy(npy_header(descr, (2, 3)), bytes(48)))
        )

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "{",
            "{}",
            "[]",
            "()",
            "5",
            "None",
            "(" * 500,
            "[" * 9000,
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'extra': 1}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (True, 6)}",
            "{'descr': [], 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': (), 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': {}, 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': None, 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': 7, 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': [('a', '<f4'), ('b',)], 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': {'names': 1, 'formats': 2}, 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': ('<f4', (2, 3)), 'fortran_order': False, 'shape': ()}",
            "{'descr': ('|V1', 99999999999), 'fortran_order': False, 'shape': ()}",
            "{'descr': '|V9999999999999999999', 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} \\",
            "{'descr': '''<f4, 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1e999, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'a': 1" + "0" * 5000 + "}",
            "{'descr': '<f4', \x00'fortran_order': False, 'shape': (2, 3)}",
            "{{'a': 1}: 2}",
            "{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (2, 3)}",
        ],
    )
    @pytest.mark.filterwarnings("ignore")
    def test_malformed_headers_of_arrays(self, header: str) -> None:
        body = np.zeros(6, np.float32).tobytes()
        assert "'p0'" in self.limited(with_member("p0.npy", raw_npy(header, body)))

    @pytest.mark.parametrize("version", [b"\x02\x00", b"\x03\x00", b"\x09\x09", b"\x00\x00"])
    def test_other_versions_of_arrays(self, version: bytes) -> None:
        content = bytearray(npy(np.zeros((2, 3), np.float32)))
        content[6:8] = version
        refused(with_member("p0.npy", bytes(content)))

    def test_a_zip_bomb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(npz, "MOST_BYTES", 2**22)
        data = bomb(2**22)
        assert len(data) < 2**14
        assert "unpacks to more than" in self.limited(data)

    def test_a_small_zip_bomb_that_a_header_bears_out(self) -> None:
        """The file unpacks to an allowed size, but describes a float64 net eight times as large."""

        def change(header: dict[str, Any]) -> None:
            header["net"]["dtype"] = "float64"
            header["net"]["input_shape"] = [2**21]
            header["net"]["layers"] = [{"type": "dense", "outputs": 8, "activation": "sigmoid"}]

        header, members = parts(NET)
        change(header)
        members["p0.npy"] = raw_npy(npy_header("|i1", (8, 2**21))) + bytes(2**24)
        members["p1.npy"] = npy(np.zeros(8, np.float16))
        members["s0.npy"] = npy(np.ones(8, np.float32))
        data = packed(header, members)
        self.limited(data, megabytes=64, load=saving.loads)

    def test_many_members(self) -> None:
        header, members = parts(NET)
        many = {f"x{i}.npy": npy(np.zeros(1, np.float32)) for i in range(container.MOST_ARRAYS)}
        assert "arrays, expected at most" in refused(packed(header, {**members, **many}))

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_member_twice(self) -> None:
        file = io.BytesIO(NET)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("p0.npy", npy(np.ones((2, 3), np.float32)))
        refused(file.getvalue())

    @pytest.mark.parametrize("name", ["p0", "p0.NPY", "p0.npy/", "../p0", "p0.npz"])
    def test_members_of_other_names(self, name: str) -> None:
        refused(with_member(name, b""))

    @pytest.mark.parametrize("method", [12, 14, 93, 99, 1])
    def test_other_compressions(self, method: int) -> None:
        """Both of a member's headers name another method, which does not match its data."""
        data = bytearray(NET)
        for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            at = data.index(signature) + offset
            data[at : at + 2] = struct.pack("<H", method)
        refused(bytes(data))

    @pytest.mark.parametrize("offset", [2**31, 2**32, 2**63, 2**64 - 1])
    def test_a_member_far_away(self, offset: int) -> None:
        """A zip64 entry that says its member begins beyond the end of any file."""
        name, extra = b"header.npy", struct.pack("<HHQ", 1, 8, offset)
        entry = struct.pack(
            "<4s4B4HL2L5H2L", b"PK\x01\x02", 45, 3, 45, 0, 0, 0, 0, 0, 0, 9, 9, len(name),
            len(extra), 0, 0, 0, 0, 0xFFFFFFFF,
        )  # fmt: skip
        entry += name + extra
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), 0, 0)
        refused(entry + end)

    def test_sizes_that_a_zip_entry_claims(self) -> None:
        data = bytearray(NET)
        for size in (0, 1, 2**20, 2**31, 2**32 - 1):
            for field in (20, 24):  # compressed, uncompressed
                lying = bytearray(data)
                at = lying.index(b"PK\x01\x02") + field
                lying[at : at + 4] = struct.pack("<L", size)
                net = opened(bytes(lying), saving.loads)
                if net is not None:  # a size that is not needed: the rest is still found
                    same_net(net, saving.loads(NET))

    def test_an_encrypted_member(self) -> None:
        data = bytearray(NET)
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = data.index(signature) + offset
            data[at] |= 1
        refused(bytes(data))


class TestNumbers:
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_nan_and_infinity(self, value: float, dtype: Any) -> None:
        for fill in (np.full((2, 3), value, dtype), np.array([[0, 0, 0], [0, 0, value]], dtype)):
            assert "'p0' holds NaN or infinity" in refused(
                with_member("p0.npy", npy(fill)), load=saving.loads
            )

    @pytest.mark.filterwarnings("error")
    def test_numbers_too_large_for_the_net_s_dtype(self) -> None:
        large = npy(np.full((2, 3), 1e300))
        assert "'p0'" in refused(with_member("p0.npy", large), load=saving.loads)

    @pytest.mark.filterwarnings("error")
    def test_scales(self) -> None:
        int8 = saving.dumps(Network.mlp([3, 2], seed=1), "int8")
        saving.loads(int8)
        for scale in ([np.nan, 1], [1, np.inf], [3e38, 3e38], [1, 1, 1], [[1, 1]], 1.0):
            content = npy(np.array(scale, np.float32))
            assert "0'" in refused(with_member("s0.npy", content, int8), load=saving.loads)
        refused(with_member("s0.npy", npy(np.ones(2, np.float64)), int8), load=saving.loads)
        refused(with_member("s1.npy", npy(np.ones(2, np.float32)), int8), load=saving.loads)
        refused(with_member("s0.npy", npy(np.ones(2, np.float32)), NET), load=saving.loads)

    def test_arrays_that_lack_or_are_of_another_shape(self) -> None:
        header, members = parts(NET)
        for name in members:
            fewer = {k: v for k, v in members.items() if k != name}
            assert repr(name[:2]) in refused(packed(header, fewer), load=saving.loads)
        for shape in ((3, 2), (2, 3, 1), (6,), (2, 4), ()):
            content = npy(np.zeros(shape, np.float32))
            assert "shape" in refused(with_member("p0.npy", content), load=saving.loads)


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    found = [prefix] if prefix else []
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        found += paths(inner, (*prefix, key))
    return found


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    document = copy.deepcopy(document)
    at = document
    for key in path[:-1]:
        at = at[key]
    if value is MISSING:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


MISSING = object()
STRANGE = [
    MISSING, None, True, -1, 0.5, 1e308, 10**30, 10**400, 2**63, "", "x", "9" * 5000, [],
    [None], {}, {"a": 1}, float("nan"), float("inf"),
]  # fmt: skip
HEADER, MEMBERS = parts(RUN)


def with_value(path: tuple[Any, ...], value: Any) -> bytes:
    """The file of a run with another value in its header; not compressed, which takes long."""
    return packed(replaced(HEADER, path, value), MEMBERS, zipfile.ZIP_STORED)


class TestHeaders:
    @pytest.mark.parametrize("path", paths(HEADER), ids=lambda path: ".".join(map(str, path)))
    def test_every_field_with_a_strange_value(self, path: tuple[Any, ...]) -> None:
        """It fails with one sentence, or gives a run that works; and it never hangs."""
        for value in STRANGE:
            data = with_value(path, value)
            net, trainer = opened(data, saving.loads), opened(data, resume)
            if net is not None:
                assert net.forward(np.zeros((2, net.inputs))).shape == (2, net.outputs)
            if trainer is not None:
                with contextlib.suppress(Diverged):  # an enormous learning rate is allowed
                    trainer.run(epochs=1)
                memory = [a for arrays in trainer.optimizer.state.values() for a in arrays]
                if all(np.isfinite(array).all() for array in memory):
                    resume(saving.dumps(trainer))

    WRONG_TYPES = (None, [], {}, "x", ["x"], {"a": 1}, True)

    @pytest.mark.parametrize(
        "path",
        [
            ("format",), ("version",), ("storage",), ("recipe",), ("net",),
            ("net", "input_shape"), ("net", "layers"), ("net", "loss"), ("net", "initializer"),
            ("net", "seed"), ("net", "dtype"), ("net", "layers", 0), ("net", "layers", 0, "type"),
            ("net", "layers", 0, "filters"), ("net", "layers", 4, "activation"),
        ],
        ids=str,
    )  # fmt: skip
    def test_wrong_types_in_a_net(self, path: tuple[Any, ...]) -> None:
        for value in (*self.WRONG_TYPES, MISSING):
            if path == ("recipe",) and value == "x":
                continue  # any name is allowed
            data = with_value(path, value)
            refused(data, load=saving.loads)

    @pytest.mark.parametrize(
        "path",
        [
            ("training",), ("training", "optimizer"), ("training", "settings"),
            ("training", "settings", "learning_rate"), ("training", "optimizer_steps"),
            ("training", "state"), ("training", "state", "mean"), ("training", "batch_size"),
            ("training", "l2"), ("training", "seed"), ("training", "evaluations"),
            ("training", "augmentation"), ("training", "examples"), ("training", "epoch"),
            ("training", "position"), ("training", "step"), ("training", "sums"),
            ("training", "sums", 0), ("training", "sums", 1), ("training", "history"),
            ("training", "history", 0), ("training", "history", 0, "cost"),
            ("training", "history", 0, "accuracy"), ("training", "history", 0, "test_accuracy"),
            ("training", "history", 0, "seconds"), ("training", "generators"),
            ("training", "generators", 0), ("training", "generators", 0, "state"),
            ("training", "generators", 0, "bit_generator"),
        ],
        ids=str,
    )  # fmt: skip
    def test_wrong_types_in_a_run(self, path: tuple[Any, ...]) -> None:
        for value in self.WRONG_TYPES:
            if (path[-1], value) in (("augmentation", None), ("test_accuracy", None)):
                continue  # None is a valid value there
            data = with_value(path, value)
            refused(data, load=resume)

    @pytest.mark.parametrize("version", [0, 3, -1, 1.5, "1", None, [1], True, 10**400])
    def test_other_versions(self, version: Any) -> None:
        assert "version" in refused(packed(replaced(HEADER, ("version",), version), {}))

    def test_a_run_of_version_1_has_no_l1_and_opens(self) -> None:
        def older(header: dict[str, Any]) -> None:
            header["version"] = 1
            del header["training"]["l1"]

        trainer = resume(with_header(older, RUN))
        assert trainer.l1 == 0
        same_net(trainer.net, saving.loads(RUN))

    def test_other_programs(self) -> None:
        refused(with_header(lambda header: {**header, "format": "onnx"}))
        refused(with_header(lambda header: []))
        refused(with_header(lambda header: b"\xff\xfe not json"))
        refused(with_header(lambda header: b"[" * 100_000))
        refused(with_header(lambda header: b'{"a":' * 100_000))
        refused(with_header(lambda header: b'["' + b"]" * 90_000 + b'",' + b"[" * 90_000))
        refused(with_header(lambda header: b""))
        refused(with_header(lambda header: b'{"format": "nets", "version": 1' + b"0" * 5000 + b"}"))
        for array in (np.zeros((2, 2), np.uint8), np.zeros(9, np.float32), np.zeros((), np.uint8)):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("header.npy", npy(array))
            refused(file.getvalue())

    @pytest.mark.parametrize("number", [0, -1, 10**9, 2**31, 2**63, 10**30, 1.0, True, "30", None])
    def test_numbers_of_a_layer(self, number: Any) -> None:
        for path in (
            ("net", "input_shape", 0),
            ("net", "input_shape", 2),
            ("net", "layers", 0, "filters"),
            ("net", "layers", 0, "size"),
            ("net", "layers", 4, "outputs"),
        ):
            if number in (1, True) and path == ("net", "input_shape", 2) and number is not True:
                continue
            tracemalloc.start()
            data = with_value(path, number)
            refused(data, load=saving.loads)
            assert tracemalloc.get_traced_memory()[1] < 5 * 2**20
            tracemalloc.stop()

    def test_many_layers_that_need_no_array(self) -> None:
        layers = [{"type": "dropout", "rate": 0.1}] * 20_000
        header = copy.deepcopy(HEADER)
        header["net"]["layers"] = [*layers, *header["net"]["layers"]]
        refused(packed(header, MEMBERS), load=saving.loads)

    def test_a_file_of_a_run_with_another_optimizer_s_memory(self) -> None:
        """SGD with momentum, but with Adam's arrays, which that optimizer does not use."""
        data = saving.dumps(run(SGD(0.1, momentum=0.5)))
        header, members = parts(data)
        assert header["training"]["state"] == {"velocity": 4}
        for name in ("p", "mean", "header", ""):
            changed = replaced(header, ("training", "state"), {name: 4})
            refused(packed(changed, members), load=resume)

    def test_more_steps_than_an_epoch_has(self) -> None:
        for position in (13, 10**9, -1):
            data = with_value(("training", "position"), position)
            refused(data, load=resume)
