"""The site with Pyodide and NumPy from another host: used if right, refused by name if altered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

import visiting
from building import bundle, cdn, web
from building.parts import Parts
from visiting import SEVEN, draw, expect_guess, part

pytestmark = pytest.mark.every_engine("fetching and integrity")

FILES = ("pyodide.asm.wasm", "pyodide.asm.js", "python_stdlib.zip")


class Host(web.StaticHandler):
    """What a public host does: it lets every page fetch its files."""

    requested: list[str]

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def do_GET(self) -> None:  # the name that http.server calls
        self.requested.append(urlsplit(self.path).path.removeprefix("/full/"))
        super().do_GET()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a host with Pyodide and NumPy as they are published."""
    parts, folder = Parts(), tmp_path_factory.mktemp("host") / "full"
    folder.mkdir()
    (wheel,) = parts.locked["numpy"].files
    for name in FILES:
        (folder / name).write_bytes(parts.file("pyodide", name).read_bytes())
    (folder / wheel).write_bytes(parts.file("numpy", wheel).read_bytes())
    return folder


@pytest.fixture(scope="module")
def host(files: Path) -> Iterator[tuple[str, list[str]]]:
    """The host's address, and what has been asked for there."""
    asked: list[str] = []

    class Handler(Host):
        requested = asked

    def handler(*arguments: object) -> Handler:
        return Handler(*arguments, directory=str(files.parent))  # type: ignore[arg-type]

    server = web.Server(("localhost", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/full/", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(host: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site that was built for that host."""
    dist = tmp_path_factory.mktemp("site")
    bundle.build(dist, host=host[0])
    server = web.serve(dist, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_it_reads_and_trains_with_what_the_host_has(
    browser: Browser, site: str, host: tuple[str, list[str]]
) -> None:
    _, asked = host
    asked.clear()
    with visiting.visitor(browser) as context:
        own: list[str] = []
        context.on("request", lambda request: own.append(request.url))
        page = visiting.open_ready(context.new_page(), site)
        draw(page, SEVEN)
        expect_guess(page, 7)
        result = page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
        assert result["accuracy"] > 0.8
        (wheel,) = Parts().locked["numpy"].files
        assert sorted(asked) == sorted([*FILES, wheel])
        heavy = ("asm", "stdlib", "numpy", "snapshot", "later", "nets_core.files")
        pyodide = [url for url in own if url.startswith(f"{site}pyodide/")]
        assert [url for url in pyodide if any(word in url for word in heavy)] == []


def test_its_policy_admits_that_host_and_no_other(
    browser: Browser, site: str, host: tuple[str, list[str]]
) -> None:
    with visiting.visitor(browser, errors=True) as context:
        page = context.new_page()
        page.goto(site)
        meta = page.locator('meta[http-equiv="Content-Security-Policy"]')
        (connect,) = [
            directive
            for directive in (meta.get_attribute("content") or "").split("; ")
            if directive.startswith("connect-src")
        ]
        assert connect == f"connect-src 'self' {host[0].removesuffix('/full/')}"
        reach = "address => fetch(address).then(() => true, () => false)"
        assert page.evaluate(reach, f"{host[0]}python_stdlib.zip") is True
        elsewhere = host[0].replace("localhost", "127.0.0.1")
        assert page.evaluate(reach, f"{elsewhere}python_stdlib.zip") is False


@pytest.mark.parametrize("name", ["pyodide.asm.js", "numpy"])
def test_an_altered_file_is_refused_by_name(
    browser: Browser, site: str, files: Path, name: str
) -> None:
    (path,) = files.glob(f"{name}*")
    original = path.read_bytes()
    altered = bytearray(original)
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    try:
        with visiting.visitor(browser, errors=True) as context:
            page = context.new_page()
            page.goto(site)
            expect_refusal(page, path.name)
            path.write_bytes(original)
            part(page, "retry").click()
            visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    finally:
        path.write_bytes(original)


def expect_refusal(page: Page, name: str) -> None:
    visiting.expect_state(page, "failed", visiting.START_PATIENCE)
    expect(part(page, "failure-words")).to_contain_text(f"{name} did not load: localhost")
    expect(part(page, "failure-words")).to_contain_text("is not the file that belongs here")


@pytest.mark.parametrize("address", ["cdn.example/full/", "https://cdn.example/full", "file:///x/"])
def test_what_is_no_address_stops_the_build(address: str, tmp_path: Path) -> None:
    with pytest.raises(bundle.BuildError, match="the files cannot be at"):
        bundle.build(tmp_path, host=address)


def test_without_the_option_nothing_of_it_is_in_the_site(dist: Path) -> None:
    scripts = [path.read_text() for path in dist.glob("assets/*.js")]
    assert any("snapshot" in script for script in scripts)
    assert not any("cannot be reached, or what it has" in script for script in scripts)


def test_the_public_host_is_the_one_that_pyodide_names() -> None:
    assert cdn.address(Parts()) == "https://cdn.jsdelivr.net/pyodide/v0.29.0/full/"
