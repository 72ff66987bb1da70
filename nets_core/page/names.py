"""The names of settings and results on the page, and those in Python.

The page's contract says ``learningRate`` where Python says ``learning_rate``. Both are translated
here and nowhere else. Files of saved runs hold the page's names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PAGE_NAMES = {
    "batch_size": "batchSize",
    "check_sees": "checkSees",
    "examples_per_second": "examplesPerSecond",
    "learning_rate": "learningRate",
    "most_bytes": "mostBytes",
    "test_accuracies": "testAccuracies",
    "test_accuracy": "testAccuracy",
    "test_cost": "testCost",
    "test_costs": "testCosts",
    "test_epochs": "testEpochs",
    "test_targets": "testTargets",
    "train_accuracy": "trainAccuracy",
    "train_targets": "trainTargets",
}
"""The page's name for each of Python's that differs from it."""
_PYTHON_NAMES = {page: python for python, page in PAGE_NAMES.items()}
_PYTHON_NAME = re.compile(rf"\b({'|'.join(PAGE_NAMES)})\b")


def to_page(value: Any) -> Any:
    """``value`` with the page's names as the keys of its dicts, also of dicts within."""
    if isinstance(value, dict):
        return {PAGE_NAMES.get(name, name): to_page(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [to_page(inner) for inner in value]
    return value


def from_page(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with Python's names as keys.

    Raises ValueError for a key that is Python's name already: a setting has one name on the page.
    """
    for name in values:
        if name in PAGE_NAMES:
            raise ValueError(f"setting is {name!r}, expected {PAGE_NAMES[name]!r}")
    return {_PYTHON_NAMES.get(name, name): value for name, value in values.items()}


def message_to_page(message: str) -> str:
    """An error message that calls settings by the page's names."""
    return _PYTHON_NAME.sub(lambda found: PAGE_NAMES[found[0]], message)
