"""Build steps with cached results: a step whose inputs have not changed does not run again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

Files = dict[str, bytes]  # name or address -> content
_KEPT = 4  # cached results of each step
Input = Path | ModuleType | str  # a file, the code that runs, or a setting


class Steps:
    """Results of build steps in a folder, each named by a hash of the step's inputs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(
        self, name: str, inputs: Sequence[Input], make: Callable[[], Files]
    ) -> dict[str, Path]:
        """Return the files of a step, by name; ``make`` is called only if they are not cached.

        ``inputs`` are the files that the step reads, the modules that it runs, and its settings.
        """
        digest = hashlib.sha256()
        for item in inputs:
            if isinstance(item, str):
                digest.update(item.encode())
                continue
            path = Path(str(item.__file__)) if isinstance(item, ModuleType) else item
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
        result = self._folder / f"{name}-{digest.hexdigest()[:16]}"
        if not result.exists():
            files = make()
            unfinished = self._folder / f".{name}"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            for file, data in files.items():
                (unfinished / file).parent.mkdir(parents=True, exist_ok=True)
                (unfinished / file).write_bytes(data)
            unfinished.rename(result)
            self._forget(name)
        found = sorted(path for path in result.rglob("*") if path.is_file())
        return {path.relative_to(result).as_posix(): path for path in found}

    def _forget(self, name: str) -> None:
        """Keep only the newest results: enough to switch between versions without a new build."""
        results = list(self._folder.glob(f"{name}-" + "[0-9a-f]" * 16))
        for stale in sorted(results, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            shutil.rmtree(stale)
