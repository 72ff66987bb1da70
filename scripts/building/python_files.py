"""Makes ``dist/pyodide/``: Python for the tab, its standard library, NumPy and nets_core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from building import bytecode, environment, site_files, snapshot, start_files
from building.environment import say
from building.parts import Parts
from building.start_files import Archives
from building.steps import Files, Input, Steps
from building.vite import packages

_ENGINE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm")
_THIS = sys.modules[__name__]
_DECODER = Path("brotli-dec-wasm") / "pkg" / "brotli_dec_wasm_bg.wasm"
_Step = tuple[Sequence[Input], Callable[[], Files]]  # inputs, function


class WheelError(Exception):
    """The wheel of nets_core cannot be built; the message says why."""


@dataclass(frozen=True)
class PythonFiles:
    """``start`` has the files that the page fetches to run Python, by name; ``wheel`` is the wheel
    of nets_core for installation elsewhere, with sources and without bytecode.
    """

    start: dict[str, Path]
    wheel: Path


def python_files(root: Path, parts: Parts, steps: Steps, snapshot: bool = True) -> PythonFiles:
    """Return the files of ``pyodide/``; raises WheelError, SnapshotError or PartError.

    They serve two ways to start: Pyodide's own, from a standard library and wheels, and that of
    ``site/python/start.js``, from a snapshot of a memory in which these have been imported.
    Without ``snapshot`` there is only the first way, which builds seconds faster.
    """
    engine = {name: parts.file("pyodide", name) for name in _ENGINE}
    original = parts.file("pyodide", "python_stdlib.zip")
    (numpy_name,) = parts.locked["numpy"].files
    official = parts.file("numpy", numpy_name)
    sources = [root / "pyproject.toml", *sorted((root / "nets_core").rglob("*"))]
    sources = [path for path in sources if path.is_file() and path.suffix != ".pyc"]

    def made(name: str, inputs: list[Path], make: Callable[[], Files]) -> Path:
        (archive,) = steps.take(name, [_THIS, bytecode, *inputs], make).values()
        return archive

    stdlib = made("stdlib", [original], partial(_compile, original))
    numpy = made("numpy", [official], partial(_compile, official))
    wheel = made("wheel", sources, partial(_wheel, root))
    library = made("library", [wheel], partial(_compile_library, wheel)) if snapshot else wheel
    lock = parts.file("pyodide", "pyodide-lock.json")
    listed = [lock, numpy, library]
    index = steps.take("index", [_THIS, site_files, *listed], partial(_index, *listed))
    start = engine | {path.name: path for path in (stdlib, numpy, library)} | index
    if snapshot:
        archives = Archives(stdlib, numpy, library)
        start |= _start_files(root, parts, steps, [*engine.values(), lock], archives)
    return PythonFiles(start, wheel)


def _start_files(
    root: Path, parts: Parts, steps: Steps, engine: list[Path], archives: Archives
) -> dict[str, Path]:
    """Return the files that start Python from a snapshot."""
    packed = [path for path in engine if path.name in ("pyodide.asm.wasm", "pyodide.asm.js")]
    brotli = packages(environment.ROOT / "site") / _DECODER
    boot, models = root / "site" / "python" / "boot.js", models_of(root)
    making: dict[str, _Step] = {
        f"start-{path.name}": ([start_files, path], partial(start_files.engine, path))
        for path in packed
    }
    numpy = archives.numpy
    making["start-numpy"] = [start_files, numpy], partial(start_files.libraries, numpy)
    rest = [archives.stdlib, numpy]
    making["start-rest"] = [start_files, *rest], partial(start_files.rest, *rest)
    library = [archives.library]
    making["start-library"] = [start_files, *library], partial(start_files.library, *library)
    making["start-decoder"] = [start_files, brotli], partial(start_files.decoder, brotli)
    with ThreadPoolExecutor() as threads:  # Brotli and zlib release the interpreter's lock
        results = [threads.submit(steps.take, name, *step) for name, step in making.items()]
    start = {name: path for files in results for name, path in files.result().items()}
    standing = [path for name, path in start.items() if name.endswith(".br")]
    make = partial(start_files.memory, engine, boot, models, archives, standing)
    inputs = [snapshot.SCRIPT, boot, *models, *engine, *archives, *standing]
    return start | steps.take("start-memory", [start_files, snapshot, bytecode, *inputs], make)


def models_of(root: Path) -> list[Path]:
    """Return the files of the trained nets."""
    return sorted((root / "site" / "models").glob("*.npz"))


def _compile(archive: Path) -> Files:
    say(f"Compiling {archive.name} for the tab …")
    members = bytecode.compile_archive(archive)
    packed = bytecode.wheel(members) if archive.suffix == ".whl" else bytecode.zipped(members)
    return {archive.name: packed}


def _wheel(root: Path) -> Files:
    """Return the wheel of nets_core as flit builds it."""
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
        return {wheel.name: wheel.read_bytes()}


def _compile_library(wheel: Path) -> Files:
    """Return the wheel with bytecode beside its sources, which tracebacks show.

    It leaves out the README, which METADATA repeats after its fields, and the change log, so that
    editing them needs no new snapshot.
    """
    members = {
        name: data.partition(b"\n\n")[0] + b"\n" if name.endswith("/METADATA") else data
        for name, data in bytecode.compile_archive(wheel, keep_source=True).items()
        if not name.endswith(".md")
    }
    return {wheel.name: bytecode.wheel(members)}


def _index(lock: Path, numpy: Path, library: Path) -> Files:
    """Return a ``pyodide-lock.json`` that lists only the compiled NumPy and nets_core."""
    spec = json.loads(lock.read_text())
    entry = spec["packages"]["numpy"]
    entry |= {"file_name": numpy.name, "sha256": site_files.sha256(numpy.read_bytes())}
    with TemporaryDirectory() as folder:
        start, end = Path(folder) / "start.json", Path(folder) / "end.json"
        start.write_text(json.dumps(spec | {"packages": {"numpy": entry}}))
        options = ["--input", str(start), "--output", str(end), "--base-path", str(library.parent)]
        subprocess.run(
            [sys.executable, "-m", "pyodide_cli", "lockfile", "add-wheels", str(library), *options],
            check=True,
            capture_output=True,
        )
        made = json.loads(end.read_text())
    for package in made["packages"].values():  # each is in a folder named by its hash
        package["file_name"] = site_files.address(package["file_name"], package["sha256"])[1:]
    return {lock.name: json.dumps(made, indent=1).encode()}
