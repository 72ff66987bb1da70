"""The library's tests, run by pytest in the tab: the same tests in the Python that visitors get."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import tally
from blank import DOCUMENT
from building.environment import ROOT
from building.parts import Parts
from webkit import Visit

pytestmark = pytest.mark.every_engine("numbers")

Tell = Callable[[str, object], None]

WHEELS = (
    "pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "sortedcontainers",
    "hypothesis",
)

ALL = ("tests/core",)
NUMBERS = tuple(
    f"tests/core/{name}.py"
    for name in ("test_gradients", "test_layers", "test_numerics", "test_ops", "data/test_digits")
)
"""What engines might compute differently: run in the others than Chromium, and with the kernels."""

# Tests that need what a tab does not have, each with what that is.
NOT_IN_THE_TAB: dict[str, str] = {}

IN_THE_TAB = """
async ({ wheels, files, options, kernels, numbers }) => {
  const harness = await import("./assets/harness.js");
  const { startPython, BrotliClient, startBrotliWorker, urlOf } = harness;
  const { pyodide, rest } = await startPython(() => {}, new BrotliClient(startBrotliWorker()));
  await rest();
  await pyodide.loadPackage(wheels, { messageCallback: () => {} });
  for (const [path, text] of Object.entries(files)) {
    pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    pyodide.FS.writeFile(path, text);
  }
  const lines = [];
  pyodide.setStdout({ batched: (line) => lines.push(line) });
  pyodide.globals.set("options", pyodide.toPy(options));
  pyodide.globals.set("numbers", pyodide.toPy(numbers));
  const answer = await fetch(urlOf(`kernels/${kernels}.wasm`));
  pyodide.FS.writeFile("/kernels.wasm", new Uint8Array(await answer.arrayBuffer()));
  try {
    const tallies = pyodide.runPython(`
import json, os, sys
os.chdir("/checkout")
sys.path.insert(0, "/checkout/tests/site")
import tally
from nets_core import ops
from nets_core.kernels import Kernels

def way():
    return type(ops.in_use).__name__

plain = tally.run(*options) | {"way": way()}
ops.use(Kernels("/kernels.wasm"))
fast = tally.run(*numbers) | {"way": way()}
json.dumps({"Operations": plain, "Kernels": fast})
`);
    return { tallies: JSON.parse(tallies), lines };
  } catch (error) {
    return { error: error.message, lines };
  }
}
"""
"""The tests with NumPy, then the numerical ones with the kernels."""


@pytest.mark.timeout(900)
def test_the_librarys_tests_pass_in_the_tab(
    page: Page, serve_harness: Callable[..., Any], record_property: Tell
) -> None:
    """All tests in Chromium, the numbers in Firefox; the numbers with the kernels as well."""
    site = serve_harness()
    assert page.context.browser is not None
    engine = page.context.browser.browser_type.name
    tests = ALL if engine == "chromium" else NUMBERS
    given = _prepare(site, "relaxed", tests)
    page.goto(f"{site.url}blank.html")
    inside = page.evaluate(IN_THE_TAB, given)
    _expect_all_passed(inside, engine, tests, record_property)


@pytest.mark.timeout(900)
def test_the_librarys_tests_pass_in_webkit(
    webkit: Callable[[], AbstractContextManager[Visit]],
    serve_harness: Callable[..., Any],
    record_property: Tell,
) -> None:
    """With those that browsers get which have no relaxed SIMD."""
    site = serve_harness()
    given = _prepare(site, "simd", NUMBERS)
    with webkit() as visit:
        visit.open(f"{site.url}blank.html")
        inside = visit.evaluate(IN_THE_TAB, given)
    _expect_all_passed(inside, "webkit", NUMBERS, record_property)


def _expect_all_passed(
    inside: dict[str, Any], engine: str, tests: tuple[str, ...], record_property: Tell
) -> None:
    lines = inside["lines"]
    for line in lines:
        if re.fullmatch(r"=+ .*passed.* in .*s.* =+", line):
            record_property(f"in the tab, {engine}", line.strip("= "))
    said = "\n".join(lines) or "pytest said nothing"
    assert "error" not in inside, f"{inside['error']} after {said}"
    for way, ran in {"Operations": tests, "Kernels": NUMBERS}.items():
        found = inside["tallies"][way]
        expected = [name for name in _collected_outside(ran) if name not in NOT_IN_THE_TAB]
        assert found["exit code"] == 0, said
        assert found["way"] == way
        assert len(expected) > (2000 if ran == ALL else 200)
        assert found["collected"] == expected
        assert set(found["passed"]) | set(found["skipped"]) == set(expected)


def _options(tests: tuple[str, ...]) -> list[str]:
    """Return pytest's options, the same on both sides, of which none comes from a file."""
    left_out = [option for name in NOT_IN_THE_TAB for option in ("--deselect", name)]
    plain = ["-c", "/dev/null", "--rootdir=.", "--import-mode=importlib", "-p", "no:cacheprovider"]
    return ["-v", *plain, *left_out, *tests]


def _collected_outside(tests: tuple[str, ...]) -> list[str]:
    """Return the names of the library's tests as CPython's pytest collects them."""
    program = "import json, sys, tally; print(json.dumps(tally.run(*sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", program, "--collect-only", *_options(tests)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'site'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    names: list[str] = json.loads(done.stdout.splitlines()[-1])["collected"]
    return names


def _prepare(site: Any, kernels: str, tests: tuple[str, ...]) -> dict[str, Any]:
    """Have a site serve what the tests need; return what the script is given."""
    parts = Parts()
    wheels = [parts.file(name, next(iter(parts.locked[name].files))) for name in WHEELS]
    site.guests["blank.html"] = DOCUMENT.encode()
    site.guests |= {f"wheels/{wheel.name}": wheel.read_bytes() for wheel in wheels}
    sources = [ROOT / "tests" / "conftest.py", Path(tally.__file__)]
    sources += [path for path in (ROOT / "tests" / "core").rglob("*") if path.is_file()]
    return {
        "wheels": [f"{site.url}wheels/{wheel.name}" for wheel in wheels],
        "files": {
            f"/checkout/{path.relative_to(ROOT).as_posix()}": path.read_text()
            for path in sources
            if path.suffix != ".pyc"
        },
        "options": _options(tests),
        "numbers": _options(NUMBERS),
        "kernels": kernels,
    }
