"""Checks that the page's memory in a browser does not grow.

Three memories are measured, after garbage collection: the WebAssembly memory of the page's workers,
which is Python's and never shrinks; and the JavaScript memory of the page and of its workers,
including the DOM and the contents of typed arrays outside the heap.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, Route, sync_playwright

from benchmark.serving import counting
from building import browsers, bundle
from building.environment import say

BEFORE, AFTER = 10, 1000  # cycles
TOGETHER = 10  # cycles between two checks of the time
SETTLED = 1 / 6  # share of the training time after which memory must be flat
ALLOWED = 1e6  # bytes
LONGEST_ANSWER = 60  # seconds


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
        """Return whether each is at most 1 MB larger than before."""
        grown = zip(astuple(self), astuple(before), strict=True)
        return all(now - then <= ALLOWED for now, then in grown)


def cycles(minutes: float, site: Path | None = None) -> tuple[bool, str]:
    """Start, train and reset 1,000 times: memory is at most 1 MB larger than after 10 times.

    Stops early when the time is over. ``site`` is a built site; without it, the site is built from
    the sources.
    """
    with _visit(site) as visit:
        visit.cycle(BEFORE)
        before, done = visit.sizes(), BEFORE
        say(f"  after {done:,} cycles: {before}")
        end = time.monotonic() + 60 * minutes
        while done == BEFORE or (done < AFTER and time.monotonic() < end):
            visit.cycle(TOGETHER)
            done += TOGETHER
            if done % 100 == 0:
                say(f"  after {done:,} cycles: {visit.sizes()}")
        after = visit.sizes()
    words = f"after {BEFORE} cycles of start, train and reset {before}; after {done:,} {after}"
    return after.flat_since(before), words


def training(minutes: float, site: Path | None = None) -> tuple[bool, str]:
    """One long training: memory is flat after the first sixth of the time.

    ``site`` as in :func:`cycles`.
    """
    with _visit(site) as visit:
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
    words = f"after {SETTLED * minutes:.2g} of {minutes:g} minutes of training {before}; "
    return sizes.flat_since(before), f"{words}at the end, in epoch {epoch}, {sizes}"


class _Visit:
    """A page of the site, once it is ready."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._devtools = page.context.new_cdp_session(page)
        self._workers = _Workers(self._devtools)

    def cycle(self, times: int) -> None:
        """Start, train until there is progress, and reset."""
        self.page.evaluate(_CYCLE, times)

    def train(self) -> None:
        """Start a training that does not end."""
        self.page.evaluate("() => void nets.train({ epochs: 1_000_000 }).catch(() => {})")

    def epoch(self) -> str:
        """Return the epoch that the page shows."""
        return self.page.get_by_test_id("epoch").inner_text()

    def sizes(self) -> Sizes:
        """Return the memory in use after garbage collection."""
        self._devtools.send("HeapProfiler.collectGarbage")
        page = _used(self._devtools.send("Runtime.getHeapUsage"))
        workers = self._workers.sizes()
        webassembly = sum(memory for memory, _ in workers)
        return Sizes(webassembly, page, sum(heap for _, heap in workers))


def _used(answer: dict[str, float]) -> float:
    return answer["usedSize"] + answer["embedderHeapUsedSize"] + answer["backingStorageSize"]


class _EndedError(Exception):
    """A worker has ended before it answered."""


class _Workers:
    """Connections to the workers' developer tools; ``sessions`` maps their ids to addresses."""

    def __init__(self, devtools: CDPSession) -> None:
        self.sessions: dict[str, str] = {}
        self._devtools = devtools
        self._answers: dict[int, dict[str, Any]] = {}
        self._count = 0
        devtools.on("Target.attachedToTarget", self._attached)
        devtools.on("Target.detachedFromTarget", self._detached)
        devtools.on("Target.receivedMessageFromTarget", self._received)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        devtools.send("Target.setAutoAttach", attach)

    def sizes(self) -> list[tuple[float, float]]:
        """Return, for each worker, the bytes of its WebAssembly memories and those of the rest."""
        found = []
        for session in list(self.sessions):
            with suppress(_EndedError):
                found.append(self._sizes(session))
        return found

    def _sizes(self, session: str) -> tuple[float, float]:
        self._ask(session, "HeapProfiler.collectGarbage")
        sum_ = self._ask(
            session, "Runtime.evaluate", expression=_BYTES_OF_MEMORIES, returnByValue=True
        )
        webassembly = float(sum_["result"]["value"])
        heap = _used(self._ask(session, "Runtime.getHeapUsage"))
        return webassembly, heap

    def _ask(self, session: str, method: str, **parameters: object) -> dict[str, Any]:
        self._count += 1
        message = json.dumps({"id": self._count, "method": method, "params": parameters})
        question = {"sessionId": session, "message": message}
        self._devtools.send("Target.sendMessageToTarget", question)
        end = time.monotonic() + LONGEST_ANSWER
        while self._count not in self._answers:
            self._devtools.send("Runtime.getHeapUsage")  # any request: answers arrive meanwhile
            if session not in self.sessions:
                raise _EndedError
            if time.monotonic() > end:
                raise TimeoutError(f"{self.sessions[session]} does not answer {method}")
        answer = self._answers.pop(self._count)
        if "error" in answer:
            raise RuntimeError(f"{method} failed: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _attached(self, event: dict[str, Any]) -> None:
        if event["targetInfo"]["type"] == "worker":
            self.sessions[event["sessionId"]] = event["targetInfo"]["url"]

    def _detached(self, event: dict[str, Any]) -> None:
        self.sessions.pop(event["sessionId"], None)

    def _received(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer


def _note_memories(route: Route) -> None:
    """Have a worker list the WebAssembly memories that it makes."""
    answer = route.fetch()
    route.fulfill(response=answer, body=_NOTE_MEMORIES + answer.text())


@contextmanager
def _visit(site: Path | None) -> Iterator[_Visit]:
    if site is None:
        bundle.build()
    with counting(site or bundle.DIST) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browsers.chromium(), args=browsers.flags()
        )
        page = browser.new_page()
        page.route(re.compile(r"orker[^/]*\.js$"), _note_memories)
        page.goto(url)
        page.evaluate("() => nets.ready")
        yield _Visit(page)
        browser.close()


# Chromium's own Runtime.queryObjects never answers for a worker in which Python runs.
_NOTE_MEMORIES = """self.memories = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(size) {
    super(size);
    memories.push(new WeakRef(this));
  }
};
"""
_BYTES_OF_MEMORIES = "memories.reduce((sum, one) => sum + (one.deref()?.buffer.byteLength ?? 0), 0)"
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
