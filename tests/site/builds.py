"""The site built from altered sources: a later version, or one in which something goes wrong."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from building import bundle, vite
from building.environment import ROOT

_NOT_COPIED = shutil.ignore_patterns("__pycache__", "node_modules")


def build(
    folder: Path, change: Callable[[Path], None] = lambda site: None, service_worker: bool = True
) -> Path:
    """Build the site with a change in it."""
    for name in ("site", "nets_core"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    add_packages(folder / "site")
    change(folder / "site")
    bundle.build(folder / "dist", root=folder, service_worker=service_worker)
    return folder / "dist"


def later(site: Path) -> None:
    """Change a title, the file of a net and some modules, one of them lazy: a later version."""
    page = (site / "index.html").read_text()
    (site / "index.html").write_text(page.replace("<title>", "<title>Two: "))
    for module, line in [
        ("guard.js", "document.documentElement.dataset.guard = 'two';"),
        ("main.js", "document.documentElement.dataset.version = 'two';"),
        ("playground/words.js", "document.documentElement.dataset.words = 'two';"),
    ]:
        path = site / "app" / module
        path.write_text(f"{path.read_text()}\n{line}\n")
    net = site / "models" / "softmax.npz"
    np.savez(net, **np.load(net))  # the same arrays, not compressed
    index = json.loads((site / "models" / "models.json").read_text())
    [listed] = (model for model in index["models"] if model["file"] == net.name)
    data = net.read_bytes()
    listed |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (site / "models" / "models.json").write_text(json.dumps(index))


def add_packages(site: Path) -> None:
    """Give a copy of ``site/`` the npm packages of the original, by hard links where it can.

    With a symbolic link the modules would lie outside of the site, and their chunks get other
    names.
    """
    packages = vite.packages(ROOT / "site")
    shutil.copytree(packages, site / "node_modules", symlinks=True, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
