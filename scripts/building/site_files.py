"""The names and addresses of the files that the page fetches while it runs.

A file's address changes with its content: ``models/cnn.npz`` is at ``models/3fa4b2c1/cnn.npz``, so
no cache can serve an old file to a new page. Pyodide expects its own files in one folder, so these
share a folder, named by a hash of them all.
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
    """A file's path, size in bytes and hash; size and hash of its unpacked content, if packed."""

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
    """Return the address of a file with this name and hash."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/{sha256[:8]}/{file}"


def plain(entries: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    """Return the entries as the page reads them (``site/virtual.d.ts``)."""
    return {
        name: {key: value for key, value in asdict(entry).items() if value is not None}
        for name, entry in entries.items()
    }


def sha256(data: bytes) -> str:
    """Return the SHA-256 hash of these bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _unpacked(name: str, data: bytes) -> dict[str, Any] | None:
    for ending, unpack in _UNPACK.items():
        if name.endswith(ending):
            inside = unpack(data)
            return {"bytes": len(inside), "sha256": sha256(inside)}
    return None
