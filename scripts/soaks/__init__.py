"""The soak tests of ``scripts/soak.py``: each takes longer than a test may.

``SOAKS`` lists them by name; the docstring of each function says what it does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from soaks import fuzzing, memory


@dataclass(frozen=True)
class Soak:
    """``run`` takes a time in minutes; it returns whether all was well, and a sentence about it."""

    run: Callable[[float], tuple[bool, str]]
    minutes: float


SOAKS = {
    "cycles": Soak(memory.cycles, 10),
    "training": Soak(memory.training, 60),
    **{f"files-{name}": Soak(partial(fuzzing.soak, name), 10) for name in fuzzing.TARGETS},
}
