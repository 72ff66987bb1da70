"""licences.html: everything that the site carries is named there, with its licence in full."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from building.environment import ROOT

# A sentence of each licence that is not from an npm package, and whose licence it is.
LARGE = {
    "This site and its library nets_core": "Copyright (c) 2026 the nets maintainers",
    "Pyodide 0.29.0": "Mozilla Public License Version 2.0",
    "Python 3.13": "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",
    "NumPy 2.2.5": "Copyright (c) 2005-2024, NumPy Developers.",
    "MNIST, by Yann LeCun and Corinna Cortes": "Attribution-ShareAlike 3.0 Unported",
    "KaTeX’s fonts": "SIL OPEN FONT LICENSE Version 1.1",
}

SITE = ROOT / "site"
PACKAGE = re.compile(r'^(?:import|export|}) .*?from "((?:@[\w-]+/)?[\w-]+)(?:/.*)?";$', re.M)
"""A package that a module imports, such as @codemirror/view."""


@pytest.fixture(scope="module")
def notices(dist: Path) -> dict[str, str]:
    """The licence texts of the page by what they are of."""
    page = (dist / "licences.html").read_text()
    found = re.findall(r"<summary>(.*?) <span.*?<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    return {html.unescape(name): html.unescape(text) for name, text in found}


def imported() -> set[str]:
    """The npm packages that the page's modules import, and those that these need."""
    found: set[str] = set()
    folders = [path for path in SITE.iterdir() if path.is_dir() and path.name != "node_modules"]
    for path in (path for folder in folders for path in folder.rglob("*.js")):
        if not path.name.endswith(".test.js"):
            found |= set(PACKAGE.findall(path.read_text()))
    for name in (waiting := list(found)):
        package = json.loads((SITE / "node_modules" / name / "package.json").read_text())
        waiting += set(package.get("dependencies", {})) - found
        found |= set(package.get("dependencies", {}))
    return found


def test_every_package_that_ships_is_there_with_its_own_text(notices: dict[str, str]) -> None:
    shipped = imported()
    assert len(shipped) > 10
    for name in shipped:
        folder = SITE / "node_modules" / name
        version = json.loads((folder / "package.json").read_text())["version"]
        own = [path.read_text() for path in folder.glob("LICEN[CS]E*")]
        assert notices[f"{name} {version}"] in map(str.strip, own)


@pytest.mark.parametrize("name", LARGE)
def test_the_large_parts_are_there(name: str, notices: dict[str, str]) -> None:
    (text,) = (text for found, text in notices.items() if found.startswith(name))
    assert LARGE[name] in " ".join(text.split())
    assert len(text) > 900, "not the whole text"


def test_every_part_of_the_lock_that_ships_is_credited(notices: dict[str, str]) -> None:
    """Whoever adds a part without a licence text finds the build stopped, or this test failed."""
    known = {"pyodide": "Pyodide", "numpy": "NumPy", "mnist-pickle": "MNIST", "mnist-idx": "MNIST"}
    listed = " ".join(notices)
    for part in json.loads((ROOT / "parts.lock.json").read_text())["parts"]:
        packaged = "npm" in part["sources"][0] and "folder" not in part["sources"][0]
        if part["use"] == "site" and not packaged:
            assert known[part["name"]] in listed


def test_the_page_leads_there_and_opens_each(page: Page, site_url: str) -> None:
    page.goto(site_url)
    page.get_by_role("link", name="Licences").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Licences")
    text = page.get_by_label("Licence of Pyodide 0.29.0")
    expect(text).to_be_hidden()
    page.get_by_text("Pyodide 0.29.0").click()
    expect(text).to_contain_text("Mozilla Public License")
