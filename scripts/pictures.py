"""Take the picture of the page that the README shows and that a link to the page sends along.

    python3 scripts/pictures.py

Builds the site, opens it in a real browser, draws a 3 as a hand would, and writes
``site/og.png`` (1200 × 630).
"""

from __future__ import annotations

import math
import threading

import environment

environment.enter("build", "test")

from playwright.sync_api import Page, sync_playwright

import browsers
import bundle
import web

PICTURE = environment.ROOT / "site" / "og.png"


def main() -> None:
    """Build, draw, take the picture."""
    bundle.build()
    server = web.serve(bundle.DIST, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browsers.chromium(), args=browsers.flags()
        )
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.evaluate("() => nets.ready")
        _draw(page)
        page.wait_for_function("() => document.querySelector('[data-testid=guess]').textContent")
        page.wait_for_timeout(500)
        page.evaluate("() => scrollTo(0, 24)")
        page.screenshot(path=PICTURE)
        browser.close()
    environment.say(f"Wrote {PICTURE.relative_to(environment.ROOT)}")


def _draw(page: Page) -> None:
    """A 3: two arcs, the lower one larger."""
    box = page.get_by_test_id("draw-canvas").bounding_box()
    assert box is not None

    for i, (x, y) in enumerate(_arc(0.34, 0.16, -150, 75) + _arc(0.64, 0.19, -70, 150)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def _arc(y: float, radius: float, begin: float, end: float) -> list[tuple[float, float]]:
    """Points on a circle around (0.48, y), from one angle to another, in degrees."""
    angles = [math.radians(begin + (end - begin) * i / 24) for i in range(25)]
    return [(0.48 + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


if __name__ == "__main__":
    main()
