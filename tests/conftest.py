"""What all tests share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin first, so that no process is left with them at the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """A test that hangs ends its process, and only that (there is no xdist in the tab)."""
    from spreading import Once

    return Once(config, log)


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
