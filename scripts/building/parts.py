"""Third-party parts, pinned in ``parts.lock.json`` and fetched by their usual clients.

A part is one or more files, each with its size and SHA-256. Its sources are tried in turn: an npm
package (``npm pack``), a PyPI package (``pip download``) or a folder at a public address. Files are
cached under their hashes, so a second build needs no network. A source that cannot be reached, or
lacks the file, is skipped; one that delivers other bytes stops the build.

To add a part or a version, write its entry. The build stops and prints the hash that it found:
compare it with the one that the part's makers publish.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from building import environment
from building.environment import ROOT, say

LOCK = ROOT / "parts.lock.json"
CACHE = ROOT / ".cache"
_PATIENCE = 10  # seconds without an answer after which an address counts as dead


class PartError(Exception):
    """A part cannot be fetched, or differs from the lock file; the message names it."""


class _SourceError(Exception):
    """This source cannot be reached or lacks the file: the next one is tried."""


@dataclass(frozen=True)
class Part:
    """One entry of the lock file.

    ``files`` maps a file's name to ``{"size": bytes, "sha256": hex}``. A source is
    ``{"npm": "name@version"}``, ``{"pypi": "name==version"}`` or ``{"url": address of a folder}``;
    with ``folder`` the files are members of that archive, without it the archive is the file.
    """

    name: str
    version: str
    licence: str
    use: str
    files: dict[str, dict[str, str | int]]
    sources: list[dict[str, str]]


def read_lock(path: Path = LOCK) -> dict[str, Part]:
    """Return the parts of a lock file by name."""
    return {entry["name"]: Part(**entry) for entry in json.loads(path.read_text())["parts"]}


class Parts:
    """The parts of a lock file, fetched into ``cache`` when first needed."""

    def __init__(self, lock: Path = LOCK, cache: Path = CACHE) -> None:
        self.locked = read_lock(lock)
        self.cache = cache
        self._scratch = TemporaryDirectory()  # archives live as long as this object
        self._archives: dict[str, Path] = {}

    def file(self, part: str, name: str) -> Path:
        """Return the path of one file of a part, with its hash checked.

        Raises :class:`PartError` if no source has it, or if one has other bytes.
        """
        locked = self.locked[part]
        expected = str(locked.files[name]["sha256"])
        path = self.cache / "parts" / expected / name
        if path.exists() and _sha256(path.read_bytes()) == expected:
            return path
        data = self._fetch(locked, name)
        if _sha256(data) != expected:
            raise PartError(
                f"{name} of {locked.name} {locked.version} has the SHA-256 {_sha256(data)}, "
                f"but the lock file expects {expected}."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(data)
        temporary.replace(path)
        return path

    def _fetch(self, part: Part, name: str) -> bytes:
        failures = []
        for source in part.sources:
            try:
                return self._fetch_from(source, part, name)
            except _SourceError as failure:
                failures.append(str(failure))
        raise PartError(
            f"{name} of {part.name} {part.version} could not be fetched: {'; '.join(failures)}."
        )

    def _fetch_from(self, source: dict[str, str], part: Part, name: str) -> bytes:
        if "url" in source:
            return _download(source["url"] + name)
        archive = self._archive(source)
        if "folder" not in source:
            return archive.read_bytes()
        return _member(archive, f"{source['folder']}/{name}")

    def _archive(self, source: dict[str, str]) -> Path:
        """Return the archive of an npm or PyPI source; each is fetched once per run."""
        wanted = source.get("npm") or source["pypi"]
        if wanted not in self._archives:
            say(f"Fetching {wanted} …")
            folder = Path(self._scratch.name) / str(len(self._archives))
            folder.mkdir()
            command = _npm_pack(wanted) if "npm" in source else _pip_download(wanted)
            client = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False
            )
            found = list(folder.iterdir())
            if client.returncode or len(found) != 1:
                shutil.rmtree(folder)
                reason = (client.stderr.strip() or "no file came").splitlines()[-1]
                raise _SourceError(f"{wanted}: {reason}")
            self._archives[wanted] = found[0]
        archive = self._archives[wanted]
        if "integrity" in source:
            digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            if source["integrity"] != f"sha512-{digest}":
                raise PartError(
                    f"{wanted} has the integrity sha512-{digest}, but the lock file expects "
                    f"{source['integrity']}."
                )
        return archive


def _npm_pack(wanted: str) -> list[str]:
    return [environment.npm(), "pack", "--silent", "--ignore-scripts", wanted]


def _pip_download(wanted: str) -> list[str]:
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    return [sys.executable, "-m", "pip", "download", *options, wanted]


def _download(address: str) -> bytes:
    say(f"Fetching {address} …")
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as response:
            return bytes(response.read())
    except OSError as error:  # URLError, HTTPError and time-outs among them
        raise _SourceError(f"{address}: {error}") from error


def _member(archive: Path, name: str) -> bytes:
    try:
        if archive.suffix == ".tgz":
            with tarfile.open(archive) as tar:
                member = tar.extractfile(name)
                return member.read() if member else b""
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    except KeyError as error:
        raise _SourceError(f"{archive.name} holds no {name}") from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
