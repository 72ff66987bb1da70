"""What ``site/python.js`` fetches to start Python: gzipped, and ready to be written file by file.

An archive is a line of JSON, ``[[path, size], …]``, followed by the files' bytes in that order: the
page takes it apart without Python and without copying.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import bytecode
from environment import say
from steps import Files

_SITE_PACKAGES = "/lib/python3.13/site-packages"
# What NumPy's wheel holds for building on it, testing it and checking types against it.
_NOT_NEEDED = re.compile(
    r"(^|/)(tests|f2py|include|_pyinstaller|pkg-config)/|\.(pyi|pxd|h|c|a)$|/RECORD$"
)


# What the page is waiting for while a file has not come.
STAGES = {
    "pyodide.asm.wasm.gz": "engine",
    "python_stdlib.zip.gz": "engine",
    "numpy.files.gz": "numpy",
    "nets_core.files.gz": "library",
}


def pack(name: str, source: Path) -> Files:
    """Return a start file, made of the engine, or a byte-compiled standard library or wheel."""
    say(f"Packing {name} …")
    if source.suffix == ".whl":
        data = _installed(source)
    elif source.suffix == ".zip":
        # Gzip works better on what is not compressed yet, and Python need not inflate it again.
        data = bytecode.zipped(bytecode.read_zip(source), compressed=False)
    else:
        data = source.read_bytes()
    return {name: gzip.compress(data, 9, mtime=0)}


def index(start: dict[str, Path]) -> Files:
    """Return ``start.json``, which lists the start files in order of need."""
    packed = {name: path.read_bytes() for name, path in start.items()}
    entries = [
        {
            "file": name,
            "stage": stage,
            "bytes": len(packed[name]),
            "unpacked": int.from_bytes(packed[name][-4:], "little"),  # as gzip itself notes it
            "sha256": hashlib.sha256(packed[name]).hexdigest(),
        }
        for name, stage in STAGES.items()
    ]
    return {"start.json": json.dumps(entries, indent=1).encode() + b"\n"}


def _installed(wheel: Path) -> bytes:
    """Return the archive of a wheel's files where Python looks for them."""
    members = {
        f"{_SITE_PACKAGES}/{name}": data
        for name, data in sorted(bytecode.read_zip(wheel).items())
        if not _NOT_NEEDED.search(name)
    }
    index = json.dumps([[name, len(data)] for name, data in members.items()])
    return index.encode() + b"\n" + b"".join(members.values())
