"""The code is formatted, linted and typed; modules that need no page pass Vitest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from building import environment, vite
from building.parts import Parts

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ("nets_core", "scripts", "site", "tests")


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


@pytest.fixture(scope="module")
def site() -> Path:
    """The folder of the page, with its npm packages."""
    with environment.alone(Parts().cache):
        vite.packages(ROOT / "site")
    return ROOT / "site"


@pytest.mark.parametrize("script", ["lint", "types", "test"])
def test_javascript_is_clean_and_passes_its_own_tests(site: Path, script: str) -> None:
    assert_clean([environment.npm(), "run", "--silent", script], site)


def assert_clean(command: list[str], folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"
