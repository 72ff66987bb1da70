"""One server for all that is compared: the site as built, the bench's pages, and the peers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import web
from parts import Parts

PAGES = Path(__file__).with_name("pages")
STOCK = ("pyodide", "numpy")
PEERS = (
    "tfjs-core",
    "tfjs-layers",
    "tfjs-backend-wasm",
    "tfjs-backend-cpu",
    "convnetjs",
    "brain.js",
)


@contextmanager
def serving(dist: Path, parts: Parts) -> Iterator[str]:
    """Serve ``dist`` and the rest; gives the address.

    ``/`` is the site, ``/bench/`` the bench's pages, ``/stock/`` Pyodide and NumPy as published,
    ``/peers/`` the other libraries.
    """
    files = {f"/bench/{path.name}": path for path in PAGES.iterdir()}
    for folder, names in (("stock", STOCK), ("peers", PEERS)):
        for part in names:
            for name in parts.locked[part].files:
                files[f"/{folder}/{name}"] = parts.file(part, name)
    server = web.Server(("localhost", 0), partial(_Handler, files, directory=str(dist)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(web.StaticHandler):
    """Serves a folder, and single files from elsewhere under addresses of their own."""

    def __init__(self, files: dict[str, Path], *args: object, directory: str) -> None:
        self.files = files
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        extra = self.files.get(urlsplit(path).path)
        return super().translate_path(path) if extra is None else str(extra)
