"""The kernels as the page gets them: which, what happens without them, and while memory grows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from blank import open_blank
from builds import build

pytestmark = pytest.mark.every_engine("WebAssembly")

START = """async () => {
  const harness = await import("./assets/harness.js");
  const { Engine } = await harness.engine();
  const engine = new Engine();
  globalThis.engine = engine;
  await engine.start();
  return engine.computing;
}"""

NUMPY = {"kernels": "numpy", "reason": ""}
RELAXED = {"kernels": "relaxed", "reason": ""}


def start(page: Page, url: str) -> Any:
    """What the page's worker computes with, once that is settled."""
    open_blank(page, url)
    return page.evaluate(START)


def test_the_worker_uses_the_best_that_the_browser_has_and_can_switch(
    page: Page, harness_url: str
) -> None:
    assert start(page, harness_url) == RELAXED
    call = "([method, args]) => engine.call(method, args)"
    assert page.evaluate(call, ["computing.in_use", {}]) == RELAXED
    assert page.evaluate(call, ["computing.use_numpy", {}]) == NUMPY
    assert page.evaluate(call, ["computing.in_use", {}]) == NUMPY
    assert page.evaluate("() => engine.invoke('useKernels')") == RELAXED


def without(opcode: str) -> Callable[[Path], None]:
    """Make the page's worker one of a browser that refuses modules with these bytes in them."""
    refusing = f"""
const {{ validate }} = WebAssembly;
WebAssembly.validate = (bytes) => !String(bytes).includes("{opcode}") && validate(bytes);
"""

    def change(site: Path) -> None:
        with (site / "worker" / "kernels.js").open("a") as script:
            script.write(refusing)

    return change


def test_a_browser_without_relaxed_simd_gets_the_plain_one(
    page: Page, serve_harness: Callable[..., Any], tmp_path: Path
) -> None:
    site = serve_harness(build(tmp_path, without("253,133,2")))
    assert start(page, site.url) == {"kernels": "simd", "reason": ""}


def test_a_browser_without_simd_computes_with_numpy(
    page: Page, serve_harness: Callable[..., Any], tmp_path: Path
) -> None:
    site = serve_harness(build(tmp_path, without("253,12")))
    found = start(page, site.url)
    assert found == {"kernels": "numpy", "reason": "this browser's WebAssembly has no SIMD"}


@pytest.mark.provokes_errors
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("missing", "HTTP status 404"),
        ("truncated", "did not load"),
        ("altered", "it is not the file that belongs here"),
        ("wrong type", "15 bytes came instead of"),
    ],
)
def test_kernels_that_do_not_come(
    page: Page, serve_harness: Callable[..., Any], fault: str, reason: str
) -> None:
    site = serve_harness()
    site.faults["kernels/relaxed.wasm"] = fault
    found = start(page, site.url)
    assert found["kernels"] == "numpy"
    assert found["reason"].startswith("kernels/relaxed.wasm did not load")
    assert reason in found["reason"]
    site.faults.clear()
    assert page.evaluate("() => engine.invoke('useKernels')") == RELAXED


def test_kernels_that_compute_wrongly_are_not_used(
    page: Page, serve_harness: Callable[..., Any], tmp_path: Path
) -> None:
    def change(sources: Path) -> None:
        source = sources / "kernels" / "arrays.wat"
        text = source.read_text()
        wrong = text.replace("(call $each_row (local.get $x) (local.get $b) (i32.const 0))", "", 1)
        assert wrong != text
        source.write_text(wrong)

    site = serve_harness(build(tmp_path, change))
    found = start(page, site.url)
    reason = "the kernel sum_rows computes wrongly in this browser"
    assert found == {"kernels": "numpy", "reason": reason}


GROW = """async () => {
  const harness = await import("./assets/harness.js");
  const { startPython, BrotliClient, startBrotliWorker, urlOf } = harness;
  const { pyodide, rest } = await startPython(() => {}, new BrotliClient(startBrotliWorker()));
  await rest();
  const answer = await fetch(urlOf("kernels/relaxed.wasm"));
  pyodide.FS.writeFile("/kernels.wasm", new Uint8Array(await answer.arrayBuffer()));
  const memory = () => pyodide._module.HEAPU8.length;
  pyodide.globals.set("memory", memory);
  return JSON.parse(pyodide.runPython(`
import json
import numpy as np
from nets_core import Adam, Network, Trainer, ops
from nets_core.kernels import Kernels

ops.use(Kernels("/kernels.wasm"))
rng = np.random.default_rng(0)
x = rng.integers(0, 256, (300, 784)).astype(np.uint8)
labels = rng.integers(0, 10, 300)

def trained(grow):
    net = Network.mlp([784, 30, 10], seed=1)
    trainer = Trainer(net, Adam(0.01), x, labels, batch_size=10)
    kept, sizes = [], [memory()]
    for step in trainer.steps(2):
        if grow and step.step % 5 == 0:
            kept.append(np.ones(10_000_000, np.uint8))
            sizes.append(memory())
    return [float(p.astype(np.float64).sum()) for p in net.parameters()], sizes

calm, _ = trained(False)
grown, sizes = trained(True)
json.dumps([calm, grown, sizes])
`));
}"""


def test_training_goes_on_while_the_memory_grows(page: Page, harness_url: str) -> None:
    open_blank(page, harness_url)
    calm, grown, sizes = page.evaluate(GROW)
    assert len(set(sizes)) > 3, "the memory did not grow in mid-training"
    assert grown == calm
