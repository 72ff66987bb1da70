"""Memory of the page in a browser: what is used once must be used again, not added to.

Three memories are looked at after their garbage has been collected: WebAssembly's, which is
Python's and never shrinks, and JavaScript's in the page and in its worker, with what lies outside
the heap and belongs to it (the DOM, the contents of typed arrays).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmark.serving import counting
from building import browsers, bundle
from building.environment import say

BEFORE, AFTER = 10, 1000  # cycles
TOGETHER = 10  # cycles between two looks at the clock
SETTLED = 1 / 6  # of the time that training has until its memory has to be flat
ALLOWED = 1e6  # bytes


@dataclass(frozen=True)
class Sizes:
    """Bytes."""

    webassembly: float
    page: float
    worker: float

    def __str__(self) -> str:
        webassembly, page, worker = (size / 1e6 for size in astuple(self))
        return f"WebAssembly {webassembly:.2f} MB, page {page:.2f} MB, worker {worker:.2f} MB"

    def flat_since(self, before: Sizes) -> bool:
        """Is each at most 1 MB larger than it was?"""
        grown = zip(astuple(self), astuple(before), strict=True)
        return all(now - then <= ALLOWED for now, then in grown)


def cycles(minutes: float) -> tuple[bool, str]:
    """Start, train and reset: after 1,000 times memory is what it was after 10, within 1 MB.

    Ends early, with as many as there were, when the minutes are over.
    """
    with _visit() as visit:
        end = time.monotonic() + 60 * minutes
        visit.cycle(BEFORE)
        before, done = visit.sizes(), BEFORE
        say(f"  after {done:,} cycles: {before}")
        while done < AFTER and time.monotonic() < end:
            visit.cycle(TOGETHER)
            done += TOGETHER
            if done % 100 == 0:
                say(f"  after {done:,} cycles: {visit.sizes()}")
        after = visit.sizes()
    words = f"after {BEFORE} cycles of start, train and reset {before}; after {done:,} {after}"
    return after.flat_since(before), words


def training(minutes: float) -> tuple[bool, str]:
    """One long training: memory is flat once the first sixth of the time is over."""
    with _visit() as visit:
        visit.train()
        begun = time.monotonic()
        before: Sizes | None = None
        while (passed := (time.monotonic() - begun) / 60) < minutes:
            visit.page.wait_for_timeout(1000 * min(60, 60 * minutes / 12))
            sizes = visit.sizes()
            if before is None and passed >= SETTLED * minutes:
                before = sizes
            say(f"  after {passed:.1f} minutes, epoch {visit.epoch()}: {sizes}")
        epoch = visit.epoch()
    assert before is not None
    words = f"after {SETTLED * minutes:g} of {minutes:g} minutes of training {before}; "
    return sizes.flat_since(before), f"{words}at the end, in epoch {epoch}, {sizes}"


class _Visit:
    """The page, ready, as ``dist/`` has it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._devtools = page.context.new_cdp_session(page)
        self._worker = _WorkerDevtools(self._devtools)
        page.evaluate(_GET_HOLD_OF_THE_ENGINE)

    def cycle(self, times: int) -> None:
        """Start, train until there is progress, and reset."""
        self.page.evaluate(_CYCLE, times)

    def train(self) -> None:
        """Start to train, without an end."""
        self.page.evaluate("() => void nets.train({ epochs: 1_000_000 }).catch(() => {})")

    def epoch(self) -> str:
        """The epoch that is shown."""
        return self.page.get_by_test_id("epoch").inner_text()

    def sizes(self) -> Sizes:
        """What is used now."""
        webassembly = self.page.evaluate("() => soaked.invoke('memory')")
        self._devtools.send("HeapProfiler.collectGarbage")
        self._worker.send("HeapProfiler.collectGarbage")
        page = self._devtools.send("Runtime.getHeapUsage")
        worker = self._worker.send("Runtime.getHeapUsage")
        return Sizes(float(webassembly), _used(page), _used(worker))


def _used(answer: dict[str, float]) -> float:
    return answer["usedSize"] + answer["embedderHeapUsedSize"] + answer["backingStorageSize"]


class _WorkerDevtools:
    """The developer tools' connection to the page's worker."""

    def __init__(self, devtools: CDPSession) -> None:
        self._devtools = devtools
        self._answers: dict[int, dict[str, Any]] = {}
        self._session = ""
        devtools.on("Target.attachedToTarget", self._attached)
        devtools.on("Target.receivedMessageFromTarget", self._received)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        devtools.send("Target.setAutoAttach", attach)
        self._count = 0

    def send(self, method: str) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        self._count += 1
        message = json.dumps({"id": self._count, "method": method})
        question = {"sessionId": self._session, "message": message}
        self._devtools.send("Target.sendMessageToTarget", question)
        while self._count not in self._answers:
            self._devtools.send("Runtime.getHeapUsage")  # whatever: answers come meanwhile
        return self._answers.pop(self._count)

    def _attached(self, event: dict[str, Any]) -> None:
        if event["targetInfo"]["url"].endswith("/worker.js"):
            self._session = event["sessionId"]

    def _received(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if event["sessionId"] == self._session and "id" in answer:
            self._answers[answer["id"]] = answer["result"]


@contextmanager
def _visit() -> Iterator[_Visit]:
    bundle.build()
    with counting(bundle.DIST) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browsers.chromium(), args=browsers.flags()
        )
        page = browser.new_page()
        page.goto(url)
        page.evaluate("() => nets.ready")
        yield _Visit(page)
        browser.close()


# The page keeps its engine to itself; the next call of any is caught.
_GET_HOLD_OF_THE_ENGINE = """async () => {
  const { Engine } = await import(new URL("app/engine.js", location.href));
  const { call } = Engine.prototype;
  Engine.prototype.call = function (...args) {
    window.soaked = this;
    return call.apply(this, args);
  };
  await nets.predict({ pixels: new Array(784).fill(0.5) });
  Engine.prototype.call = call;
}"""
_CYCLE = """async (times) => {
  for (let i = 0; i < times; i++) {
    let ended;
    await new Promise((resolve, reject) => {
      ended = nets.train({ epochs: 1 }, ({ step }) => step > 0 && resolve());
      ended.catch(reject);
    });
    nets.reset();
    await ended.catch(({ name }) => {
      if (name !== "AbortError") throw new Error(name);
    });
  }
}"""
