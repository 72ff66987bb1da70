"""Makes the site's MNIST files: gzipped shards of raw bytes. Training can begin with the first.

The images and labels come from the pickle of Nielsen's book or from the gzipped originals. In both
cases the original IDX files are reconstructed and compared with their known MD5 sums.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import struct
from io import BytesIO
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from building.environment import say
from building.parts import PartError, Parts
from building.steps import Files

_SHARD = 10_000  # images in one file
_LEVEL = 7  # of gzip: 9 makes it half a percent smaller and takes twelve times as long
_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
Bytes = NDArray[np.uint8]


def shards(parts: Parts) -> Files:
    """Return the files of ``mnist/``: shards, labels and ``mnist.json``, which describes them."""
    say("Packing MNIST …")
    images, labels, test_images, test_labels = mnist(parts)
    files = {
        f"train-images-{start // _SHARD}.gz": images[start : start + _SHARD]
        for start in range(0, len(images), _SHARD)
    } | {
        "train-labels.gz": labels,
        "test-images.gz": test_images,
        "test-labels.gz": test_labels,
    }
    packed = {name: gzip.compress(data.tobytes(), _LEVEL, mtime=0) for name, data in files.items()}
    index = {
        "version": 1,
        "credit": "MNIST by Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
        "image": [28, 28],
        "shards": [
            {
                "file": name,
                "count": len(data),
                "bytes": len(packed[name]),
                "sha256": hashlib.sha256(packed[name]).hexdigest(),
            }
            for name, data in files.items()
        ],
    }
    return {**packed, "mnist.json": json.dumps(index, indent=1).encode() + b"\n"}


def mnist(parts: Parts) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    """Return training images (60000, 784) and labels (60000,), then 10,000 of each for testing."""
    try:
        arrays = from_pickle(parts.file("mnist-pickle", "mnist.pkl.gz").read_bytes())
    except PartError as first:
        try:
            arrays = _from_originals(parts)
        except PartError as second:
            raise PartError(f"{first} {second}") from second
    for (name, expected), array in zip(_MD5.items(), arrays, strict=True):
        found = hashlib.md5(_idx(array), usedforsecurity=False).hexdigest()
        if found != expected:
            raise PartError(f"{name} of MNIST has the MD5 {found}, expected {expected}.")
    return arrays


def _idx(array: Bytes) -> bytes:
    """Return the IDX file of images (count, 784) or labels (count,)."""
    shape = (len(array), 28, 28) if array.ndim == 2 else array.shape
    return struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape), *shape) + array.tobytes()


def _from_originals(parts: Parts) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    def read(name: str, header: int) -> Bytes:
        data = gzip.decompress(parts.file("mnist-idx", f"{name}.gz").read_bytes())
        return np.frombuffer(data, np.uint8, offset=header)

    images, labels, test_images, test_labels = _MD5
    return (
        read(images, 16).reshape(-1, 784),
        read(labels, 8),
        read(test_images, 16).reshape(-1, 784),
        read(test_labels, 8),
    )


def from_pickle(data: bytes) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    """Restore MNIST from Nielsen's pickle, which has pixel/256 as float32 in three sets."""
    train, validation, test = _ArraysOnly(BytesIO(gzip.decompress(data)), encoding="latin1").load()

    def pixels(images: NDArray[np.float32]) -> Bytes:
        return np.rint(images * 256).astype(np.uint8)

    return (
        pixels(np.concatenate([train[0], validation[0]])),
        np.concatenate([train[1], validation[1]]).astype(np.uint8),
        pixels(test[0]),
        test[1].astype(np.uint8),
    )


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that makes only NumPy arrays, tuples and numbers."""

    _ADMITTED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"): ("numpy", "ndarray"),
        ("numpy", "dtype"): ("numpy", "dtype"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ADMITTED:
            raise PartError(f"the pickle of MNIST has a {module}.{name}, which is no NumPy array.")
        return super().find_class(*self._ADMITTED[module, name])
