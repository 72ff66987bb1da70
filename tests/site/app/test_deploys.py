"""Deploys and caches: what a visitor gets from a host that caches as GitHub Pages does.

And pages that cannot start, wherever they are: each says why, whatever part of it did not come.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

import github_pages
import visiting
from building import web
from github_pages import Pages
from visiting import SEVEN, draw, expect_guess, part

pytestmark = [
    pytest.mark.provokes_errors,
    pytest.mark.timeout(900),  # the first builds another version of the site
]


@pytest.fixture
def pages(dist: Path) -> Iterator[Pages]:
    """The site as GitHub Pages has it."""
    with github_pages.serving(dist) as site:
        yield site


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serve HTML from another origin: ``host(html)`` returns its address."""
    (tmp_path / "favicon.ico").touch()
    server = web.serve(tmp_path, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def put(html: str) -> str:
        # Each has a name of its own: a server tells versions within one second apart by nothing.
        name = f"{len(list(tmp_path.iterdir()))}.html"
        (tmp_path / name).write_text(html)
        return f"http://localhost:{server.server_port}/{name}"

    yield put
    server.shutdown()
    server.server_close()


def addresses(dist: Path) -> dict[str, str]:
    """The addresses of a build's files, by the names that stay."""
    listed: dict[str, str] = json.loads((dist / "manifest.json").read_text())["names"]
    return listed


def version(page: Page | Frame) -> str:
    """Which version the page is of, in all its parts, once it runs."""
    page.wait_for_function("() => document.documentElement.dataset.running")
    signs: list[bool] = page.evaluate(
        """() => [document.title.startsWith("Two"), document.documentElement.dataset.version]
          .map((sign) => sign === true || sign === "two")"""
    )
    assert len(set(signs)) == 1, "two versions are mixed"
    return "two" if signs[0] else "one"


def expect_version(page: Page, expected: str) -> None:
    """Wait until the page runs, reads a digit and trains, all in this version."""
    expect(page).to_have_title(re.compile("^Two" if expected == "two" else "^Neural"))
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    assert version(page) == expected


def test_within_the_ten_minutes_after_a_deploy_no_versions_mix(
    context: BrowserContext, pages: Pages, renewed: Path
) -> None:
    page = visiting.open_ready(context.new_page(), pages.url)
    pages.root = renewed
    page.goto("about:blank")
    page.goto(pages.url)  # from the browser's cache
    expect_version(page, "one")
    tab = context.new_page()
    tab.goto(pages.url)
    expect_version(tab, "one")
    tab.go_back()
    tab.go_forward()
    expect_version(tab, "one")
    draw(tab, SEVEN)
    expect_guess(tab, 7)
    # What the old version never fetched is gone. It says so, and then any visit brings the new one.
    part(tab, "model-picker").select_option("softmax")
    expect(part(tab, "draw-trouble")).to_contain_text("has been renewed")
    page.reload()
    expect_version(page, "two")
    tab.goto("about:blank")
    tab.goto(pages.url)
    expect_version(tab, "two")


@pytest.mark.parametrize("name", ["page.js", "page.css"])
def test_a_part_that_the_nearest_server_has_late_is_waited_for(
    page: Page, pages: Pages, renewed: Path, name: str
) -> None:
    """It refuses the file for a while, and the browser keeps the refusal: it mends itself."""
    pages.root = renewed
    pages.late = {addresses(renewed)[name]}
    page.goto(pages.url)
    expect(part(page, "incomplete")).to_contain_text("the server answered 404")
    pages.late = set()
    expect(part(page, "incomplete")).to_have_count(0)
    expect_version(page, "two")
    assert page.evaluate("() => history.state?.netsRenewed") is None


def test_an_old_page_from_a_late_server_is_replaced(
    page: Page, pages: Pages, dist: Path, renewed: Path
) -> None:
    pages.root, pages.old = renewed, {"index.html": dist}
    page.goto(pages.url)
    expect(part(page, "incomplete")).to_contain_text("the server answered 404")
    pages.old = {}
    expect_version(page, "two")


@pytest.mark.parametrize("name", ["pyodide/numpy.files.br", "worker.js", visiting.FIRST_MODEL])
def test_a_file_that_the_server_has_late_is_there_at_the_next_try(
    page: Page, pages: Pages, name: str
) -> None:
    """The browser keeps the refusal for ten minutes; “Try again” asks past its cache."""
    pages.late = {addresses(pages.root)[name]}
    page.goto(pages.url)
    expect(part(page, "failure-words")).to_contain_text("did not load")
    pages.late = set()
    part(page, "retry").click()
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)


@pytest.mark.parametrize("name", ["charting.js", "chapter.js"])
def test_a_chapter_that_the_server_has_late_is_there_after_a_reload(
    page: Page, pages: Pages, name: str
) -> None:
    pages.late = {addresses(pages.root)[name]}
    page.goto(pages.url)
    chapter = part(page, "section-train")
    expect(chapter.locator(".failure")).to_contain_text("This chapter did not load")
    expect(chapter.locator(".failure")).to_contain_text("Reload the page")
    pages.late = set()
    page.reload()
    if name == "charting.js":  # a browser may have kept the refusal of a chapter's own import
        expect(chapter.locator(".failure, [data-testid=train-start]:enabled")).to_be_visible()
        if chapter.locator(".failure").count():
            expect(chapter.locator(".failure")).to_contain_text("Reload the page")
            page.reload()
    expect(part(page, "train-start")).to_be_enabled(timeout=visiting.START_PATIENCE)
    expect(chapter.locator(".failure")).to_have_count(0)


def test_a_frame_without_storage_mends_itself(
    page: Page, pages: Pages, renewed: Path, host: Callable[[str], str]
) -> None:
    page.add_init_script(
        "for (const name of ['sessionStorage', 'localStorage']) Object.defineProperty(window, name,"
        " { get() { throw new DOMException('denied', 'SecurityError'); } });"
    )
    pages.root = renewed
    pages.late = {addresses(renewed)["page.js"]}
    page.goto(host(f'<iframe src="{pages.url}embed.html#draw" width=760 height=760></iframe>'))
    frame = page.frames[1]
    expect(part(frame, "incomplete")).to_contain_text("the server answered 404")
    pages.late = set()
    visiting.expect_state(frame, "ready", visiting.START_PATIENCE)
    assert version(frame) == "two"


def test_frames_of_two_versions_do_not_share_a_python(
    page: Page, pages: Pages, renewed: Path, host: Callable[[str], str]
) -> None:
    page.goto(host(f'<iframe src="{pages.url}embed.html#draw" width=760 height=760></iframe>'))
    visiting.expect_state(page.frames[1], "ready", visiting.START_PATIENCE)
    pages.root = renewed
    page.evaluate(
        "src => document.body.append(Object.assign(document.createElement('iframe'), { src }))",
        f"{pages.url}embed.html?again#train",
    )
    visiting.until(page, lambda: len(page.frames) == 3, "the second frame is there")
    visiting.expect_state(page.frames[2], "ready", visiting.START_PATIENCE)
    assert [version(frame) for frame in page.frames[1:]] == ["one", "two"]
    python = [worker for worker in page.workers if "/assets/worker-" in worker.url]
    assert len(python) == 2
    third = "document.body.append(document.querySelectorAll('iframe')[1].cloneNode())"
    page.evaluate(third)
    visiting.until(page, lambda: len(page.frames) == 4, "the third frame is there")
    visiting.expect_state(page.frames[3], "ready", visiting.START_PATIENCE)
    python = [worker for worker in page.workers if "/assets/worker-" in worker.url]
    assert len(python) == 2, "those of one version share one"


def test_without_its_scripts_the_page_itself_says_that_it_has_not_started(
    page: Page, pages: Pages
) -> None:
    names = addresses(pages.root)
    pages.late = {"guard.js", names["page.js"]}
    page.goto(pages.url)
    told = part(page, "incomplete")
    expect(told).not_to_be_visible()
    told.evaluate("box => box.getAnimations().forEach((one) => one.finish())")  # 15 s later
    expect(told).to_be_visible()
    expect(told).to_contain_text("This page has not started yet.")
    expect(told.get_by_role("link")).to_be_visible()
    pages.late.add(names["page.css"])
    page.goto(f"{pages.url}?another")
    expect(told).to_be_visible()
    pages.late = {"guard.js"}
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")  # ten minutes later
    page.goto(f"{pages.url}?third")
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    expect(told).to_have_count(0)


@pytest.mark.parametrize("shares", [True, False], ids=["shared with all origins", "not shared"])
def test_a_frame_without_an_origin_says_so(
    page: Page,
    pages: Pages,
    serve_site: Callable[..., Any],
    host: Callable[[str], str],
    shares: bool,
) -> None:
    """As notebooks and previews make them. Pages lets all origins read its files, others do not."""
    url = pages.url if shares else serve_site().url
    page.goto(
        host(
            f'<iframe sandbox="allow-scripts" src="{url}embed.html#draw" width=760 height=760>'
            "</iframe>"
        )
    )
    frame = page.frames[1]
    visiting.expect_state(frame, "failed")
    told = frame.locator("[role=alert]:visible")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("no origin of its own")
    page.goto(host(f'<iframe sandbox src="{url}embed.html#draw" width=760 height=760></iframe>'))
    expect(page.frame_locator("iframe").locator("noscript p")).to_be_visible()


def test_a_page_from_a_file_says_how_to_serve_it(browser: Browser, dist: Path) -> None:
    with browser.new_context() as context:  # the others allow requests to a server only
        page = context.new_page()
        page.goto((dist / "index.html").as_uri())
        expect(part(page, "incomplete")).to_contain_text("python3 -m http.server")
        expect(part(page, "incomplete")).to_be_visible()
        visiting.expect_state(page, "failed")


def test_a_browser_that_starts_no_workers_is_told(page: Page, pages: Pages) -> None:
    page.add_init_script("globalThis.Worker = function () { throw new Error('not here'); };")
    page.goto(pages.url)
    visiting.expect_state(page, "failed")
    expect(part(page, "failure-words")).to_contain_text("starts no workers here")
    expect(part(page, "failure-words")).to_contain_text("not here")
    draw(page, SEVEN)
    assert visiting.ink(page, SEVEN[0][0])


def test_code_that_stops_at_once_is_told(page: Page, pages: Pages) -> None:
    """As in a browser that lacks something, or with an extension that changes pages."""
    page.add_init_script("delete globalThis.EventTarget;")
    page.goto(pages.url)
    expect(part(page, "incomplete")).to_contain_text("The page could not start: ")
    expect(part(page, "incomplete")).to_contain_text("EventTarget is not defined")
