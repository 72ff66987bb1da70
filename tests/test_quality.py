"""The code is formatted, free of what linters find, and typed, by mypy and by tsc."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from building import environment
from building.parts import Parts

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ("nets_core", "scripts", "site", "tests")
TYPED_PACKAGES = ("comlink", "uplot", "katex", "pyodide-types")


@pytest.mark.parametrize(
    "tool",
    [
        ("ruff", "check", *PYTHON),
        ("ruff", "format", "--check", *PYTHON),
        ("mypy", "nets_core", "scripts"),
    ],
    ids=" ".join,
)
def test_python_is_clean(tool: tuple[str, ...]) -> None:
    assert_clean([sys.executable, "-m", *tool])


def test_javascript_is_typed() -> None:
    parts = Parts()
    packages = [name for name in parts.locked if name.startswith(("@codemirror/", "@lezer/"))]
    for name in (*TYPED_PACKAGES, *packages, "style-mod"):
        parts.package(name)  # into node_modules/, where tsc looks for their types
    tsc = parts.package("typescript") / "bin" / "tsc"
    assert_clean([environment.node(), str(tsc), "--project", "jsconfig.json"])


def assert_clean(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"
