"""The exported script: it runs as it is, and its net learns as the playground's did."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from nets_core.playground.playground import Playground
from nets_core.playground.world import DATA

LONG = 1e9
DROPPED = [
    {"neurons": 6, "activation": "relu", "dropout": 0.2},
    {"neurons": 5, "activation": "swish", "dropout": 0.1},
]
BY_HAND = [[-2.125, 1, 0], [2, 1 / 3, 1], [0, -2, 1], [1, 1, 0]]
WORLDS: list[dict[str, Any]] = [
    {"problem": problem, "data": data, "points": BY_HAND, "noise": 0.1}
    for problem in DATA
    for data in DATA[problem]
] + [
    {"data": "spiral", "layers": [{"neurons": 8}] * 3, "samples": 500, "seed": 7},
    {"layers": []},
    {"layers": DROPPED},
    {"layers": DROPPED, "optimizer": "adam", "learning_rate": 0.01, "l1": 0.001, "l2": 0.01},
    {"l1": 0.01, "batch_size": 7, "share": 0.3, "samples": 61},
    {"features": ["x1^2", "x2^2", "x1x2", "sin(x1)", "sin(x2)"], "learning_rate": 1e-3},
    {"edits": [[0, 0, 1, 2.5], [2, 0, -1, -0.1]], "layers": DROPPED, "initializer": "he"},
    {"problem": "regression", "data": "formula", "formula": "sin(x) * y**2 / 9", "l2": 0.001},
    {"data": "formula", "formula": "exp(-x**2) - 1e-1", "initializer": "nielsen", "noise": 0.3},
    {"batch_size": 500, "samples": 20},
]  # fmt: skip


ENDLESS = "while trainer.epoch < 200:"


def run(script: str, epochs: int = 0) -> list[str]:
    """The script's output; it runs for fewer epochs here, in its own namespace."""
    assert ENDLESS in script
    script = script.replace(ENDLESS, f"while trainer.epoch < {epochs}:")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(script, "playground.py", "exec"), {"__name__": "__main__"})
    return printed.getvalue().splitlines()


def costs(lines: list[str]) -> list[float]:
    return [float(line.rpartition(" ")[2]) for line in lines if line.startswith("update")]


@pytest.mark.parametrize("settings", WORLDS, ids=lambda s: " ".join(map(str, s.values()))[:60])
def test_reproduces_the_first_hundred_updates(settings: dict[str, Any]) -> None:
    playground = Playground()
    playground.make(settings)
    before = playground.export()
    while len(playground.costs()) < 100:
        playground.advance(1, LONG)
    assert len(playground.costs()) == 100
    assert playground.export() == before
    np.testing.assert_allclose(costs(run(before)), playground.costs(), rtol=1e-6)


@pytest.mark.parametrize("settings", [{"layers": DROPPED}, WORLDS[7], WORLDS[9]], ids=str)
def test_goes_on_as_the_playground_does(settings: dict[str, Any]) -> None:
    playground = Playground()
    playground.make({**settings, "batch_size": 9})
    lines = run(playground.export(), epochs=101)
    view = playground.advance(101, LONG)
    assert lines[-1].startswith(f"epoch 101: cost {view['cost']:.6f}")
    if view["test_cost"] is not None:
        assert lines[-1].endswith(f", test cost {view['test_cost']:.6f}")


def test_says_when_something_was_changed_by_hand() -> None:
    playground = Playground()
    playground.adjust({"learning_rate": 0.05})
    assert "# Settings, points or weights were changed" not in playground.export()
    playground.step()
    playground.adjust({"learning_rate": 0.2})
    assert "# Settings, points or weights were changed" in playground.export()
    assert "SGD(0.2)" in playground.export()
    assert costs(run(playground.export()))[0] == pytest.approx(playground.costs()[0])


def test_there_is_nothing_to_export_without_points() -> None:
    playground = Playground()
    playground.make({"data": "points"})
    with pytest.raises(ValueError, match="no points"):
        playground.export()


@pytest.mark.parametrize("settings", WORLDS, ids=lambda s: " ".join(map(str, s.values()))[:60])
def test_is_short_and_imports_nothing_else(settings: dict[str, Any]) -> None:
    playground = Playground()
    playground.make(settings)
    lines = playground.export().splitlines()
    assert len(lines) < 75
    assert max(map(len, lines)) <= 100
    imported = {line.split()[1] for line in lines if line.startswith(("import", "from"))}
    ours = {"nets_core", "nets_core.data", "nets_core.layers", "nets_core.playground"}
    assert imported <= {"numpy", *ours}
