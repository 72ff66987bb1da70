"""Builds ``dist/`` from all its parts.

Python makes the files that the page fetches while it runs (``site_files``), Vite bundles the page's
own code (``vite``), and ``manifest`` adds hashes of all files.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from building import (
    cdn,
    kernels,
    licences,
    manifest,
    mnist_shards,
    pages,
    python_files,
    site_files,
    vite,
)
from building.cdn import CdnError
from building.environment import ROOT, alone
from building.kernels import KernelError
from building.licences import LicenceError
from building.pages import PageError
from building.parts import PartError, Parts
from building.python_files import WheelError
from building.snapshot import SnapshotError
from building.steps import Files, Steps
from building.vite import ViteError

DIST = ROOT / "dist"
# The files in site/ that the page fetches by name.
_SERVED = ("models/*.npz", "bench/*.py", "sandbox/frame.html")


FAILURES = (
    PartError,
    WheelError,
    SnapshotError,
    KernelError,
    PageError,
    LicenceError,
    CdnError,
    ViteError,
)
"""The errors of the build's steps; each message says why."""


class BuildError(Exception):
    """The site cannot be built; the message says why."""


@dataclass(frozen=True)
class Report:
    """The size of a built site."""

    files: int
    bytes: int


def build(
    dist: Path = DIST,
    parts: Parts | None = None,
    root: Path = ROOT,
    address: str = "",
    host: str = "",
    service_worker: bool = True,
) -> Report:
    """Make ``dist`` from ``site/`` and ``nets_core/`` of ``root``; raises BuildError.

    ``address`` is the site's address, which some documents then contain.
    ``host`` is the address of a folder elsewhere from which visitors fetch Pyodide and NumPy.
    Without ``service_worker``, and with ``host``, the site removes the service worker that visitors
    have from earlier builds.
    Steps whose inputs have not changed are taken from the cache.
    """
    parts = parts or Parts()
    site = root / "site"
    try:
        with alone(parts.cache):
            vite.packages(ROOT / "site")
            steps = Steps(parts.cache / "built")
            python = python_files.python_files(root, parts, steps)
            fetched = prepared(root, parts, steps, python.start)
            entries = site_files.listed(fetched)
            hosts = (cdn.origin(host),) if host else ()
            # The service worker cannot cache files of another host.
            offline = service_worker and not host
            described: dict[str, Any] = {
                "files": site_files.plain(entries),
                "offline": offline,
                "cdn": None,
            }
            if host:
                lock = fetched["pyodide/pyodide-lock.json"]
                described["cdn"] = cdn.described(lock, host, parts)
            contents = vite.bundled(site, described, steps)
            contents |= {entries[name].path: data for name, data in fetched.items()}
            contents |= pages.public(site, python.wheel)
            contents = pages.finished(contents, site, address, hosts)
            page = contents[licences.PAGE]
            contents[licences.PAGE] = licences.filled(page, parts, root)
            contents = manifest.sealed(contents, entries, site, offline)
            return _write(contents, dist)
    except FAILURES as error:
        raise BuildError(str(error)) from error


def prepared(root: Path, parts: Parts, steps: Steps, python: dict[str, Path]) -> Files:
    """Return the files that the page fetches while it runs, by name."""
    site = root / "site"
    shards = steps.take("mnist", [mnist_shards], partial(mnist_shards.shards, parts))
    files = {f"pyodide/{name}": path.read_bytes() for name, path in python.items()}
    files |= {f"mnist/{name}": path.read_bytes() for name, path in shards.items()}
    for name, data in kernels.assemble(site / "kernels").items():
        files[f"kernels/{name}"] = data
    for name, data in kernels.peak(site / "bench").items():
        files[f"bench/{name}"] = data
    for pattern in _SERVED:
        for path in sorted(site.glob(pattern)):
            files[path.relative_to(site).as_posix()] = path.read_bytes()
    return files


def _write(contents: Files, dist: Path) -> Report:
    """Make ``dist`` hold exactly these files; write only those that differ."""
    for path in dist.rglob("*"):
        if path.is_file() and path.relative_to(dist).as_posix() not in contents:
            path.unlink()
    for address, data in contents.items():
        path = dist / address
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f".{path.name}.new")
            unfinished.write_bytes(data)
            unfinished.replace(path)
    return Report(len(contents), sum(map(len, contents.values())))
