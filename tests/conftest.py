"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples at every run and on every machine, and none fails for being slow.
settings.register_profile("nets", derandomize=True, deadline=None)
settings.load_profile("nets")

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one file in one browser stay together, whoever runs them: they share a page.

    Of a test with many cases Chromium tries each, and Firefox the first: what differs there is the
    browser, not what it is asked.
    """
    tried: set[tuple[Path, str]] = set()
    further: list[pytest.Item] = []
    for item in items:
        callspec = getattr(item, "callspec", None)
        browser = callspec.params.get("browser", "") if callspec else ""
        item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {browser}".strip()))
        test = (item.path, item.nodeid.partition("[")[0])
        if browser == "firefox" and test in tried:
            further.append(item)
        elif browser == "firefox":
            tried.add(test)
    config.hook.pytest_deselected(items=further)
    items[:] = [item for item in items if item not in set(further)]


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
