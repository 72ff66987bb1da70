"""A server that answers as GitHub Pages does, with the caching that this means for a visitor.

Everything may be kept for ten minutes, refusals too, and is compared by its ETag after that. A
deploy replaces the folder: what the new build lacks is gone. The servers near a visitor may have it
late.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from building import web


@dataclass
class Pages:
    """A running server of the site in ``root``; another folder is another deploy.

    The server near the visitor does not have the addresses in ``late`` yet, and answers 404 for
    them; of those in ``old`` it still has the content of an earlier folder.
    """

    url: str
    root: Path
    late: set[str] = field(default_factory=set)
    old: dict[str, Path] = field(default_factory=dict)

    def content(self, address: str) -> bytes | None:
        """What is at an address; None where nothing is."""
        path = self.old.get(address, self.root) / address
        return path.read_bytes() if address not in self.late and path.is_file() else None


@contextmanager
def serving(root: Path) -> Iterator[Pages]:
    """Serve a built site in a folder of a host, as Pages has a project's site."""
    pages = Pages("", root)

    class Handler(_PagesHandler):
        site = pages

    server = web.Server(("localhost", 0), Handler)
    pages.url = f"http://localhost:{server.server_port}/nets/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield pages
    finally:
        server.shutdown()
        server.server_close()


class _PagesHandler(web.StaticHandler):
    site: Pages

    def do_GET(self) -> None:  # the name that http.server calls
        address = urlsplit(self.path).path.removeprefix("/nets/") or "index.html"
        data = self.site.content(address)
        if data is None:
            self._answer(404, "text/html", b"<!doctype html><title>404</title>")
            return
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer(304, "", b"", tag)
        else:
            self._answer(200, self.guess_type(address), data, tag)

    def _answer(self, status: int, kind: str, data: bytes, tag: str = "") -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        if tag:
            self.send_header("ETag", tag)
        if status != 304:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=600")
        super(web.StaticHandler, self).end_headers()
