"""Data sets, compared with files assembled by hand and with the sets' own definitions."""

from __future__ import annotations

import gzip
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nets_core.data import datasets


def idx(code: int, shape: tuple[int, ...], values: bytes) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape) + values


@pytest.mark.parametrize(
    ("code", "letter", "dtype"),
    [
        (0x08, "B", np.uint8),
        (0x09, "b", np.int8),
        (0x0B, "h", np.int16),
        (0x0C, "i", np.int32),
        (0x0D, "f", np.float32),
        (0x0E, "d", np.float64),
    ],
)
def test_reads_and_writes_every_type(code: int, letter: str, dtype: type) -> None:
    values = (1, 2, 3, 4, 5, 100)
    data = idx(code, (2, 3), struct.pack(f">6{letter}", *values))
    array = datasets.read_idx(data)
    assert array.dtype == np.dtype(dtype)
    assert array.dtype.isnative
    assert array.tolist() == [[1, 2, 3], [4, 5, 100]]
    assert datasets.write_idx(array) == data
    assert np.array_equal(datasets.read_idx(gzip.compress(data, mtime=0)), array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "magic number"),
        (b"\0\0\x08", "magic number"),
        (b"PK\x03\x04rest", "bad magic number 0x504b0304"),
        (b"\n<!DOCTYPE html><title>Not found</title>", "a web page, not an IDX file"),
        (idx(0x0A, (1,), b"1"), "unknown IDX type code 0x0a"),
        (b"\0\0\x08\x03\0\0\0\1", "short.*16 bytes of header"),
        (idx(0x08, (2, 3), b"12345"), "short.*6 bytes, 5 came"),
        (idx(0x0D, (2,), b"1234567"), "short.*8 bytes, 7 came"),
        (idx(0x08, (2, 3), b"1234567"), "1 bytes follow"),
        (idx(0x08, (2**32 - 1,) * 3, b"1234"), "more than"),
        (idx(0x08, (0, *(2**32 - 1,) * 3), b""), "more than"),
        (idx(0x08, (1,) * 255, b"1"), "more than"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "cut off"),
        (gzip.compress(b"x", mtime=0) + b"y", "1 bytes follow"),
        (gzip.compress(b"x", mtime=0) + b"\0\0y", "1 bytes follow"),
        (gzip.compress(b"x", mtime=0) * 10_001, "more than 10,000 parts"),
        (b"PK\x03\x04rest", "a zip archive: unpack it"),
        (b"\x89PNG\r\n\x1a\nrest", "this is a PNG picture, not an IDX file"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9912422\n",
            "this is a Git LFS pointer, not an IDX file: .*git lfs pull",
        ),
        (gzip.compress(b"<html>404</html>", mtime=0), "a web page, not an IDX file: download"),
        (b"\x1f\x8bnonsense", "cannot be unpacked"),
    ],
)
def test_refuses_what_is_not_idx(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        datasets.read_idx(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        array = datasets.read_idx(b"\0\0" + data)
    except ValueError:
        return
    assert datasets.write_idx(array) == b"\0\0" + data


def test_stops_unpacking_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 2_000_000, mtime=0)
    assert len(bomb) < 3000
    with pytest.raises(ValueError, match="more than the 1,000,000 bytes"):
        datasets.gunzip(bomb, limit=1_000_000)
    assert datasets.gunzip(bomb, limit=2_000_000) == b"\0" * 2_000_000


def test_write_refuses_other_dtypes() -> None:
    with pytest.raises(ValueError, match="complex128"):
        datasets.write_idx(np.zeros(3, complex))


def small_mnist(train: int = 7, test: int = 3) -> list[bytes]:
    files = []
    for count, first in ((train, 0), (test, 100)):
        pixels = b"".join(bytes([first + n] * 784) for n in range(count))
        files.append(idx(0x08, (count, 28, 28), pixels))
        files.append(idx(0x08, (count,), bytes(n % 10 for n in range(count))))
    return files


def test_mnist_is_split_in_its_own_order() -> None:
    mnist = datasets.parse_mnist(*small_mnist())
    assert mnist.train.images.shape == (7, 784)
    assert mnist.train.images.dtype == np.uint8
    assert mnist.train.labels.dtype == np.uint8
    train, validation, test = mnist.split(validation=2)
    assert train.images[:, 783].tolist() == [0, 1, 2, 3, 4]
    assert validation.images[:, 0].tolist() == [5, 6]
    assert validation.labels.tolist() == [5, 6]
    assert test.images[:, 0].tolist() == [100, 101, 102]
    with pytest.raises(ValueError, match="validation is 10,000, expected 1 … 6"):
        mnist.split()


def test_mnist_of_the_real_size_splits_like_nielsens() -> None:
    images, labels = np.zeros((60_000, 784), np.uint8), np.zeros(60_000, np.uint8)
    mnist = datasets.Mnist(
        datasets.examples(images, labels), datasets.examples(images[:10_000], labels[:10_000])
    )
    assert [len(part.labels) for part in mnist.split()] == [50_000, 10_000, 10_000]
    assert np.shares_memory(mnist.split()[0].images, images)


def test_mnist_says_which_file_is_wrong() -> None:
    files = small_mnist()
    with pytest.raises(ValueError, match="t10k-images-idx3-ubyte: bad magic number"):
        datasets.parse_mnist(files[0], files[1], b"PK\x03\x04", files[3])
    with pytest.raises(ValueError, match="training set: 7 images came with 3 labels"):
        datasets.parse_mnist(files[0], files[3], files[2], files[3])
    with pytest.raises(ValueError, match="test set: images have shape"):
        datasets.parse_mnist(files[0], files[1], files[3], files[3])
    with pytest.raises(ValueError, match=r"test set: labels\[1\] is 10"):
        datasets.parse_mnist(files[0], files[1], files[2], idx(0x08, (3,), bytes([9, 10, 0])))


@pytest.mark.parametrize(("code", "letter"), [(0x09, "b"), (0x0B, "h"), (0x0C, "i")])
def test_mnist_may_come_in_wider_integers(code: int, letter: str) -> None:
    files = small_mnist()
    for at, shape in ((0, (7, 28, 28)), (1, (7,))):
        values = datasets.read_idx(files[at]).ravel()
        files[at] = idx(code, shape, struct.pack(f">{values.size}{letter}", *values.tolist()))
    mnist = datasets.parse_mnist(*files)
    expected = datasets.parse_mnist(*small_mnist())
    for part, other in zip(mnist, expected, strict=True):
        assert part.images.dtype == part.labels.dtype == np.uint8
        assert np.array_equal(part.images, other.images)
        assert np.array_equal(part.labels, other.labels)
    files[1] = idx(code, (7,), struct.pack(f">7{letter}", -1, *range(6)))
    with pytest.raises(ValueError, match="training set: labels have shape"):
        datasets.parse_mnist(*files)


def test_mnist_is_found_in_a_folder(tmp_path: Path) -> None:
    files = small_mnist()
    for name, data in zip(list(datasets.MNIST_MD5)[:3], files, strict=False):
        (tmp_path / name).write_bytes(data)
    names = "t10k-labels-idx1-ubyte or .* or t10k-labels.idx1-ubyte or t10k-labels.idx1-ubyte.gz"
    with pytest.raises(FileNotFoundError, match=f"no file {names}; .*download=True"):
        datasets.mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(files[3], mtime=0))
    (x, _), test = datasets.mnist(folder=str(tmp_path))
    assert np.array_equal(x[:, 0], range(7))
    assert np.array_equal(test.labels, [0, 1, 2])


@pytest.mark.parametrize("end", ["-idx{}-ubyte", ".idx{}-ubyte"])
@pytest.mark.parametrize("members", [0, 1, 3])
def test_mnist_is_found_under_every_usual_name(tmp_path: Path, end: str, members: int) -> None:
    parts = ("train-images", 3), ("train-labels", 1), ("t10k-images", 3), ("t10k-labels", 1)
    for (part, dimensions), data in zip(parts, small_mnist(), strict=True):
        cuts = [len(data) * k // max(members, 1) for k in range(members + 1)]
        packed = (gzip.compress(data[a:b], mtime=0) for a, b in pairwise(cuts))
        path = tmp_path / (part + end.format(dimensions) + (".gz" if members else ""))
        path.write_bytes(b"".join(packed) if members else data)
    mnist = datasets.mnist(tmp_path)
    assert np.array_equal(mnist.train.labels, range(7))
    assert np.array_equal(mnist.test.images[:, 500], [100, 101, 102])


def test_mnist_is_found_as_browsers_and_unpackers_rename_it(tmp_path: Path) -> None:
    """Another case, a number for a second download, a folder of the file's own name, one that
    7-Zip and Windows make."""
    names = (
        "Train-Images.idx3-ubyte",
        "train-labels-idx1-ubyte (1).gz",
        "t10k-images-idx3-ubyte/t10k-images-idx3-ubyte",
        "t10k-labels.idx1-ubyte/t10k-labels.idx1-ubyte.gz",
    )
    for name, data in zip(names, small_mnist(), strict=True):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    mnist = datasets.mnist(tmp_path)
    assert np.array_equal(mnist.train.labels, range(7))
    assert np.array_equal(mnist.test.labels, range(3))


def test_gzip_pads_with_zeros() -> None:
    """As gzip's own module reads it: tapes and some archivers fill their last block."""
    member = gzip.compress(bytes(range(200)) * 999, mtime=0)
    for packed in (member + bytes(512), member + bytes(3) + member + bytes(1)):
        assert datasets.gunzip(packed) == gzip.decompress(packed)


def test_all_gzip_members_count_towards_the_limit() -> None:
    member = gzip.compress(b"\0" * 600, mtime=0)
    empty = gzip.compress(b"", mtime=0)
    assert datasets.gunzip(empty) == b""
    assert datasets.gunzip(empty + member * 2, limit=1200) == b"\0" * 1200
    with pytest.raises(ValueError, match="more than the 1,199 bytes"):
        datasets.gunzip(member * 2, limit=1199)
    with pytest.raises(ValueError, match="cut off"):
        datasets.gunzip(member + member[:-5])


def test_one_hot() -> None:
    labels = np.array([2, 0], np.uint8)
    encoded = datasets.one_hot(labels, classes=3, dtype=np.float64)
    assert encoded.dtype == np.float64
    assert encoded.tolist() == [[0, 0, 1], [1, 0, 0]]
    with pytest.raises(ValueError, match=r"labels\[1\] is 3, expected 0 … 2"):
        datasets.one_hot(np.array([0, 3]), classes=3)
    with pytest.raises(ValueError, match=r"labels\[0\] is -1"):
        datasets.one_hot(np.array([-1, 3]))
    with pytest.raises(ValueError, match="float64"):
        datasets.one_hot(np.array([0.5]))


@pytest.mark.parametrize("name", datasets.TOYS)
def test_toys_are_seeded_balanced_and_of_one_scale(name: str) -> None:
    points, labels = datasets.toy(name, 401, 0.1, seed=3)
    again, labels_again = datasets.toy(name, 401, 0.1, seed=3)
    assert points.shape == (401, 2)
    assert labels.dtype == np.int64
    assert np.array_equal(points, again)
    assert np.array_equal(labels, labels_again)
    assert not np.array_equal(points, datasets.toy(name, 401, 0.1, seed=4)[0])
    assert set(labels) == {0, 1}
    assert 0.35 < labels.mean() < 0.65
    assert 1.5 < np.abs(points).max() < 7
    assert len(set(labels[:30])) == 2, "shuffled: a first mini-batch has both classes"


def test_toys_without_noise_follow_their_definition() -> None:
    points, labels = datasets.toy("circle", 300, 0, seed=1)
    assert np.array_equal(labels, (points**2).sum(axis=1) > 9)
    points, labels = datasets.toy("xor", 300, 0, seed=1)
    assert np.array_equal(labels, np.sign(points[:, 0]) != np.sign(points[:, 1]))
    assert np.abs(points).min() >= 0.3
    points, labels = datasets.toy("gaussian", 3000, 0, seed=1)
    assert points[labels == 0].mean(axis=0) == pytest.approx([2, 2], abs=0.1)
    assert points[labels == 1].var(axis=0) == pytest.approx([0.5, 0.5], abs=0.05)
    points, labels = datasets.toy("spiral", 300, 0, seed=1)
    radius, angle = np.hypot(*points.T), np.arctan2(points[:, 0], points[:, 1])
    turned = (angle - radius / 5 * 3.5 * np.pi - np.pi * labels + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(turned[radius > 0]).max() < 1e-9
    points, labels = datasets.toy("moons", 300, 0, seed=1)
    middles = np.where(labels[:, None] == 0, [-1.5, -0.75], [1.5, 0.75])
    assert np.hypot(*(points - middles).T) == pytest.approx(np.full(300, 3.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("torus", 10, 0.1, 0), "name is 'torus', expected one of circle, xor"),
        (("xor", 1, 0.1, 0), "samples is 1"),
        (("xor", 10, 0.6, 0), "noise is 0.6"),
        (("xor", 10, float("nan"), 0), "noise is nan"),
    ],
)
def test_toys_refuse(arguments: tuple[str, int, float, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        datasets.toy(*arguments)
