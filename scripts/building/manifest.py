"""What a built site consists of, written down so that a browser can check every file of it.

The chain begins at the page. Its HTML carries the hashes of the modules and style sheets that it
needs at once, and the browser refuses what differs. One of these modules is ``manifest.js``: it has
the hash of all that is fetched later, and ``site/download.js`` refuses what differs. The service
worker carries one hash of all the files together, and keeps no other version's.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Iterable
from typing import Any

import brotli

from building.esm import Linker
from building.steps import Files

MANIFEST = "manifest.json"
MODULE = "manifest.js"
SERVICE_WORKER = "sw.js"
# What site/ has instead of it for a site that no longer wants one.
FAREWELL = "sw.off.js"
_BUILD = b"the hash of this build"  # what sw.js has in the place of its own
_WORKERS = ("worker.js", "unpacker-worker.js", "unpacked-worker.js")
_SCRIPT = re.compile(r"""<script\b[^>]*\bsrc="([^":]+)"[^>]*>""")
_STYLE = re.compile(r"""<link\b[^>]*\brel="stylesheet"[^>]*\bhref="([^":]+)"[^>]*>""")
# Data, which is kept for a visit without a network only once there is leave to fetch so much.
_DATA = re.compile(r"^mnist/")
# What no browser asks for that can unpack gzip, and what none asks for by itself.
_NOT_KEPT = re.compile(
    r"^pyodide/(.*\.(whl|zip|wasm|js))$|(^|/)LICEN[CS]E|^og\.png$|^models/models\.json$|^\.nojekyll$"
)

_UNPACK = {".gz": gzip.decompress, ".br": brotli.decompress}

# What no code of the page asks for.
_NOT_CHECKED = re.compile(
    r"(^|/)LICEN[CS]E|^og\.png$|^models/models\.json$|^\.nojekyll$|\.(whl|woff2)$"
)


def sealed(site: Files, linker: Linker, service_worker: bool = True) -> Files:
    """Return the site with its manifests, and with the hashes that its pages check it by.

    Without ``service_worker`` it has one that takes its leave: wherever an earlier build's is still
    at work, this one removes it and all that it kept.
    """
    files = dict(site)
    worker = files.pop(SERVICE_WORKER)
    farewell = files.pop(FAREWELL)
    graph = _graph(linker, files)
    pages = {path for path, data in files.items() if path.endswith(".html") and _loads(data)}

    known = {p: d for p, d in files.items() if p not in pages and not _NOT_CHECKED.search(p)}
    listed = _listed(known) | {
        "imports": {entry: _closure(graph, [entry]) for entry in sorted(_entries(graph))},
        "offline": service_worker,
    }
    files[MODULE] = b"export default " + json.dumps(listed, separators=(",", ":")).encode() + b";\n"
    graph[MODULE] = []
    for page in pages:
        files[page] = _page(page, files, graph)

    files[SERVICE_WORKER] = worker.replace(_BUILD, build(files).encode())
    if files[SERVICE_WORKER] == worker:
        raise ValueError(f"{SERVICE_WORKER} has no place for the hash of the build")
    if not service_worker:
        files[SERVICE_WORKER] = farewell
    whole = _listed(files) | {"kept": _kept(files)}
    return {**files, MANIFEST: json.dumps({"version": 1, **whole}, indent=1).encode() + b"\n"}


def build(files: Files) -> str:
    """Return one hash of all the files but the service worker, which carries it."""
    lines = (
        f"{path} {_sha256(data).hex()}\n"
        for path, data in sorted(files.items())
        if path != SERVICE_WORKER
    )
    return _sha256("".join(lines).encode()).hex()


def _listed(files: Files) -> dict[str, Any]:
    """Return the files' sizes and hashes, and those of what is in the packed ones.

    Some hosts have the browser unpack gzip, and what a start needs is kept unpacked for the next.
    """

    def entry(data: bytes) -> dict[str, object]:
        return {"bytes": len(data), "sha256": _sha256(data).hex()}

    ordered = sorted(files.items())
    return {
        "files": {path: entry(data) for path, data in ordered},
        "unpacked": {
            path: entry(unpack(data))
            for path, data in ordered
            for ending, unpack in _UNPACK.items()
            if path.endswith(ending)
        },
    }


def _kept(files: Iterable[str]) -> dict[str, list[str]]:
    """Return what the service worker keeps: what the page needs, and data for training."""
    wanted = sorted(path for path in files if not _NOT_KEPT.search(path) and path != SERVICE_WORKER)
    return {
        "page": [path for path in wanted if not _DATA.match(path)],
        "data": [path for path in wanted if _DATA.match(path)],
    }


# What a module imports: its address, and whether only when it gets there.
_Graph = dict[str, list[tuple[str, bool]]]


def _graph(linker: Linker, files: Files) -> _Graph:
    modules = {
        path: data
        for path, data in files.items()
        if path.endswith((".js", ".mjs")) and not path.startswith("pyodide/")
    }
    return {
        path: [
            (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), name)),
                modules[path][start:end].startswith((b'"', b"'", b"`")),
            )
            for start, end, name in found
        ]
        for path, found in linker.imports(modules).items()
    }


def _entries(graph: _Graph) -> set[str]:
    """Return the modules that are loaded on their own, later than the page's or in a worker."""
    return {target for found in graph.values() for target, late in found if late} | set(_WORKERS)


def _closure(graph: _Graph, entries: Iterable[str]) -> list[str]:
    """Return these modules and all that they import at once, in the order they are needed."""
    reached: dict[str, None] = {}
    waiting = list(entries)
    while waiting:
        module = waiting.pop(0)
        if module not in reached:
            reached[module] = None
            waiting += [target for target, late in graph.get(module, []) if not late]
    return list(reached)


def _loads(page: bytes) -> bool:
    return _SCRIPT.search(page.decode()) is not None


def _page(path: str, files: Files, graph: _Graph) -> bytes:
    """Return a page with the hashes of what it loads, and its modules named beforehand."""
    text = files[path].decode()
    folder = posixpath.dirname(path)

    def target(address: str) -> str:
        return posixpath.normpath(posixpath.join(folder, address))

    def with_hash(found: re.Match[str]) -> str:
        tag, address = found.group(0), found.group(1)
        closing = " />" if tag.endswith("/>") else ">"
        integrity = _integrity(files[target(address)])
        return f'{tag.removesuffix(closing)} integrity="{integrity}"{closing}'

    entries = [target(address) for address in _SCRIPT.findall(text)]
    modules = [one for one in _closure(graph, entries) if one not in entries]
    preloads = [
        f'    <link rel="modulepreload" href="{posixpath.relpath(module, folder or ".")}" '
        f'integrity="{_integrity(files[module])}" />\n'
        for module in modules
    ]
    text = _STYLE.sub(with_hash, _SCRIPT.sub(with_hash, text))
    head, end, body = text.partition("  </head>")
    return f"{head}{''.join(preloads)}{end}{body}".encode()


def _integrity(data: bytes) -> str:
    return "sha256-" + base64.b64encode(_sha256(data)).decode()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
