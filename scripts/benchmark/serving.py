"""One server for all that is compared: the site as built, the bench's pages, and the peers."""

from __future__ import annotations

import threading
from collections.abc import Buffer, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import web
from environment import say
from parts import PartError, Parts

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

    ``/`` is the site, ``/benchmark/`` the bench's pages, ``/stock/`` Pyodide and NumPy as
    published, ``/peers/`` the other libraries, as far as they can be had.
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
            say(f"Goes on without a peer: {error}")
    with _served(dist, files, []) as url:
        yield url


@contextmanager
def counting(dist: Path) -> Iterator[tuple[str, list[int]]]:
    """Serve ``dist`` alone; gives the address, and the sizes of what has been sent so far."""
    sent: list[int] = []
    with _served(dist, {}, sent) as url:
        yield url, sent


@contextmanager
def _served(dist: Path, files: dict[str, Path], sent: list[int]) -> Iterator[str]:
    server = web.Server(("localhost", 0), partial(_Handler, files, sent, directory=str(dist)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(web.StaticHandler):
    """Serves a folder, and single files from elsewhere under addresses of their own.

    The size of all that it writes, headers too, is appended to ``sent``.
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
