"""The soaks: what they take for flat, and that one can be run at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from building.environment import ROOT
from soaks.memory import Sizes

BEFORE = Sizes(90e6, 5e6, 30e6)


@pytest.mark.parametrize(
    ("after", "flat"),
    [
        (Sizes(90e6, 5.9e6, 31e6), True),
        (Sizes(60e6, 1e6, 20e6), True),
        (Sizes(91.1e6, 5e6, 30e6), False),
        (Sizes(90e6, 6.1e6, 29e6), False),
        (Sizes(90e6, 5e6, 31.1e6), False),
    ],
)
def test_each_memory_may_grow_by_a_megabyte(after: Sizes, flat: bool) -> None:
    assert after.flat_since(BEFORE) is flat


def test_a_soak_says_what_it_saw_and_how_it_went() -> None:
    command = [sys.executable, "scripts/soak.py", "--only", "cycles", "--minutes", "0.02"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    last = done.stdout.splitlines()[-1]
    assert "cycles: after 10 cycles of start, train and reset WebAssembly" in last, done.stderr
    assert last.startswith("well: " if done.returncode == 0 else "FAILED: ")
