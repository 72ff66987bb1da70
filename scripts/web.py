"""A static web server for ``dist/``, such as any host of static files is."""

from __future__ import annotations

import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

_TRIES = 20  # ports tried from the wanted one up


class StaticHandler(SimpleHTTPRequestHandler):
    """Serves files with the types that browsers insist on; the browser asks anew each time."""

    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar[dict[str, str]] = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".json": "application/json",
        ".wasm": "application/wasm",
        ".gz": "application/gzip",  # the page unpacks these itself
        ".whl": "application/zip",
        ".woff2": "font/woff2",
    }

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the browser's own tools show every request."""


def serve(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of ``folder`` on the first free port from ``port`` up; 0 takes any."""
    handler = partial(StaticHandler, directory=str(folder))
    for candidate in [port] if port == 0 else range(port, port + _TRIES):
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    raise OSError(f"ports {port} to {port + _TRIES - 1} are all taken; choose one with --port")
