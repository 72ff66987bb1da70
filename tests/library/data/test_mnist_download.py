"""``datasets.mnist(folder, download=True)`` against mirrors on this machine."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from building import mnist_shards
from building.environment import ROOT
from nets_core.data import datasets

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = datasets.MNIST_MD5


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def contents(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Four small files in place of MNIST's own, by name."""
    files = {}
    for names, count in (((IMAGES, LABELS), 6), ((TEST_IMAGES, TEST_LABELS), 3)):
        images = np.arange(count * 784, dtype=np.uint32).astype(np.uint8).reshape(count, 28, 28)
        files[names[0]] = datasets.write_idx(images)
        files[names[1]] = datasets.write_idx(np.arange(count, dtype=np.uint8))
    sums = {name: hashlib.md5(data).hexdigest() for name, data in files.items()}
    monkeypatch.setattr(datasets, "MNIST_MD5", sums)
    return files


@pytest.fixture
def mirrors(
    contents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Path]]:
    """The folders of two mirrors, the first of which is asked first."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        for name, data in contents.items():
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
    with serving(folders[0]) as first, serving(folders[1]) as second:
        monkeypatch.setattr(datasets, "MNIST_MIRRORS", (first, second))
        yield folders


def test_what_is_missing_is_fetched_once(
    mirrors: list[Path], contents: dict[str, bytes], tmp_path: Path
) -> None:
    own = tmp_path / "data" / "mnist"
    own.mkdir(parents=True)
    (own / "t10k-labels.idx1-ubyte").write_bytes(contents[TEST_LABELS])
    train, test = datasets.mnist(own, download=True)
    assert train.labels.tolist() == list(range(6))
    assert test.images.shape == (3, 784)
    names = {f"{name}.gz" for name in (IMAGES, LABELS, TEST_IMAGES)} | {"t10k-labels.idx1-ubyte"}
    assert {path.name for path in own.iterdir()} == names
    for folder in mirrors:
        for path in folder.iterdir():
            path.unlink()
    assert np.array_equal(datasets.mnist(own).train.images, train.images)
    assert np.array_equal(datasets.mnist(own, download=True).train.images, train.images)


def test_a_folder_that_is_not_there_is_made(mirrors: list[Path], tmp_path: Path) -> None:
    own = tmp_path / "a" / "b"
    with pytest.raises(FileNotFoundError, match="has no file train-images-idx3-ubyte or"):
        datasets.mnist(own)
    assert len(datasets.mnist(own, download=True).test.labels) == 3


WEB_PAGE = b"<!DOCTYPE html><title>Moved</title>"


@pytest.mark.parametrize(
    "bad",
    [None, WEB_PAGE, gzip.compress(b"other", mtime=0), b"\x1f\x8b\x08cut"],
    ids=["missing", "a web page", "another file", "cut off"],
)
def test_the_next_mirror_is_asked(mirrors: list[Path], tmp_path: Path, bad: bytes | None) -> None:
    path = mirrors[0] / f"{IMAGES}.gz"
    if bad is None:
        path.unlink()
    else:
        path.write_bytes(bad)
    assert len(datasets.mnist(tmp_path / "own", download=True).train.labels) == 6


def test_a_failure_says_what_each_mirror_answered(mirrors: list[Path], tmp_path: Path) -> None:
    (mirrors[0] / f"{LABELS}.gz").write_bytes(WEB_PAGE)
    (mirrors[1] / f"{LABELS}.gz").unlink()
    first, second = datasets.MNIST_MIRRORS
    with pytest.raises(OSError, match="could not be fetched") as caught:
        datasets.mnist(tmp_path / "own", download=True)
    assert str(caught.value) == (
        f"{LABELS} could not be fetched: "
        f"{first}{LABELS}.gz is a web page, not an IDX file; "
        f"{second}{LABELS}.gz cannot be read: HTTP Error 404: File not found"
    )
    assert [path.name for path in (tmp_path / "own").iterdir()] == [f"{IMAGES}.gz"]


def test_other_bytes_are_refused_by_their_hash(
    mirrors: list[Path], contents: dict[str, bytes], tmp_path: Path
) -> None:
    other = datasets.write_idx(np.zeros(6, np.uint8))
    for folder in mirrors:
        (folder / f"{LABELS}.gz").write_bytes(gzip.compress(other))
    found, expected = (hashlib.md5(data).hexdigest() for data in (other, contents[LABELS]))
    with pytest.raises(OSError, match=f"has the MD5 {found}, expected {expected}"):
        datasets.mnist(tmp_path / "own", download=True)


def test_another_set_in_the_folder_is_refused(mirrors: list[Path], tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    path = own / "train-labels.idx1-ubyte"
    path.write_bytes(datasets.write_idx(np.zeros(6, np.uint8)))
    with pytest.raises(ValueError, match=f"{path} has the MD5 .*; delete it to have it fetched"):
        datasets.mnist(own, download=True)


def test_a_mirror_that_is_not_there_is_told(
    contents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as gone:
        pass
    monkeypatch.setattr(datasets, "MNIST_MIRRORS", (gone,))
    with pytest.raises(OSError, match=f"{gone}{IMAGES}.gz cannot be read: .*refused"):
        datasets.mnist(tmp_path / "own", download=True)


def test_sums_and_mirrors_are_those_that_the_build_has() -> None:
    assert datasets.MNIST_MD5 == mnist_shards._MD5
    parts = json.loads((ROOT / "parts.lock.json").read_text())["parts"]
    (locked,) = (part for part in parts if part["name"] == "mnist-idx")
    assert [source["url"] for source in locked["sources"]] == list(datasets.MNIST_MIRRORS)
    assert set(locked["files"]) == {f"{name}.gz" for name in datasets.MNIST_MD5}


def test_files_as_an_archiver_names_them(shared: Path) -> None:
    train, test = datasets.mnist(shared / "cases" / "mnist-7zip-names")
    assert train.images.shape == test.images.shape == (3, 784)
    assert train.labels.max() <= 9
