"""A test that hangs costs itself, and nothing else of the run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from building.environment import ROOT

HANGS = """\
import threading, pytest

@pytest.mark.parametrize("i", range(5))
def test_it(i):
    if i == 2:
        threading.Event().wait()
"""
SPREAD = ("--numprocesses=2", "--dist=loadscope", "--timeout=10", "--timeout-method=thread")


def test_a_test_that_hangs_is_tried_once_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT / 'tests'}\n")
    (tmp_path / "test_hanging.py").write_text(HANGS)
    (tmp_path / "test_others.py").write_text(HANGS.replace("i == 2", "False"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *SPREAD],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "crashed while running 'test_hanging.py::test_it[2]'" in done.stdout, done.stderr
    assert " 1 failed, 9 passed" in done.stdout.splitlines()[-1]
