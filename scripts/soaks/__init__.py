"""What ``scripts/soak.py`` runs: each takes longer than a test may.

A soak is entered in ``SOAKS`` under a name; what it does is told by its docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from soaks import fuzzing, memory


@dataclass(frozen=True)
class Soak:
    """``run`` takes minutes and returns whether all was well and, in a sentence, what was seen."""

    run: Callable[[float], tuple[bool, str]]
    minutes: float


SOAKS = {
    "cycles": Soak(memory.cycles, 10),
    "training": Soak(memory.training, 60),
    **{f"files-{name}": Soak(partial(fuzzing.soak, name), 10) for name in fuzzing.TARGETS},
}
