"""The library's own format, ``.npz``: a zip of NumPy arrays, without pickle.

The member ``header`` is JSON as uint8; the other members are the arrays, by name.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib

import numpy as np

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

_DTYPES = ("<f4", "<f8", "<f2", "|i1", "|u1")
_ARRAY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?s:..)\{'descr': '([^']{1,20})', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9, ]{0,40})\), \} *\n"
)
"""The header of an array in version 1.0 of NumPy's format: dtype, order and shape. NumPy's own
reader would evaluate any Python literal there."""


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
        raise ValueError(f"this is not an .npz file, or it is damaged: {what(error)}") from None
    if "header" not in members:
        raise ValueError("this .npz file was not written by nets: it has no header")
    arrays = {name: _parse(name, content) for name, content in members.items()}
    raw = arrays.pop("header")
    if raw.dtype != np.uint8 or raw.ndim != 1:
        raise ValueError("the file's header is not text")
    return Contents(parse(raw.tobytes()), arrays)


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    if len(infos) > MOST_ARRAYS:
        raise ValueError(f"the file has {len(infos)} arrays, expected at most {MOST_ARRAYS}")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise ValueError(f"the file unpacks to more than {MOST_BYTES} bytes")
    members: dict[str, bytes] = {}
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if name in members or info.filename == name:
            raise ValueError(f"the file has an unexpected member {info.filename!r}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(
                f"the file's member {info.filename!r} is compressed by an unsupported method"
            )
        with archive.open(info) as member:
            members[name] = member.read(info.file_size + 1)
    return members


def _parse(name: str, content: bytes) -> Array:
    """The array of one .npy member; ValueError unless its header fits its bytes."""
    found = _ARRAY_HEADER.match(content)
    if found is None:
        raise ValueError(f"the file's array {name!r} does not begin with NumPy's array header")
    descr, fortran, lengths = (group.decode("latin1") for group in found.groups())
    if descr not in _DTYPES or fortran == "True":
        order = " in Fortran order" if fortran == "True" else ""
        raise ValueError(f"the file's array {name!r} has dtype {descr!r}{order}: not supported")
    shape = tuple(int(n) for n in re.findall("[0-9]+", lengths))
    return array(name, descr, shape, content[found.end() :])
