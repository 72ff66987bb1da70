"""Lists all files of a built site with their hashes, so that a browser can check them.

The chain of trust begins at the page. Its HTML has the hashes of the modules and style sheets that
it needs at once, except that of the script that tells what did not load; the browser refuses files
that differ. These modules have the hashes of all files
that the page fetches by name (``site_files``); ``site/python/siteFiles.js`` refuses files that
differ. Modules that are imported later have names that change with their content. The service
worker has one hash of all files together, and caches no file of another version.
"""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from building.pages import GUARD
from building.site_files import Entry, sha256
from building.steps import Files

MANIFEST = "manifest.json"
SERVICE_WORKER = "sw.js"
# Its replacement on a site without a service worker.
FAREWELL = "sw.off.js"
_BUILD = b"the hash of this build"  # the placeholder in sw.js
_LOADED = re.compile(
    r"""<(?:script\b[^>]*\bsrc|link\b[^>]*\brel="(?:stylesheet|modulepreload)"[^>]*\bhref)="([^":]+)"[^>]*>"""
)
_HASHED = re.compile(r"^assets/(.+)-[\w-]{8}(\.\w+)$")
# Data, which the service worker caches later than the page, as it is large.
_DATA = re.compile(r"^mnist/")
# Files that only browsers without gzip request, and files that the page never requests.
_NOT_KEPT = re.compile(
    r"^pyodide/(.*\.(whl|zip|wasm|js))$|^(og\.png|\.nojekyll|stills/.*|wheels/.*)$"
)


def sealed(site: Files, entries: Mapping[str, Entry], sources: Path, service_worker: bool) -> Files:
    """Return the site with its manifest, and with the hashes in its pages.

    ``entries`` are the files that the page fetches by name, ``sources`` is ``site/``. Without
    ``service_worker`` the site has one that removes itself, with all caches, from the browsers of
    earlier visitors.
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
    """Return the files that the service worker caches: for the page, and data for training."""
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
        if posixpath.basename(address) == GUARD:
            return tag
        closing = " />" if tag.endswith("/>") else ">"
        data = files[posixpath.normpath(posixpath.join(folder, address))]
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return f'{tag.removesuffix(closing)} integrity="sha256-{digest}"{closing}'

    return _LOADED.sub(with_hash, files[page].decode()).encode()
