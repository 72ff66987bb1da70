"""Fills ``licences.html``: the parts of the site, their authors and the full licence texts.

Most parts include their licence text. Those in ``licence_texts/`` are for the parts that do not:
Pyodide and Python in their npm package, MNIST, and KaTeX's fonts.
"""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from html import escape
from pathlib import Path

from building import environment
from building.parts import Parts

PAGE = "licences.html"
_MARK = b"<!-- what the site carries -->"
_TEXTS = Path(__file__).with_name("licence_texts")
_LICENCE_NAMES = ("LICENSE", "LICENCE", "LICENSE.md", "LICENSE.txt", "LICENSE-MIT.txt", "license")


class LicenceError(Exception):
    """A part ships without a licence text; the message names it."""


@dataclass(frozen=True)
class Notice:
    """The entry of a part: ``licence`` is a short name, ``source`` where the part comes from."""

    name: str
    licence: str
    source: str
    text: str


def filled(page: bytes, parts: Parts, root: Path) -> bytes:
    """Return the page with a notice for each part of the site; raises LicenceError."""
    notices = [*_own_and_large(parts, root), *_packages()]
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


def _packages() -> list[Notice]:
    """Return notices for the npm packages in the page's bundle: all but development packages."""
    site = environment.ROOT / "site"
    locked = json.loads((site / "package-lock.json").read_text())["packages"]
    notices = []
    for path, package in sorted(locked.items()):
        if not path or package.get("dev"):
            continue
        name = path.removeprefix("node_modules/")
        texts = [site / path / one for one in _LICENCE_NAMES if (site / path / one).is_file()]
        if not texts:
            raise LicenceError(f"the package {name} carries no licence text")
        described = json.loads((site / path / "package.json").read_text())
        repository = described.get("repository", "")
        address = repository["url"] if isinstance(repository, dict) else repository
        source = described.get("homepage") or re.sub(r"^(git\+)?(.*?)(\.git)?$", r"\2", address)
        title = f"{name} {package['version']}"
        notices.append(Notice(title, package["license"], source, texts[0].read_text()))
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
