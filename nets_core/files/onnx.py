"""The format ONNX: the net as a graph that other programs can compute.

An ONNX file is one protocol-buffer message (https://protobuf.dev/programming-guides/encoding and
https://github.com/onnx/onnx, ``onnx.proto``): a list of fields, each a field number with an integer
or with bytes, which may be another message. This module writes and reads the few fields that a net
needs.

The graph maps ``input`` (batch, inputs) to ``output`` (batch, outputs), like ``Network.forward``.
It is for other programs: nets itself reads the arrays and the header, which is in the metadata, and
refuses a file whose graph computes something else than the one it wrote. Other programs may write
the file anew, with their own order of fields, documentation and ways to store numbers. The
optimizer's state is in ``training_info``.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import numpy as np

from nets_core.activations import LEAK
from nets_core.checks import quoted
from nets_core.files.container import (
    BFLOAT16,
    MOST_ARRAYS,
    MOST_HEADER,
    Contents,
    array,
    parse,
    readable,
    strings,
)
from nets_core.layers import CLEARNESS, Conv2D, Dense, Layer, MaxPool2D, Votes, make_layer
from nets_core.ops import Array

IR_VERSION = 7
"""The oldest version of the format that has ``training_info``."""
OPSET = 13
"""The version of the operators that goes with this ``IR_VERSION``; since 13, Softmax normalises
along one axis."""
_DTYPES = {1: "<f4", 7: "<i8", 10: "<f2", 11: "<f8"}
_READ_DTYPES = {**_DTYPES, 2: "u1", 3: "i1", 6: "<i4", 16: BFLOAT16}
_FLOATS, _INT32S, _INT64S, _DOUBLES = 4, 5, 7, 10
_PLACES = {1: _FLOATS, 11: _DOUBLES, 7: _INT64S, 2: _INT32S, 3: _INT32S, 6: _INT32S,
           10: _INT32S, 16: _INT32S}  # fmt: skip
"""By a tensor's data type: the field that holds its numbers where ``raw_data`` does not. In
``int32_data`` a float16 or bfloat16 stands as the number of its bits."""
_RAW, _EXTERNAL, _LOCATION = 9, 13, 14
_DEFAULT_DOMAIN = (b"", b"ai.onnx")
_VARINT, _BYTES = 0, 2
_WIDTHS = {1: 8, 5: 4}
"""The length in bytes of the fields of the other two wire types."""
MOST_FIELDS = 20_000
"""How many fields a message may have: the largest net that is read needs fewer."""
MOST_DIMENSIONS = 64
MOST_INTEGERS = 2**22
"""The most bytes of integers of varying length in a tensor: to read them takes many times that."""
_DAMAGED = "this is not an ONNX file, or it is damaged or cut off"
Field = tuple[int, int | memoryview]


# --- protocol buffers


def _varint(number: int) -> bytes:
    """Seven bits per byte, the lowest first; the eighth bit says that more follow."""
    number &= 2**64 - 1
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _message(*fields: tuple[int, int | float | str | bytes]) -> bytes:
    """A message of these fields, (field number, value)."""
    encoded = []
    for number, value in fields:
        if isinstance(value, float):
            encoded += [_varint(number << 3 | 5), struct.pack("<f", value)]
        elif isinstance(value, int):
            encoded += [_varint(number << 3 | _VARINT), _varint(value)]
        else:
            content = value.encode() if isinstance(value, str) else value
            encoded += [_varint(number << 3 | _BYTES), _varint(len(content)), content]
    return b"".join(encoded)


def _fields(message: memoryview) -> list[Field]:
    """The fields of a message in order, not copied; ValueError if it is no message."""
    fields = list(islice(_read_fields(message), MOST_FIELDS + 1))
    if len(fields) > MOST_FIELDS:
        raise ValueError(f"a message of the ONNX file has more than {MOST_FIELDS} fields")
    return fields


def _read_fields(message: memoryview) -> Iterator[Field]:
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            yield number, value
            continue
        length = _WIDTHS.get(kind)
        if kind == _BYTES:
            length, at = _read_varint(message, at)
        if length is None or length > len(message) - at:
            raise ValueError(_DAMAGED)
        yield number, message[at : at + length]
        at += length


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError(_DAMAGED)


def _messages(fields: Sequence[Field], number: int) -> list[memoryview]:
    """The values of the fields with this number, each a message or a string."""
    found = [value for n, value in fields if n == number]
    if not all(isinstance(value, memoryview) for value in found):
        raise ValueError(f"the ONNX file's field {number} is a number, expected a message")
    return cast(list[memoryview], found)


# --- the graph


class _Graph:
    """Collects nodes and constants; each method returns the name of the value it adds."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.nodes: list[bytes] = []
        self.constants: list[bytes] = []

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"{operator.lower()}{len(self.nodes)}"
        given = [(5, _attribute(key, value)) for key, value in attributes.items()]
        self.nodes.append(
            _message(*[(1, i) for i in inputs], (2, name), (3, name), (4, operator), *given)
        )
        return name

    def constant(self, values: Any, dtype: Any = None) -> str:
        """Numbers that the graph needs and that are not parameters of the net."""
        name = f"constant{len(self.constants)}"
        self.constants.append(_tensor(name, np.asarray(values, dtype or self.dtype)))
        return name

    def shape(self, *lengths: int) -> str:
        return self.constant(lengths, np.int64)


def _attribute(name: str, value: float | int | Sequence[int]) -> bytes:
    if isinstance(value, float):
        return _message((1, name), (2, value), (20, 1))
    if isinstance(value, int):
        return _message((1, name), (3, value), (20, 2))
    return _message((1, name), *[(8, n) for n in value], (20, 7))


def _tensor(name: str, values: Array) -> bytes:
    codes = {dtype: code for code, dtype in _DTYPES.items()}
    lengths = [(1, n) for n in values.shape]
    return _message(*lengths, (2, codes[values.dtype.str]), (8, name), (9, values.tobytes()))


def _value(name: str, dtype: str, features: int) -> bytes:
    """An input or output of the graph: (batch, features)."""
    codes = {dtype: code for code, dtype in _DTYPES.items()}
    shape = _message((1, _message((2, "batch"))), (1, _message((1, features))))
    tensor = _message((1, codes[np.dtype(dtype).str]), (2, shape))
    return _message((1, name), (2, _message((1, tensor))))


# a = σ(z), as one or two nodes.
ACTIVATIONS: dict[str, Callable[[_Graph, str], str]] = {
    "identity": lambda graph, z: z,
    "sigmoid": lambda graph, z: graph.node("Sigmoid", z),
    "tanh": lambda graph, z: graph.node("Tanh", z),
    "relu": lambda graph, z: graph.node("Relu", z),
    "leaky_relu": lambda graph, z: graph.node("LeakyRelu", z, alpha=LEAK),
    "swish": lambda graph, z: graph.node("Mul", z, graph.node("Sigmoid", z)),
    "softmax": lambda graph, z: graph.node("Softmax", z, axis=-1),
}


def _dense(graph: _Graph, layer: Dense, a: str, weights: str, biases: str) -> str:
    z = graph.node("Gemm", a, weights, biases, transB=1)
    return ACTIVATIONS[layer.activation.name](graph, z)


def _conv2d(graph: _Graph, layer: Conv2D, a: str, weights: str, biases: str) -> str:
    """In ONNX, channels come before height and width, in pictures and in weights."""
    size, channels = layer.size, layer.input_shape[2]
    filters = graph.node("Reshape", weights, graph.shape(layer.filters, size, size, channels))
    filters = graph.node("Transpose", filters, perm=(0, 3, 1, 2))
    z = graph.node("Conv", a, filters, biases, kernel_shape=(size, size))
    return ACTIVATIONS[layer.activation.name](graph, z)


def _maxpool2d(graph: _Graph, layer: MaxPool2D, a: str) -> str:
    block = (layer.size, layer.size)
    return graph.node("MaxPool", a, kernel_shape=block, strides=block)


def _flatten(graph: _Graph, layer: Layer, a: str) -> str:
    if len(layer.input_shape) == 3:
        a = graph.node("Transpose", a, perm=(0, 2, 3, 1))
    return graph.node("Flatten", a, axis=1)


def _dropout(graph: _Graph, layer: Layer, a: str) -> str:
    return a  # dropout acts only while learning


def _votes(graph: _Graph, layer: Votes, a: str) -> str:
    """Half of a pair's vote is added to one class and subtracted from the other."""
    pairs = np.arange(len(layer.first))
    share = np.zeros((layer.classes, len(pairs)))
    share[layer.first, pairs], share[layer.second, pairs] = 0.5, -0.5
    above = graph.node("Greater", a, graph.constant(0))
    vote = graph.node("Where", above, graph.constant(1), graph.constant(-1))
    clear = graph.node("Clip", a, graph.constant(-1), graph.constant(1))
    vote = graph.node("Add", vote, graph.node("Mul", clear, graph.constant(CLEARNESS)))
    middle = graph.constant(np.full(layer.classes, (layer.classes - 1) / 2))
    return graph.node("Gemm", vote, graph.constant(share), middle, transB=1)


LAYERS: dict[str, Callable[..., str]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "maxpool2d": _maxpool2d,
    "flatten": _flatten,
    "dropout": _dropout,
    "votes": _votes,
}


def _graph(description: dict[str, Any]) -> tuple[_Graph, int, int]:
    """The graph of a net's description, and the numbers of its inputs and outputs."""
    graph = _Graph(description["dtype"])
    shape = tuple(description["input_shape"])
    inputs, a, parameters = int(np.prod(shape)), "input", 0
    if len(shape) > 1:
        a = graph.node("Reshape", a, graph.shape(0, *shape))  # 0: the batch stays
    if len(shape) == 3:
        a = graph.node("Transpose", a, perm=(0, 3, 1, 2))
    for spec in description["layers"]:
        layer = make_layer(spec)
        layer.connect(shape)
        shape = layer.output_shape
        own = range(parameters, parameters + len(layer.parameter_shapes()))
        a = LAYERS[layer.kind](graph, layer, a, *[f"p{i}" for i in own])
        parameters = own.stop
    graph.node("Identity", a, output="output")
    return graph, inputs, shape[0]


# --- files


def encode(contents: Contents) -> bytes:
    """The bytes of a file; the same contents give the same bytes."""
    header, arrays = contents
    graph, inputs, outputs = _graph(header["net"])
    tensors = {name: _tensor(name, values) for name, values in arrays.items()}
    parameters = [tensor for name, tensor in tensors.items() if name.startswith("p")]
    memory = [tensor for name, tensor in tensors.items() if not name.startswith("p")]
    dtype = header["net"]["dtype"]
    main = _message(
        *[(1, node) for node in graph.nodes],
        (2, "net"),
        *[(5, tensor) for tensor in parameters + graph.constants],
        (11, _value("input", dtype, inputs)),
        (12, _value("output", dtype, outputs)),
    )
    own = {key: value for key, value in header.items() if key != "metadata"}
    metadata = {
        "nets": readable(json.dumps(own, sort_keys=True)),
        "graph": _checksum(graph.nodes).encode(),
    }
    others = {
        key: text.encode(errors="replace")
        for key, text in header.get("metadata", {}).items()
        if key not in metadata
    }
    optimizer = _message((2, "optimizer"), *[(5, tensor) for tensor in memory])
    return _message(
        (1, IR_VERSION),
        (2, "nets"),
        (7, main),
        (8, _message((1, ""), (2, OPSET))),
        *[
            (14, _message((1, key.encode(errors="replace")), (2, value)))
            for key, value in {**metadata, **others}.items()
        ],
        *([(20, _message((2, optimizer)))] if memory else []),
    )


def looks_like(data: bytes) -> bool:
    """Whether the bytes are those of a message that holds a graph, as a model's do."""
    try:
        return bool(_messages(_fields(memoryview(data)), 7))
    except ValueError:
        return False


def decode(data: bytes) -> Contents:
    """The contents of a file that ``encode`` wrote; ValueError for any other file."""
    model = _fields(memoryview(data))
    metadata = {}
    for entry in map(_fields, _messages(model, 14)):
        metadata[bytes(_last(entry, 1))] = bytes(_last(entry, 2))
    if b"nets" not in metadata:
        if not _messages(model, 7):
            raise ValueError(_DAMAGED)
        raise ValueError(
            "this ONNX file was not written by nets, which opens only its own ONNX files"
        )
    header = parse(metadata.pop(b"nets"))
    graph = _fields(_one(model, 7))
    nodes = _messages(graph, 1)
    too_large = sum(map(len, nodes)) > MOST_HEADER
    if too_large or metadata.pop(b"graph", b"") != _checksum(map(_canonical, nodes)).encode():
        raise ValueError(
            "another program has changed the graph of this ONNX file: open the file that nets saved"
        )
    header.pop("metadata", None)
    if metadata:
        header["metadata"] = strings(
            {
                key.decode(errors="replace"): text.decode(errors="replace")
                for key, text in metadata.items()
            }
        )
    tensors = _messages(graph, 5)
    for training in map(_fields, _messages(model, 20)):
        tensors += _messages(_fields(_one(training, 2)), 5)
    if len(tensors) > MOST_ARRAYS:
        raise ValueError(f"the file has {len(tensors)} arrays, expected at most {MOST_ARRAYS}")
    arrays: dict[str, Array] = {}
    for name, values in map(_parse, tensors):
        if name in arrays:
            raise ValueError(f"the file has the array {quoted(name)} twice")
        if not name.startswith("constant"):
            arrays[name] = values
    return Contents(header, arrays)


def _canonical(node: memoryview) -> bytes:
    """A node as ``encode`` writes it, without what documents it and what is not known."""
    fields = _fields(node)
    inputs, outputs = _messages(fields, 1), _messages(fields, 2)
    attributes = sorted(_messages(fields, 5), key=lambda text: bytes(_last(_fields(text), 1)))
    return _message(
        *[(1, bytes(name)) for name in inputs],
        *[(2, bytes(name)) for name in outputs],
        *[(3, bytes(name)) for name in outputs[:1]],  # its own name is documentation
        (4, bytes(_one(fields, 4))),
        *[(7, name) for name in map(bytes, _messages(fields, 7)) if name not in _DEFAULT_DOMAIN],
        *[(5, _canonical_attribute(attribute)) for attribute in attributes],
    )


def _canonical_attribute(attribute: memoryview) -> bytes:
    """An attribute as ``encode`` writes it; integers may be packed."""
    written: list[tuple[int, int | bytes]] = []
    fields = _fields(attribute)
    for number, value in sorted(fields, key=lambda field: field[0]):
        if number == 13:  # a doc_string
            continue
        if number == 8 and isinstance(value, memoryview):
            written += [(8, int(n)) for n in _varints(value)]
        elif number == 2 and isinstance(value, memoryview):
            written.append((2, bytes(value)))
        else:
            written.append((number, value if isinstance(value, int) else bytes(value)))
    return b"".join(
        _varint(n << 3 | 5) + v if n == 2 and isinstance(v, bytes) else _message((n, v))
        for n, v in written
    )


def _parse(tensor: memoryview) -> tuple[str, Array]:
    """The name and the numbers of a tensor, in whichever of its fields they are."""
    fields = _fields(tensor)
    name = bytes(_one(fields, 8)[:100]).decode(errors="replace")
    codes = [value for number, value in fields if number == 2]
    present = {number for number, _ in fields}
    if _EXTERNAL in present or any(number == _LOCATION and value for number, value in fields):
        raise ValueError(
            f"the file's array {quoted(name)} is in another file (external data): "
            "save the net as one file"
        )
    if len(codes) != 1 or not isinstance(codes[0], int) or codes[0] not in _READ_DTYPES:
        raise ValueError(
            f"the file's array {quoted(name)} has a data type of ONNX that nets does not read: "
            "save it as float or double"
        )
    code = codes[0]
    places = present & {_RAW, *_PLACES.values()}
    if len(places) > 1 or not places <= {_RAW, _PLACES[code]}:
        raise ValueError(
            f"the file's array {quoted(name)} has its numbers in a field that does not go with "
            "its data type: the file is damaged, so save it again"
        )
    dtype = _READ_DTYPES[code]
    body = _one(fields, _RAW) if _RAW in places else _numbers(fields, _PLACES[code], dtype)
    return name, array(name, dtype, _lengths(fields), body)


def _numbers(fields: Sequence[Field], place: int, dtype: str) -> memoryview:
    """The bytes of the numbers in a repeated field, packed or one by one."""
    parts = [_varint(v) if isinstance(v, int) else bytes(v) for n, v in fields if n == place]
    joined = memoryview(b"".join(parts))
    if place in (_FLOATS, _DOUBLES):
        return joined
    if len(joined) > MOST_INTEGERS:
        raise ValueError("an array of the ONNX file has too many integers: save it as raw data")
    wide = _varints(joined)
    return memoryview(wide.astype("<u2" if dtype == BFLOAT16 else f"<u{dtype[-1]}").tobytes())


def _varints(packed: memoryview) -> Array:
    """(numbers,) uint64: varints that follow one another."""
    encoded = np.frombuffer(packed, np.uint8)
    ends = np.flatnonzero(encoded < 0x80)
    if len(encoded) and (not len(ends) or ends[-1] != len(encoded) - 1):
        raise ValueError(_DAMAGED)
    starts = np.concatenate([[0], ends[:-1] + 1])[: len(ends)].astype(np.intp)
    place = np.arange(len(encoded)) - np.repeat(starts, ends - starts + 1)
    if place.max(initial=0) > 9:
        raise ValueError(_DAMAGED)
    bits = (encoded & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.add.reduceat(bits, starts) if len(starts) else bits


def _lengths(fields: Sequence[Field]) -> tuple[int, ...]:
    """The shape of a tensor: one field per dimension, or all dimensions packed into one field."""
    lengths: list[int] = []
    for number, value in fields:
        if number != 1 or len(lengths) > MOST_DIMENSIONS:
            continue
        if isinstance(value, int):
            lengths.append(value)
            continue
        at = 0
        while at < len(value) and len(lengths) <= MOST_DIMENSIONS:
            length, at = _read_varint(value, at)
            lengths.append(length)
    return tuple(lengths)


def _one(fields: Sequence[Field], number: int) -> memoryview:
    """The value of the only field with this number."""
    found = _messages(fields, number)
    if len(found) != 1:
        raise ValueError(
            f"a message of the ONNX file has field {number} {len(found)} times, expected once"
        )
    return found[0]


def _last(fields: Sequence[Field], number: int) -> memoryview:
    """The value of the last field with this number, which counts; empty if there is none."""
    found = _messages(fields, number)
    return found[-1] if found else memoryview(b"")


def _checksum(nodes: Iterable[bytes]) -> str:
    return f"{zlib.crc32(b''.join(nodes)):08x}"
