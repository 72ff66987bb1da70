"""Runs pytest and counts: used in the tab, and outside it to compare."""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from nets_core import ops


class _Tally:
    """A pytest plugin that keeps the names of tests by what became of them."""

    def __init__(self, only: Container[str] | None) -> None:
        self.collected: list[str] = []
        self.passed: list[str] = []
        self.skipped: list[str] = []
        self.computed: set[str] = set()
        self.current = ""
        self._only = only

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._only is not None:
            items[:] = [item for item in items if item.nodeid in self._only]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.collected = [item.nodeid for item in session.items]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.current = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when == "call":
            self.passed.append(report.nodeid)
        elif report.skipped:
            self.skipped.append(report.nodeid)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note which tests do an operation, while NumPy does them all."""

        def noting(method: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(method)
            def noted(*given: Any) -> Any:
                self.computed.add(self.current)
                return method(*given)

            return noted

        plain = {name: getattr(ops.Operations, name) for name in ops.NAMES}
        with pytest.MonkeyPatch.context() as patches:
            for name, method in plain.items():
                patches.setattr(ops.Operations, name, noting(method))
            ops.use(None)
            yield
        ops.use(None)


def run(*arguments: str, only: Container[str] | None = None) -> dict[str, int | list[str]]:
    """Return pytest's exit code and the names of the tests collected, passed and skipped.

    ``only`` leaves out all other tests. The tests that "computed" are those that did an operation
    of ``nets_core.ops`` on the way: they are told where NumPy computes, which is where ``only`` is
    not given.
    """
    tally = _Tally(only)
    if only is None:
        with tally.watching():
            code = int(pytest.main(list(arguments), plugins=[tally]))
    else:
        code = int(pytest.main(list(arguments), plugins=[tally]))
    return {
        "exit code": code,
        "collected": tally.collected,
        "passed": tally.passed,
        "skipped": tally.skipped,
        "computed": sorted(tally.computed & set(tally.collected)),
    }
