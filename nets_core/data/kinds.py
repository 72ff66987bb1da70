"""What a file is that is not the one asked for, told by its first bytes.

Downloads go wrong in a few usual ways: what is saved is a page about the file, a pointer to it or
another program's file. Messages name these, so that they can say what to do.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from nets_core.checks import quoted

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip archive begins: with a member, or without any."""
_LOOKED_AT = 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UNPACK = "unpack it and open what is in it"
_WEB_PAGE = re.compile(rb"(?i)<(?:!doctype\s+html|html|head|body|script|meta|title)\b")
_BEFORE_A_PAGE = re.compile(rb"(?s)\A(?:\s+|<!--.*?-->|<\?xml.*?\?>)+")
_PICKLE = re.compile(rb"\x80[\x02-\x05][^\0]")
"""Pickles from protocol 2 on; older ones are text without a mark."""
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")

_BEGINNINGS = {
    b"version https://git-lfs.github.com/spec/": (
        "a Git LFS pointer",
        "it only names the file; fetch the file itself with 'git lfs pull', or with the download "
        "button of its page",
    ),
    b"\x00\x05\x16\x07": (
        "what macOS notes about a file",
        "open the file of the same name without “._” before it",
    ),
    b"\x89PNG\r\n\x1a\n": ("a PNG picture", ""),
    b"\xff\xd8\xff": ("a JPEG picture", ""),
    b"GIF8": ("a GIF picture", ""),
    b"%PDF-": ("a PDF document", ""),
    b"\x93NUMPY": ("a single NumPy array (.npy)", ""),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file, such as Keras's .h5", ""),
    b"GGUF": ("a GGUF file", ""),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _UNPACK),
    b"Rar!\x1a\x07": ("a RAR archive", _UNPACK),
    b"BZh": ("a bzip2 archive", _UNPACK),
    b"\xfd7zXZ\0": ("an xz archive", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("a Zstandard archive", _UNPACK),
}
"""By how they begin: what they are, and what to do."""
_INSIDE = {
    (257, b"ustar"): ("a tar archive", _UNPACK),
    (4, b"TFL3"): ("a TensorFlow Lite file", ""),
    (4, b"ORTM"): ("a file in ONNX Runtime's own format (.ort)", ""),
}
"""By what stands at a place inside."""


def refusal(data: bytes, expected: str, advice: str = "") -> str:
    """ "this is a web page, not an IDX file: …", where the file is ``expected`` to be another.

    ``advice`` is for a kind without an advice of its own. Returns "" for a file of no known kind.
    A zip archive and gzipped data have none: what is in them counts.
    """
    name, own = _kind(bytes(data[:_LOOKED_AT]))
    return _sentence(name, expected, own or advice) if name else ""


def archive_refusal(names: Collection[str], expected: str, advice: str = "") -> str:
    """As ``refusal``, for a zip archive with members of these names."""
    files = {name.rsplit("/", 1)[-1] for name in names}
    if "data.pkl" in files:
        return _sentence("a PyTorch file, which holds a pickle", expected, advice)
    if "model.weights.h5" in files:
        return _sentence("a Keras file", expected, advice)
    if "[Content_Types].xml" in files:
        return _sentence("an Office document", expected, advice)
    for name in sorted(files):
        if name.lower().endswith((".npz", ".safetensors", ".onnx", ".gz", "-ubyte")):
            return _sentence("a zip archive", expected, f"unpack it and open {name[:60]!r}")
    return ""


def _sentence(name: str, expected: str, advice: str) -> str:
    return f"this is {name}, not {expected}" + (f": {advice}" if advice else "")


def _kind(begin: bytes) -> tuple[str, str]:
    """What a file is by its first bytes, and what to do; "" for what is not known."""
    for mark, named in _BEGINNINGS.items():
        if begin.startswith(mark):
            return named
    for (at, mark), named in _INSIDE.items():
        if begin.startswith(mark, at):
            return named
    if _PICKLE.match(begin):
        return "a Python pickle, which could run any code and is never opened", ""
    return _kind_of_text(begin.removeprefix(_BYTE_ORDER_MARK))


def _kind_of_text(begin: bytes) -> tuple[str, str]:
    text = begin.lstrip()
    if _WEB_PAGE.match(_BEFORE_A_PAGE.sub(b"", text)):
        return (
            "a web page",
            "download the file itself (on GitHub with the button “Download raw file”)",
        )
    if text.startswith(b"<?xml"):
        return "an XML text, perhaps a host's error message", "download the file again"
    words = text.decode(errors="ignore")
    if not text or _BINARY.search(text) or len(words.encode()) < len(text) - 3:  # cut in a letter
        return "", ""
    if text.startswith(b"{") and b'"weight_map"' in text:
        return "the index of a net in several .safetensors files", ""
    return f"a text that begins with {quoted(words[:40])}", ""
