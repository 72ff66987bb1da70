"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is first imported

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler.protocol import Scheduling

# The same examples at every run and on every machine, and none fails for being slow.
settings.register_profile("nets", derandomize=True, deadline=None)
settings.load_profile("nets")

LONGEST = ("test_tab_core.py", "test_webkit.py", "test_fuzzing.py")
ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """What ``scripts/test.py`` says to the tests of the site."""
    parser.addoption(
        "--engines",
        type=lambda names: names.split(","),
        default=["chromium", "firefox", "webkit"],
        help="only tests in these browsers, and those that need none",
    )
    parser.addoption("--built", action="store_true", help="dist/ is up to date: do not build it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out other browsers' tests; begin with the longest files, end with the quick ones."""
    engines = {None, *config.getoption("engines")}
    left_out = [item for item in items if engine(item) not in engines]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if engine(item) in engines]
    items.sort(key=lambda item: (item.path.name not in LONGEST, engine(item) is None))


def engine(item: pytest.Item) -> str | None:
    """Return the browser that a test runs in, or None if it needs none."""
    if "webkit" in getattr(item, "fixturenames", ()):
        return "webkit"
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("browser") if callspec else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """With ``--dist=loadscope``, a test that hangs ends its process and only that.

    There is no xdist in the tab.
    """
    from spreading import Once

    return Once(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """At the end, what tests have recorded: a process of its own that runs one cannot print it."""
    for report in (one for kind in terminalreporter.stats.values() for one in kind):
        for name, value in getattr(report, "user_properties", ()):
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with material that is not part of it; skips without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("there is no folder ../shared")
    return folder
