"""The site built from altered sources: a later version, or one in which something goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from building import bundle
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
    (folder / "site" / "node_modules").symlink_to(ROOT / "site" / "node_modules")
    change(folder / "site")
    bundle.build(folder / "dist", root=folder, service_worker=service_worker)
    return folder / "dist"
