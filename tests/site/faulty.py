"""A server of the built site that misbehaves on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from building import web

Fault = Literal[
    "missing", "truncated", "altered", "stalled", "held", "wrong type", "mistyped", "declared gzip"
]


@dataclass
class Site:
    """A running server of ``dist/``.

    Files are called by the names that stay ("worker.js", "models/cnn.npz"; see ``names`` in the
    site's ``manifest.json``), not by their addresses, which change with their content.

    ``faults`` maps a file's name to what goes wrong with it: "missing" answers 404,
    "truncated" ends after half the bytes that were announced, "altered" has another byte in the
    middle, "stalled" stops after 64 kB or half of it without ending, "held" is sent once the site
    is ``released``, "wrong type" sends HTML instead, "mistyped" has a content type that no browser
    knows, and "declared gzip" is what some hosts do with .gz files: they have the browser unpack
    them. ``guests`` are files that it serves besides, by address. ``requested`` lists the names
    asked for, in order. ``root`` is the folder served: another one is another deploy. A server that
    is ``gone`` answers nothing.
    """

    url: str
    root: Path
    faults: dict[str, Fault] = field(default_factory=dict)
    guests: dict[str, bytes] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    gone: bool = False
    released: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    def name_of(self, address: str) -> str:
        """The name of the file at this address, or the address where it is its name."""
        return _names(self.root).get(address, address)


@cache
def _names(root: Path) -> dict[str, str]:
    """The names of a built site's files by their addresses."""
    manifest = json.loads((root / "manifest.json").read_text())
    return {address: name for name, address in manifest["names"].items()}


@contextmanager
def serving(dist: Path, folder: str) -> Iterator[Site]:
    """Serve a built site in a folder of a server, or at its root."""
    prefix = f"/{folder}/" if folder else "/"
    site = Site("", dist)

    class Handler(_FaultyHandler):
        at, described = prefix, site

    server = web.Server(("localhost", 0), Handler)
    site.url = f"http://localhost:{server.server_port}{prefix}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        site.closing.set()
        site.released.set()
        server.shutdown()
        server.server_close()


class _FaultyHandler(web.StaticHandler):
    """Serves the site ``described`` under the address ``at``, with its faults."""

    at: str
    described: Site

    def translate_path(self, path: str) -> str:
        address = urlsplit(path).path
        if not address.startswith(self.at):
            return str(self.described.root / "outside the folder")
        return str(self.described.root / (address.removeprefix(self.at) or "index.html"))

    def do_GET(self) -> None:  # the name that http.server calls
        address = urlsplit(self.path).path.removeprefix(self.at)
        name = self.described.name_of(address)
        self.described.requested.append(name)
        fault = self.described.faults.get(name)
        if self.described.gone:
            self.close_connection = True
            return
        if address in self.described.guests:
            self._send(self.guess_type(address), self.described.guests[address])
        elif fault in (None, "held"):
            if fault == "held":
                self.described.released.wait()
            super().do_GET()
        elif fault == "missing":
            self.send_error(404)
        else:
            self._answer(Path(self.translate_path(self.path)), fault)

    def _send(self, kind: str, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, path: Path, fault: Fault) -> None:
        kind, data = self.guess_type(str(path)), path.read_bytes()
        if fault == "wrong type":
            kind, data = "text/html", b"<!doctype html>"
        if fault == "mistyped":
            kind = "application/x-unknown"
        if fault == "altered":
            data = _altered(data)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if fault == "declared gzip":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        incomplete = fault in ("truncated", "stalled")
        half = len(data) // 2
        sent = {"truncated": half, "stalled": min(half, 64 * 1024)}.get(fault, len(data))
        self.wfile.write(data[:sent])
        if fault == "stalled":
            self.described.closing.wait()
        self.close_connection = incomplete


def _altered(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
