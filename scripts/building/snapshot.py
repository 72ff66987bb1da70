"""Makes a snapshot: the memory of a Python that has imported what the first prediction needs.

A tab that copies it into the memory of a new engine has Python, NumPy and nets_core at once
(``site/python/boot.js``). ``snapshot.mjs`` makes it, in Node; this module prepares the input.
"""

from __future__ import annotations

import dis
import inspect
import marshal
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType

from building import environment
from building.steps import Files

SCRIPT = Path(__file__).with_suffix(".mjs")
_PYC_HEADER = 16  # bytes before the code object
_EMPTY_ZIP = b"PK\5\6" + bytes(18)
_PROGRAM = """
import gc, os, sys, types

documentation = [f"numpy._core._add_newdocs{part}" for part in ("", "_scalars")]
sys.modules |= {name: types.ModuleType(name) for name in documentation}
import nets_core.kernels, nets_core.page.lab
for name in documentation:
    del sys.modules[name]

# Call the methods that must work at once, since some modules are imported only when needed.
lab = nets_core.page.lab.Lab()
reading = ("reading.predict", "reading.activations")
strokes = {"points": [9.0, 9.0, 9.0, 99.0], "lengths": [2]}
for model in sorted(os.listdir("/models")):
    with open(f"/models/{model}", "rb") as file:
        asked = [("models.open", {"model": model, "data": file.read()})]
    for drawing in strokes, {**strokes, "normalised": False, "side": 280}, {"pixels": [0.5] * 784}:
        asked += [(method, {"model": model, **drawing}) for method in reading]
        asked += [("reading.compare", {"models": [model], **drawing})]
    asked += [(f"training.{name}", {}) for name in ("choices", "progress", "curves", "reset")]
    asked += [("computing.in_use", {}), ("runs.autosave", {})]
    for method, arguments in asked:
        answer = lab.call(method, arguments)
        assert "value" in answer, answer
del lab, reading, strokes, model, file, asked, drawing, method, arguments, answer

del os.environ["PYTHONHASHSEED"]
sys.path.remove("")  # Pyodide puts it there at every start
sys.path_importer_cache.clear()
del documentation, name, types
gc.collect()
"""


class SnapshotError(Exception):
    """Python could not be started in Node; the message says why."""


def snapshot(engine: list[Path], boot: Path, files: Files) -> bytes:
    """Return the snapshot that ``boot`` (``site/python/boot.js``) restores; raises SnapshotError.

    ``engine`` are Pyodide's own files; ``files`` is the content of Python's file system by path:
    modules, libraries to load before Python starts, and trained nets in ``/models``.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path in engine:
            shutil.copyfile(path, folder / path.name)
        shutil.copyfile(boot, folder / "boot.mjs")
        (folder / "python_stdlib.zip").write_bytes(_EMPTY_ZIP)
        (folder / "program.py").write_text(_PROGRAM)
        for path_inside, data in files.items():
            path = folder / "files" / path_inside.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        arguments = [folder, folder / "program.py", folder / "snapshot"]
        done = subprocess.run(
            [environment.node(), SCRIPT, *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = [line for line in done.stderr.splitlines() if "Error" in line[:40]] or [""]
            raise SnapshotError(f"no snapshot of Python could be made: {reason[-1]}")
        return (folder / "snapshot").read_bytes()


def undocumented(members: Files) -> Files:
    """Return the modules with empty docstrings: the first prediction does not need them.

    They are empty rather than absent because NumPy uses some of them as strings.
    """
    return {
        name: data[:_PYC_HEADER] + marshal.dumps(_undocumented(marshal.loads(data[_PYC_HEADER:])))
        if name.endswith(".pyc")
        else data
        for name, data in members.items()
    }


def _undocumented(code: CodeType) -> CodeType:
    constants = [_undocumented(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    place = _docstring(code)
    if place is not None:
        constants[place] = ""
    return code.replace(co_consts=tuple(constants))


def _docstring(code: CodeType) -> int | None:
    """Return the index of the docstring among the constants; None without one."""
    if code.co_flags & inspect.CO_OPTIMIZED:
        documented = code.co_consts and isinstance(code.co_consts[0], str)
        return 0 if documented and not code.co_name.startswith("<") else None
    steps = list(dis.get_instructions(code))
    for step, following in pairwise(steps):
        if (following.opname, following.argval) == ("STORE_NAME", "__doc__"):
            loads = [s for s in steps if s.opname == "LOAD_CONST" and s.arg == step.arg]
            return step.arg if len(loads) == 1 and isinstance(step.argval, str) else None
    return None
