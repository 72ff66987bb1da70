"""The site put together: what ``dist/`` holds, and where each file comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from building import cdn, documents, kernels, licences, manifest, mnist_shards
from building.cdn import CdnError
from building.documents import DocumentError
from building.environment import ROOT, alone
from building.esm import Linker, LinkError
from building.kernels import KernelError
from building.licences import LicenceError
from building.parts import PartError, Parts
from building.policy import PolicyError, with_policy
from building.python_files import WheelError, python_files
from building.snapshot import SnapshotError
from building.steps import Files, Steps

DIST = ROOT / "dist"


class BuildError(Exception):
    """The site cannot be built from what is there; the message says why."""


@dataclass(frozen=True)
class Report:
    """How large a built site is."""

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

    ``address`` is the site's own, for the documents that name it; without it they do not.
    ``host`` is a folder elsewhere that has Pyodide and NumPy, if visitors are to fetch them there.
    Without ``service_worker``, and with ``host``, the site removes the one that visitors have from
    earlier builds.
    Steps whose inputs are those of an earlier build are taken from the cache.
    """
    parts = parts or Parts()
    with alone(parts.cache):
        steps = Steps(parts.cache / "built")
        try:
            linker = Linker(parts.package, set(parts.locked))
            hosts = (cdn.origin(host),) if host else ()
            contents = _site(root / "site", parts, linker, address, hosts)
            from_host = contents.pop("cdn.js", b"")
            contents |= _read("pyodide", python_files(root, parts, steps))
            if host:
                lock = contents["pyodide/pyodide-lock.json"]
                contents |= cdn.modules(from_host, lock, host, parts)
            shards = steps.take("mnist", [mnist_shards], partial(mnist_shards.shards, parts))
            contents |= _read("mnist", shards)
            assembled = kernels.assemble(root / "site" / "kernels")
            contents |= {f"kernels/{name}": data for name, data in assembled.items()}
            peak = kernels.peak(root / "site" / "bench")
            contents |= {f"bench/{name}": data for name, data in peak.items()}
            # What Python is made of would come from this host after all, to be kept.
            offline = service_worker and not host
            contents = manifest.sealed(contents, linker, offline)
        except (
            PartError,
            LinkError,
            WheelError,
            SnapshotError,
            KernelError,
            PolicyError,
            LicenceError,
            DocumentError,
            CdnError,
        ) as error:
            raise BuildError(str(error)) from error
        return _write(contents, dist)


def _site(site: Path, parts: Parts, linker: Linker, address: str, hosts: tuple[str, ...]) -> Files:
    files = {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }
    files = {path: data for path, data in files.items() if not path.endswith((".d.ts", ".wat"))}
    if models := files.get("models/models.json"):  # as a module it is there with the page's code
        files["models/models.js"] = b"export default " + models.rstrip() + b";\n"
    if index := files.get("index.html"):
        files["embed.html"] = documents.embed(index)
        files["index.html"] = documents.at(index, address) if address else index
    for name in [name for name in files if name.endswith(".html")]:
        files[name] = with_policy(name, files[name], hosts)
    files = {".nojekyll": b"", **linker.link(files)}
    if page := files.get(licences.PAGE):
        files[licences.PAGE] = licences.filled(page, files, parts, site.parent)
    return files


def _read(folder: str, files: dict[str, Path]) -> Files:
    return {f"{folder}/{name}": path.read_bytes() for name, path in files.items()}


def _write(contents: Files, dist: Path) -> Report:
    """Make ``dist`` hold exactly these files; touch only what differs."""
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
