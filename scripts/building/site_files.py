"""The files that the page fetches while it runs, by name and by address.

A file's address changes with its content: ``models/cnn.npz`` lies at ``models/3fa4b2c1/cnn.npz``,
so that neither a browser nor a network can hand out an old file for a new page. Pyodide looks for
its own files side by side, so these share the folder of a hash of them all.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import brotli

from building.steps import Files

SIDE_BY_SIDE = tuple(
    f"pyodide/{name}"
    for name in ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
)
"""Pyodide's own files."""
_UNPACK: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".br": brotli.decompress,
}


@dataclass(frozen=True)
class Entry:
    """Where a file lies, its size in bytes and hash, and those of what is packed in it."""

    path: str
    bytes: int
    sha256: str
    unpacked: dict[str, Any] | None


def listed(files: Files) -> dict[str, Entry]:
    """Return an entry for each file by its name."""
    together = sha256(b"".join(files[name] for name in SIDE_BY_SIDE if name in files))
    entries = {}
    for name, data in sorted(files.items()):
        found = sha256(data)
        path = address(name, together if name in SIDE_BY_SIDE else found)
        entries[name] = Entry(path, len(data), found, _unpacked(name, data))
    return entries


def address(name: str, sha256: str) -> str:
    """Return where a file of this name and hash lies."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/{sha256[:8]}/{file}"


def plain(entries: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    """Return the entries as the page reads them (``site/virtual.d.ts``)."""
    return {
        name: {key: value for key, value in asdict(entry).items() if value is not None}
        for name, entry in entries.items()
    }


def sha256(data: bytes) -> str:
    """Return the SHA-256 of these bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _unpacked(name: str, data: bytes) -> dict[str, Any] | None:
    for ending, unpack in _UNPACK.items():
        if name.endswith(ending):
            inside = unpack(data)
            return {"bytes": len(inside), "sha256": sha256(inside)}
    return None
