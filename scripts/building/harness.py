"""Bundles harness.js for a built site, so that parts of the page can be called directly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from building import environment

_HARNESS = Path("scripts") / "building" / "harness.js"


@cache
def bundled(dist: Path) -> dict[str, bytes]:
    """Return the harness and its workers by address, for a server of ``dist``.

    They are built from the sources beside ``dist``, which may be a copy.
    """
    site, source = dist.parent / "site", dist.parent / _HARNESS
    if not source.is_file():
        source.parent.mkdir(parents=True)
        shutil.copy(environment.ROOT / _HARNESS, source)
    script = site / "node_modules" / "vite" / "bin" / "vite.js"
    with TemporaryDirectory() as name:
        files = Path(name) / "files.json"
        files.write_text(json.dumps(_described(dist)))
        command = [environment.node(), str(script), "build", "--mode", "harness"]
        subprocess.run(
            [*command, "--outDir", f"{name}/out"],
            cwd=site,
            env=os.environ | {"NETS_FILES": str(files), "NETS_HARNESS": str(source)},
            check=True,
            capture_output=True,
        )
        out = Path(name) / "out"
        found = (path for path in out.rglob("*") if path.is_file())
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def _described(dist: Path) -> dict[str, Any]:
    """Return the content of "virtual:files" for this site, from its manifest."""
    manifest = json.loads((dist / "manifest.json").read_text())
    files = {}
    for name, path in manifest["names"].items():
        files[name] = {"path": path, **manifest["files"][path]}
        if path in manifest["unpacked"]:
            files[name]["unpacked"] = manifest["unpacked"][path]
    return {"files": files, "offline": True, "cdn": None}
