"""The library's own format, ``.npz``: a zip of NumPy arrays, without pickle.

The member ``header`` is JSON as uint8; the other members are the arrays, by name. What file
managers add when they pack a folder again is skipped: entries of folders, ``__MACOSX`` and the
like, and one folder around all members.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from pathlib import PurePosixPath

import numpy as np

from nets_core.checks import quoted
from nets_core.data import kinds
from nets_core.files.container import (
    MOST_ARRAYS,
    MOST_BYTES,
    Contents,
    array,
    parse,
    readable,
    what,
)
from nets_core.ops import Array

_MAGIC = b"\x93NUMPY"
_LENGTHS = {1: 2, 2: 4, 3: 4}
"""By the version of NumPy's array format: how many bytes hold the length of the array's header."""
_MOST_HEADER = 10_000
"""The longest header of an array in bytes; NumPy itself refuses longer ones."""
_DTYPE = re.compile(r"[<>=|]?(?:f[248]|[iu][1248])|float(?:16|32|64)|u?int(?:8|16|32|64)")
_ENTRY = re.compile(
    r"""\s* (?P<quote>['"]) (?P<key>\w{1,20}) (?P=quote) \s*:\s*
    (?: (?P<quote2>['"]) (?P<text>[^'"\\]{1,40}) (?P=quote2)
      | (?P<flag>True|False)
      | \(\s* (?P<shape> (?: (?: \d{1,20} \s*,\s* )+ (?: \d{1,20} \s* )? )? ) \) )
    \s* (?: , | \Z )""",
    re.VERBOSE | re.ASCII,
)
"""One entry of an array's header, which is a Python dict of ``descr``, ``fortran_order`` and
``shape`` in any order and with any white space (numpy.lib.format).
NumPy's own reader would evaluate any Python literal there. A tuple of one number needs its comma.
"""
MOST_ENTRIES = 10 * MOST_ARRAYS
"""The most members of a zip, those that are skipped among them."""
_LITTER = re.compile(r"(?i)\._.*|\.ds_store|thumbs\.db|desktop\.ini|icon\r")
"""Names of files that macOS and Windows leave in folders."""


def encode(contents: Contents) -> bytes:
    """The bytes of a file; the same contents give the same bytes.

    A training run is not compressed: it is saved often, and its numbers hardly compress.
    """
    text = readable(json.dumps(contents.header, sort_keys=True))
    arrays = {"header": np.frombuffer(text, np.uint8), **contents.arrays}
    packed = zipfile.ZIP_STORED if "training" in contents.header else zipfile.ZIP_DEFLATED
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed, compresslevel=9) as archive:
        for name, values in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = packed
            archive.writestr(info, member.getbuffer())
    return file.getvalue()


def decode(data: bytes) -> Contents:
    """The contents of a file; a ValueError says what is wrong with it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        OverflowError,
        UnicodeError,
    ) as error:
        raise ValueError(
            f"this is not an .npz file, or it is damaged or cut off: {what(error)}"
        ) from None
    if "header" not in members:
        raise ValueError("this .npz file was not written by nets: it has no header")
    arrays = {name: _parse(name, content) for name, content in members.items()}
    raw = arrays.pop("header")
    if raw.dtype != np.uint8 or raw.ndim != 1:
        raise ValueError("the file's header is not text")
    return Contents(parse(raw.tobytes()), arrays)


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The .npy members by their names without the folder around all of them."""
    infos = _of_arrays(archive.infolist())
    if len(infos) > MOST_ARRAYS:
        raise ValueError(f"the file has {len(infos)} arrays, expected at most {MOST_ARRAYS}")
    if sum(info.file_size for info in infos.values()) > MOST_BYTES:
        raise ValueError(f"the file unpacks to more than {MOST_BYTES} bytes")
    if len({path.parent for path in infos}) > 1:
        raise ValueError("the file's arrays lie in several folders: pack them all in one")
    members: dict[str, bytes] = {}
    for path, info in infos.items():
        shown = quoted(info.filename)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(
                f"the file's member {shown} is compressed by an unsupported method: "
                "pack it again with the method Deflate"
            )
        if info.flag_bits & 1:
            raise ValueError(f"the file's member {shown} is encrypted: pack it without a password")
        with archive.open(info) as member:
            members[path.stem] = member.read(info.file_size + 1)
    return members


def _of_arrays(infos: list[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The members that hold arrays; ValueError for others that no file manager adds."""
    if len(infos) > MOST_ENTRIES:
        raise ValueError(f"the file has {len(infos)} members, expected at most {MOST_ENTRIES}")
    if trouble := kinds.archive_refusal([i.filename for i in infos], "an .npz file of nets"):
        raise ValueError(trouble)
    found: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename.replace("\\", "/")  # some programs on Windows write it
        path = PurePosixPath(name)
        litter = "__MACOSX" in path.parts or _LITTER.fullmatch(path.name)
        if litter or (name.endswith("/") and path.suffix != ".npy"):
            continue
        if path.suffix != ".npy" or path in found or ".." in path.parts or name.endswith("/"):
            raise ValueError(
                f"the file has an unexpected member {quoted(info.filename)}: "
                "an .npz file holds nothing but .npy arrays, each once"
            )
        found[path] = info
    return found


def _parse(name: str, content: bytes) -> Array:
    """The array of one .npy member; ValueError unless its header fits its bytes."""
    shown = quoted(name)
    size = _LENGTHS.get(content[6]) if content.startswith(_MAGIC) and len(content) > 8 else None
    if size is None or content[7] != 0:
        raise ValueError(
            f"the file's array {shown} does not begin as NumPy's array format 1, 2 or 3 does"
        )
    start = 8 + size
    end = start + int.from_bytes(content[8:start], "little")
    if not start < end <= min(len(content), start + _MOST_HEADER):
        raise ValueError(f"the file's array {shown} has a header that is cut off or too long")
    entries = _entries(content[start:end].decode("latin1"))
    descr, fortran, lengths = (entries.get(key) for key in ("descr", "fortran_order", "shape"))
    if len(entries) != 3 or descr is None or fortran is None or lengths is None:
        raise ValueError(
            f"the file's array {shown} has a header other than descr, fortran_order and shape"
        )
    if not _DTYPE.fullmatch(descr):
        raise ValueError(
            f"the file's array {shown} has dtype {descr!r}: save it as float32 or float64"
        )
    shape = tuple(int(n) for n in re.findall("[0-9]+", lengths))
    dtype = descr.replace("=", "<")
    return array(name, dtype, shape, memoryview(content)[end:], fortran == "True")


def _entries(header: str) -> dict[str, str]:
    """The entries of an array's header as texts, by key; empty if it is not such a header.

    A value of another type than its key's counts as none.
    """
    text = header.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return {}
    text, at, entries = text[1:-1].rstrip(), 0, {}
    while at < len(text):
        found = _ENTRY.match(text, at)
        if found is None or found["key"] in entries:
            return {}
        key, at = found["key"], found.end()
        value = found[{"descr": "text", "fortran_order": "flag"}.get(key, "shape")]
        if value is None:
            return {}
        entries[key] = value
    return entries
