"""The built site in a real browser, served by a server that can misbehave on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

import visiting
from building import browsers, bundle, harness
from builds import build, later
from faulty import Site, serving
from webkit import Visit, virtual_display, visitor

# What is expected comes when it comes: a busy machine may take long, and no test is about that.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def dist() -> Path:
    """The site as built from the sources as they are now."""
    bundle.build()
    return bundle.DIST


@pytest.fixture(scope="session")
def renewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A later version of the site: another title, another file of a net, and a change in two
    modules, one of them lazy."""

    return build(tmp_path_factory.mktemp("renewed"), later)


@pytest.fixture(scope="session")
def harness_url(dist: Path) -> Iterator[str]:
    """The built site with a module that exports parts of the page, for tests to import:
    ``await import("./assets/harness.js")`` (harness.js)."""
    with serving(dist, "") as site:
        site.guests |= harness.bundled(dist)
        yield site.url


@pytest.fixture(scope="session")
def site_url(dist: Path) -> Iterator[str]:
    """The address of the built site, on a server that all tests share."""
    with serving(dist, "") as site:
        yield site.url


@pytest.fixture(scope="session")
def site_in_a_folder(dist: Path) -> Iterator[Site]:
    """The built site in a folder of a server that all tests share, as on Pages."""
    with serving(dist, "somewhere/nets") as site:
        yield site


@pytest.fixture
def serve_site(dist: Path) -> Iterator[Callable[..., Site]]:
    """Start further servers: ``serve_site(folder="nets")`` has the site in a folder, like Pages."""
    with ExitStack() as servers:
        yield lambda folder="": servers.enter_context(serving(dist, folder))


@pytest.fixture
def serve_harness(dist: Path) -> Iterator[Callable[..., Site]]:
    """Start further servers like that of ``harness_url``; ``serve_harness(other)`` serves another
    build, and a harness of the same sources."""
    with ExitStack() as servers:

        def serve(built: Path = dist) -> Site:
            site = servers.enter_context(serving(built, ""))
            site.guests |= harness.bundled(built)
            return site

        yield serve


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What uses ``browser`` is tested in Chromium; what may differ elsewhere, in Firefox too."""
    if "browser" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker
        everywhere = marked("every_engine") and not marked("chromium")
        engines = ["chromium", "firefox"] if everywhere else ["chromium"]
        metafunc.parametrize("browser", engines, indirect=True, scope="module")


@pytest.fixture(scope="session")
def launched() -> Iterator[Callable[[browsers.Engine], Browser]]:
    """Gives the browser of an engine: one process for all tests, as long as it lives."""
    running: dict[browsers.Engine, Browser] = {}
    with _driver() as playwright:

        def take(engine: browsers.Engine) -> Browser:
            if engine not in running or not running[engine].is_connected():
                running[engine] = _launch(playwright, engine)
            return running[engine]

        yield take
        for browser in running.values():
            browser.close()


@pytest.fixture(scope="module")
def browser(
    request: pytest.FixtureRequest, launched: Callable[[browsers.Engine], Browser]
) -> Browser:
    """A browser without a window."""
    return launched(request.param)


def _launch(playwright: Playwright, engine: browsers.Engine) -> Browser:
    program = _installed(engine)
    if engine == "chromium":
        return playwright.chromium.launch(executable_path=program, args=browsers.flags())
    if program == playwright.firefox.executable_path:
        return playwright.firefox.launch()
    return playwright.firefox.launch(executable_path=program, channel="moz-firefox")


@contextmanager
def _driver() -> Iterator[Playwright]:
    """Playwright's driver, told to live on where Firefox removes a frame that it still asks about.

    It leaves that answer unhandled, of which Node.js would die, and all that waits would hang.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NODE_OPTIONS", "--unhandled-rejections=warn")
        with sync_playwright() as playwright:
            yield playwright


@pytest.fixture(scope="session")
def webkit() -> Iterator[Callable[[], AbstractContextManager[Visit]]]:
    """Makes a visitor with WebKit: ``with webkit() as visit``."""
    program = _installed("webkit")
    with virtual_display() as display:
        yield lambda: visitor(program, display)


def _installed(engine: browsers.Engine) -> str:
    """The program of a browser; where it cannot be had, the test skips."""
    try:
        return browsers.find(engine)
    except browsers.MissingError as error:
        if browsers.installable():
            raise
        pytest.skip(str(error))


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A new visitor. Fails the test on errors in the console and on requests to other origins.

    A test marked ``provokes_errors`` may have errors, but no request that leaves the origin.
    """
    errors = request.node.get_closest_marker("provokes_errors") is not None
    with visiting.visitor(browser, errors) as one:
        yield one


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page of a new visitor, watched as ``context`` says."""
    return context.new_page()
