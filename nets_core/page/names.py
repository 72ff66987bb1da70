"""Translates the names of settings and results between the page and Python.

The page says ``learningRate`` where Python says ``learning_rate``. Only this module translates.
Files of saved runs hold the page's names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nets_core import checks

PAGE_NAMES = {
    "batch_size": "batchSize",
    "check_sees": "checkSees",
    "examples_per_second": "examplesPerSecond",
    "greatest_accuracies": "greatestAccuracies",
    "greatest_costs": "greatestCosts",
    "learning_rate": "learningRate",
    "least_accuracies": "leastAccuracies",
    "least_costs": "leastCosts",
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
    """``value`` with the page's names as the keys of its dicts, nested ones too.

    Large integers become floats: Pyodide would make BigInts of them, which the page cannot mix
    with its numbers.
    """
    if isinstance(value, dict):
        return {PAGE_NAMES.get(name, name): to_page(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [to_page(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= checks.MOST:
        return float(value)
    return value


def from_page(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with Python's names as keys.

    Raises ValueError for a key that is Python's name: on the page a setting has only one name.
    """
    for name in values:
        if name in PAGE_NAMES:
            raise ValueError(f"setting is {checks.quoted(name)}, expected {PAGE_NAMES[name]!r}")
    return {_PYTHON_NAMES.get(name, name): value for name, value in values.items()}


def message_to_page(message: str) -> str:
    """The error message with the page's names of settings."""
    return _PYTHON_NAME.sub(lambda found: PAGE_NAMES[found[0]], message)
