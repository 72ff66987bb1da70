"""The exported script under CPython beside the playground in the tab: the same curve."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from blank import open_blank
from building.environment import ROOT
from visiting import visitor

WORLDS: list[dict[str, Any]] = [
    {"data": "spiral", "layers": [{"neurons": 8}] * 3, "samples": 500, "seed": 2},
    {
        "data": "formula",
        "formula": "sin(x) * 3",
        "layers": [{"neurons": 6, "activation": "relu", "dropout": 0.3}, {"neurons": 4}],
        "optimizer": "adam",
        "learningRate": 0.01,
        "l1": 0.001,
        "l2": 0.001,
        "noise": 0.1,
        "edits": [[0, 1, 0, 1.5], [2, 0, -1, -0.25]],
    },
    {"problem": "regression", "data": "hills", "features": ["x1", "x2", "sin(x1)", "sin(x2)"]},
    {
        "data": "points",
        "points": [[-1.5, 0.25, 0], [2, 1 / 3, 1], [0, -2, 1]],
        "layers": [{"activation": "swish"}],
    },
]

LEARN = """async (worlds) => {
  const harness = await import("./assets/harness.js");
  const { Engine } = await harness.engine();
  const engine = new Engine();
  await engine.start();
  const learned = [];
  for (const settings of worlds) {
    await engine.call("playground.make", { settings });
    const script = await engine.call("playground.export");
    for (let i = 0; i < 10; i++) {  // a call that takes too long is taken for a dead worker
      await engine.call("playground.advance", { epochs: 10, milliseconds: 1e6 });
    }
    learned.push({ script, costs: [...(await engine.call("playground.costs"))] });
  }
  return learned;
}"""


@pytest.fixture(scope="module")
def learned(browser: Browser, harness_url: str) -> Any:
    with visitor(browser) as context:
        page = context.new_page()
        open_blank(page, harness_url)
        return page.evaluate(LEARN, WORLDS)


@pytest.mark.parametrize("index", range(len(WORLDS)), ids=lambda i: WORLDS[i].get("data"))
def test_the_script_runs_as_it_is_and_learns_the_same(
    learned: Any, index: int, tmp_path: Path
) -> None:
    file = tmp_path / "playground_net.py"
    file.write_text(learned[index]["script"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(file)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    told = [json.loads(line.rpartition(" ")[2]) for line in lines if line.startswith("update")]
    assert len(told) == 100
    assert told == pytest.approx(learned[index]["costs"], rel=1e-6)
    assert lines[-1].startswith("epoch 200: cost ")
