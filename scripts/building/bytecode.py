"""Compiles Python archives for the tab, reproducibly: every build makes the same bytes.

pyodide-build's ``py-compile`` compiles. This module fixes what would vary: time stamps, the order
of sets, the archive's dates.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip entry can carry
_UNCHECKED_HASH = (1).to_bytes(4, "little")  # PEP 552: trust this file, do not look at its source
_CACHE_TAG = "cpython-313"


def compile_archive(source: Path, keep_source: bool = False) -> dict[str, bytes]:
    """Return the members of a wheel or zip with its modules compiled, by name.

    A module ``a.py`` becomes ``a.pyc``, or with ``keep_source`` stays and has its bytecode
    beside it in ``__pycache__``.
    """
    originals = read_zip(source)
    members = {}
    for name, data in _py_compile(source).items():
        if name.endswith(".pyc"):
            data = data[:4] + _UNCHECKED_HASH + data[8:]
            if keep_source:
                module = PurePosixPath(name)
                members[f"{module.with_suffix('.py')}"] = originals[f"{module.with_suffix('.py')}"]
                name = f"{module.parent}/__pycache__/{module.stem}.{_CACHE_TAG}.pyc"
        members[name] = data
    return members


def read_zip(path: Path) -> dict[str, bytes]:
    """Return the files of a zip archive by name."""
    with zipfile.ZipFile(path) as archive:
        return {
            entry.filename: archive.read(entry)
            for entry in archive.infolist()
            if not entry.is_dir()
        }


def zipped(members: dict[str, bytes], compressed: bool = True) -> bytes:
    """Return a zip archive that depends only on the members' names and bytes."""
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=9) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = method
            entry.create_system = 3  # Unix, so that the mode below is read as one
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def wheel(members: dict[str, bytes]) -> bytes:
    """Return a wheel with an updated RECORD of its members."""
    (record,) = (name for name in members if name.endswith(".dist-info/RECORD"))
    lines = []
    for name in sorted(members.keys() - {record}):
        digest = base64.urlsafe_b64encode(hashlib.sha256(members[name]).digest()).rstrip(b"=")
        lines.append(f"{name},sha256={digest.decode()},{len(members[name])}\n")
    return zipped({**members, record: ("".join(lines) + f"{record},,\n").encode()})


def _py_compile(source: Path) -> dict[str, bytes]:
    """Return the members of the archive that ``pyodide py-compile`` makes of ``source``."""
    # A fixed hash seed fixes the order of sets; with a source date the bytecode has its source's
    # hash instead of a time stamp. Without debug ranges, which only underline parts of a line in
    # tracebacks, the bytecode is a quarter smaller.
    settings = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "315532800", "PYTHONNODEBUGRANGES": "1"}
    with TemporaryDirectory() as folder:
        shutil.copyfile(source, Path(folder) / source.name)
        subprocess.run(
            [sys.executable, "-m", "pyodide_cli", "py-compile", "--silent", "--no-keep", folder],
            env=os.environ | settings,
            check=True,
            capture_output=True,
        )
        (compiled,) = Path(folder).iterdir()
        return read_zip(compiled)
