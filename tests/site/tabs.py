"""A Chromium whose tabs can really be put behind one another.

Playwright keeps every page as if it were in front; here the browser is asked over its own protocol.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

from building import browsers


class Tab:
    """One tab of a browser that nothing else drives."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=120, suppress_origin=True)
        self._asked = 0

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol and return its result."""
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def evaluate(self, expression: str) -> Any:
        """Return what an expression comes to; a promise is waited for."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a condition is true, looking whenever the page has had a turn."""
        self.evaluate(
            f"new Promise((done) => {{ const look = () => ({condition}) ? done() :"
            " untouched.setTimeout(look, 50); look(); })"
        )

    def hide(self) -> None:
        """Open another tab in front of this one."""
        self._front = self.send("Target.createTarget", url="about:blank")["targetId"]

    def show(self) -> None:
        """Close the tab that is in front."""
        self.send("Target.closeTarget", targetId=self._front)


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """Start a browser with one empty tab; folder: an empty one, for its profile."""
    process = subprocess.Popen(
        [
            browsers.chromium(),
            "--headless",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "--window-size=1280,900",
            *browsers.flags(),
            "about:blank",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        found = (re.search(r"ws://[^/]*:(\d+)/", line) for line in process.stderr)
        port = next(match[1] for match in found if match)
        # What else it says is read too: it would stop where nobody did.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield Tab(_first_page(port))
    finally:
        process.terminate()
        process.wait()


def _first_page(port: str) -> str:
    """The address of the browser's tab, which comes a moment after the browser."""
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            targets = json.load(answer)
        for target in targets:
            if target["type"] == "page":
                address: str = target["webSocketDebuggerUrl"]
                return address
        time.sleep(0.05)
