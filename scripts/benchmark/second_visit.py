"""The second visit: how much faster the page opens from the service worker's cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from benchmark.figures import Row
from benchmark.visits import FIRST_PREDICTION, STOCK
from building import browsers
from building.environment import say


def second_visit(browser: Browser, url: str, repeats: int) -> list[Row]:
    """From navigation to the first prediction, cached by the service worker, against cold stock.

    Every sample starts a new browser: ours with a profile that has the page cached, stock Pyodide's
    with an empty profile.
    """
    say("Opening the page a second time, and stock Pyodide for the first time …")
    ours, theirs = [], []
    with TemporaryDirectory(prefix="visited") as visited:
        with _started(browser, visited) as page:
            page.goto(url)
            page.wait_for_function(_KEPT, timeout=120_000)
        for _ in range(repeats + 1):  # the first warms up the server and the disk cache
            with _started(browser, visited) as page:
                ours.append(_timed(page, url, FIRST_PREDICTION))
            with TemporaryDirectory(prefix="empty") as empty, _started(browser, empty) as page:
                theirs.append(_timed(page, f"{url}benchmark/stock.html", STOCK))
    name = "second visit, service worker in place, browser restarted, against stock Pyodide, cold"
    return [Row(name, "ms", ours[1:], theirs[1:], 0.4, 0.2)]


_KEPT = """() => /works offline/.test(
  document.querySelector("[data-testid=offline]").textContent
)"""


@contextmanager
def _started(browser: Browser, profile: str) -> Iterator[Page]:
    """A page in a new browser with a persistent profile."""
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=browsers.chromium(), args=browsers.flags()
    )
    yield context.new_page()
    context.close()


def _timed(page: Page, url: str, wait: str) -> float:
    page.goto(url, wait_until="commit")
    return float(page.evaluate(wait))
