"""Runs pytest and counts: used in the tab, and outside it to compare."""

from __future__ import annotations

import pytest


class _Tally:
    """A pytest plugin that keeps the names of tests by what became of them."""

    def __init__(self) -> None:
        self.collected: list[str] = []
        self.passed: list[str] = []
        self.skipped: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.collected = [item.nodeid for item in session.items]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when == "call":
            self.passed.append(report.nodeid)
        elif report.skipped:
            self.skipped.append(report.nodeid)


def run(*arguments: str) -> dict[str, int | list[str]]:
    """Return pytest's exit code and the names of the tests collected, passed and skipped."""
    tally = _Tally()
    code = int(pytest.main(list(arguments), plugins=[tally]))
    return {
        "exit code": code,
        "collected": tally.collected,
        "passed": tally.passed,
        "skipped": tally.skipped,
    }
