"""The format ``.safetensors``: a header of JSON, then the bytes of all arrays one after the other.

The first eight bytes are the length of the header (little-endian). The header maps each array's
name to its dtype, shape and offsets, and ``__metadata__`` to strings. The metadata hold the header
that all our formats share; values that are not strings are JSON. Other programs' metadata stay
beside them (https://huggingface.co/docs/safetensors).
"""

from __future__ import annotations

import json
from typing import Any

from nets_core import checks
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
from nets_core.ops import Array

_DTYPES = {
    "F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": BFLOAT16, "BOOL": "u1",
    "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8",
    "U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8",
}  # fmt: skip
_TEXTS = ("format", "storage", "recipe")
"""The keys whose values are strings, which the metadata hold as they are."""
_VALUES = ("version", "net", "training", "notes")
"""The keys whose values are JSON."""


def encode(contents: Contents) -> bytes:
    """The bytes of a file; the same contents give the same bytes."""
    codes = {dtype: code for code, dtype in _DTYPES.items()}
    own = {name: value for name, value in contents.header.items() if name != "metadata"}
    metadata = {
        name: value if name in _TEXTS else json.dumps(value, sort_keys=True)
        for name, value in own.items()
    }
    header: dict[str, Any] = {
        "__metadata__": {**contents.header.get("metadata", {}), **metadata},
    }
    end = 0
    for name, values in contents.arrays.items():
        begin, end = end, end + values.nbytes
        header[name] = {
            "dtype": codes[values.dtype.str],
            "shape": list(values.shape),
            "data_offsets": [begin, end],
        }
    text = readable(json.dumps(header))
    text += b" " * (-len(text) % 8)  # align the arrays to 8 bytes
    bodies = (values.tobytes() for values in contents.arrays.values())
    return b"".join([len(text).to_bytes(8, "little"), text, *bodies])


def decode(data: bytes) -> Contents:
    """The contents of a file; a ValueError says what is wrong with it."""
    start = 8 + int.from_bytes(data[:8], "little")
    if start > min(len(data), 8 + MOST_HEADER):
        raise ValueError(
            f"the file's header should have {start - 8} bytes, which is too many: "
            "this is not a .safetensors file, or it is damaged or cut off"
        )
    listed = parse(data[8:start])
    metadata = listed.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.get("format") != "nets":
        raise ValueError(
            "this .safetensors file was not written by nets: it does not say which layers its "
            "arrays belong to"
        )
    for name, text in metadata.items():
        if not isinstance(text, str):
            raise ValueError(f"the file's metadata {quoted(name)} is not a string")
    header: dict[str, Any] = {name: metadata[name] for name in _TEXTS if name in metadata}
    header |= {name: _value(name, metadata[name]) for name in _VALUES if name in metadata}
    others = {name: text for name, text in metadata.items() if name not in (*_TEXTS, *_VALUES)}
    if others:
        header["metadata"] = strings(others)
    if len(listed) > MOST_ARRAYS:
        raise ValueError(f"the file has {len(listed)} arrays, expected at most {MOST_ARRAYS}")
    specs = [(name, *_described(name, spec)) for name, spec in listed.items()]
    arrays: dict[str, Array] = {}
    at = 0
    for name, dtype, shape, begin, end in sorted(specs, key=lambda spec: spec[3:]):
        if begin != at:
            raise ValueError(
                f"the file's array {quoted(name)} does not begin where the one before it ends"
            )
        arrays[name] = array(name, dtype, shape, memoryview(data)[start + begin : start + end])
        at = end
    if start + at != len(data):
        raise ValueError(f"{len(data) - start - at} bytes of the file belong to no array")
    return Contents(header, arrays)


def _value(name: str, text: str) -> Any:
    """The JSON value of one of our keys."""
    found = parse(f'{{"value":{text}}}'.encode())
    if set(found) != {"value"}:
        raise ValueError(f"the file's metadata {name!r} is not one JSON value")
    return found["value"]


def _described(name: str, spec: Any) -> tuple[str, tuple[int, ...], int, int]:
    """Dtype, shape, and where the bytes of an array begin and end."""
    shown = quoted(name)
    if not isinstance(spec, dict) or set(spec) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"the file's array {shown} is not described by dtype, shape and offsets")
    code, shape, offsets = spec["dtype"], spec["shape"], spec["data_offsets"]
    if not isinstance(code, str) or code not in _DTYPES:
        raise ValueError(
            f"the file's array {shown} has dtype {quoted(code)}: save it as F32 or F64"
        )
    if not (isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2):
        raise ValueError(f"the file's array {shown} is not described by dtype, shape and offsets")
    try:
        lengths = tuple(checks.count("shape", n, least=0) for n in shape)
        begin, end = (checks.count("data_offsets", n, least=0) for n in offsets)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the file's array {shown}: {error}") from None
    if end < begin:
        raise ValueError(f"the file's array {shown} ends before it begins")
    return _DTYPES[code], lengths, begin, end
