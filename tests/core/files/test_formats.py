"""Safetensors and ONNX files from strangers: nothing in them is trusted."""

from __future__ import annotations

import json
import re
import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nets_core import Adam, Network, Trainer
from nets_core.files import onnx, safetensors, saving
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D

X = np.random.default_rng(1).integers(0, 256, (12, 16)).astype(np.uint8)
LABELS = np.random.default_rng(2).integers(0, 3, 12)
ONE_SENTENCE = r"^[^\n]{15,600}$"
STRANGE = [
    None, True, -1, 0.5, 1e308, 10**30, 2**63, "", "x", "9" * 5000, [], [None], {}, {"a": 1},
]  # fmt: skip


def run() -> Trainer:
    layers = [Conv2D(3, 2), MaxPool2D(2), Flatten(), Dropout(0.25), Dense(3, "softmax")]
    net = Network(layers, (4, 4, 1), "cross_entropy", "nielsen", 3)
    trainer = Trainer(net, Adam(0.01), X, LABELS, batch_size=5, test=(X, LABELS))
    steps = trainer.steps(epochs=2)
    for _ in range(4):
        next(steps)
    return trainer


RUNS = {format: saving.dumps(run(), format=format) for format in ("safetensors", "onnx")}
NETS = {
    format: saving.dumps(Network.mlp([3, 2], seed=1), format=format)
    for format in ("safetensors", "onnx")
}


def resume(data: bytes) -> Trainer:
    return saving.resume(data, X, LABELS)


def opened(data: bytes) -> list[Any]:
    """What each way to open the file returns; errors are one sentence."""
    found: list[Any] = []
    ways: list[Callable[[bytes], Any]] = [saving.loads, saving.header_of, resume]
    for way in ways:
        problem = ""
        try:
            found.append(way(data))
        except UnicodeError:
            raise  # a ValueError too, but its message is not for visitors
        except ValueError as error:
            problem = str(error)
        assert not problem or re.search(ONE_SENTENCE, problem)
    return found


def refused(data: bytes, why: str = "") -> None:
    """Asserts that every way to open the file fails, before a large array is made."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=ONE_SENTENCE) as caught:
            saving.loads(data)
        assert tracemalloc.get_traced_memory()[1] < 5 * 2**20 + 4 * len(data)
    finally:
        tracemalloc.stop()
    assert why in str(caught.value)


@pytest.mark.parametrize("format", ["safetensors", "onnx"])
class TestDamage:
    def test_truncated_at_every_byte(self, format: str) -> None:
        for length in range(len(NETS[format])):
            refused(NETS[format][:length])

    def test_a_bit_of_every_byte_flipped(self, format: str) -> None:
        """A flipped bit may change a weight, but whatever opens has finite parameters."""
        for at in range(len(NETS[format])):
            damaged = bytearray(NETS[format])
            damaged[at] ^= 1 << at % 8
            for net in opened(bytes(damaged)):
                if isinstance(net, Network):
                    assert all(np.isfinite(p).all() for p in net.parameters())

    @settings(max_examples=100)
    @given(
        edits=st.lists(
            st.tuples(st.integers(0, 10**6), st.binary(max_size=8), st.integers(0, 12)),
            min_size=1,
            max_size=4,
        )
    )
    def test_bytes_replaced_inserted_and_removed(
        self, format: str, edits: list[tuple[int, bytes, int]]
    ) -> None:
        data = bytearray(RUNS[format])
        for at, new, removed in edits:
            at %= len(data)
            data[at : at + removed] = new
        opened(bytes(data))

    @settings(max_examples=60)
    @given(data=st.binary(max_size=300))
    def test_any_bytes(self, format: str, data: bytes) -> None:
        refused(RUNS[format][:9] + data)

    def test_something_behind_it(self, format: str) -> None:
        refused(NETS[format] + b"\x07more")


def safe(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


class TestSafetensors:
    @pytest.mark.parametrize("length", [0, 1, 2**20 + 1, 2**31, 2**63, 2**64 - 1])
    def test_lengths_of_the_header(self, length: int) -> None:
        refused(struct.pack("<Q", length) + NETS["safetensors"][8:])

    @pytest.mark.parametrize(
        "header",
        [b"{", b"{}", b"[]", b"{" * 9000, b'{"a":' * 9000, b'{"a":1,"a":2}', b"{\xff}", b"{1:2}"],
        ids=lambda header: str(header[:12]),
    )
    def test_headers_that_are_none(self, header: bytes) -> None:
        refused(safe(header))

    @pytest.mark.parametrize(
        "metadata",
        [
            None,
            5,
            [],
            {},
            {"format": "pt"},
            {"format": "nets"},
            {"format": 5},
            {"format": ["nets"]},
        ],
        ids=str,
    )
    def test_metadata_of_others(self, metadata: Any) -> None:
        header, body = parts(NETS["safetensors"])
        refused(safe({**header, "__metadata__": metadata}, body))

    @pytest.mark.parametrize("value", [5, None, {}, "", "{", "5, 6", '1}, "a": {"b": 2', "[" * 99])
    @pytest.mark.parametrize("name", ["net", "version", "storage"])
    def test_metadata_that_is_no_json(self, name: str, value: Any) -> None:
        header, body = parts(NETS["safetensors"])
        header["__metadata__"][name] = value
        refused(safe(header, body))

    @pytest.mark.parametrize("field", ["dtype", "shape", "data_offsets"])
    def test_every_field_of_an_array(self, field: str) -> None:
        header, body = parts(NETS["safetensors"])
        strange = [*STRANGE, [0, 2**63], [0, 10**30], [2**40, 2**41], [-8, 16], [24, 0], [0, 24, 1],
                   ["0", "24"], [0.0, 24.0], [True, 24], "BF16", "I64", "F8_E5M2", [0], [1] * 70,
                   [0, 8, 3]]  # fmt: skip
        for value in strange:
            spec = {**header["p0"], field: value}
            refused(safe({**header, "p0": spec}, body), "")
        for changed in ({}, {"more": 1}):
            spec = {**header["p0"], **changed} if changed else {"dtype": "F32"}
            refused(safe({**header, "p0": spec}, body), "array 'p0' is not described by")

    def test_arrays_that_overlap_or_leave_holes(self) -> None:
        header, body = parts(NETS["safetensors"])
        overlapping = {**header["p1"], "data_offsets": [20, 28]}
        refused(safe({**header, "p1": overlapping}, body[:28]), "does not begin where")
        refused(safe(header, body + b"more"), "belong to no array")
        beyond = {**header["p1"], "data_offsets": [24, 2**60]}
        refused(safe({**header, "p1": beyond}, body))

    def test_many_arrays(self) -> None:
        header, body = parts(NETS["safetensors"])
        end = len(body)
        more = {
            f"x{i}": {"dtype": "F32", "shape": [1], "data_offsets": [end + 4 * i, end + 4 * i + 4]}
            for i in range(500)
        }
        refused(safe({**header, **more}, body + bytes(2000)), "arrays, expected at most")

    def test_an_array_in_half_the_precision_opens(self) -> None:
        header, _ = parts(NETS["safetensors"])
        net = saving.loads(NETS["safetensors"])
        body, at = b"", 0
        for name, p in zip(("p0", "p1"), net.parameters(), strict=True):
            half = p.astype(np.float16).tobytes()
            header[name] |= {"dtype": "F16", "data_offsets": [at, at + len(half)]}
            body, at = body + half, at + len(half)
        for p, q in zip(
            saving.loads(safe(header, body)).parameters(), net.parameters(), strict=True
        ):
            np.testing.assert_allclose(p, q, rtol=2**-10)


def with_fields(change: Callable[[list[tuple[int, Any]]], list[tuple[int, Any]]]) -> bytes:
    """The ONNX file of a net with its outermost fields changed."""
    fields = onnx._fields(memoryview(NETS["onnx"]))
    plain = [(n, value if isinstance(value, int) else bytes(value)) for n, value in fields]
    return onnx._message(*change(plain))


def with_tensor(tensor: bytes) -> bytes:
    """The ONNX file of a net with its first tensor replaced."""

    def change(fields: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
        changed = []
        for number, value in fields:
            if number == 7:
                graph = [
                    (n, v if isinstance(v, int) else bytes(v))
                    for n, v in onnx._fields(memoryview(value))
                ]
                first = next(i for i, (n, _) in enumerate(graph) if n == 5)
                graph[first] = (5, tensor)
                value = onnx._message(*graph)
            changed.append((number, value))
        return changed

    return with_fields(change)


class TestOnnx:
    def test_the_changes_of_these_tests_change_nothing_else(self) -> None:
        assert with_fields(lambda fields: fields) == NETS["onnx"]
        p = saving.loads(NETS["onnx"]).parameters()[0]
        assert with_tensor(onnx._tensor("p0", p)) == NETS["onnx"]

    def test_fields_that_lack_or_come_twice(self) -> None:
        for number in (7, 14):
            refused(with_fields(lambda f, n=number: [field for field in f if field[0] != n]))
        refused(with_fields(lambda f: f + [field for field in f if field[0] == 7]))
        refused(with_fields(lambda f: [(n, 5 if n == 7 else v) for n, v in f]), "is a number")
        refused(with_fields(lambda f: [(n, 5 if n == 14 else v) for n, v in f]), "is a number")
        refused(with_fields(lambda f: [*f, (20, b"\x08\x01")]))

    def test_fields_that_are_not_known_do_no_harm(self) -> None:
        saving.loads(with_fields(lambda f: [*f, (99, b"later"), (98, 7)]))

    @pytest.mark.parametrize("count", [onnx.MOST_FIELDS, 2_000_000])
    def test_many_fields(self, count: int) -> None:
        refused(with_fields(lambda f: f) + b"\x98\x06\x01" * count, "fields")

    @pytest.mark.parametrize(
        "varint", [b"\x80", b"\xff" * 9, b"\xff" * 11, b"\x80" * 30], ids=lambda v: v.hex()
    )
    def test_numbers_without_end(self, varint: bytes) -> None:
        refused(b"\x08" + varint)
        refused(NETS["onnx"] + b"\x08" + varint)

    @pytest.mark.parametrize("kind", [3, 4, 6, 7])
    def test_kinds_that_there_are_not(self, kind: int) -> None:
        refused(NETS["onnx"] + bytes([8 | kind]))

    @pytest.mark.parametrize("length", [2**20, 2**31, 2**63, 2**64 - 1])
    def test_lengths_beyond_the_end(self, length: int) -> None:
        refused(NETS["onnx"] + b"\x3a" + onnx._varint(length))

    @pytest.mark.parametrize(
        "dims",
        [
            (2**40, 2**40), (2**63,), (2**64 - 1, 1), (0, 2**63), (6,), (3, 2), (2, 3, 1), (),
            (1,) * 70, (1,) * 40 + (2, 3), (1,) * 10_000,
        ],
        ids=lambda dims: str(dims)[:20],
    )  # fmt: skip
    @pytest.mark.parametrize("packed", [False, True])
    def test_shapes(self, dims: tuple[int, ...], packed: bool) -> None:
        shape = [(1, b"".join(map(onnx._varint, dims)))] if packed else [(1, n) for n in dims]
        body = np.zeros(6, np.float32).tobytes()
        refused(with_tensor(onnx._message(*shape, (2, 1), (8, "p0"), (9, body))), "'p0'")

    def test_tensors_that_are_stored_in_other_ways(self) -> None:
        dims = [(1, 2), (1, 3)]
        body = np.zeros(6, np.float32).tobytes()
        for rest in (
            [(2, 1), (8, "p0"), (4, body), (9, body)],  # float_data and raw_data
            [(2, 1), (8, "p0"), (10, body)],  # double_data
            [(2, 1), (8, "p0"), (4, body[:-1])],
            [(2, 1), (8, "p0"), (9, body), (13, b"\x0a\x08location"), (14, 1)],  # external data
            [(2, 2), (8, "p0"), (9, body)],  # uint8
            [(2, 16), (8, "p0"), (9, body)],  # bfloat16
            [(8, "p0"), (9, body)],
            [(2, 1), (2, 1), (8, "p0"), (9, body)],
            [(2, b"\x01"), (8, "p0"), (9, body)],
            [(2, 1), (9, body)],
            [(2, 1), (8, b"\xff" * 500), (9, body)],
            [(2, 1), (8, "p1"), (9, body)],
            [(2, 1), (8, "p0"), (9, 5)],
            [(2, 7), (8, "p0"), (9, bytes(48))],  # int64
        ):
            refused(with_tensor(onnx._message(*dims, *rest)))

    def test_integers_that_would_take_many_times_their_bytes(self) -> None:
        for packed in (bytes(onnx.MOST_INTEGERS + 1), b"\x80" * 11 + b"\0" * 5, b"\x80" * 6):
            refused(with_tensor(onnx._message((1, 2), (1, 3), (2, 10), (8, "p0"), (5, packed))))

    def test_a_graph_of_very_many_or_very_large_nodes(self) -> None:
        def change(fields: list[tuple[int, Any]], node: bytes) -> list[tuple[int, Any]]:
            graph = next(bytes(value) for number, value in fields if number == 7)
            others = [field for field in fields if field[0] != 7]
            return [*others, (7, graph + node)]

        small = onnx._message((1, onnx._message((1, "a"), (2, "b"), (4, "Relu"))))
        for node in (onnx._message((1, b"\x0a\0" * 600_000)), small * 9_000):
            refused(
                with_fields(lambda fields, node=node: change(fields, node)), "changed the graph"
            )

    def test_headers_that_are_none(self) -> None:
        for text in (b"", b"{", b"[]", b"[" * 9000, b"5", b"\xff", b"{}", b" " * (2**20 + 1)):
            entry = onnx._message((1, "nets"), (2, text))

            def change(fields: list[tuple[int, Any]], entry: bytes = entry) -> list[Any]:
                others = [field for field in fields if field[0] != 14]
                return [*others, (14, entry), [f for f in fields if f[0] == 14][1]]

            refused(with_fields(change))


@pytest.mark.parametrize("format", saving.FORMATS)
class TestLimits:
    def test_too_large_before_anything_is_read(self, format: str) -> None:
        class Endless(bytes):
            def __len__(self) -> int:
                return saving.MOST_BYTES + 1

        data = saving.dumps(Network.mlp([3, 2]), format=format)
        refused(Endless(data), str(saving.MOST_BYTES))

    def test_layers_that_answer_with_more_than_a_net_may(self, format: str) -> None:
        """Few parameters, but far too many activations for one example."""
        layers = [Conv2D(64, 1), Conv2D(64, 1), Flatten(), Dense(1)]
        net = Network(layers, (150, 150, 1))
        refused(saving.dumps(net, format=format), "too large")

    def test_storages_of_npz_are_npz_s(self, format: str) -> None:
        if format != "npz":
            with pytest.raises(ValueError, match="storage is 'float16', expected 'exact'"):
                saving.dumps(Network.mlp([3, 2]), "float16", format=format)


def test_formats_that_there_are_not() -> None:
    with pytest.raises(ValueError, match="format is 'pickle', expected one of npz"):
        saving.dumps(Network.mlp([3, 2]), format="pickle")


@settings(max_examples=60)
@given(
    path=st.sampled_from(
        [("net",), ("net", "layers"), ("net", "dtype"), ("training",), ("training", "epoch"),
         ("training", "history"), ("training", "state"), ("training", "position"), ("notes",),
         ("training", "settings"), ("recipe",), ("storage",), ("net", "input_shape")]
    ),
    value=st.sampled_from(STRANGE),
)  # fmt: skip
def test_strange_values_in_a_safetensors_header(path: tuple[str, ...], value: Any) -> None:
    header, arrays = safetensors.decode(RUNS["safetensors"])
    changed = json.loads(json.dumps(header))
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    if path[0] in ("recipe", "storage"):
        value = str(value)
        changed[path[0]] = value
    from nets_core.files.container import Contents

    opened(safetensors.encode(Contents(changed, arrays)))
