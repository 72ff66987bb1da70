"""``site/python/start.js``: Python starts, tells how far it is, or says why it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import visiting
from blank import open_blank
from building import bytecode

pytestmark = pytest.mark.every_engine("start and WebAssembly")

START = """
async (before) => {
  if (before) (0, eval)(before);
  const { startPython, BrotliClient, startBrotliWorker } = await import("./assets/harness.js");
  const reports = [];
  const report = (progress) => reports.push(progress);
  try {
    const brotli = new BrotliClient(startBrotliWorker());
    const { pyodide, rest, trouble } = await startPython(report, brotli);
    Object.assign(globalThis, { pyodide, rest });
    const total = pyodide.runPython("import nets_core, numpy; float(numpy.arange(5.0).sum())");
    return { total, reports, trouble };
  } catch (error) {
    return { error: error.message, reports };
  }
}
"""
MODULES = ("pyodide.mjs", "pyodide-lock.json")
ARCHIVES = (
    "brotli.wasm.gz",
    "pyodide.asm.wasm.br",
    "pyodide.asm.js.br",
    "numpy.files.br",
    "snapshot.br",
)
LATER = ("later.files.gz", "nets_core.files.gz")


def start(page: Page, url: str, before: str = "") -> dict[str, Any]:
    open_blank(page, url)
    result: dict[str, Any] = page.evaluate(START, before)
    return result


def test_reports_each_stage_up_to_all_bytes(page: Page, harness_url: str, dist: Path) -> None:
    result = start(page, harness_url)
    assert result["total"] == 10.0
    *coming, last = result["reports"]
    assert last["stage"] == "ready"
    order = ["engine", "numpy", "library"]
    stages = [order.index(progress["stage"]) for progress in coming]
    assert stages == sorted(stages)
    loaded = [progress["loaded"] for progress in coming]
    assert loaded == sorted(loaded)
    manifest = json.loads((dist / "manifest.json").read_text())
    parts = [manifest["files"][manifest["names"][f"pyodide/{file}"]] for file in ARCHIVES]
    assert loaded[-1] == sum(part["bytes"] for part in parts)
    assert {progress["total"] for progress in coming} == {loaded[-1]}


@pytest.fixture(scope="module")
def failing_page(browser: Browser) -> Iterator[Page]:
    """A page for many starts that fail, each at a server of its own."""
    with visiting.visitor(browser, errors=True) as context:
        yield context.new_page()


@pytest.mark.parametrize("file", MODULES + ARCHIVES)
def test_names_the_file_that_is_missing(
    failing_page: Page, serve_harness: Callable[[], Any], file: str
) -> None:
    site = serve_harness()
    site.faults[f"pyodide/{file}"] = "missing"
    assert start(failing_page, site.url)["error"] == f"pyodide/{file} did not load: HTTP status 404"


@pytest.mark.parametrize("fault", ["truncated", "wrong type"])
@pytest.mark.parametrize("file", MODULES + ARCHIVES)
def test_names_the_file_that_came_damaged(
    failing_page: Page, serve_harness: Callable[[], Any], file: str, fault: str
) -> None:
    site = serve_harness()
    site.faults[f"pyodide/{file}"] = fault
    assert start(failing_page, site.url)["error"].startswith(f"pyodide/{file} did not load: ")


def test_starts_where_the_server_has_the_browser_unpack(
    page: Page, serve_harness: Callable[[], Any]
) -> None:
    site = serve_harness()
    gzipped = [file for file in (*ARCHIVES, *LATER) if file.endswith(".gz")]
    site.faults |= {f"pyodide/{file}": "declared gzip" for file in gzipped}
    assert start(page, site.url)["total"] == 10.0
    page.evaluate("rest()")


def test_starts_where_the_browser_cannot_unpack(page: Page, harness_url: str) -> None:
    result = start(page, harness_url, "delete globalThis.DecompressionStream")
    assert (result["total"], result["trouble"]) == (10.0, "")


# A module that is no library in the place of NumPy's.
FOREIGN = """
  const { compile } = WebAssembly;
  WebAssembly.compile = (bytes) => bytes.length > 1e6
    ? compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])) : compile(bytes);
"""
DAMAGED = """
  const { parse } = JSON;
  JSON.parse = (text) => {
    const value = parse(text);
    if (value?.runs) value.runs.pop();
    return value;
  };
"""


OTHERS = """
  const { parse } = JSON;
  JSON.parse = (text) => {
    const value = parse(text);
    if (value?.runs) value.files["numpy.files.br"] = "0".repeat(64);
    return value;
  };
"""


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (FOREIGN, "need dylink section"),
        (DAMAGED, "It is damaged."),
        (OTHERS, "It was made with another numpy.files.br."),
    ],
    ids=["foreign library", "damaged", "of another build"],
)
def test_a_snapshot_that_does_not_wake_is_told_and_does_no_harm(
    page: Page, harness_url: str, trouble: str, reason: str
) -> None:
    result = start(page, harness_url, trouble)
    assert result["total"] == 10.0
    assert result["trouble"].startswith("Python was started without its snapshot")
    assert result["trouble"].endswith(reason)


def test_says_that_webassembly_is_missing(page: Page, harness_url: str) -> None:
    assert "no WebAssembly" in start(page, harness_url, "delete globalThis.WebAssembly")["error"]


def test_an_engine_that_cannot_start_is_an_error_not_a_wait(page: Page, harness_url: str) -> None:
    """As on a phone that has no memory left for it."""
    refuse = """
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = (module, imports) => imports?.env
        ? Promise.reject(new RangeError("out of memory")) : instantiate(module, imports);
    """
    error = start(page, harness_url, refuse)["error"]
    assert error == "Python's engine could not start: out of memory"


def run(page: Page, code: str) -> Any:
    return page.evaluate("code => pyodide.runPython(code)", code)


def test_the_rest_of_python_and_numpy_comes_later(page: Page, harness_url: str, dist: Path) -> None:
    """At first what reading needs is there and no more; then all that Pyodide itself would have."""
    start(page, harness_url)
    find = "from importlib.util import find_spec; "
    for name in ("numpy.random", "numpy.fft", "unittest", "encodings.cp1252"):
        assert run(page, f"{find} find_spec('{name}') is None"), name
    page.evaluate("rest()")
    (wheel,) = dist.glob("pyodide/*/numpy-*.whl")
    (stdlib,) = dist.glob("pyodide/*/python_stdlib.zip")
    modules = [f"/lib/python3.13/{name}" for name in bytecode.read_zip(stdlib)]
    modules += [
        f"/lib/python3.13/site-packages/{name}"
        for name in bytecode.read_zip(wheel)
        if re.search(r"\.(pyc|so)$", name) and not re.search(r"/(tests|f2py|_pyinstaller)/", name)
    ]
    assert len(modules) > 600
    missing = run(
        page,
        f"""
        import os, sys
        files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
        loaded = {{name for name in files if name.endswith(".so")}}
        ", ".join(p for p in {modules} if p not in loaded and not os.path.exists(p))
        """,
    )
    assert missing == ""
    assert run(page, "import numpy.random, unittest; b'\\x80'.decode('cp1252')") == "€"
    run(
        page, "import logging.handlers, concurrent.futures.thread, importlib.metadata, pyodide.http"
    )


SEEDED = """
import json, numpy as np
from nets_core import Adam, Network, Trainer
rng = np.random.default_rng(3)
x, labels = rng.integers(0, 256, (400, 784), np.uint8), rng.integers(0, 10, 400)
net = Network.mlp([784, 30, 10], activation="tanh", output="softmax", loss="cross_entropy",
                  initializer="xavier", seed=1)
before = net.forward(x[:3] / np.float32(255)).tolist()
Trainer(net, Adam(0.01), x, labels, batch_size=32, seed=2).run(epochs=2)
answer = json.dumps([before, [array.tolist() for array in net.parameters()]])
"""


def test_a_woken_python_computes_what_a_started_one_does(page: Page, harness_url: str) -> None:
    """The same predictions and the same training, bit for bit."""
    answers = []
    for before in ("", "delete globalThis.DecompressionStream"):
        start(page, harness_url, before)
        page.evaluate("rest()")
        answers.append(run(page, f"{SEEDED}\nanswer"))
    assert answers[0] == answers[1]
    assert len(answers[0]) > 100_000


def test_no_two_tabs_draw_the_same_numbers(context: BrowserContext, harness_url: str) -> None:
    draws = "import random, numpy as np; str([random.random(), np.random.random(), os.urandom(4)])"
    drawn = []
    for page in (context.new_page(), context.new_page()):
        start(page, harness_url)
        page.evaluate("rest()")
        drawn.append(run(page, f"import os; {draws}"))
    first, second = (answer.strip("[]").split(", ") for answer in drawn)
    assert [a for a, b in zip(first, second, strict=True) if a == b] == []


def test_tracebacks_show_sources_once_they_are_there(page: Page, harness_url: str) -> None:
    start(page, harness_url)
    page.evaluate("rest()")
    wrong = "import traceback, nets_core\ntry:\n    nets_core.Network.mlp([0, 1])\n"
    told = run(page, wrong + "except ValueError:\n    told = traceback.format_exc()\ntold")
    assert 'site-packages/nets_core/network.py", line' in told
    assert re.search(r"\n    \S.*\n", told.partition("nets_core/network.py")[2])


def test_memory_grows_after_the_start(page: Page, harness_url: str) -> None:
    start(page, harness_url)
    size = "pyodide._module.HEAPU8.length"
    before = page.evaluate(size)
    total = run(page, "import numpy as np; x = np.ones(30_000_000); float(x.sum())")
    assert total == 30_000_000
    assert page.evaluate(size) > before + 200_000_000


@pytest.mark.provokes_errors
@pytest.mark.parametrize("file", LATER)
def test_the_rest_is_asked_for_again(page: Page, serve_site: Callable[[], Any], file: str) -> None:
    """Reading goes on without it; training names it, and works once it is there."""
    site = serve_site()
    site.faults[f"pyodide/{file}"] = "missing"
    visiting.open_ready(page, site.url)
    visiting.draw(page, visiting.SEVEN)
    visiting.expect_guess(page, 7)
    expect(visiting.part(page, "train-start")).to_be_enabled()
    train = "nets.train({ epochs: 1 }).catch((error) => error.message)"
    assert page.evaluate(train) == f"pyodide/{file} did not load: HTTP status 404"
    del site.faults[f"pyodide/{file}"]
    visiting.part(page, "train-start").click()
    visiting.expect_state(page, "training", 60_000)
