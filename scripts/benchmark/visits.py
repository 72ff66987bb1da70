"""The page as visitors experience it: how fast it opens and answers, its smoothness, its memory."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser, Page

from benchmark import serving
from benchmark.figures import Row
from building import bundle
from building.environment import say

DRAWINGS = 50
WINDOW = 10  # seconds of training that are searched for the longest task
SETTLED = 0.5  # seconds after which the bars have certainly followed the pen
PLAYED = 5  # seconds for which the playground plays in one sample
PATH = ((0.3, 0.2), (0.5, 0.18), (0.72, 0.22), (0.6, 0.4), (0.5, 0.6), (0.45, 0.85))  # a 7 …
DOT = (0.62, 0.82)  # … and a full stop


def start(browser: Browser, url: str, repeats: int) -> list[Row]:
    """From navigation to the first prediction, against stock Pyodide until NumPy is imported.

    Every sample is a new browser context: nothing is cached.
    """
    say("Opening the page, and stock Pyodide …")
    ours, theirs = [], []
    for _ in range(repeats + 1):  # the first warms up the server and the browser's own processes
        ours.append(_timed_visit(browser, url, FIRST_PREDICTION))
        theirs.append(_timed_visit(browser, f"{url}benchmark/stock.html", STOCK))
    name = "opening the page to the first prediction, against stock Pyodide with NumPy"
    return [Row(name, "ms", ours[1:], theirs[1:], 0.42, 0.25)]


FIRST_PREDICTION = """async () => {
  while (!window.nets) await new Promise((resolve) => setTimeout(resolve, 1));
  await nets.ready;
  await nets.predict({ pixels: new Array(784).fill(0.5) });
  return performance.now();
}"""
STOCK = """async () => {
  while (!window.stock) await new Promise((resolve) => setTimeout(resolve, 1));
  return window.stock;
}"""


def transfer(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Megabytes that the server has sent by the first prediction, with headers, uncompressed."""
    say("Counting bytes …")
    ours = []
    for _ in range(repeats):
        with serving.counting(bundle.DIST) as (address, sent):
            context = browser.new_context()
            page = context.new_page()
            page.goto(address, wait_until="commit")
            page.evaluate(FIRST_PREDICTION)
            ours.append(sum(sent) / 1e6)
            context.close()
    name = "over the wire to the first prediction, from a host that compresses nothing"
    return [Row(name, "MB", ours, required=6.5, aimed=5.5)]


def _timed_visit(browser: Browser, url: str, wait: str) -> float:
    context = browser.new_context()
    page = context.new_page()
    page.goto(url, wait_until="commit")
    milliseconds = float(page.evaluate(wait))
    context.close()
    return milliseconds


def pointer(browser: Browser, url: str, repeats: int) -> list[Row]:
    """From pointer up to the bars of the whole drawing on the screen, while a net trains.

    The last stroke is a dot, because the page answers moves before the pen is lifted. The picture
    of "what the net sees", painted together with the bars, tells which drawing was read: the bars
    of the live net change all the time. A frame counts as on the screen when a task queued in its
    animation frame runs.
    """
    page = _training_page(browser, url)
    page.evaluate(_WATCH_BARS)
    rows = []
    for model in ("mlp-30", "live"):
        say(f"Drawing {DRAWINGS} digits for {model} while a net trains …")
        page.get_by_test_id("model-picker").select_option(model)
        ours = [_draw(page) for _ in range(DRAWINGS)]
        name = f"pointer up to the bars redrawn, while training, {model}"
        rows.append(Row(f"{name}, median", "ms", ours, required=50, aimed=25))
        rows.append(Row(f"{name}, longest", "ms", ours, required=150, aimed=60, value=max(ours)))
    page.context.close()
    return rows


_WATCH_BARS = """() => {
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const sees = find("net-sees");
  const channel = new MessageChannel();
  const queue = [];
  channel.port1.onmessage = () => {
    for (const picture of queue.splice(0)) bars.frames.push([picture, performance.now()]);
  };
  window.bars = { frames: [], up: 0, picture: () => sees.toDataURL() };
  addEventListener("pointerup", (event) => (bars.up = event.timeStamp), true);
  new MutationObserver(() => {
    const picture = bars.picture();
    requestAnimationFrame(() => {
      queue.push(picture);
      channel.port2.postMessage(0);
    });
  }).observe(find("probability-0").closest("ol, ul"), {
    subtree: true,
    attributeFilter: ["data-value"],
  });
}"""
_LATENCY = """async () => {
  const last = bars.picture();
  const shown = () => bars.frames.find(([picture]) => picture === last);
  while (!shown()) await new Promise((resolve) => setTimeout(resolve, 50));
  return shown()[1] - bars.up;
}"""


def _draw(page: Page) -> float:
    clear = page.get_by_test_id("clear")
    if clear.is_enabled():
        clear.click()
    time.sleep(SETTLED)
    page.evaluate("() => void bars.frames.splice(0)")
    box = page.get_by_test_id("draw-canvas").bounding_box()
    assert box is not None
    *path, dot = (
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (*PATH, DOT)
    )
    page.mouse.move(*path[0])
    page.mouse.down()
    for x, y in path[1:]:
        page.mouse.move(x, y, steps=2)
    page.mouse.up()
    page.mouse.move(*dot)
    page.mouse.down()
    page.mouse.up()
    time.sleep(SETTLED)
    return float(page.evaluate(_LATENCY))


def tasks(browser: Browser, url: str, repeats: int) -> list[Row]:
    """The longest task on the page's main thread while the training section is in view.

    It comes from Chromium's trace, which has the exact duration of every task; the `longtask`
    entries of PerformanceObserver start at 50 ms. The trace also has each task's processor time,
    which does not depend on what else runs on the machine.
    """
    page = _training_page(browser, url)
    page.get_by_test_id("section-train").scroll_into_view_if_needed()
    page.get_by_test_id("train-reset").scroll_into_view_if_needed()
    time.sleep(1)
    say(f"Tracing {repeats} times {WINDOW} s of training …")
    clock, processor = [], []
    for _ in range(repeats):
        browser.start_tracing(page=page, categories=["toplevel"])
        page.wait_for_timeout(1000 * WINDOW)
        tasks = _tasks(json.loads(browser.stop_tracing())["traceEvents"], "CrRendererMain")
        clock.append(max(task["dur"] for task in tasks) / 1000)
        processor.append(max(task.get("tdur", 0) for task in tasks) / 1000)
    rate = page.get_by_test_id("throughput").get_attribute("data-value")
    say(f"(the page trained at {float(rate or 0):,.0f} examples a second meanwhile)")
    page.context.close()
    name = "longest task of the page's own thread while training"
    return [
        Row(name, "ms", clock, required=30, aimed=16, value=max(clock)),
        Row(f"{name}, processor time", "ms", processor, value=max(processor)),
    ]


def _tasks(events: Sequence[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """The tasks on the threads with these names."""
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] in names
    }
    return [
        event
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and "dur" in event
        and (event["pid"], event["tid"]) in threads
    ]


def playground(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Frames per second of the playground, each at least one epoch after the one before.

    The net has three hidden layers of eight neurons and learns the spiral from 250 points in
    mini-batches of ten. A frame counts if the page shows a new epoch when it is painted; the
    browser's refresh rate limits this to 60 a second. The rate is rounded to whole frames: a sample
    is too short for more precision.

    A frame's processor time, on the page's and the worker's threads together, comes from Chromium's
    trace and does not depend on what else runs on the machine.
    """
    page = browser.new_context().new_page()
    page.goto(f"{url}{SPIRAL}")
    page.locator("#playground[data-state=paused]").wait_for(timeout=120_000)
    page.get_by_test_id("playground-play").click()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=playground-epoch]').dataset.value > 20",
        timeout=120_000,
    )
    say(f"Playing the playground {2 * repeats} times for {PLAYED} s …")
    rates, processor = [], []
    for _ in range(repeats):
        rates.append(round(page.evaluate(_FRAMES, PLAYED) / PLAYED))
        browser.start_tracing(page=page, categories=["toplevel"])
        frames = page.evaluate(_FRAMES, PLAYED)
        events = json.loads(browser.stop_tracing())["traceEvents"]
        tasks = _tasks(events, "CrRendererMain", "DedicatedWorker thread")
        processor.append(sum(task.get("tdur", 0) for task in tasks) / 1000 / frames)
    page.context.close()
    name = "playground, spiral, three layers of 8, one epoch a frame"
    return [
        Row(name, "frames/s", rates, required=30, aimed=60),
        Row(f"{name}, processor time", "ms", processor, required=33, aimed=16),
    ]


SPIRAL = "#playground?data=spiral&samples=500&batchSize=10&layers=8-tanh*8-tanh*8-tanh"
_FRAMES = """async (seconds) => {
  const epoch = document.querySelector('[data-testid="playground-epoch"]');
  const frame = () => new Promise(requestAnimationFrame);
  const begun = await frame();
  let [frames, last] = [0, Math.floor(epoch.dataset.value)];
  while ((await frame()) - begun < 1000 * seconds) {
    const shown = Math.floor(epoch.dataset.value);
    if (shown !== last) frames++;
    last = shown;
  }
  return frames;
}"""


def memory(browser: Browser, url: str, repeats: int) -> list[Row]:
    """WebAssembly memory of the page's worker after two epochs, with all of MNIST and evaluations.

    WebAssembly memory never shrinks, so this is its peak.
    """
    say("Measuring the memory after two epochs …")
    ours = []
    for _ in range(repeats):
        page = browser.new_context().new_page()
        page.goto(f"{url}benchmark/index.html")
        ours.append(float(page.evaluate(_MEMORY, url)) / 1e6)
        page.context.close()
    name = "WebAssembly memory, all of MNIST loaded, training"
    return [Row(name, "MB", ours, required=200, aimed=140)]


_MEMORY = """async (url) => {
  const harness = await import(`${url}assets/harness.js`);
  const { Engine, Training } = await harness.engine();
  const engine = new Engine();
  await engine.start();
  await new Training(engine).train({ epochs: 2 });
  return engine.invoke("memory");
}"""


def _training_page(browser: Browser, url: str) -> Page:
    """The page with a net in training, with default settings and all of MNIST loaded."""
    page = browser.new_context().new_page()
    page.goto(url)
    page.evaluate("async () => { await nets.ready; nets.train({ epochs: 1000 }).catch(() => {}) }")
    page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=epoch]').dataset.value) > 1",
        timeout=120_000,
    )
    return page
