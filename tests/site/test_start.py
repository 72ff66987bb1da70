"""``site/python.js``: Python starts, tells how far it is, or says why it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import bytecode
import visiting
from blank import open_blank

START = """
async (before) => {
  if (before) (0, eval)(before);
  const { startPython } = await import("./python.js");
  const reports = [];
  try {
    const { pyodide, rest } = await startPython((progress) => reports.push(progress));
    Object.assign(globalThis, { pyodide, rest });
    const total = pyodide.runPython("import nets_core, numpy; float(numpy.arange(5.0).sum())");
    return { total, reports };
  } catch (error) {
    return { error: error.message, reports };
  }
}
"""
MODULES = ("pyodide.mjs", "pyodide-lock.json", "start.json")
ARCHIVES = (
    "pyodide.asm.wasm.gz",
    "pyodide.asm.js.gz",
    "python_stdlib.zip.gz",
    "numpy.files.gz",
    "nets_core.files.gz",
)
LATER = "later.files.gz"


def start(page: Page, url: str, before: str = "") -> dict[str, Any]:
    open_blank(page, url)
    result: dict[str, Any] = page.evaluate(START, before)
    return result


def test_reports_each_stage_up_to_all_bytes(page: Page, site_url: str, dist: Path) -> None:
    result = start(page, site_url)
    assert result["total"] == 10.0
    *coming, last = result["reports"]
    assert last["stage"] == "ready"
    order = ["engine", "numpy", "library"]
    stages = [order.index(progress["stage"]) for progress in coming]
    assert stages == sorted(stages)
    loaded = [progress["loaded"] for progress in coming]
    assert loaded == sorted(loaded)
    parts = json.loads((dist / "pyodide" / "start.json").read_text())
    assert loaded[-1] == sum(part["bytes"] for part in parts if part["file"] != LATER)
    assert {progress["total"] for progress in coming} == {loaded[-1]}


@pytest.mark.provokes_errors
@pytest.mark.parametrize("file", MODULES + ARCHIVES)
def test_names_the_file_that_is_missing(
    page: Page, serve_site: Callable[[], Any], file: str
) -> None:
    site = serve_site()
    site.faults[f"pyodide/{file}"] = "missing"
    assert start(page, site.url)["error"] == f"pyodide/{file} did not load: HTTP status 404"


@pytest.mark.provokes_errors
@pytest.mark.parametrize("fault", ["truncated", "wrong type"])
@pytest.mark.parametrize("file", MODULES + ARCHIVES)
def test_names_the_file_that_came_damaged(
    page: Page, serve_site: Callable[[], Any], file: str, fault: str
) -> None:
    site = serve_site()
    site.faults[f"pyodide/{file}"] = fault
    assert start(page, site.url)["error"].startswith(f"pyodide/{file} did not load: ")


def test_starts_where_the_server_has_the_browser_unpack(
    page: Page, serve_site: Callable[[], Any]
) -> None:
    site = serve_site()
    site.faults |= {f"pyodide/{file}": "declared gzip" for file in ARCHIVES}
    assert start(page, site.url)["total"] == 10.0


def test_starts_where_the_browser_cannot_unpack(page: Page, site_url: str) -> None:
    assert start(page, site_url, "delete globalThis.DecompressionStream")["total"] == 10.0


def test_says_that_webassembly_is_missing(page: Page, site_url: str) -> None:
    assert "no WebAssembly" in start(page, site_url, "delete globalThis.WebAssembly")["error"]


def test_an_engine_that_cannot_start_is_an_error_not_a_wait(page: Page, site_url: str) -> None:
    """As on a phone that has no memory left for it."""
    refuse = """
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = (module, imports) => imports?.env
        ? Promise.reject(new RangeError("out of memory")) : instantiate(module, imports);
    """
    error = start(page, site_url, refuse)["error"]
    assert error == "Python's engine could not start: out of memory"


def run(page: Page, code: str) -> Any:
    return page.evaluate("code => pyodide.runPython(code)", code)


def test_the_rest_of_python_and_numpy_comes_later(page: Page, site_url: str, dist: Path) -> None:
    """At first what reading needs is there and no more; then all that Pyodide itself would have."""
    start(page, site_url)
    find = "from importlib.util import find_spec; "
    for name in ("numpy.random", "numpy.fft", "unittest", "encodings.cp1252"):
        assert run(page, f"{find} find_spec('{name}') is None"), name
    page.evaluate("rest()")
    (wheel,) = dist.glob("pyodide/numpy-*.whl")
    modules = [
        f"/lib/python3.13/{n}" for n in bytecode.read_zip(dist / "pyodide/python_stdlib.zip")
    ]
    modules += [
        f"/lib/python3.13/site-packages/{name}"
        for name in bytecode.read_zip(wheel)
        if re.search(r"\.(pyc|so)$", name) and not re.search(r"/(tests|f2py|_pyinstaller)/", name)
    ]
    assert len(modules) > 600
    missing = run(
        page,
        f"""
        import os, zipfile
        names = zipfile.ZipFile("/lib/python313.zip").namelist()
        zipped = {{"/lib/python3.13/" + name for name in names}}
        ", ".join(path for path in {modules} if path not in zipped and not os.path.exists(path))
        """,
    )
    assert missing == ""
    assert run(page, "import numpy.random, unittest; b'\\x80'.decode('cp1252')") == "€"
    run(
        page, "import logging.handlers, concurrent.futures.thread, importlib.metadata, pyodide.http"
    )


@pytest.mark.provokes_errors
def test_the_rest_is_asked_for_again(page: Page, serve_site: Callable[[], Any]) -> None:
    """Reading goes on without it; training names it, and works once it is there."""
    site = serve_site()
    site.faults[f"pyodide/{LATER}"] = "missing"
    visiting.open_ready(page, site.url)
    visiting.draw(page, visiting.SEVEN)
    visiting.expect_guess(page, 7)
    expect(visiting.part(page, "train-start")).to_be_enabled()
    train = "nets.train({ epochs: 1 }).catch((error) => error.message)"
    assert page.evaluate(train) == f"pyodide/{LATER} did not load: HTTP status 404"
    del site.faults[f"pyodide/{LATER}"]
    visiting.part(page, "train-start").click()
    visiting.expect_state(page, "training", 60_000)
