"""Serves the site for development: Vite's server, and Python files rebuilt after each change.

There is no snapshot and no compression, so the page starts more slowly, and the sandbox for
visitors' code, which needs the snapshot, does not start at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from building import bundle, environment, python_files, site_files, vite
from building.environment import ROOT, alone, say
from building.parts import Parts
from building.steps import Steps

_FOLDER = ROOT / ".cache" / "dev"
_FILES = _FOLDER / "files.json"
_PUBLIC = _FOLDER / "public"
_WATCHED = (
    "pyproject.toml",
    "nets_core/**/*.py",
    "site/kernels/*.wat",
    "site/bench/*.wat",
    "site/bench/*.py",
    "site/models/*.npz",
    "site/sandbox/frame.html",
)
_PAUSE = 0.2  # seconds between two checks for changes


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run Vite's server on a port; raises BuildError."""
    try:
        vite.packages(ROOT / "site")
        prepare()
    except bundle.FAILURES as error:
        raise bundle.BuildError(str(error)) from error
    script = ROOT / "site" / "node_modules" / "vite" / "bin" / "vite.js"
    server = subprocess.Popen(
        [environment.node(), str(script), "--port", str(port)],
        cwd=ROOT / "site",
        env=os.environ | {"NETS_FILES": str(_FILES), "NETS_PUBLIC": str(_PUBLIC)},
    )
    try:
        yield server
    finally:
        server.terminate()
        server.wait()


def prepare() -> None:
    """Make the files that the page fetches by name; Vite then reloads the page."""
    parts = Parts()
    with alone(parts.cache):
        steps = Steps(parts.cache / "built")
        python = python_files.python_files(ROOT, parts, steps, snapshot=False)
        fetched = bundle.prepared(ROOT, parts, steps, python.start)
    entries = site_files.listed(fetched)
    for name, entry in entries.items():
        path = _PUBLIC / entry.path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(fetched[name])
    described = {"files": site_files.plain(entries), "offline": False, "cdn": None}
    _FILES.write_text(json.dumps(described))


def follow(server: subprocess.Popen[bytes]) -> None:
    """Prepare again after each change, as long as the server runs."""
    seen = _state()
    while server.poll() is None:
        time.sleep(_PAUSE)
        now = _state()
        if now == seen:
            continue
        seen = now
        begun = time.perf_counter()
        try:
            prepare()
        except bundle.FAILURES as error:
            say(f"Not updated: {error}")
        else:
            say(f"Updated after {time.perf_counter() - begun:.1f} s.")


def _state() -> dict[Path, int]:
    found = (path for pattern in _WATCHED for path in ROOT.glob(pattern))
    return {path: path.stat().st_mtime_ns for path in found}
