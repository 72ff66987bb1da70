"""Browsers that lack something: each is told what it cannot do, and does the rest."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import visiting
from building import browsers
from builds import build
from visiting import SEVEN, draw, expect_guess, part

pytestmark = pytest.mark.every_engine("what a browser may lack")


def switch_off(context: BrowserContext, site: Any, folder: Path, script: str) -> None:
    """Run a script in the page, and in the worker of its Python, before anything else does."""

    def change(sources: Path) -> None:
        worker = sources / "worker" / "worker.js"
        (worker.parent / "off.js").write_text(script)
        worker.write_text(f'import "./off.js";\n{worker.read_text()}')

    context.add_init_script(script)
    site.root = build(folder, change)


@pytest.mark.chromium("Playwright cannot switch it off elsewhere")
def test_without_javascript_there_is_a_sentence_and_a_picture(
    browser: Browser, site_url: str
) -> None:
    with visiting.visitor(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site_url)
        sentence = page.locator("noscript p")  # which is no text that Playwright would find
        expect(sentence).to_be_visible()
        expect(sentence).to_contain_text("it needs JavaScript, which is off")
        picture = page.get_by_alt_text("The page: a 3 drawn by hand")
        expect(picture).to_be_visible()
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] / box["height"] == pytest.approx(1200 / 630, rel=0.02)
        expect(page.get_by_text("Loading Python")).to_be_hidden()
        expect(page.get_by_role("button")).to_have_count(0)


@pytest.mark.chromium("another browser's SIMD cannot be switched off")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="V8 has no switch here")
def test_without_simd_numpy_computes_and_the_page_says_so(browser: Browser, site_url: str) -> None:
    """V8 has no SIMD for WebAssembly on a processor without SSE 4.1 or SSSE 3."""
    old = browser.browser_type.launch(
        executable_path=browsers.chromium(),
        args=[*browsers.flags(), "--js-flags=--no-enable-sse4-1 --no-enable-ssse3"],
    )
    with visiting.visitor(old) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        expect(part(page, "kernels-words")).to_have_text(
            "NumPy alone: this browser's WebAssembly has no SIMD."
        )
        expect(part(page, "kernels")).to_be_disabled()
        draw(page, SEVEN)
        expect_guess(page, 7)
        found = page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
        assert found["accuracy"] > 0.8
    old.close()


def test_without_decompression_it_reads_and_says_that_it_cannot_learn(
    browser: Browser, serve_site: Callable[..., Any], tmp_path: Path
) -> None:
    site = serve_site()
    with visiting.visitor(browser) as context:
        off = "delete globalThis.DecompressionStream; delete globalThis.CompressionStream;"
        switch_off(context, site, tmp_path, off)
        page = visiting.open_ready(context.new_page(), site.url)
        draw(page, SEVEN)
        expect_guess(page, 7)
        part(page, "train-start").click()
        expect(part(page, "train-words")).to_contain_text("cannot unpack MNIST’s images")
        visiting.expect_state(page, "ready")
        part(page, "section-own").scroll_into_view_if_needed()
        expect(part(page, "own-editor")).to_have_attribute("data-ready", "yes")
        expect(part(page, "own-share")).to_be_disabled()
        part(page, "own-run").click()
        expect(part(page, "own-words")).to_contain_text("cannot unpack MNIST’s images")
        page.evaluate("location.hash = '#own?target=Dense.gradients&code=AAAA'")
        expect(part(page, "own-words")).to_contain_text("cannot unpack the code in this link")


NO_POINTER_EVENTS = """
delete window.PointerEvent;
for (const kind of ["down", "move", "up", "cancel", "over", "out", "enter", "leave"]) {
  addEventListener(`pointer${kind}`, (event) => event.stopImmediatePropagation(), true);
}
"""


def test_without_pointer_events_the_pad_says_so_and_the_rest_works(
    browser: Browser, site_url: str
) -> None:
    with visiting.visitor(browser) as context:
        context.add_init_script(NO_POINTER_EVENTS)
        page = visiting.open_ready(context.new_page(), site_url)
        draw(page, SEVEN)
        expect(part(page, "draw-hint")).to_contain_text("has no pointer events")
        expect(part(page, "draw-hint")).to_be_visible()
        assert not visiting.ink(page, (0.5, 0.5), 0.5)
        part(page, "section-inside").scroll_into_view_if_needed()
        part(page, "inside-example").select_option("test")
        expect(part(page, "inside-body")).to_be_visible()


def test_without_indexeddb_it_reads_and_learns(
    browser: Browser, serve_site: Callable[..., Any], tmp_path: Path
) -> None:
    site = serve_site()
    off = "Object.defineProperty(globalThis, 'indexedDB', { value: undefined });"
    with visiting.visitor(browser) as context:
        switch_off(context, site, tmp_path, off)
        page: Page = visiting.open_ready(context.new_page(), site.url)
        draw(page, SEVEN)
        expect_guess(page, 7)
        found = page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
        assert found["accuracy"] > 0.8


@pytest.mark.chromium("only its settings can be written before it starts")
def test_where_all_storage_is_denied_it_reads_and_learns(
    browser: Browser, site_url: str, tmp_path: Path
) -> None:
    """As where the visitor blocks all cookies: what asks for ``localStorage`` gets an error."""
    (tmp_path / "Default").mkdir()
    denied = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(denied))
    context = browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=browsers.chromium(), args=browsers.flags()
    )
    context.set_default_timeout(visiting.PATIENCE)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = visiting.open_ready(context.new_page(), site_url)
    asked = "() => { try { return String(localStorage); } catch (error) { return error.name; } }"
    assert page.evaluate(asked) == "SecurityError"
    draw(page, SEVEN)
    expect_guess(page, 7)
    found = page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
    assert found["accuracy"] > 0.8
    expect(part(page, "kept-words")).to_contain_text("lets the page store nothing")
    context.close()
    assert errors == []
