"""Selects the tests of ``scripts/test.py --quick``: those that a change can affect."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from pathlib import Path

from building.environment import ROOT
from testing.modules import Modules, strings

ALWAYS = ("tests/test_quality.py::test_python_is_clean", "tests/test_imports.py")
PAGE = "tests/test_quality.py"
"""These tests also check JavaScript and CSS."""
CORE = ("tests/core", "tests/contract")
_ROOTS = (".", "scripts", "tests", "tests/data")
_SHARED = (
    "pyproject.toml",
    "tests/conftest.py",
    "requirements/build.lock",
    "requirements/test.lock",
)
"""A change to one of these can affect every test."""


def changed(root: Path = ROOT) -> list[Path] | None:
    """Return the files that differ from the last commit; None if there are none, or no Git."""
    found: list[Path] = []
    for command in (
        ["diff", "--name-only", "--no-renames", "-z", "HEAD"],
        ["ls-files", "--others", "--exclude-standard", "-z"],
    ):
        answer = subprocess.run(
            ["git", *command], cwd=root, capture_output=True, text=True, check=False
        )
        if answer.returncode:
            return None
        found += (root / name for name in answer.stdout.split("\0") if name)
    return found or None


def selection(files: Collection[Path] | None, root: Path = ROOT) -> list[str]:
    """Return the arguments for pytest after a change to these files; for None, all quick tests."""
    if files is None:
        return [PAGE, *ALWAYS[1:], *CORE]
    page = any(file.is_relative_to(root / "site") for file in files)
    return [*([PAGE, *ALWAYS[1:]] if page else ALWAYS), *_core_tests(set(files), root)]


def _core_tests(files: set[Path], root: Path) -> list[str]:
    removed = any(file.suffix == ".py" and not file.exists() for file in files)
    if removed or any(root / name in files for name in _SHARED):
        return list(CORE)
    modules = Modules(root, *_ROOTS)
    names = {file.name for file in files if file.suffix != ".py"}
    return [
        str(path.relative_to(root))
        for folder in CORE
        for path in sorted((root / folder).rglob("test_*.py"))
        if modules.reached(path) & files or strings(path) & names
    ]
