"""Take screenshots of the page for link previews, posts and ``site/README.md``, in a real browser.

    python3 scripts/pictures.py

Builds the site and writes

- ``site/og.png`` (1200 × 630), for link previews,
- ``site/stills/``, a picture of each section, which a post shows without JavaScript,
- ``.github/blog.png``, a post with an embedded section, for ``site/README.md``.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from building import environment

environment.enter("build", "test")

from playwright.sync_api import Browser, Frame, Page, sync_playwright

from building import browsers, bundle, web

ROOT = environment.ROOT
WIDTH, TALLEST = 720, 640
"""The width of a still, a blog's column, and its largest height, in pixels."""
TIMEOUT = 120_000
"""Milliseconds: enough even on a busy machine."""
POST = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A post</title>
<style>
  body {{ max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem; background: #fff; color: #34343c;
    font: 17px/1.7 system-ui, sans-serif; }}
</style>
<h1>Neural Networks from Scratch</h1>
<p>But after I weeded all these issues out, I'm happy to say I completed the project. Below is an
interactive demo for MNIST using a network written and trained entirely from scratch.</p>
<script src="{site}embed.js" data-section="draw" async></script>
<p>This level of understanding not only grounded my understanding of the topic, but it also further
motivated my study of deep learning.</p>
"""


def main() -> None:
    """Build the site and take all pictures."""
    bundle.build()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browsers.chromium(), args=browsers.flags()
        )
        site = _served(bundle.DIST)
        _share(browser, site)
        for section, prepare in STILLS.items():
            _still(browser, site, section, prepare)
        _blog(browser, site)
        browser.close()


def _share(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 630})
    page.goto(site)
    page.evaluate("() => nets.ready")
    _draw(page)
    page.evaluate("() => scrollTo(0, 24)")
    _keep(page, ROOT / "site" / "og.png")


def _still(browser: Browser, site: str, section: str, prepare: Callable[[Page], None]) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": TALLEST})
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{site}embed.html#{section}")
    page.evaluate("() => nets.ready")
    prepare(page)
    page.evaluate("() => { scrollTo(0, 0); document.activeElement?.blur(); }")
    height = page.evaluate(
        "() => Math.ceil(document.documentElement.getBoundingClientRect().height)"
    )
    page.set_viewport_size({"width": WIDTH, "height": min(height, TALLEST)})
    _keep(page, ROOT / "site" / "stills" / f"{section}.jpg")


def _blog(browser: Browser, site: str) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "index.html").write_text(POST.format(site=site))
        page = browser.new_page(viewport={"width": 900, "height": 1060})
        page.set_default_timeout(TIMEOUT)
        page.goto(_served(Path(folder)))
        page.locator("iframe").scroll_into_view_if_needed()
        frame = page.frames[1]
        frame.locator("[data-testid=status][data-state=ready]").wait_for()
        page.evaluate("() => scrollTo(0, 0)")
        _draw(page, frame)
        _keep(page, ROOT / ".github" / "blog.png")


def _served(folder: Path) -> str:
    server = web.serve(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def _keep(page: Page, picture: Path) -> None:
    """Wait until the page is painted, and save a screenshot."""
    page.wait_for_timeout(500)
    picture.parent.mkdir(exist_ok=True)
    quality = {"type": "jpeg", "quality": 75} if picture.suffix == ".jpg" else {}
    page.screenshot(path=picture, **quality)  # type: ignore[arg-type]
    page.close()
    environment.say(f"Wrote {picture.relative_to(ROOT)}")


def _draw(page: Page, frame: Frame | None = None) -> None:
    """Draw a 3, two arcs, the lower one larger, and wait until it has been read."""
    box = (frame or page).get_by_test_id("draw-canvas").bounding_box()
    assert box is not None

    for i, (x, y) in enumerate(_arc(0.34, 0.16, -150, 75) + _arc(0.64, 0.19, -70, 150)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    (frame or page).wait_for_function(
        "() => document.querySelector('[data-testid=guess]').textContent"
    )


def _arc(y: float, radius: float, begin: float, end: float) -> list[tuple[float, float]]:
    """Points on a circle around (0.48, y), from one angle to another, in degrees."""
    angles = [math.radians(begin + (end - begin) * i / 24) for i in range(25)]
    return [(0.48 + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def _train(page: Page) -> None:
    page.evaluate("() => nets.train({ epochs: 3 })")


def _inside(page: Page) -> None:
    _draw(page)
    page.get_by_test_id("inside-body").wait_for()


def _bugs(page: Page) -> None:
    page.get_by_test_id("bugs-card").wait_for()


def _own(page: Page) -> None:
    page.locator(".cm-content").wait_for()


def _playground(page: Page) -> None:
    page.locator("#playground[data-state=paused]").wait_for()
    page.get_by_test_id("playground-play").click()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=playground-epoch]').dataset.value > 60"
    )
    page.get_by_test_id("playground-play").click()


def _quality(page: Page) -> None:
    page.get_by_test_id("examine").click()
    page.get_by_test_id("examine-result").wait_for()


STILLS: dict[str, Callable[[Page], None]] = {
    "draw": _draw,
    "train": _train,
    "inside": _inside,
    "bugs": _bugs,
    "own": _own,
    "playground": _playground,
    "compare": _draw,
    "layers": _draw,
    "quality": _quality,
}
"""The sections, and what to do in each before its picture is taken."""


if __name__ == "__main__":
    main()
