"""What every file format shares: a header and named arrays, and limits for both.

A file may come from anyone, so nothing in it is trusted: sizes are limited before anything is read,
and an array's shape is compared with the number of its bytes before the array is made.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from nets_core.checks import cut, quoted
from nets_core.ops import Array

MOST_BYTES = 64 * 2**20
"""The largest file, and the largest sum of its arrays, that is read."""
MOST_HEADER = 2**20
MOST_METADATA = 2**18
"""The most characters of other programs' metadata that are kept: the header must hold them too."""
MOST_ARRAYS = 400
MOST_DIGITS = 1000
"""Of a whole number in a header: Python reads only so many."""
MOST_NESTED = 20
"""How deep a header may be nested: deep recursion crashes Python in the tab."""


_STRING = re.compile(rb'(?s)"(?:[^"\\]|\\.)*+"?')
"""A string in JSON, or the rest of the text if the string is not closed. The possessive ``*+`` does
not backtrack, so the time is linear."""


class Contents(NamedTuple):
    """The contents of a file in any format; see ``saving`` for the header's keys."""

    header: dict[str, Any]
    arrays: dict[str, Array]


BFLOAT16 = "bfloat16"
"""The upper half of a float32, which NumPy does not have."""


def array(
    name: str,
    dtype: str,
    shape: tuple[int, ...],
    body: bytes | memoryview,
    fortran: bool = False,
) -> Array:
    """The array of this shape with the bytes ``body``, in the machine's byte order.

    ``dtype`` is one of NumPy's or ``BFLOAT16``, which becomes float32; in ``fortran`` order the
    first index changes fastest. ValueError if the sizes differ. Copies only what it must.
    """
    stored = np.dtype("<u2" if dtype == BFLOAT16 else dtype)
    # A length of 0 makes an empty array, however long the others claim to be: count it as 1.
    too_long = math.prod(max(n, 1) for n in shape) * stored.itemsize > MOST_BYTES
    if too_long or math.prod(shape) * stored.itemsize != len(body):
        raise ValueError(
            f"the file's array {quoted(name)} has {len(body)} bytes, which do not fit its shape "
            f"{quoted(shape)}: the file is damaged, so save it again"
        )
    values = np.frombuffer(body, stored)
    if dtype == BFLOAT16:
        values = (values.astype(np.uint32) << 16).view(np.float32)
    try:
        values = values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
    except ValueError:  # more dimensions than NumPy has
        raise ValueError(
            f"the file's array {quoted(name)} has {len(shape)} dimensions, more than NumPy supports"
        ) from None
    return np.asarray(values, values.dtype.newbyteorder("="), order="C")


def strings(found: Mapping[str, str]) -> dict[str, str]:
    """Other programs' metadata, unless they are too long to keep."""
    kept = dict(found)
    size = sum(len(name) + len(text) for name, text in kept.items())
    return kept if size <= MOST_METADATA and len(json.dumps(kept)) <= MOST_METADATA else {}


def readable(text: str) -> bytes:
    """A header's JSON as bytes; ValueError if it is so long that ``parse`` would refuse it."""
    if len(text) > MOST_HEADER:
        raise ValueError(
            f"the header takes {len(text)} bytes, expected at most {MOST_HEADER}: nothing is saved"
        )
    return text.encode()


def parse(text: bytes) -> dict[str, Any]:
    """The JSON object ``text``; ValueError if it is none, has duplicate keys or is too large."""
    if len(text) > MOST_HEADER:
        raise ValueError(f"the file's header has {len(text)} bytes, more than {MOST_HEADER}")
    try:
        if _nesting(text) > MOST_NESTED:
            raise ValueError("it is nested too deeply")
        header = json.loads(text, object_pairs_hook=_without_duplicates, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the file's header is not JSON: {what(error)}") from None
    if not isinstance(header, dict):
        raise ValueError("the file's header is not a JSON object")
    return header


_KINDS = {dict: "an object", list: "a list", str: "a text"}
Kind = TypeVar("Kind", dict[str, Any], list[Any], str)


def entry(record: Any, name: str, kind: type[Kind]) -> Kind:
    """``record[name]`` of this type, for JSON of unknown form; ValueError for anything else."""
    found = lookup(record, name)
    if not isinstance(found, kind):
        raise ValueError(f"{name} is {quoted(found)}, expected {_KINDS[kind]}")
    return found


def lookup(record: Any, name: str) -> Any:
    """``record[name]``; ValueError unless ``record`` is a JSON object that has it."""
    if not isinstance(record, dict):
        raise ValueError(f"{quoted(record)} stands where an object with {name} is expected")
    if name not in record:
        raise ValueError(f"{name} is missing")
    return record[name]


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("it has a duplicate key")
    return made


def _nesting(text: bytes) -> int:
    """How deep the brackets of a JSON text are nested, those in strings left out."""
    bare = np.frombuffer(_STRING.sub(b"", text), np.uint8)
    opened = np.isin(bare, np.frombuffer(b"[{", np.uint8)).astype(np.int32)
    closed = np.isin(bare, np.frombuffer(b"]}", np.uint8)).astype(np.int32)
    return int(np.cumsum(opened - closed).max(initial=0))


def what(error: BaseException) -> str:
    """The message of an exception, as one line of at most 300 characters."""
    return cut(str(error), 300) or type(error).__name__
