"""What visitors do: open the page, draw on the pad with real pointer events, look at what it says.

Positions on the pad are shares of its side, 0…1, y downwards.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Frame,
    Locator,
    Page,
    Worker,
    expect,
)

Point = tuple[float, float]
Stroke = Sequence[Point]

SEVEN: list[Stroke] = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]]
ONE: list[Stroke] = [[(0.5, 0.2), (0.5, 0.8)]]
ZERO: list[Stroke] = [
    [
        (0.5 + 0.2 * math.sin(angle / 12 * math.pi), 0.5 - 0.3 * math.cos(angle / 12 * math.pi))
        for angle in range(25)
    ]
]
FOUR: list[Stroke] = [
    [(0.35, 0.2), (0.3, 0.55), (0.7, 0.55)],
    [(0.65, 0.2), (0.62, 0.5), (0.6, 0.85)],
]

MODELS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "site" / "models" / "models.json").read_text()
)["models"]
"""The trained nets that ship with the page; the first reads what is drawn."""
FIRST_MODEL = f"models/{MODELS[0]['file']}"

TELL_OF_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) =>
  console.error(`against the policy: ${effectiveDirective} ${blockedURI} ${sample}`));
"""
"""In case a browser should block something without a word in its console."""

NO_SERVICE_WORKER = """
if (origin !== "null" && navigator.serviceWorker) {
  navigator.serviceWorker.register = () => new Promise(() => {});
}
"""
"""Playwright's own way to block it fails in a sandboxed frame, which may not even ask for it."""

START_PATIENCE = 120_000
"""Milliseconds for Python to start, however busy the machine is."""
PATIENCE = 60_000
"""Milliseconds for anything else."""

FILLED = {
    "inside": "[data-testid=inside-chain] li",
    "bugs": "[data-testid=bugs-list] button",
    "own": "[data-testid=own-editor][data-ready=yes]",
    "playground": "[data-testid=playground-neuron-0-0]",
    "compare": ".card .best",
    "layers": "[data-testid=layers] figure",
}
"""What is in a section of the page once it shows something, by its id."""


def served(name: str) -> str:
    """A pattern of the addresses at which the site may have the file of this name."""
    folder, _, file = name.rpartition("/")
    return f"**/{folder}/*/{file}*"


def packed(code: str) -> str:
    """Code as a link carries it: deflated, in letters that an address may have."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    letters = base64.urlsafe_b64encode(deflate.compress(code.encode()) + deflate.flush())
    return letters.decode().rstrip("=")


@contextmanager
def visitor(
    browser: Browser, errors: bool = False, keeps: bool = False, **options: Any
) -> Iterator[BrowserContext]:
    """A visitor, for one test or several; afterwards no request has left the origin.

    Nor is there an error in the console or one that nothing caught, except with ``errors``. The
    service worker stays out of the way unless the visitor ``keeps`` the page.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    if not keeps:
        context.add_init_script(NO_SERVICE_WORKER)
    seen: list[str] = []
    foreign: list[str] = []

    def request(url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "localhost":
            foreign.append(url)

    context.add_init_script(TELL_OF_VIOLATIONS)
    context.on("console", lambda m: seen.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda error: seen.append(str(error.error)))
    context.on("request", lambda sent: request(sent.url))
    yield context
    context.close()
    assert foreign == [], f"requests left the origin: {foreign}"
    assert errors or seen == [], f"the page reported errors: {seen}"


def open_ready(page: Page, url: str) -> Page:
    """Open the page and wait until it can read."""
    page.goto(url)
    expect_state(page, "ready", START_PATIENCE)
    return page


def python_worker(page: Page) -> Worker:
    """The worker that runs Python; another one unpacks, and those of visitors' code are blobs."""
    [worker] = [one for one in page.workers if "/assets/worker-" in one.url]
    return worker


def until(page: Page, condition: Callable[[], bool], what: str) -> None:
    """Wait until something is true that no element tells of by itself."""
    for _ in range(1200):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"waited in vain until {what}")


def part(page: Page | Frame, testid: str) -> Locator:
    """The element with this data-testid."""
    return page.get_by_test_id(testid)


def expect_state(page: Page, state: str, patience: int = PATIENCE) -> None:
    """Wait for a state of the status line; patience in milliseconds."""
    expect(part(page, "status")).to_have_attribute("data-state", state, timeout=patience)


def number(page: Page, testid: str) -> float | None:
    """The raw number that an element shows; None where it shows none."""
    raw = part(page, testid).get_attribute("data-value")
    return float(raw) if raw else None


def numbers(page: Page, *testids: str) -> list[float | None]:
    """What several elements show at one moment."""
    raw = page.evaluate(
        "ids => ids.map(id => document.querySelector(`[data-testid=${id}]`).dataset.value)",
        list(testids),
    )
    return [float(value) if value else None for value in raw]


def probabilities(page: Page) -> list[float | None]:
    """The ten bars' numbers."""
    return numbers(page, *(f"probability-{digit}" for digit in range(10)))


class Sheet:
    """Where the pad is in the window, as long as nothing scrolls."""

    def __init__(self, page: Page | Frame) -> None:
        canvas = part(page, "draw-canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        self._left, self._top, self._side = box["x"], box["y"], box["width"]

    def place(self, point: Point) -> Point:
        """A point of the pad in pixels of the window."""
        return self._left + point[0] * self._side, self._top + point[1] * self._side


def place(page: Page, point: Point) -> Point:
    """Where a point of the pad is in the window."""
    return Sheet(page).place(point)


def draw(page: Page, strokes: Sequence[Stroke], frame: Frame | None = None) -> None:
    """Draw with the mouse, on the page's pad or on that of a frame in it."""
    sheet = Sheet(frame or page)
    for stroke in strokes:
        page.mouse.move(*sheet.place(stroke[0]))
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*sheet.place(point), steps=4)
        page.mouse.up()


def draw_with_pen(page: Page, strokes: Sequence[Stroke]) -> None:
    """Draw with a stylus."""
    sheet = Sheet(page)
    devtools = page.context.new_cdp_session(page)

    def event(kind: str, point: Point) -> None:
        x, y = sheet.place(point)
        pen = {"button": "left", "clickCount": 1, "pointerType": "pen", "force": 0.5}
        buttons = 0 if kind == "mouseReleased" else 1
        devtools.send(
            "Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "buttons": buttons, **pen}
        )

    for stroke in strokes:
        event("mousePressed", stroke[0])
        for point in between(stroke):
            event("mouseMoved", point)
        event("mouseReleased", stroke[-1])
    devtools.detach()


class Fingers:
    """Touches on the pad or anywhere; each finger has a number."""

    def __init__(self, page: Page) -> None:
        self._sheet = Sheet(page)
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self._down: dict[int, Point] = {}

    def down(self, finger: int, point: Point) -> None:
        """Put a finger down at a point of the pad."""
        self.press(finger, self._sheet.place(point))

    def move(self, finger: int, point: Point) -> None:
        """Move a finger to a point of the pad."""
        self.slide(finger, self._sheet.place(point))

    def press(self, finger: int, at: Point) -> None:
        """Put a finger down at a place in the window."""
        self._down[finger] = at
        self._send("touchStart")

    def slide(self, finger: int, to: Point) -> None:
        """Move a finger to a place in the window."""
        self._down[finger] = to
        self._send("touchMove")

    def up(self, finger: int) -> None:
        """Lift a finger."""
        del self._down[finger]
        self._send("touchMove" if self._down else "touchEnd")  # fewer points: one was lifted

    def draw(self, strokes: Sequence[Stroke], finger: int = 1) -> None:
        """Draw with one finger."""
        for stroke in strokes:
            self.down(finger, stroke[0])
            for point in between(stroke):
                self.move(finger, point)
            self.up(finger)

    def _send(self, kind: str) -> None:
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in self._down.items()]
        self._devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def between(stroke: Stroke, steps: int = 4) -> list[Point]:
    """The points after the first, with others on the way to each."""
    return [
        (a[0] + (b[0] - a[0]) * i / steps, a[1] + (b[1] - a[1]) * i / steps)
        for a, b in itertools.pairwise(stroke)
        for i in range(1, steps + 1)
    ]


def clear(page: Page) -> None:
    """Empty the pad, if there is anything on it, and put the pen back in the hand."""
    if part(page, "erase").get_attribute("aria-pressed") == "true":
        part(page, "erase").click()
    if part(page, "clear").is_enabled():
        part(page, "clear").click()
    expect_empty(page)


def expect_guess(page: Page, digit: int) -> None:
    """Wait until the page reads this digit, for which Python may have to start."""
    expect(part(page, "guess")).to_have_text(str(digit), timeout=START_PATIENCE)


def set_epochs(page: Page, epochs: int) -> None:
    """For how long it will train, by the field, which may be folded away."""
    expect(part(page, "train-start")).to_be_enabled()
    part(page, "settings").locator("[name=epochs]").evaluate(
        "(field, epochs) => { field.value = epochs; }", epochs
    )


def settled(page: Page | Frame) -> None:
    """Wait until what is drawn has been read: one reading may be under way, and one follow it."""
    for _ in range(2):
        page.evaluate("() => nets.predict({ pixels: new Array(784).fill(1) }).then(() => {})")


def frames(page: Page | Frame) -> None:
    """Wait two frames: what is drawn has been painted, and observers know what is in view."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def requested(page: Page) -> None:
    """Wait for the answer to one more request: the server has those that the page sent before."""
    page.evaluate("() => fetch(location.href, { cache: 'no-store' }).then((page) => page.text())")


def expect_empty(page: Page) -> None:
    """An empty pad has no guess and no probabilities."""
    expect(part(page, "guess")).to_have_text("")
    assert part(page, "guess").get_attribute("data-value") == ""
    assert probabilities(page) == [None] * 10


def ink(page: Page, point: Point, radius: float = 0.0) -> bool:
    """Is the pad inked at (or within a distance of) a point, once it has been painted?"""
    frames(page)
    inked: bool = page.evaluate(
        """([x, y, radius]) => {
          const canvas = document.querySelector('[data-testid="draw-canvas"]');
          const side = canvas.width;
          const [left, top] = [(x - radius) * side, (y - radius) * side];
          const size = Math.max(1, 2 * radius * side);
          const { data } = canvas.getContext("2d").getImageData(left, top, size, size);
          const paper = getComputedStyle(canvas).backgroundColor.match(/\\d+/g).map(Number);
          return data.some((value, i) => i % 4 < 3 && Math.abs(value - paper[i % 4]) > 100);
        }""",
        [*point, radius],
    )
    return inked


def drawing(page: Page) -> str:
    """The pad's pixels, to compare with later ones."""
    frames(page)
    pixels: str = part(page, "draw-canvas").evaluate("canvas => canvas.toDataURL()")
    return pixels
