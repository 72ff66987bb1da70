"""The built site in a real browser, served by a server that can misbehave on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

import visiting
from building import browsers, bundle, harness, web
from webkit import Visit, virtual_display, visitor

# What is expected comes when it comes: a busy machine may take long, and no test is about that.
expect.set_options(timeout=60_000)

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


@pytest.fixture(scope="session")
def dist() -> Path:
    """The site as built from the sources as they are now."""
    bundle.build()
    return bundle.DIST


@pytest.fixture(scope="session")
def harness_url(dist: Path) -> Iterator[str]:
    """The built site with a module that exports parts of the page, for tests to import:
    ``await import("./assets/harness.js")`` (harness.js)."""
    with _serving(dist, "") as site:
        site.guests |= harness.bundled(dist)
        yield site.url


@pytest.fixture(scope="session")
def site_url(dist: Path) -> Iterator[str]:
    """The address of the built site, on a server that all tests share."""
    with _serving(dist, "") as site:
        yield site.url


@pytest.fixture(scope="session")
def site_in_a_folder(dist: Path) -> Iterator[Site]:
    """The built site in a folder of a server that all tests share, as on Pages."""
    with _serving(dist, "somewhere/nets") as site:
        yield site


@pytest.fixture
def serve_site(dist: Path) -> Iterator[Callable[..., Site]]:
    """Start further servers: ``serve_site(folder="nets")`` has the site in a folder, like Pages."""
    with ExitStack() as servers:
        yield lambda folder="": servers.enter_context(_serving(dist, folder))


@pytest.fixture
def serve_harness(dist: Path) -> Iterator[Callable[..., Site]]:
    """Start further servers like that of ``harness_url``; ``serve_harness(other)`` serves another
    build, and a harness of the same sources."""
    with ExitStack() as servers:

        def serve(built: Path = dist) -> Site:
            site = servers.enter_context(_serving(built, ""))
            site.guests |= harness.bundled(built)
            return site

        yield serve


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What uses ``browser`` is tested in each, but for what is marked to be ``chromium``'s."""
    if "browser" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("chromium")
        engines = ["chromium"] if alone else ["chromium", "firefox"]
        metafunc.parametrize("browser", engines, indirect=True, scope="module")


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser without a window: Chromium, then Firefox.

    Each file has one of its own: what goes wrong with it is over with the file.
    """
    program = _installed(request.param)
    with _driver() as playwright:
        if request.param == "chromium":
            started = playwright.chromium.launch(executable_path=program, args=browsers.flags())
        elif program == playwright.firefox.executable_path:
            started = playwright.firefox.launch()
        else:
            started = playwright.firefox.launch(executable_path=program, channel="moz-firefox")
        yield started
        started.close()


@contextmanager
def _driver() -> Iterator[Playwright]:
    """Playwright's driver, told to live on where Firefox removes a frame that it still asks about.

    It leaves that answer unhandled, of which Node.js would die, and all that waits would hang.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NODE_OPTIONS", "--unhandled-rejections=warn")
        with sync_playwright() as playwright:
            yield playwright


@pytest.fixture(scope="session")
def webkit() -> Iterator[Callable[[], AbstractContextManager[Visit]]]:
    """Makes a visitor with WebKit: ``with webkit() as visit``."""
    program = _installed("webkit")
    with virtual_display() as display:
        yield lambda: visitor(program, display)


def _installed(engine: browsers.Engine) -> str:
    """The program of a browser; where it cannot be had, the test skips."""
    try:
        return browsers.find(engine)
    except browsers.MissingError as error:
        if browsers.installable():
            raise
        pytest.skip(str(error))


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A new visitor. Fails the test on errors in the console and on requests to other origins.

    A test marked ``provokes_errors`` may have errors, but no request that leaves the origin.
    """
    errors = request.node.get_closest_marker("provokes_errors") is not None
    with visiting.visitor(browser, errors) as one:
        yield one


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page of a new visitor, watched as ``context`` says."""
    return context.new_page()


@contextmanager
def _serving(dist: Path, folder: str) -> Iterator[Site]:
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
