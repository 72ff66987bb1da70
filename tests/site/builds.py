"""The site built from altered sources: a later version, or one in which something goes wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

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
