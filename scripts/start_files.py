"""What ``site/python.js`` fetches to start Python: gzipped, and ready to be written file by file.

An archive is a line of JSON, ``[[path, size], …]``, followed by the files' bytes in that order: the
page takes it apart without Python and without copying. What the first prediction does not need
comes in an archive of its own, which is fetched afterwards.
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

_LIBRARY = "/lib/python3.13"
_SITE_PACKAGES = f"{_LIBRARY}/site-packages"
# What NumPy's wheel holds for building on it, testing it and checking types against it.
_NOT_NEEDED = re.compile(
    r"(^|/)(tests|f2py|include|_pyinstaller|pkg-config)/|\.(pyi|pxd|h|c|a)$|/RECORD$"
)
# What of NumPy the first prediction does not import.
_NUMPY_LATER = re.compile(
    r"^numpy/(random|fft|ma|polynomial|testing|doc|compat|core|char|strings|rec|conftest|matlib|"
    r"ctypeslib)\b|^numpy/linalg/lapack_lite|\.dist-info/"
)
# The modules and packages of the standard library that Pyodide, NumPy and the first prediction
# import, and what of those packages they do not.
_STDLIB_FIRST = """
    __future__ _aix_support _collections_abc _colorize _compat_pickle _compression _opcode_metadata
    _pyodide _weakrefset abc ast asyncio bisect bz2 codecs collections concurrent contextlib
    contextvars copy copyreg ctypes dataclasses datetime dis encodings enum fnmatch functools
    genericpath glob heapq importlib inspect io json keyword linecache logging ntpath numbers opcode
    operator os pathlib pickle platform posixpath pyodide random re reprlib selectors shutil signal
    site socket stat string struct subprocess tempfile textwrap threading token tokenize traceback
    types typing warnings weakref zipfile zipimport
    _sitebuiltins
    """
_STDLIB_LATER = re.compile(
    r"^(asyncio/(windows|proactor|__main__)|concurrent/futures/(process|thread)|importlib/metadata|"
    r"ctypes/(util|_aix|wintypes|macholib)|logging/(handlers|config)|pyodide/(console|http)|"
    r"encodings/(?!(__init__|aliases|ascii|cp437|latin_1|utf_8|raw_unicode_escape)\.))"
)

# What the page is waiting for while a file has not come; it does not wait for what comes later.
STAGES = {
    "pyodide.asm.wasm.gz": "engine",
    "pyodide.asm.js.gz": "engine",
    "python_stdlib.zip.gz": "engine",
    "numpy.files.gz": "numpy",
    "nets_core.files.gz": "library",
    "later.files.gz": "later",
}


def engine(source: Path) -> Files:
    """Return one of the engine's own files, gzipped."""
    say(f"Packing {source.name} …")
    return {f"{source.name}.gz": _gzipped(source.read_bytes())}


def libraries(stdlib: Path, numpy: Path) -> Files:
    """Return the start files of the byte-compiled standard library and of NumPy's wheel, each cut
    to what the first prediction needs, and the archive with the rest of both."""
    say("Packing the standard library and NumPy …")
    modules = bytecode.read_zip(stdlib)
    first = {name: data for name, data in modules.items() if _needed_first(name)}
    later = {f"{_LIBRARY}/{name}": modules[name] for name in modules.keys() - first.keys()}
    members = {
        name: data
        for name, data in bytecode.read_zip(numpy).items()
        if not _NOT_NEEDED.search(name)
    }
    numpy_first = {n: data for n, data in members.items() if not _NUMPY_LATER.search(n)}
    later |= {f"{_SITE_PACKAGES}/{n}": members[n] for n in members.keys() - numpy_first.keys()}
    # Gzip works better on what is not compressed yet, and Python need not inflate it again.
    return {
        "python_stdlib.zip.gz": _gzipped(bytecode.zipped(first, compressed=False)),
        "numpy.files.gz": _archive(_installed(numpy_first)),
        "later.files.gz": _archive(later),
    }


def library(wheel: Path) -> Files:
    """Return the archive of the wheel of nets_core, where Python looks for it."""
    say("Packing nets_core.files.gz …")
    members = bytecode.read_zip(wheel)
    kept = {name: data for name, data in members.items() if not name.endswith("/RECORD")}
    return {"nets_core.files.gz": _archive(_installed(kept))}


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


def _needed_first(name: str) -> bool:
    top = name.removesuffix(".pyc").split("/")[0]
    return top in _STDLIB_FIRST.split() and not _STDLIB_LATER.match(name)


def _installed(members: Files) -> Files:
    return {f"{_SITE_PACKAGES}/{name}": data for name, data in members.items()}


def _archive(members: Files) -> bytes:
    ordered = sorted(members.items())
    listed = json.dumps([[name, len(data)] for name, data in ordered])
    return _gzipped(listed.encode() + b"\n" + b"".join(data for _, data in ordered))


def _gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)
