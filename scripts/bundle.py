"""The site put together: what ``dist/`` holds, and where each file comes from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import kernels
import mnist_shards
from environment import ROOT, alone
from esm import Linker, LinkError
from kernels import KernelError
from parts import PartError, Parts
from python_files import WheelError, python_files
from snapshot import SnapshotError
from steps import Files, Steps

DIST = ROOT / "dist"


class BuildError(Exception):
    """The site cannot be built from what is there; the message says why."""


@dataclass(frozen=True)
class Report:
    """How large a built site is."""

    files: int
    bytes: int


def build(dist: Path = DIST, parts: Parts | None = None, root: Path = ROOT) -> Report:
    """Make ``dist`` from ``site/`` and ``nets_core/`` of ``root``; raises BuildError.

    Steps whose inputs are those of an earlier build are taken from the cache.
    """
    parts = parts or Parts()
    with alone(parts.cache):
        steps = Steps(parts.cache / "built")
        try:
            contents = _site(root / "site", parts)
            contents |= _read("pyodide", python_files(root, parts, steps))
            shards = steps.take("mnist", [mnist_shards], partial(mnist_shards.shards, parts))
            contents |= _read("mnist", shards)
            assembled = kernels.assemble(root / "site" / "kernels")
            contents |= {f"kernels/{name}": data for name, data in assembled.items()}
        except (PartError, LinkError, WheelError, SnapshotError, KernelError) as error:
            raise BuildError(str(error)) from error
        return _write(contents, dist)


def _site(site: Path, parts: Parts) -> Files:
    files = {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }
    files = {path: data for path, data in files.items() if not path.endswith((".d.ts", ".wat"))}
    if models := files.get("models/models.json"):  # as a module it is there with the page's code
        files["models/models.js"] = b"export default " + models.rstrip() + b";\n"
    return {".nojekyll": b"", **Linker(parts.package, set(parts.locked)).link(files)}


def _read(folder: str, files: dict[str, Path]) -> Files:
    return {f"{folder}/{name}": path.read_bytes() for name, path in files.items()}


def _write(contents: Files, dist: Path) -> Report:
    """Make ``dist`` hold exactly these files and a manifest of them; touch only what differs."""
    entries = {
        address: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for address, data in sorted(contents.items())
    }
    manifest = json.dumps({"version": 1, "files": entries}, indent=1).encode() + b"\n"
    contents = contents | {"manifest.json": manifest}
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
