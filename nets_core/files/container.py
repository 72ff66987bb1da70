"""What every file format shares: a header and named arrays, and the limits of both.

A file may come from anyone. Nothing in it is believed: sizes are limited before anything is read,
and an array's shape is compared with its bytes before it becomes one.
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
"""How deep a header is nested at the most: Python dies in the tab of what makes it recurse deep."""


_STRING = re.compile(rb'(?s)"(?:[^"\\]|\\.)*+"?')
"""A string of a JSON text, or the rest of the text where none ends it: it is read only once."""


class Contents(NamedTuple):
    """What a file holds, whatever its format: see ``saving`` for the header's keys."""

    header: dict[str, Any]
    arrays: dict[str, Array]


def array(name: str, dtype: str, shape: tuple[int, ...], body: bytes | memoryview) -> Array:
    """The array of this shape whose bytes are ``body``, not copied; ValueError if they differ."""
    if 0 in shape or math.prod(shape) * np.dtype(dtype).itemsize != len(body):
        raise ValueError(
            f"the file's array {name!r} says it has shape {shape}, but has {len(body)} bytes"
        )
    try:
        return np.frombuffer(body, dtype).reshape(shape)
    except ValueError:  # more dimensions than NumPy has
        raise ValueError(f"the file's array {name!r} has {len(shape)} dimensions") from None


def readable(text: str) -> bytes:
    """A header's JSON as bytes; ValueError if it is so long that ``parse`` would refuse it."""
    if len(text) > MOST_HEADER:
        raise ValueError(
            f"the header takes {len(text)} bytes, but none of more than {MOST_HEADER} is read "
            "again: nothing is saved"
        )
    return text.encode()


def parse(text: bytes) -> dict[str, Any]:
    """A JSON object, no key twice; ValueError for anything else and for what is too large."""
    if len(text) > MOST_HEADER:
        raise ValueError(f"the file's header has {len(text)} bytes, more than {MOST_HEADER}")
    try:
        if _nesting(text) > MOST_NESTED:
            raise ValueError("it is nested too deep")
        header = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the file's header is not JSON: {what(error)}") from None
    if not isinstance(header, dict):
        raise ValueError("the file's header is not a JSON object")
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("it has a key twice")
    return made


def _nesting(text: bytes) -> int:
    """How many brackets of a JSON text are open at once, those in strings left out."""
    bare = np.frombuffer(_STRING.sub(b"", text), np.uint8)
    opened = np.isin(bare, np.frombuffer(b"[{", np.uint8)).astype(np.int32)
    closed = np.isin(bare, np.frombuffer(b"]}", np.uint8)).astype(np.int32)
    return int(np.cumsum(opened - closed).max(initial=0))


def what(error: BaseException) -> str:
    """What an exception says, in one line of bearable length."""
    return " ".join(str(error).split())[:300] or type(error).__name__
