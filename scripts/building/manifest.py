"""What a built site consists of, written down so that a browser can check every file of it.

The chain begins at the page. Its HTML carries the hashes of the modules and style sheets that it
needs at once, and the browser refuses what differs. These modules have the hash of all that the
page fetches by name (``site_files``), and ``site/python/siteFiles.js`` refuses what differs.
Modules that are imported later are told apart by their names, which change with their content. The
service worker carries one hash of all the files together, and keeps no other version's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from building.site_files import Entry, sha256
from building.steps import Files

MANIFEST = "manifest.json"
SERVICE_WORKER = "sw.js"
# What site/offline has instead of it for a site that no longer wants one.
FAREWELL = "sw.off.js"
_BUILD = b"the hash of this build"  # what sw.js has in the place of its own
_LOADED = re.compile(
    r"""<(?:script\b[^>]*\bsrc|link\b[^>]*\brel="(?:stylesheet|modulepreload)"[^>]*\bhref)="([^":]+)"[^>]*>"""
)
_HASHED = re.compile(r"^assets/(.+)-[\w-]{8}(\.\w+)$")
# Data, which is kept for a visit without a network only once there is leave to fetch so much.
_DATA = re.compile(r"^mnist/")
# What no browser asks for that can unpack gzip, and what none asks for by itself.
_NOT_KEPT = re.compile(
    r"^pyodide/(.*\.(whl|zip|wasm|js))$|^(og\.png|\.nojekyll|stills/.*|wheels/.*)$"
)


def sealed(site: Files, entries: Mapping[str, Entry], sources: Path, service_worker: bool) -> Files:
    """Return the site with its manifest, and with the hashes that its pages check it by.

    ``entries`` are the files that the page fetches by name, ``sources`` is ``site/``. Without
    ``service_worker`` it has one that takes its leave: wherever an earlier build's is still at
    work, this one removes it and all that it kept.
    """
    files = dict(site)
    for page in [path for path in files if path.endswith(".html")]:
        files[page] = _with_integrity(page, files)
    build = sha256("".join(f"{path} {sha256(d)}\n" for path, d in sorted(files.items())).encode())
    worker = (sources / "offline" / SERVICE_WORKER).read_bytes()
    if worker.count(_BUILD) != 1:
        raise ValueError(f"{SERVICE_WORKER} has no place for the hash of the build")
    farewell = (sources / "offline" / FAREWELL).read_bytes()
    files[SERVICE_WORKER] = worker.replace(_BUILD, build.encode()) if service_worker else farewell
    listed = {
        "version": 2,
        "files": {
            path: {"bytes": len(data), "sha256": sha256(data)}
            for path, data in sorted(files.items())
        },
        "unpacked": {one.path: one.unpacked for one in entries.values() if one.unpacked},
        "names": _names(files, entries),
        "kept": _kept(files),
    }
    return {**files, MANIFEST: json.dumps(listed, indent=1).encode() + b"\n"}


def names(dist: Path) -> dict[str, Path]:
    """Return the files of a built site whose addresses change with their content, by name."""
    listed = json.loads((dist / MANIFEST).read_text())["names"]
    return {name: dist / path for name, path in listed.items()}


def _names(files: Files, entries: Mapping[str, Entry]) -> dict[str, str]:
    """Return the addresses that change with the content, by the names that stay."""
    bundled = {f"{found[1]}{found[2]}": path for path in files if (found := _HASHED.match(path))}
    return bundled | {name: entry.path for name, entry in entries.items()}


def _kept(files: Files) -> dict[str, list[str]]:
    """Return what the service worker keeps: what the page needs, and data for training."""
    wanted = sorted(path for path in files if not _NOT_KEPT.search(path) and path != SERVICE_WORKER)
    return {
        "page": [path for path in wanted if not _DATA.match(path)],
        "data": [path for path in wanted if _DATA.match(path)],
    }


def _with_integrity(page: str, files: Files) -> bytes:
    """Return a page with the hash of each module and style sheet that it loads."""
    folder = posixpath.dirname(page)

    def with_hash(found: re.Match[str]) -> str:
        tag, address = found.group(0), found.group(1)
        closing = " />" if tag.endswith("/>") else ">"
        data = files[posixpath.normpath(posixpath.join(folder, address))]
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return f'{tag.removesuffix(closing)} integrity="sha256-{digest}"{closing}'

    return _LOADED.sub(with_hash, files[page].decode()).encode()
