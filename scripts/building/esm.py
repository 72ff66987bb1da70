"""ES modules that import by bare name, made to import by relative address.

A browser resolves ``import "uplot"`` only with an import map, which a strict content security
policy forbids inline. So each package that the site imports, and each that those import, is copied
to ``vendor/<package>/`` as the ES modules its npm package ships, and every bare name becomes the
relative address of the file there.
"""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from building import environment
from building.steps import Files

_CONDITIONS = ("import", "module", "browser", "default")
_VENDOR_STYLE = re.compile(r"""["'(](?:\./|\.\./)*vendor/([^"')]+\.css)["')]""")
_STYLE_ADDRESS = re.compile(rb"""url\(["']?(?!data:)([^"')]+)["']?\)""")
_OLD_FONTS = re.compile(rb""",url\([^)]+\) format\("(?:woff|truetype)"\)""")


class LinkError(Exception):
    """A module imports what is not there; the message names both."""


class Linker:
    """Links a site's modules with packages, which ``package(name)`` gives as unpacked folders."""

    def __init__(self, package: Callable[[str], Path], packages: set[str]) -> None:
        self._package = package
        self._packages = packages
        lexer = package("es-module-lexer") / "dist" / "lexer.js"
        script = Path(__file__).with_name("imports.mjs")
        self._lexer = [environment.node(), str(script), lexer.as_uri()]

    def link(self, site: Files) -> Files:
        """Return the site with its imports rewritten, and the vendor files that it needs."""
        done: Files = {}
        fresh = site | self._styles(site)
        while fresh:
            modules = {path: data for path, data in fresh.items() if path.endswith((".js", ".mjs"))}
            done |= fresh
            wanted: Files = {}
            for path, found in self.imports(modules).items():
                done[path], needed = self._rewrite(path, modules[path], found)
                wanted |= needed
            fresh = {path: data for path, data in wanted.items() if path not in done}
        return done | self._licences(done)

    def imports(self, modules: Files) -> dict[str, list[tuple[int, int, str]]]:
        """Return what each module imports by a fixed name: where it says so, in bytes, and what."""
        if not modules:
            return {}
        question = json.dumps({path: data.decode() for path, data in modules.items()})
        answer = subprocess.run(
            self._lexer, input=question, capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise LinkError(f"a module could not be read: {answer.stderr.strip()}")
        return {
            path: [(start, end, name) for start, end, name in found]
            for path, found in json.loads(answer.stdout).items()
        }

    def _rewrite(
        self, path: str, data: bytes, found: list[tuple[int, int, str]]
    ) -> tuple[bytes, Files]:
        """Return a module with its bare imports made relative, and the files they lead to."""
        needed: Files = {}
        for start, end, name in reversed(found):
            if name.startswith((".", "/")) or ":" in name:
                if path.startswith("vendor/"):
                    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                    needed[target] = self._vendor_file(target, path)
                continue
            target = self._resolve(name, path)
            needed[target] = self._vendor_file(target, path)
            address = posixpath.relpath(target, posixpath.dirname(path) or ".")
            address = address if address.startswith(".") else f"./{address}"
            # A dynamic import's span holds the quotation marks, a static one's does not.
            quoted = data[start:end].startswith((b'"', b"'", b"`"))
            data = data[:start] + (f'"{address}"' if quoted else address).encode() + data[end:]
        return data, needed

    def _resolve(self, name: str, importer: str) -> str:
        """Return where ``vendor/`` has what a bare name means, as Node and bundlers resolve it."""
        package, subpath = _package_of(name)
        if package not in self._packages:
            raise LinkError(
                f"{importer} imports {name}, and parts.lock.json has no package {package}."
            )
        manifest = json.loads((self._package(package) / "package.json").read_text())
        exports = manifest.get("exports")
        entry = "." if not subpath else f"./{subpath}"
        if exports is None:
            target = subpath or manifest.get("module") or manifest.get("main") or "index.js"
        else:
            target = _exported(exports, entry)
        if target is None:
            raise LinkError(f"{importer} imports {name}, which {package} does not export.")
        return posixpath.normpath(f"vendor/{package}/{target}")

    def _vendor_file(self, address: str, importer: str) -> bytes:
        package, subpath = _package_of(address.removeprefix("vendor/"))
        path = self._package(package) / subpath
        if not path.is_file():
            raise LinkError(f"{importer} needs {address}, which its package does not hold.")
        return path.read_bytes()

    def _licences(self, files: Files) -> Files:
        """Return the licence of each package that has a file under ``vendor/``."""
        vendored = [path.removeprefix("vendor/") for path in files if path.startswith("vendor/")]
        return {
            f"vendor/{package}/{licence.name}": licence.read_bytes()
            for package in {_package_of(path)[0] for path in vendored}
            for licence in self._package(package).glob("LICEN[CS]E*")
        }

    def _styles(self, site: Files) -> Files:
        """Return the style sheets under ``vendor/`` that the site names, with what they show."""
        needed: Files = {}
        for path, data in site.items():
            if not path.endswith((".html", ".css", ".js")):
                continue
            for name in _VENDOR_STYLE.findall(data.decode()):
                address = f"vendor/{name}"
                style = _OLD_FONTS.sub(b"", self._vendor_file(address, path))
                needed[address] = style
                for shown in _STYLE_ADDRESS.findall(style):
                    target = posixpath.join(posixpath.dirname(address), shown.decode())
                    needed[target] = self._vendor_file(target, address)
        return needed


def _package_of(name: str) -> tuple[str, str]:
    """Return a package's name, which may have a scope, and what follows it."""
    segments = name.split("/")
    depth = 2 if name.startswith("@") else 1
    return "/".join(segments[:depth]), "/".join(segments[depth:])


def _exported(exports: object, entry: str) -> str | None:
    """Return what a package.json's ``exports`` gives a browser's ``import`` for an entry."""
    if isinstance(exports, str):
        return exports if entry == "." else None
    if not isinstance(exports, dict):
        return None
    if not any(key.startswith(".") for key in exports):
        return _conditional(exports) if entry == "." else None
    if entry in exports:
        return _conditional(exports[entry])
    for pattern, target in exports.items():
        head, star, tail = pattern.partition("*")
        if star and entry.startswith(head) and entry.endswith(tail):
            match = entry[len(head) : len(entry) - len(tail)]
            found = _conditional(target)
            return found.replace("*", match) if found else None
    return None


def _conditional(target: object) -> str | None:
    """Return the file that nested export conditions come to, or None."""
    if isinstance(target, str):
        return target
    if isinstance(target, dict):
        for condition, nested in target.items():
            if condition in _CONDITIONS:
                found = _conditional(nested)
                if found:
                    return found
    return None
