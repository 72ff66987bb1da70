"""Runs Vite, which bundles the page's own code as ``site/vite.config.js`` says."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from building import environment
from building.environment import say
from building.steps import Files, Steps

_MODES = ("page", "others")
_NOT_BUNDLED = ("node_modules", "kernels", "stills", "offline")


class ViteError(Exception):
    """The page cannot be bundled; the message says where it fails."""


def packages(site: Path) -> Path:
    """Return ``site/node_modules``, with the packages of the lock file installed."""
    folder = site / "node_modules"
    lock = (site / "package-lock.json").read_text()
    stamp = folder / ".installed.json"
    if not (stamp.is_file() and stamp.read_text() == lock):
        say("Installing the npm packages of site/package-lock.json …")
        command = [environment.npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=site, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ViteError(f"npm could not install the packages: {done.stderr.strip()}")
        stamp.write_text(lock)
    return folder


def bundled(site: Path, described: Mapping[str, Any], steps: Steps) -> Files:
    """Return the pages, modules and style sheets by address; raises ViteError.

    ``described`` is what "virtual:files" tells the page (``site/virtual.d.ts``).
    """
    inputs = [
        path
        for path in sorted(site.rglob("*"))
        if path.is_file()
        and path.relative_to(site).parts[0] not in _NOT_BUNDLED
        and not path.name.endswith((".test.js", ".npz", ".md"))
    ]
    names = [path.relative_to(site).as_posix() for path in inputs]
    settings = json.dumps([described, names], sort_keys=True)
    made = steps.take("bundle", [*inputs, settings], lambda: _bundle(site, described))
    return {address: path.read_bytes() for address, path in made.items()}


def _bundle(site: Path, described: Mapping[str, Any]) -> Files:
    say("Bundling the page …")
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "files.json").write_text(json.dumps(described))
        with ThreadPoolExecutor() as threads:
            for failure in threads.map(lambda mode: _run(site, mode, folder), _MODES):
                if failure:
                    raise ViteError(f"the page cannot be bundled: {failure}")
        found = sorted(path for path in (folder / "dist").rglob("*") if path.is_file())
        return {path.relative_to(folder / "dist").as_posix(): path.read_bytes() for path in found}


def _run(site: Path, mode: str, folder: Path) -> str:
    """Build the pages of a mode into ``folder/dist``; return Vite's errors."""
    script = site / "node_modules" / "vite" / "bin" / "vite.js"
    command = [environment.node(), str(script), "build", "--mode", mode]
    done = subprocess.run(
        [*command, "--outDir", str(folder / "dist")],
        cwd=site,
        env=os.environ | {"NETS_FILES": str(folder / "files.json"), "NODE_ENV": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.returncode else ""
