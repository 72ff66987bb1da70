"""``dist/pyodide/``: the tab's Python, its standard library, NumPy and nets_core, byte-compiled."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from building import bytecode, snapshot, start_files
from building.environment import say
from building.parts import Parts
from building.steps import Files, Steps

_ENGINE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm")
_THIS = sys.modules[__name__]
_Step = tuple[Sequence[Path | ModuleType], Callable[[], Files]]  # what goes in, what makes it


class WheelError(Exception):
    """The wheel of nets_core cannot be built; the message says why."""


def python_files(root: Path, parts: Parts, steps: Steps) -> dict[str, Path]:
    """Return the files of ``pyodide/`` by name; raises WheelError, SnapshotError or PartError.

    They serve two ways to start: Pyodide's own, from a standard library and wheels, and the one of
    ``site/python.js``, from a snapshot of the memory in which the same have been imported.
    """
    engine = {name: parts.file("pyodide", name) for name in _ENGINE}
    original = parts.file("pyodide", "python_stdlib.zip")
    (numpy_name,) = parts.locked["numpy"].files
    official = parts.file("numpy", numpy_name)
    sources = [root / "pyproject.toml", *sorted((root / "nets_core").rglob("*"))]
    sources = [path for path in sources if path.is_file() and path.suffix != ".pyc"]

    def compiled(name: str, inputs: list[Path], make: Callable[[], Files]) -> Path:
        (archive,) = steps.take(name, [_THIS, bytecode, *inputs], make).values()
        return archive

    stdlib = compiled("stdlib", [original], partial(_compile, original))
    numpy = compiled("numpy", [official], partial(_compile, official))
    library = compiled("library", sources, partial(_library, root))
    lock = parts.file("pyodide", "pyodide-lock.json")
    listed = [lock, numpy, library]
    index = steps.take("index", [_THIS, *listed], partial(_index, *listed))
    start = _start_files(root, parts, steps, [*engine.values(), lock], (stdlib, numpy, library))
    return engine | {path.name: path for path in (stdlib, numpy, library)} | index | start


def _start_files(
    root: Path, parts: Parts, steps: Steps, engine: list[Path], archives: tuple[Path, Path, Path]
) -> dict[str, Path]:
    """Return the files that ``start.json`` lists, and that itself."""
    packed = [path for path in engine if path.name in ("pyodide.asm.wasm", "pyodide.asm.js")]
    brotli = parts.package("brotli-dec-wasm") / "pkg" / "brotli_dec_wasm_bg.wasm"
    boot, models = root / "site" / "boot.js", sorted((root / "site" / "models").glob("*.npz"))
    making: dict[str, _Step] = {
        f"start-{path.name}": ([start_files, path], partial(start_files.engine, path))
        for path in packed
    }
    make = partial(start_files.libraries, *archives)
    making["start-libraries"] = [start_files, bytecode, *archives], make
    making["start-decoder"] = [start_files, brotli], partial(start_files.decoder, brotli)
    with ThreadPoolExecutor() as threads:  # which Brotli does not hold up
        made = [threads.submit(steps.take, name, *step) for name, step in making.items()]
    start = {name: path for files in made for name, path in files.result().items()}
    standing = [path for name, path in start.items() if name.endswith(".br")]
    make = partial(start_files.memory, engine, boot, models, archives, standing)
    inputs = [snapshot.SCRIPT, boot, *models, *engine, *archives, *standing]
    start |= steps.take("start-memory", [start_files, snapshot, bytecode, *inputs], make)
    make = partial(start_files.index, dict(start))
    return start | steps.take("start", [start_files, *start.values()], make)


def _compile(archive: Path) -> Files:
    say(f"Compiling {archive.name} for the tab …")
    members = bytecode.compile_archive(archive)
    packed = bytecode.wheel(members) if archive.suffix == ".whl" else bytecode.zipped(members)
    return {archive.name: packed}


def _library(root: Path) -> Files:
    """Return the wheel of nets_core, whose modules keep their sources: tracebacks show them."""
    say("Building the wheel of nets_core …")
    with TemporaryDirectory() as folder:
        built = subprocess.run(
            [sys.executable, "-m", "flit_core.wheel", "--outdir", folder, str(root)],
            env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"},
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise WheelError(f"the wheel of nets_core cannot be built: {built.stderr.strip()}")
        (wheel,) = Path(folder).glob("*.whl")
        return {wheel.name: bytecode.wheel(bytecode.compile_archive(wheel, keep_source=True))}


def _index(lock: Path, numpy: Path, library: Path) -> Files:
    """Return a ``pyodide-lock.json`` that lists the compiled NumPy and nets_core alone."""
    spec = json.loads(lock.read_text())
    entry = spec["packages"]["numpy"]
    entry |= {"file_name": numpy.name, "sha256": hashlib.sha256(numpy.read_bytes()).hexdigest()}
    with TemporaryDirectory() as folder:
        start, end = Path(folder) / "start.json", Path(folder) / "end.json"
        start.write_text(json.dumps(spec | {"packages": {"numpy": entry}}))
        options = ["--input", str(start), "--output", str(end), "--base-path", str(library.parent)]
        subprocess.run(
            [sys.executable, "-m", "pyodide_cli", "lockfile", "add-wheels", str(library), *options],
            check=True,
            capture_output=True,
        )
        return {lock.name: end.read_bytes()}
