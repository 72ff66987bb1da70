"""The build: pinned parts, the same bytes every time, and a site that stands on its own."""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
import shutil
import zipfile
from pathlib import Path

import brotli
import pytest

import builds
from building import bundle, manifest, mnist_shards
from building.environment import ROOT
from building.parts import PartError, Parts
from building.site_files import SIDE_BY_SIDE

IMPORTED = re.compile(r"""(?:\bfrom|\bimport\(?)\s*["'`]([^"'`\s$]+\.js)["'`]""")
"""What a bundled module imports."""
STABLE = re.compile(
    r"\w+\.html|embed\.js|guard\.js|og\.png|\.nojekyll|sw\.js|stills/\w+\.jpg|wheels/.+\.whl"
)
"""What keeps its address, since others link to it, or pages of other builds ask for it."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as they are now; a build should not see somebody edit them."""
    root = tmp_path_factory.mktemp("sources")
    left_out = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in ("site", "nets_core"):
        shutil.copytree(ROOT / name, root / name, ignore=left_out)
    builds.add_packages(root / "site")
    for path in (ROOT / "pyproject.toml", *ROOT.glob("*.md"), *ROOT.glob("LICENSE*")):
        shutil.copy(path, root)
    return root


@pytest.fixture(scope="module")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with what earlier builds have left."""
    dist = tmp_path_factory.mktemp("built") / "dist"
    bundle.build(dist, Parts(), sources)
    return dist


def contents(dist: Path) -> dict[str, bytes]:
    return {
        path.relative_to(dist).as_posix(): path.read_bytes()
        for path in dist.rglob("*")
        if path.is_file()
    }


class TestParts:
    """A lock file with one part, ``thing.txt``, whose source is a folder on this disk."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        folder = tmp_path / "source"
        folder.mkdir()
        (folder / "thing.txt").write_bytes(b"as published")
        return folder

    def lock(self, tmp_path: Path, *addresses: str, data: bytes = b"as published") -> Parts:
        file = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        part = {
            "name": "thing",
            "version": "1.0",
            "licence": "MIT",
            "use": "test",
            "files": {"thing.txt": file},
            "sources": [{"url": address} for address in addresses],
        }
        (tmp_path / "lock.json").write_text(json.dumps({"version": 1, "parts": [part]}))
        return Parts(tmp_path / "lock.json", tmp_path / "cache")

    def test_comes_from_the_first_source_that_has_it(self, source: Path, tmp_path: Path) -> None:
        nowhere = (tmp_path / "nowhere").as_uri() + "/"
        parts = self.lock(tmp_path, nowhere, source.as_uri() + "/")
        assert parts.file("thing", "thing.txt").read_bytes() == b"as published"

    def test_is_kept_for_builds_without_a_network(self, source: Path, tmp_path: Path) -> None:
        parts = self.lock(tmp_path, source.as_uri() + "/")
        parts.file("thing", "thing.txt")
        shutil.rmtree(source)
        assert parts.file("thing", "thing.txt").read_bytes() == b"as published"

    def test_damaged_in_the_cache_is_fetched_again(self, source: Path, tmp_path: Path) -> None:
        parts = self.lock(tmp_path, source.as_uri() + "/")
        parts.file("thing", "thing.txt").write_bytes(b"damaged")
        assert parts.file("thing", "thing.txt").read_bytes() == b"as published"

    def test_with_other_bytes_stops_with_both_hashes(self, source: Path, tmp_path: Path) -> None:
        (source / "thing.txt").write_bytes(b"as tampered with")
        parts = self.lock(tmp_path, source.as_uri() + "/", source.as_uri() + "/")
        with pytest.raises(PartError) as error:
            parts.file("thing", "thing.txt")
        for named in (b"as published", b"as tampered with"):
            assert hashlib.sha256(named).hexdigest() in str(error.value)
        assert "thing.txt of thing 1.0" in str(error.value)

    def test_that_no_source_has_is_named_with_each_reason(self, tmp_path: Path) -> None:
        addresses = [(tmp_path / name).as_uri() + "/" for name in ("here", "there")]
        with pytest.raises(PartError, match=r"thing\.txt of thing 1\.0 .*here/.*there/"):
            self.lock(tmp_path, *addresses).file("thing", "thing.txt")

    def test_wrong_in_the_projects_lock_stops_its_build(self, tmp_path: Path) -> None:
        lock = json.loads((ROOT / "parts.lock.json").read_text())
        engine = next(part for part in lock["parts"] if part["name"] == "pyodide")
        expected = "0" * 64
        found = engine["files"]["pyodide.mjs"]["sha256"]
        engine["files"]["pyodide.mjs"]["sha256"] = expected
        engine["sources"] = [{"url": (ROOT / ".cache" / "parts" / found).as_uri() + "/"}]
        (tmp_path / "lock.json").write_text(json.dumps(lock))
        with pytest.raises(bundle.BuildError, match=rf"pyodide\.mjs.*{found}.*{expected}"):
            bundle.build(tmp_path / "dist", Parts(tmp_path / "lock.json", ROOT / ".cache"))


def test_every_part_is_pinned() -> None:
    for part in json.loads((ROOT / "parts.lock.json").read_text())["parts"]:
        assert part["version"]
        assert part["licence"]
        assert part["sources"]
        for file in part["files"].values():
            assert file["size"] > 0
            assert re.fullmatch("[0-9a-f]{64}", file["sha256"])


@pytest.mark.nightly("builds everything, without the cache")
@pytest.mark.timeout(900)
def test_a_build_anew_needs_no_network_and_gives_the_same_bytes(
    built: Path,
    sources: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for switch in ("PIP_NO_INDEX", "npm_config_offline"):
        monkeypatch.setenv(switch, "true")
    monkeypatch.setenv("https_proxy", "http://localhost:9")  # where nothing answers
    shutil.copytree(ROOT / ".cache" / "parts", tmp_path / "cache" / "parts")
    bundle.build(tmp_path / "dist", Parts(cache=tmp_path / "cache"), sources)
    first, second = contents(built), contents(tmp_path / "dist")
    assert "Fetching" not in capsys.readouterr().out
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_manifest_lists_every_file_with_its_hash(built: Path) -> None:
    files = contents(built)
    listed = json.loads(files.pop("manifest.json"))
    assert listed["files"] == {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }


def test_a_removed_file_leaves_the_site(built: Path, sources: Path) -> None:
    stray = built / "assets" / "stray.js"
    stray.write_text("")
    bundle.build(built, Parts(), sources)
    assert not stray.exists()


def test_pages_can_host_it(built: Path) -> None:
    files = contents(built)
    assert ".nojekyll" in files
    assert max(map(len, files.values())) < 100_000_000


def test_no_address_leaves_the_site_or_depends_on_its_folder(built: Path) -> None:
    """Pages refer to files by relative address, and each such file is there."""
    files = contents(built)
    wrong = []
    for page in (name for name in files if name.endswith((".html", ".css"))):
        text = files[page].decode()
        addresses = re.findall(r"""\b(?:src|href)=["']([^"'#?]+)""", text)
        addresses += re.findall(r"""url\(["']?(?!data:)([^"')#?]+)""", text)
        linked = re.findall(r"""<a\s[^>]*href=["']([^"'#?]+)""", text)
        for address in addresses:
            if address in linked or address.startswith("data:"):
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
            if target not in files and f"{target}/index.html" not in files and target != ".":
                wrong.append((page, address))
    assert wrong == []


def test_modules_import_by_relative_addresses_that_exist(built: Path) -> None:
    files = contents(built)
    found, wrong = 0, []
    for module in (name for name in files if name.startswith("assets/") and name.endswith(".js")):
        for address in IMPORTED.findall(files[module].decode()):
            found += 1
            target = posixpath.normpath(posixpath.join(posixpath.dirname(module), address))
            if target not in files:
                wrong.append((module, address))
    assert found > 10
    assert wrong == []


def test_what_changes_lies_at_another_address(built: Path) -> None:
    """What a browser or a network has kept of an earlier build is never taken for this one's."""
    listed = json.loads((built / "manifest.json").read_text())
    for name, path in listed["names"].items():
        if path.startswith("assets/"):
            assert re.fullmatch(rf"assets/{re.escape(Path(name).stem)}-[\w-]{{8}}\.\w+", path)
        elif name not in SIDE_BY_SIDE:
            assert path.split("/")[-2] == listed["files"][path]["sha256"][:8]
    stable = set(listed["files"]) - set(listed["names"].values())
    assert {path for path in stable if not STABLE.fullmatch(path)} == set()


def test_library_keeps_its_source_beside_the_bytecode(built: Path, sources: Path) -> None:
    (wheel,) = (built / "pyodide").glob("*/nets_core-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for source in (path.relative_to(sources) for path in (sources / "nets_core").rglob("*.py")):
        assert source.as_posix() in names
        assert f"{source.parent.as_posix()}/__pycache__/{source.stem}.cpython-313.pyc" in names


def test_everything_else_is_bytecode_alone(built: Path) -> None:
    (numpy,) = (built / "pyodide").glob("*/numpy-*.whl")
    for archive in (numpy, manifest.names(built)["pyodide/python_stdlib.zip"]):
        names = zipfile.ZipFile(archive).namelist()
        assert len([name for name in names if name.endswith(".pyc")]) > 100
        assert [name for name in names if name.endswith(".py")] == []


def test_packed_files_unpack_to_what_is_announced(built: Path) -> None:
    listed = json.loads((built / "manifest.json").read_text())
    packed = [path for path in listed["files"] if path.endswith((".gz", ".br"))]
    assert sorted(listed["unpacked"]) == packed
    for path, entry in listed["unpacked"].items():
        unpack = gzip.decompress if path.endswith(".gz") else brotli.decompress
        data = unpack((built / path).read_bytes())
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_shards_are_mnist(built: Path) -> None:
    files = manifest.names(built)
    index = json.loads(files["mnist/mnist.json"].read_text())
    data = {
        shard["file"]: gzip.decompress(files[f"mnist/{shard['file']}"].read_bytes())
        for shard in index["shards"]
    }
    images = b"".join(data[f"train-images-{shard}.gz"] for shard in range(6))
    header = bytes.fromhex("00000803 0000ea60 0000001c 0000001c")
    digest = hashlib.md5(header + images, usedforsecurity=False).hexdigest()
    assert digest == "6bbc9ace898e44ae57da46a324031adb"
    assert len(data["test-images.gz"]) == 10_000 * 784
    assert data["train-labels.gz"][:5] == bytes([5, 0, 4, 1, 9])
    assert len(data["test-labels.gz"]) == 10_000


def test_mnist_pickle_may_hold_nothing_but_arrays() -> None:
    for harmful in (b"cos\nsystem\n(S'true'\ntR.", b"cbuiltins\neval\n(S'1'\ntR."):
        with pytest.raises(PartError, match="no NumPy array"):
            mnist_shards.from_pickle(gzip.compress(harmful))
