"""Where examples come from: IDX files, MNIST's split, and small sets of points in the plane.

MNIST comes as four IDX files: a magic number that holds the type and the number of dimensions,
the length of each dimension, then the values, all big-endian
(Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits).

The sets of points are those of TensorFlow Playground (D. Smilkov, S. Carter: `dataset.ts`), with
scikit-learn's two moons beside them, at the same scale: about -6 … 6 in both directions.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nets_core import checks
from nets_core.data import kinds

MAX_BYTES = 64 << 20
"""More than this, unpacked, is not an IDX file we read: MNIST's largest has 47 MB."""

_PADDING = re.compile(rb"\0*")

IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

MNIST_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""MNIST's four files by their published names, with the MD5 sums of the unpacked files."""

MNIST_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
"""Public folders that hold the four files, gzipped."""

_MOST_MEMBERS = 10_000
"""Of a gzip file. The tools that write many make one for every 64 kB of data or more."""
_PIECE = 1 << 16
"""How much is unpacked at a time: for each member zlib copies what is left of the piece."""
_TIMEOUT = 30  # seconds without a byte after which a mirror counts as dead


def gunzip(data: bytes, limit: int = MAX_BYTES) -> bytes:
    """Unpack gzipped data of one or more members, and stop beyond `limit` bytes.

    Zeros after a member are padding, as for gzip itself.

    ValueError: not gzip, damaged, cut off, followed by something else, or larger than `limit`.
    """
    unpacked, at = bytearray(), 0
    for _ in range(_MOST_MEMBERS):
        at = _unpack_member(data, at, unpacked, limit)
        at = _PADDING.match(data, at).end()  # type: ignore[union-attr]  # it matches "" too
        if at == len(data):
            return bytes(unpacked)
        if not data.startswith(kinds.GZIP, at):
            raise ValueError(f"{len(data) - at:,} bytes follow the end of the gzipped data")
    raise ValueError(f"the gzipped data has more than {_MOST_MEMBERS:,} parts")


def _unpack_member(data: bytes, at: int, unpacked: bytearray, limit: int) -> int:
    """Append to `unpacked` what the gzip member at `at` holds; returns where the member ends."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    while not unpacker.eof:
        piece = unpacker.unconsumed_tail or data[at : at + _PIECE]
        if not piece:
            raise ValueError(f"the gzipped data is cut off after {len(data):,} bytes")
        if not unpacker.unconsumed_tail:
            at += len(piece)
        try:
            unpacked += unpacker.decompress(piece, limit + 1 - len(unpacked))
        except zlib.error as error:
            raise ValueError(f"the gzipped data cannot be unpacked: {error}") from None
        if len(unpacked) > limit:
            raise ValueError(f"the gzipped data holds more than the {limit:,} bytes allowed")
    return at - len(unpacker.unused_data)


def read_idx(data: bytes) -> NDArray[Any]:
    """Read an IDX file, gzipped or not, into an array in the machine's own byte order.

    ValueError: the magic number, the type code, the dimensions or the length are not an IDX
    file's. Nothing is allocated before the dimensions have been compared with the length.
    """
    if data.startswith(kinds.GZIP):
        data = gunzip(data)
    if trouble := kinds.refusal(data, "an IDX file"):
        raise ValueError(trouble)
    if len(data) < 4:
        raise ValueError(f"an IDX file begins with 4 bytes of magic number, this has {len(data)}")
    if data[:2] != b"\0\0":
        zipped = ", and this is a zip archive: unpack it first" * data.startswith(kinds.ZIP)
        raise ValueError(
            f"bad magic number 0x{data[:4].hex()}: an IDX file begins with 0x0000{zipped}"
        )
    code, dimensions = data[2], data[3]
    if code not in IDX_TYPES:
        known = ", ".join(f"0x{known:02x}" for known in IDX_TYPES)
        raise ValueError(f"unknown IDX type code 0x{code:02x}, expected one of {known}")
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise ValueError(
            f"the file is short: {dimensions} dimensions need {start} bytes of header, "
            f"it has {len(data)}"
        )
    shape = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(4, start, 4))
    dtype = np.dtype(IDX_TYPES[code])
    # A dimension of 0 makes an empty array, however long the others claim to be: count it as 1.
    if dimensions > 8 or dtype.itemsize * math.prod(max(n, 1) for n in shape) > MAX_BYTES:
        raise ValueError(f"dimensions {shape} of {dtype.name} are more than {MAX_BYTES:,} bytes")
    expected, found = dtype.itemsize * math.prod(shape), len(data) - start
    if found < expected:
        raise ValueError(
            f"the file is short: {shape} {dtype.name} values need {expected:,} bytes, "
            f"{found:,} came"
        )
    if found > expected:
        raise ValueError(
            f"{found - expected:,} bytes follow the {expected:,} that {shape} {dtype.name} "
            "values need"
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def write_idx(array: NDArray[Any]) -> bytes:
    """The bytes of an IDX file that holds `array`.

    ValueError: IDX has no code for the array's dtype.
    """
    codes = {np.dtype(name).newbyteorder("="): code for code, name in IDX_TYPES.items()}
    if array.dtype not in codes:
        raise ValueError(f"array has dtype {array.dtype}, which IDX has no type code for")
    code = codes[array.dtype]
    sizes = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes((0, 0, code, array.ndim)) + sizes + array.astype(IDX_TYPES[code]).tobytes()


class Examples(NamedTuple):
    """Pictures and what they show; unpacks as `images, labels`."""

    images: NDArray[np.uint8]
    """(n, 784), 0 = background … 255 = ink, rows from top to bottom."""
    labels: NDArray[np.uint8]
    """(n,), 0 … 9."""


def examples(images: NDArray[Any], labels: NDArray[Any]) -> Examples:
    """Check that images (n, 28, 28) or (n, 784) and labels (n,) belong together.

    Integers of any size become uint8 where they are 0 … 255.

    ValueError: a shape, a dtype, a count or a label is not MNIST's.
    """
    images, labels = _as_bytes(images), _as_bytes(labels)
    if images.dtype != np.uint8 or images.shape[1:] not in ((28, 28), (784,)):
        raise ValueError(
            f"images have shape {images.shape} and dtype {images.dtype}, "
            "expected (n, 28, 28) or (n, 784) of uint8"
        )
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise ValueError(
            f"labels have shape {labels.shape} and dtype {labels.dtype}, expected (n,) of uint8"
        )
    if len(images) != len(labels):
        raise ValueError(f"{len(images):,} images came with {len(labels):,} labels")
    if labels.size and labels.max() > 9:
        at = int(labels.argmax())
        raise ValueError(f"labels[{at}] is {labels[at]}, expected 0 … 9")
    return Examples(images.reshape(len(images), 784), labels)


def _as_bytes(values: NDArray[Any]) -> NDArray[Any]:
    """Integers that are all 0 … 255 as uint8; any other array unchanged."""
    if values.dtype == np.uint8 or values.dtype.kind not in "iu" or not values.size:
        return values
    return values.astype(np.uint8) if values.min() >= 0 and values.max() <= 255 else values


class Mnist(NamedTuple):
    """MNIST as it is published: 60,000 examples to learn from, 10,000 to test with."""

    train: Examples
    test: Examples

    def split(self, validation: int = 10_000) -> tuple[Examples, Examples, Examples]:
        """(training, validation, test): Nielsen's 50,000 / 10,000 / 10,000, in the same order.

        ValueError: `validation` is not smaller than the number of training examples.
        """
        images, labels = self.train
        if not 0 < validation < len(labels):
            raise ValueError(
                f"validation is {validation:,}, expected 1 … {len(labels) - 1:,} "
                "of the training examples"
            )
        return (
            Examples(images[:-validation], labels[:-validation]),
            Examples(images[-validation:], labels[-validation:]),
            self.test,
        )


def parse_mnist(
    train_images: bytes, train_labels: bytes, test_images: bytes, test_labels: bytes
) -> Mnist:
    """MNIST from the contents of its four IDX files, gzipped or not.

    ValueError: a file is not IDX, or images and labels do not belong together; says which.
    """
    contents = (train_images, train_labels, test_images, test_labels)
    arrays = []
    for name, data in zip(MNIST_MD5, contents, strict=True):
        try:
            arrays.append(read_idx(data))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    parts = []
    for name, at in (("training set", 0), ("test set", 2)):
        try:
            parts.append(examples(arrays[at], arrays[at + 1]))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return Mnist(*parts)


def mnist(folder: str | Path, download: bool = False) -> Mnist:
    """MNIST from the four files in a folder: `train, test = mnist("mnist")`.

    Each file may have any of its usual names, "train-images-idx3-ubyte" or
    "train-images.idx3-ubyte", with or without ".gz", also in a folder of that name, as some
    programs unpack it. Other sets in the same form, such as Fashion-MNIST, are read as well. With
    `download` missing files are fetched from MNIST_MIRRORS into the folder, 12 MB in all, and every
    file must have the MD5 sum of MNIST's own.

    FileNotFoundError: a file is missing; names the file and the names looked for. OSError: no
    mirror has the file. ValueError: a file is not IDX, or images and labels do not belong
    together, or, with `download`, a file in the folder is not MNIST's; says which.
    """
    folder = Path(folder)
    contents = []
    for name in MNIST_MD5:
        path = _find(folder, name)
        if path:
            data = path.read_bytes()
            if download and (trouble := _wrong(name, data)):
                raise ValueError(f"{path} {trouble}; delete it to have it fetched anew")
        elif download:
            data = _fetch(name)
            _write(folder / f"{name}.gz", data)
        else:
            raise FileNotFoundError(
                f"{folder} has no file {' or '.join(_spellings(name))}; "
                "mnist(folder, download=True) fetches it"
            )
        contents.append(data)
    return parse_mnist(*contents)


def _spellings(name: str) -> list[str]:
    """The usual names of one of MNIST's files."""
    dotted = name.replace("-idx", ".idx")
    return [name, f"{name}.gz", dotted, f"{dotted}.gz"]


def _find(folder: Path, name: str) -> Path | None:
    """The file of this name in one of its spellings, or in a folder that has such a name."""
    for spelling in _spellings(name):
        path = folder / spelling
        if path.is_file():
            return path
    words = name.replace("-", "[-._ ]")
    alike = re.compile(words + r"( ?\(\d+\))?(\.(idx|ubyte))?(\.gz)?", re.IGNORECASE)
    for path in sorted(folder.glob("*")):
        if alike.fullmatch(path.name):
            found = path if path.is_file() else _find(path, name)
            if found:
                return found
    return None


def _wrong(name: str, data: bytes) -> str:
    """Why this is not one of MNIST's files, gzipped or not: "is a web page, …"; "" if it is."""
    import hashlib  # here, since a page loads MNIST itself and starts faster without it

    if trouble := kinds.refusal(data, "an IDX file"):
        return trouble.removeprefix("this ").partition(":")[0]
    try:
        unpacked = gunzip(data) if data.startswith(kinds.GZIP) else data
    except ValueError as error:
        return f"is damaged: {error}"
    found = hashlib.md5(unpacked, usedforsecurity=False).hexdigest()
    return "" if found == MNIST_MD5[name] else f"has the MD5 {found}, expected {MNIST_MD5[name]}"


def _fetch(name: str) -> bytes:
    """One of MNIST's files, gzipped, from the first mirror that has it; OSError where none does."""
    import urllib.request  # like hashlib above
    from http.client import HTTPException

    troubles = []
    for mirror in MNIST_MIRRORS:
        address = f"{mirror}{name}.gz"
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
                data: bytes = answer.read(MAX_BYTES)
        except (OSError, HTTPException) as error:
            troubles.append(f"{address} cannot be read: {error}")
            continue
        trouble = _wrong(name, data)
        if not trouble:
            return data
        troubles.append(f"{address} {trouble}")
    raise OSError(f"{name} could not be fetched: {'; '.join(troubles)}")


def _write(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def one_hot(labels: NDArray[Any], classes: int = 10, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """(n,) integers 0 … classes - 1 -> (n, classes) with a 1 where the label says.

    ValueError: labels are not integers of shape (n,), or one is out of range; says which.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels have shape {labels.shape} and dtype {labels.dtype}, expected (n,) of integers"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        raise ValueError(f"labels[{wrong[0]}] is {labels[wrong[0]]}, expected 0 … {classes - 1}")
    encoded = np.zeros((len(labels), classes), dtype)
    encoded[np.arange(len(labels)), labels] = 1
    return encoded


ToySet = tuple[NDArray[np.float64], NDArray[np.bool_]]


def _disc(n: int, inner: float, outer: float, rng: np.random.Generator) -> NDArray[np.float64]:
    radius, angle = rng.uniform(inner, outer, n), rng.uniform(0, 2 * np.pi, n)
    return np.column_stack((radius * np.sin(angle), radius * np.cos(angle)))


def _circle(first: int, second: int, noise: float, rng: np.random.Generator) -> ToySet:
    """A disc inside a ring; noise moves the border between them."""
    points = np.concatenate((_disc(first, 0, 2.5, rng), _disc(second, 3.5, 5, rng)))
    seen = points + noise * rng.uniform(-5, 5, points.shape)
    return points, np.hypot(seen[:, 0], seen[:, 1]) >= 2.5


def _xor(first: int, second: int, noise: float, rng: np.random.Generator) -> ToySet:
    """Four squares with a gap between them; opposite ones belong together."""
    points = rng.uniform(-5, 5, (first + second, 2))
    points += np.where(points > 0, 0.3, -0.3)
    seen = points + noise * rng.uniform(-5, 5, points.shape)
    return points, seen[:, 0] * seen[:, 1] < 0


def _gaussian(first: int, second: int, noise: float, rng: np.random.Generator) -> ToySet:
    """Two clouds; noise widens them from a variance of 0.5 until they overlap."""
    centres = np.repeat([[2.0, 2.0], [-2.0, -2.0]], (first, second), axis=0)
    spread = math.sqrt(0.5 + 7 * noise)
    return centres + spread * rng.standard_normal(centres.shape), _classes(first, second)


def _spiral(first: int, second: int, noise: float, rng: np.random.Generator) -> ToySet:
    """Two arms, each wound almost twice around the middle."""
    along = np.concatenate((np.arange(first) / max(first, 1), np.arange(second) / max(second, 1)))
    angle = 3.5 * np.pi * along + np.pi * _classes(first, second)
    points = 5 * along[:, None] * np.column_stack((np.sin(angle), np.cos(angle)))
    return points + noise * rng.uniform(-1, 1, points.shape), _classes(first, second)


def _moons(first: int, second: int, noise: float, rng: np.random.Generator) -> ToySet:
    """Two half circles, each reaching into the other."""
    upper, lower = np.pi * rng.uniform(0, 1, first), np.pi * rng.uniform(0, 1, second)
    points = np.concatenate(
        (
            np.column_stack((np.cos(upper) - 0.5, np.sin(upper) - 0.25)),
            np.column_stack((0.5 - np.cos(lower), 0.25 - np.sin(lower))),
        )
    )
    return 3 * points + noise * rng.uniform(-2, 2, points.shape), _classes(first, second)


def _classes(first: int, second: int) -> NDArray[np.bool_]:
    return np.repeat([False, True], (first, second))


TOYS: dict[str, Callable[[int, int, float, np.random.Generator], ToySet]] = {
    "circle": _circle,
    "xor": _xor,
    "gaussian": _gaussian,
    "spiral": _spiral,
    "moons": _moons,
}


def toy(
    name: str, samples: int, noise: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One of TOYS: points (samples, 2) in shuffled order and their labels (samples,), 0 or 1.

    noise is 0 … 0.5, as on Playground's slider. Same seed, same points.
    ValueError: an unknown name, fewer than 2 samples, or noise outside 0 … 0.5.
    """
    if name not in TOYS:
        raise ValueError(f"name is {checks.quoted(name)}, expected one of {', '.join(TOYS)}")
    if samples < 2:
        raise ValueError(f"samples is {samples}, expected at least 2")
    if not 0 <= noise <= 0.5:
        raise ValueError(f"noise is {noise}, expected 0 … 0.5")
    rng = np.random.default_rng(seed)
    points, classes = TOYS[name](samples - samples // 2, samples // 2, noise, rng)
    order = rng.permutation(samples)
    return points[order], classes[order].astype(np.int64)
