"""Makes the files from which ``site/python/start.js`` starts Python: a snapshot of its memory, and
the files that it needs.

Brotli compresses the large ones. An archive is a line of JSON, ``[[path, size], …]``, followed by
the files' bytes in that order, so the page can split it without Python and without copying. What
the first prediction does not need, such as the files of all modules, is in separate archives, which
are fetched afterwards.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import brotli

from building import bytecode, snapshot
from building.environment import say
from building.steps import Files

_LIBRARY = "/lib/python3.13"
_SITE_PACKAGES = f"{_LIBRARY}/site-packages"
# Files in NumPy's wheel for building, testing and type checking.
_NOT_NEEDED = re.compile(
    r"(^|/)(tests|f2py|include|_pyinstaller|pkg-config)/|\.(pyi|pxd|h|c|a)$|/RECORD$"
)
# The extension modules that `import numpy` imports.
_LIBRARIES = re.compile(r"/(_multiarray_umath|_umath_linalg)\.[^/]*\.so$")
_WINDOW = 24  # bits: a window of 16 MB


class Archives(NamedTuple):
    """The archives that Python imports from: the compiled standard library and two wheels."""

    stdlib: Path
    numpy: Path
    library: Path


def decoder(source: Path) -> Files:
    """Return the Brotli decoder, gzipped."""
    return {"brotli.wasm.gz": _gzipped(source.read_bytes())}


def engine(source: Path) -> Files:
    """Return one of the engine's own files, packed."""
    say(f"Packing {source.name} …")
    return {f"{source.name}.br": _packed(source.read_bytes())}


def libraries(numpy: Path) -> Files:
    """Return NumPy's extension modules that ``import numpy`` imports."""
    say("Packing NumPy's libraries …")
    first = {name: data for name, data in _numpy(numpy).items() if _LIBRARIES.search(name)}
    return {"numpy.files.br": _packed(_archive(first))}


def rest(stdlib: Path, numpy: Path) -> Files:
    """Return the archive of modules that may be imported later: the byte-compiled standard library
    and NumPy, without the files that no program imports."""
    say("Packing the rest of the standard library and NumPy …")
    files = {f"{_LIBRARY}/{name}": data for name, data in bytecode.read_zip(stdlib).items()}
    files |= {name: data for name, data in _numpy(numpy).items() if not _LIBRARIES.search(name)}
    return {"later.files.gz": _gzipped(_archive(files))}


def library(wheel: Path) -> Files:
    """Return the archive of nets_core, with its sources."""
    return {"nets_core.files.gz": _gzipped(_archive(_installed(wheel)))}


def _numpy(wheel: Path) -> Files:
    return {name: data for name, data in _installed(wheel).items() if not _NOT_NEEDED.search(name)}


def _installed(wheel: Path) -> Files:
    """Return the files of a wheel by the path at which Python imports them."""
    return {f"{_SITE_PACKAGES}/{name}": data for name, data in bytecode.read_zip(wheel).items()}


def memory(
    engine: list[Path],
    boot: Path,
    models: list[Path],
    archives: Archives,
    packed: list[Path],
) -> Files:
    """Return the snapshot of Python's memory, packed; raises SnapshotError.

    The models have made a prediction in it, so nothing remains to be imported. It has the hashes of
    the packed files that it fits, and must not be used with others.
    """
    stdlib, numpy, library = archives
    say("Starting Python for a snapshot of its memory …")
    modules = {f"{_LIBRARY}/{name}": data for name, data in bytecode.read_zip(stdlib).items()}
    modules |= {f"{_SITE_PACKAGES}/{n}": data for n, data in bytecode.read_zip(numpy).items()}
    modules = {
        name: data
        for name, data in snapshot.undocumented(modules).items()
        if _LIBRARIES.search(name) or name.endswith(".pyc")
    }
    own = {
        f"{_SITE_PACKAGES}/{name}": data
        for name, data in bytecode.read_zip(library).items()
        if name.endswith((".py", ".pyc"))
    }
    nets = {f"/models/{path.name}": path.read_bytes() for path in models}
    made = snapshot.snapshot(engine, boot, modules | own | nets)
    header, _, kept = made.partition(b"\n")
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in packed}
    complete = json.dumps(json.loads(header) | {"files": hashes}, separators=(",", ":"))
    return {"snapshot.br": _packed(complete.encode() + b"\n" + kept)}


def _archive(members: Files) -> bytes:
    ordered = sorted(members.items())
    listed = json.dumps([[name, len(data)] for name, data in ordered])
    return listed.encode() + b"\n" + b"".join(data for _, data in ordered)


def _packed(data: bytes) -> bytes:
    return brotli.compress(data, quality=11, lgwin=_WINDOW)


def _gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)
