"""One server for everything that is compared: the built site, the bench's pages, and the peers."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Buffer, Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from urllib.parse import urlsplit

from building import harness, manifest, web
from building.environment import say
from building.parts import PartError, Parts

PAGES = Path(__file__).with_name("pages")
STOCK = ("pyodide", "numpy")
PEERS = (
    "tfjs-core",
    "tfjs-layers",
    "tfjs-backend-wasm",
    "tfjs-backend-cpu",
    "tfjs-backend-webgl",
    "tfjs-backend-webgpu",
    "convnetjs",
    "brain.js",
)


@contextmanager
def serving(dist: Path, parts: Parts) -> Iterator[str]:
    """Serve ``dist`` and the rest; gives the address.

    ``/`` is the site with the harness (harness.js) and with MNIST's files by their names,
    ``/benchmark/`` the bench's pages, ``/stock/`` Pyodide and NumPy as published, ``/peers/`` the
    other libraries, as far as they are available.
    """
    files = {f"/benchmark/{path.name}": path for path in PAGES.iterdir()}
    for part in STOCK:
        for name in parts.locked[part].files:
            files[f"/stock/{name}"] = parts.file(part, name)
    for part in PEERS:
        try:
            for name in parts.locked[part].files:
                files[f"/peers/{name}"] = parts.file(part, name)
        except PartError as error:
            say(f"Going on without a peer: {error}")
    for name, path in manifest.names(dist).items():
        if name.startswith("mnist/"):
            files[f"/{name}"] = path
    with TemporaryDirectory() as folder:
        for address, data in harness.bundled(dist).items():
            path = files[f"/{address}"] = Path(folder) / address
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with _served(partial(_Handler, files, [], directory=str(dist))) as url:
            yield url


@contextmanager
def counting(dist: Path) -> Iterator[tuple[str, list[int]]]:
    """Serve ``dist`` alone; gives the address and a growing list of the bytes of each write."""
    sent: list[int] = []
    with _served(partial(_Handler, {}, sent, directory=str(dist))) as url:
        yield url, sent


@contextmanager
def packing(dist: Path) -> Iterator[str]:
    """Serve ``dist`` like GitHub Pages, with text gzipped; gives the address."""
    with _served(partial(_GzipHandler, directory=str(dist))) as url:
        yield url


@contextmanager
def _served(handler: Callable[..., Any]) -> Iterator[str]:
    server = web.Server(("localhost", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(web.StaticHandler):
    """Serves a folder, and ``files`` from elsewhere, by their URL paths.

    The number of bytes of each write, including headers, is appended to ``sent``.
    """

    def __init__(
        self, files: dict[str, Path], sent: list[int], *args: object, directory: str
    ) -> None:
        self.files = files
        self.sent = sent
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def setup(self) -> None:
        super().setup()
        write = self.wfile.write

        def counted(data: Buffer) -> int:
            self.sent.append(memoryview(data).nbytes)
            return write(data)

        self.wfile.write = counted  # type: ignore[method-assign]

    def translate_path(self, path: str) -> str:
        extra = self.files.get(urlsplit(path).path)
        return super().translate_path(path) if extra is None else str(extra)


class _GzipHandler(web.StaticHandler):
    """Gzips text for clients that accept it."""

    TEXT = (".css", ".html", ".js", ".json", ".mjs", ".svg")

    def send_head(self) -> IO[bytes] | None:  # type: ignore[override]
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        accepts = "gzip" in self.headers.get("Accept-Encoding", "")
        if not accepts or path.suffix not in self.TEXT or not path.is_file():
            return super().send_head()
        packed = _gzipped(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        return io.BytesIO(packed)


@cache
def _gzipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6)
