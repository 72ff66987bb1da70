"""Take the moving picture of the README: ``python3 scripts/film.py``.

Builds the site and writes ``.github/film.svg``: a digit is drawn and read, then a net learns. It is
one file of JPEG frames that CSS shows one after the other, so it moves wherever an SVG can be an
image.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

from building import environment

environment.enter("build", "test")

from playwright.sync_api import Browser, Page, sync_playwright

from building import browsers, bundle, web

WIDTH, HEIGHT = 720, 560
"""Of a frame, in pixels."""
LEARNED = 12
"""How many frames the learning has."""
PAUSE = 250
"""Milliseconds between two frames while the net learns."""
SHOWN = 0.28
"""Seconds that a frame is shown; the last of each part stays for ``REST`` of them."""
REST = 6
SEVEN = [
    (0.3, 0.28),
    (0.42, 0.26),
    (0.55, 0.26),
    (0.68, 0.27),
    (0.6, 0.45),
    (0.52, 0.62),
    (0.46, 0.8),
]


def main() -> None:
    """Build the site and take the film."""
    bundle.build()
    server = web.serve(bundle.DIST, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = f"http://127.0.0.1:{server.server_port}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browsers.chromium(), args=browsers.flags()
        )
        drawn = list(_drawing(_opened(browser, f"{site}embed.html#draw")))
        learned = list(_learning(_opened(browser, f"{site}embed.html#train")))
        browser.close()
    frames = [*drawn, *[drawn[-1]] * REST, *learned, *[learned[-1]] * REST]
    film = environment.ROOT / ".github" / "film.svg"
    film.write_text(_svg(frames))
    environment.say(f"Wrote {film.relative_to(environment.ROOT)}")


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(address)
    page.evaluate("() => nets.ready")
    return page


def _frame(page: Page) -> bytes:
    return page.screenshot(type="jpeg", quality=60)


def _drawing(page: Page) -> Iterator[bytes]:
    """A 7 drawn stroke by stroke; the net reads on while the pen moves."""
    box = page.get_by_test_id("draw-canvas").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    yield _frame(page)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
        page.wait_for_timeout(120)
        yield _frame(page)
    page.mouse.up()


def _learning(page: Page) -> Iterator[bytes]:
    """A small net from its first step on."""
    yield _frame(page)
    page.evaluate("() => void nets.train({ epochs: 2 })")
    for _ in range(LEARNED):
        page.wait_for_timeout(PAUSE)
        yield _frame(page)


def _svg(frames: list[bytes]) -> str:
    """An SVG that shows the frames one after the other; equal neighbours are one."""
    seconds = SHOWN * len(frames)
    share = 100 / len(frames)
    images, begun = [], 0
    while begun < len(frames):
        end = begun
        while end < len(frames) and frames[end] == frames[begun]:
            end += 1
        data = base64.b64encode(frames[begun]).decode()
        delay = begun * SHOWN - seconds
        visible = (end - begun) * share
        images.append(
            f"<style>@keyframes f{begun}{{0%,{visible:.3f}%{{visibility:visible}}"
            f"{visible + 0.001:.3f}%,100%{{visibility:hidden}}}}"
            f"#i{begun}{{animation:f{begun} {seconds:.2f}s step-end {delay:.2f}s infinite}}</style>"
            f'<image id="i{begun}" width="{WIDTH}" height="{HEIGHT}" '
            f'href="data:image/jpeg;base64,{data}"/>'
        )
        begun = end
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">\n'
        + "\n".join(images)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
