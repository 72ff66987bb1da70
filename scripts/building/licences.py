"""``licences.html``: what the site carries, whose it is, and its licence, in full.

Most texts come with the parts themselves. Those in ``licences/`` beside this file belong to parts
that carry none: Pyodide and Python in their npm package, MNIST, and KaTeX's fonts.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from building.parts import Parts
from building.steps import Files

PAGE = "licences.html"
_MARK = b"<!-- what the site carries -->"
_TEXTS = Path(__file__).with_name("licence_texts")
_LICENCE_NAMES = ("LICENSE", "LICENCE", "LICENSE.md", "LICENSE.txt", "LICENSE-MIT.txt", "license")


class LicenceError(Exception):
    """A part ships without a licence text; the message names it."""


@dataclass(frozen=True)
class Notice:
    """What is said of a part: ``licence`` is a short name, ``source`` where the part comes from."""

    name: str
    licence: str
    source: str
    text: str


def filled(page: bytes, files: Files, parts: Parts, root: Path) -> bytes:
    """Return the page with a notice of everything in ``files``; raises LicenceError."""
    notices = [*_own_and_large(parts, root), *_packages(files, parts.package, parts)]
    return page.replace(_MARK, "\n".join(map(_markup, notices)).encode())


def _own_and_large(parts: Parts, root: Path) -> list[Notice]:
    own = root / "LICENSE"
    text = own.read_text().partition("-" * 80)[0] if own.exists() else ""
    (wheel,) = parts.locked["numpy"].files
    with zipfile.ZipFile(parts.file("numpy", wheel)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("dist-info/LICENSE.txt"))
        numpy = archive.read(name).decode()
    mpl = (_TEXTS / "MPL-2.0.txt").read_text()
    pyodide, version = parts.locked["pyodide"], parts.locked["numpy"].version
    credit = "MNIST, by Yann LeCun and Corinna Cortes, cut into parts and compressed anew"
    cc, ofl = "CC-BY-SA-3.0.txt", "OFL-1.1.txt"
    yann = "http://yann.lecun.com/exdb/mnist/"
    python = (_TEXTS / "Python-3.13.txt").read_text()
    return [
        Notice("This site and its library nets_core", "MIT", "", text),
        Notice(f"Pyodide {pyodide.version}", "MPL 2.0", "https://github.com/pyodide/pyodide", mpl),
        Notice("Python 3.13, in Pyodide", "PSF 2", "https://www.python.org/", python),
        Notice(f"NumPy {version}", "BSD 3-Clause", "https://numpy.org/", numpy),
        Notice(credit, "CC BY-SA 3.0", yann, (_TEXTS / cc).read_text()),
        Notice("KaTeX’s fonts", "SIL OFL 1.1", "https://katex.org/", (_TEXTS / ofl).read_text()),
    ]


def _packages(files: Files, package: Callable[[str], Path], parts: Parts) -> list[Notice]:
    """The npm packages that have files under ``vendor/``."""
    found = {re.sub(r"^vendor/((@[^/]+/)?[^/]+)/.*", r"\1", path) for path in files}
    notices = []
    for name in sorted(name for name in found if name in parts.locked):
        folder = package(name)
        texts = [folder / licence for licence in _LICENCE_NAMES if (folder / licence).is_file()]
        if not texts:
            raise LicenceError(f"the package {name} carries no licence text")
        described = json.loads((folder / "package.json").read_text())
        repository = described.get("repository", "")
        address = repository["url"] if isinstance(repository, dict) else repository
        source = described.get("homepage") or re.sub(r"^(git\+)?(.*?)(\.git)?$", r"\2", address)
        part = parts.locked[name]
        notices.append(Notice(f"{name} {part.version}", part.licence, source, texts[0].read_text()))
    return notices


def _markup(notice: Notice) -> str:
    name, text = escape(notice.name), escape(notice.text.strip())
    link = notice.source.startswith("https://") or notice.source.startswith("http://")
    where = (
        f'\n        <p><a href="{escape(notice.source)}">Where it comes from</a></p>'
        if link
        else ""
    )
    return f"""      <details>
        <summary>{name} <span class="quiet">{escape(notice.licence)}</span></summary>{where}
        <pre tabindex="0" aria-label="Licence of {name}">{text}</pre>
      </details>"""
