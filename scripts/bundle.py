"""The site put together: what ``dist/`` holds and where each file comes from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import bytecode
import mnist_shards
from environment import ROOT, say
from esm import Files, Linker, LinkError
from parts import Parts

DIST = ROOT / "dist"
_Make = Callable[[Path], None]  # fills the empty folder that it is given
_ENGINE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm")


class BuildError(Exception):
    """The site cannot be built from what is there; the message says why."""


@dataclass(frozen=True)
class Report:
    """How large a built site is."""

    files: int
    bytes: int


def build(dist: Path = DIST, parts: Parts | None = None, root: Path = ROOT) -> Report:
    """Make ``dist`` from ``site/`` and ``nets_core/`` of ``root``; raises PartError or BuildError.

    Steps whose inputs are those of an earlier build are taken from the cache.
    """
    parts = parts or Parts()
    steps = _Steps(parts.cache / "built")
    plan: dict[str, Path | bytes] = {".nojekyll": b""}
    plan |= _linked(root / "site", parts)
    plan |= {f"pyodide/{name}": parts.file("pyodide", name) for name in _ENGINE}
    plan |= _python(parts, steps, root)
    plan |= _tree(
        steps.take("mnist", [_digest_of(mnist_shards)], lambda to: _mnist(parts, to)), "mnist"
    )
    return _write(plan, dist)


def _linked(site: Path, parts: Parts) -> Files:
    files = {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }
    if not files:
        raise BuildError(f"there is no page in {site}.")
    try:
        return Linker(parts.package, set(parts.locked)).link(files)
    except LinkError as failure:
        raise BuildError(str(failure)) from failure


def _python(parts: Parts, steps: _Steps, root: Path) -> dict[str, Path]:
    """Return ``pyodide/``'s standard library, wheels and the lock file that lists them."""
    version = _digest_of(bytecode)
    stdlib = parts.file("pyodide", "python_stdlib.zip")
    (numpy_name,) = parts.locked["numpy"].files
    official = parts.file("numpy", numpy_name)
    sources = [root / "pyproject.toml", *sorted((root / "nets_core").rglob("*.py"))]

    def compiled(step: str, inputs: Sequence[Path | bytes], make: _Make) -> Path:
        (archive,) = steps.take(step, [version, *inputs], make).iterdir()
        return archive

    archives = [
        compiled("stdlib", [stdlib], lambda to: _compile_stdlib(stdlib, to)),
        numpy := compiled("numpy", [official], lambda to: _compile_wheel(official, to)),
        library := compiled("library", sources, lambda to: _build_library(root, to)),
    ]
    lock = parts.file("pyodide", "pyodide-lock.json")
    index = steps.take("index", [lock, numpy, library], lambda to: _index(lock, numpy, library, to))
    return {f"pyodide/{path.name}": path for path in archives} | _tree(index, "pyodide")


def _compile_stdlib(source: Path, to: Path) -> None:
    say("Compiling the standard library for the tab …")
    bytecode.write_zip(bytecode.compile_archive(source), to / source.name)


def _compile_wheel(source: Path, to: Path, keep_source: bool = False) -> None:
    say(f"Compiling {source.name} for the tab …")
    bytecode.write_wheel(bytecode.compile_archive(source, keep_source), to / source.name)


def _build_library(root: Path, to: Path) -> None:
    with TemporaryDirectory() as folder:
        built = subprocess.run(
            [sys.executable, "-m", "flit_core.wheel", "--outdir", folder, str(root)],
            env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"},
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise BuildError(f"the wheel of nets_core could not be built: {built.stderr.strip()}")
        (wheel,) = Path(folder).glob("*.whl")
        _compile_wheel(wheel, to, keep_source=True)


def _index(lock: Path, numpy: Path, library: Path, to: Path) -> None:
    """Write a ``pyodide-lock.json`` that lists the compiled NumPy and nets_core alone."""
    spec = json.loads(lock.read_text())
    entry = spec["packages"]["numpy"]
    entry |= {"file_name": numpy.name, "sha256": hashlib.sha256(numpy.read_bytes()).hexdigest()}
    with TemporaryDirectory() as folder:
        start = Path(folder) / "start.json"
        start.write_text(json.dumps(spec | {"packages": {"numpy": entry}}))
        wheel = shutil.copyfile(library, Path(folder) / library.name)
        command = [sys.executable, "-m", "pyodide_cli", "lockfile", "add-wheels", str(wheel)]
        options = ["--input", str(start), "--output", str(to / lock.name), "--base-path", folder]
        subprocess.run(command + options, check=True, capture_output=True)


def _mnist(parts: Parts, to: Path) -> None:
    say("Packing MNIST …")
    for name, data in mnist_shards.shards(parts).items():
        (to / name).write_bytes(data)


def _write(plan: dict[str, Path | bytes], dist: Path) -> Report:
    """Make ``dist`` hold exactly the files of the plan and a manifest; touch only what differs."""
    contents = {
        address: content if isinstance(content, bytes) else content.read_bytes()
        for address, content in sorted(plan.items())
    }
    entries = {
        address: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for address, data in contents.items()
    }
    manifest = {"version": 1, "files": entries}
    contents["manifest.json"] = json.dumps(manifest, indent=1).encode() + b"\n"
    for path in dist.rglob("*"):
        if path.is_file() and path.relative_to(dist).as_posix() not in contents:
            path.unlink()
    for address, data in contents.items():
        path = dist / address
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.new")
            temporary.write_bytes(data)
            temporary.replace(path)
    return Report(len(contents), sum(map(len, contents.values())))


def _tree(folder: Path, prefix: str) -> dict[str, Path]:
    return {f"{prefix}/{path.name}": path for path in sorted(folder.iterdir())}


def _digest_of(module: object) -> bytes:
    """Return the source of a build step, for the steps that it takes part in to depend on."""
    return Path(str(getattr(module, "__file__", ""))).read_bytes()


class _Steps:
    """Results of build steps, kept under a hash of what went into them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str, inputs: Sequence[Path | bytes], make: _Make) -> Path:
        """Return the folder that ``make`` fills from these inputs, made only if it is not there."""
        digest = hashlib.sha256(Path(__file__).read_bytes())
        for item in inputs:
            data = item if isinstance(item, bytes) else item.name.encode() + item.read_bytes()
            digest.update(hashlib.sha256(data).digest())
        result = self._folder / f"{name}-{digest.hexdigest()[:16]}"
        if not result.exists():
            temporary = self._folder / f".{name}"
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            make(temporary)
            for stale in self._folder.glob(f"{name}-*"):
                shutil.rmtree(stale)
            temporary.rename(result)
        return result
