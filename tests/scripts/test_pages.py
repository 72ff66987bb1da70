"""The documents made for a deployment, and the workflow that deploys them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from building import bundle, manifest, pages
from building.bundle import BuildError
from building.environment import ROOT
from building.pages import PageError

WORKFLOWS = ROOT / ".github" / "workflows"
SITE = ROOT / "site"
INDEX = (SITE / "index.html").read_bytes()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site for a known address."""
    dist = tmp_path_factory.mktemp("site") / "dist"
    bundle.build(dist, address="https://a.example/nets")
    return dist


def finished(address: str, page: bytes = INDEX) -> str:
    """The page as it is served at an address."""
    return pages.finished({"index.html": page}, SITE, address, ())["index.html"].decode()


def main_of(document: str) -> str:
    """What is between ``<main>`` and ``</main>``."""
    return document.partition("<main>")[2].partition("</main>")[0]


def test_the_embedded_page_has_the_page_s_own_sections(built: Path) -> None:
    embed, index = ((built / name).read_text() for name in ("embed.html", "index.html"))
    assert main_of(embed) == main_of(index)
    assert "<section" in main_of(embed)
    for told in ("noindex", "data-embedded"):
        assert told in embed
        assert told not in index
    scripts = [re.findall("<script[^>]*>", page) for page in (embed, index)]
    assert scripts[0] == scripts[1]


def test_a_known_address_is_written_in_full(built: Path) -> None:
    text = (built / "index.html").read_text()
    assert '<meta property="og:image" content="https://a.example/nets/og.png" />' in text
    assert (built / "og.png").is_file()
    assert '<link rel="canonical" href="https://a.example/nets/" />' in text
    assert '<meta property="og:url" content="https://a.example/nets/" />' in text


def test_with_a_slash_at_its_end_an_address_is_the_same() -> None:
    assert finished("https://a.example/nets/") == finished("https://a.example/nets")


def test_without_an_address_none_is_written() -> None:
    text = finished("")
    assert '<meta property="og:image" content="og.png"' in text
    assert "canonical" not in text
    assert main_of(text) == main_of(finished("https://a.example/nets/"))


@pytest.mark.parametrize(
    "address", ["nets", "//a.example/", "javascript:alert(1)", "https://", "https://a.example/?x"]
)
def test_an_address_that_is_none_stops_the_build(address: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="expected one like"):
        bundle.build(tmp_path, address=address)
    assert list(tmp_path.iterdir()) == []


def test_an_address_cannot_break_out_of_its_attribute() -> None:
    assert '"><script>' not in finished('https://a.example/"><script>')


def test_a_page_that_has_changed_its_head_is_noticed() -> None:
    with pytest.raises(PageError, match="no picture"):
        finished("https://a.example/", INDEX.replace(b"og:image", b"og:picture"))


@pytest.mark.timeout(900)
def test_the_deployment_s_steps_build_the_site_from_a_clean_checkout(tmp_path: Path) -> None:
    """As they stand in the workflow, in the shell that runs them there."""
    workflow = (WORKFLOWS / "pages.yml").read_text()
    steps = re.findall(r"^ +- run: (.+)$", workflow, re.MULTILINE)
    assert steps
    given = re.findall(r"^ +([A-Z]+): \$\{\{ (.+) \}\}$", workflow, re.MULTILINE)
    assert given == [("ADDRESS", "steps.pages.outputs.base_url")]
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    (clone / ".venv").symlink_to(ROOT / ".venv")  # what is fetched is, once it is there, the same
    (clone / ".cache").symlink_to(ROOT / ".cache")
    for step in steps:
        done = subprocess.run(
            ["bash", "-e", "-c", step],
            cwd=clone,
            env=os.environ | {"ADDRESS": "https://a.example/nets"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    dist = clone / "dist"
    assert b"https://a.example/nets/og.png" in (dist / "index.html").read_bytes()
    assert (dist / "embed.html").is_file()
    assert manifest.names(dist)["pyodide/pyodide.asm.wasm.br"].stat().st_size > 1e6
    sizes = [path.stat().st_size for path in dist.rglob("*") if path.is_file()]
    assert sum(sizes) < 1e9, "more than GitHub Pages takes"
