"""Measure how many bytes a visit transfers, which is what a host counts.

    python3 scripts/measure_visit.py

Builds the site, serves it without compression, and opens it in a real browser: a first visit until
the first prediction, then until a net has been trained on all of MNIST, and a second visit in the
same browser. HTTP headers count.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from building import environment

environment.enter("build", "test")

from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmark import serving
from building import browsers, bundle

FREE = 100e9
"""GitHub Pages' soft limit of traffic, in bytes a month."""
TIMEOUT = 120_000  # milliseconds


def main() -> None:
    """Build the site, visit it twice, print a table."""
    bundle.build()
    with (
        serving.counting(bundle.DIST) as (url, sent),
        TemporaryDirectory() as profile,
        sync_playwright() as playwright,
    ):
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=browsers.chromium(), args=browsers.flags()
        )
        rows: list[tuple[str, int]] = []
        page = _opened(context, url)
        rows.append(("first visit, to the first prediction", sum(sent)))
        page.wait_for_load_state("networkidle")
        page.evaluate("() => nets.train({ epochs: 2 })")
        rows.append(("and all that training needs, MNIST too", sum(sent)))
        page.close()
        before = sum(sent)
        page = _opened(context, url)
        page.evaluate("() => nets.train({ epochs: 2 })")
        rows.append(("second visit, training too", sum(sent) - before))
        context.close()
    for name, size in rows:
        environment.say(f"{name:42} {size / 1e6:6.2f} MB, {FREE / size:10,.0f} in 100 GB")


def _opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(url)
    page.evaluate("() => nets.ready.then(() => nets.predict({ pixels: Array(784).fill(0.5) }))")
    return page


if __name__ == "__main__":
    main()
