"""A static web server for ``dist/``, like any static host."""

from __future__ import annotations

import errno
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_TRIES = 20  # ports tried from the wanted one up


class StaticHandler(SimpleHTTPRequestHandler):
    """Serves files with the content types that browsers require; nothing is cached unchecked."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # else each file waits 40 ms for the acknowledgement of its headers
    )
    extensions_map = {  # noqa: RUF012 (the base class has it so)
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
        """Log nothing: the browser's developer tools show all requests."""


class Server(ThreadingHTTPServer):
    """Answers each request in its own thread; a closed connection is no error."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(folder: Path, port: int) -> Server:
    """Return a server of ``folder`` on the first free port from ``port`` up; 0 means any port."""
    handler = partial(StaticHandler, directory=str(folder))
    for candidate in [port] if port == 0 else range(port, port + _TRIES):
        try:
            return Server(("127.0.0.1", candidate), handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    raise OSError(f"ports {port} to {port + _TRIES - 1} are all taken; choose one with --port")
