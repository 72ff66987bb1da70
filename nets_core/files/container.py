"""What every file format shares: a header and named arrays, and limits for both.

A file may come from anyone, so nothing in it is trusted: sizes are limited before anything is read,
and an array's shape is compared with the number of its bytes before the array is made.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

import numpy as np

from nets_core.ops import Array

MOST_BYTES = 64 * 2**20
"""The largest file, and the largest sum of its arrays, that is read."""
MOST_HEADER = 2**20
MOST_ARRAYS = 400
MOST_NESTED = 20
"""How deep a header may be nested: deep recursion crashes Python in the tab."""


_STRING = re.compile(rb'(?s)"(?:[^"\\]|\\.)*+"?')
"""A string in JSON, or the rest of the text if the string is not closed. The possessive ``*+`` does
not backtrack, so the time is linear."""


class Contents(NamedTuple):
    """The contents of a file in any format; see ``saving`` for the header's keys."""

    header: dict[str, Any]
    arrays: dict[str, Array]


def array(name: str, dtype: str, shape: tuple[int, ...], body: bytes | memoryview) -> Array:
    """The array of this shape with the bytes ``body``, not copied; ValueError if sizes differ."""
    if 0 in shape or math.prod(shape) * np.dtype(dtype).itemsize != len(body):
        raise ValueError(
            f"the file's array {name!r} has {len(body)} bytes, which do not fit its shape {shape}"
        )
    try:
        return np.frombuffer(body, dtype).reshape(shape)
    except ValueError:  # more dimensions than NumPy has
        raise ValueError(
            f"the file's array {name!r} has {len(shape)} dimensions, more than NumPy supports"
        ) from None


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
        header = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the file's header is not JSON: {what(error)}") from None
    if not isinstance(header, dict):
        raise ValueError("the file's header is not a JSON object")
    return header


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
    return " ".join(str(error).split())[:300] or type(error).__name__
