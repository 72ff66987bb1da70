"""The content security policy: all of the site works under it, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import visiting
from blank import open_blank
from building.pages import policy
from visiting import SEVEN, draw, expect_guess, part

pytestmark = pytest.mark.every_engine("the policy")

PATIENCE = 120_000


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor whose pages may report errors: most tests here provoke them."""
    with visiting.visitor(browser, errors=True) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, site_url: str) -> Page:
    """The page, which need not have Python."""
    page = context.new_page()
    page.goto(site_url)
    return page


def policies(text: str) -> list[str]:
    return re.findall(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', text)


def test_every_page_of_the_site_has_one(dist: Path) -> None:
    pages = {path.relative_to(dist).as_posix(): path.read_text() for path in dist.rglob("*.html")}
    assert len(pages) > 2
    for name, text in pages.items():
        assert len(policies(text)) == 1, name
        head = text[: text.index("Content-Security-Policy")]
        assert not re.search("<(script|link|style)", head), f"{name} loads something before it"
        if not name.startswith("sandbox/"):
            assert policies(text) == [policy()], name


def test_it_allows_nothing_but_the_site_and_webassembly() -> None:
    sources = set(policy().replace(";", "").split())
    assert {word for word in sources if word.startswith("'")} == {
        "'none'",
        "'self'",
        "'wasm-unsafe-eval'",
        "'script'",
    }
    assert not [word for word in sources if ":" in word or "*" in word or "." in word]


def test_no_page_has_code_or_styles_in_its_markup(dist: Path) -> None:
    """They would be blocked; a page that has them is broken."""
    for path in dist.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<[a-z][^>]*\s(style|on[a-z]+)=", text), path
        assert "<style" not in text, path
        if path.relative_to(dist).parts[0] != "sandbox":
            assert not re.search(r"<script(?![^>]*\ssrc=)", text), path


def test_each_section_works_under_it(browser: Browser, site_url: str) -> None:
    """What comes late too: formulas, charts, the editor, a Python for strangers, the playground."""
    with visiting.visitor(browser) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        draw(page, SEVEN)
        expect_guess(page, 7)
        part(page, "section-train").scroll_into_view_if_needed()
        page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
        expect(part(page, "cost-chart").locator("canvas").first).to_be_visible()
        part(page, "section-inside").scroll_into_view_if_needed()
        part(page, "inside-next").click()
        expect(part(page, "inside-equation").locator(".katex")).to_be_visible(timeout=PATIENCE)
        part(page, "section-bugs").scroll_into_view_if_needed()
        part(page, "bugs-list").get_by_role("button").first.click(timeout=PATIENCE)
        part(page, "section-own").scroll_into_view_if_needed()
        expect(part(page, "own-editor")).to_have_attribute("data-ready", "yes", timeout=PATIENCE)
        part(page, "own-run").click()
        expect(part(page, "own-words")).to_contain_text("Done.", timeout=PATIENCE)
        part(page, "section-playground").scroll_into_view_if_needed()
        expect(page.locator("#playground[data-state=paused]")).to_be_visible(timeout=PATIENCE)
        part(page, "playground-play").click()
        for section in ("compare", "layers", "quality"):
            part(page, f"section-{section}").scroll_into_view_if_needed()
        part(page, "examine").click()
        expect(part(page, "examine-result")).to_be_visible(timeout=PATIENCE)
        assert context.cookies() == []
        assert page.evaluate("document.cookie") == ""


ATTEMPTS = {
    "inline script": """() => {
        const script = document.createElement('script');
        try { script.textContent = 'window.done = true'; document.head.append(script); } catch {}
        return window.done ?? false; }""",
    "handler": """() => {
        const button = document.createElement('button');
        try { button.setAttribute('onclick', 'window.done = true'); } catch {}
        button.click();
        return window.done ?? false; }""",
    "eval": """() => new Promise((done) => setTimeout(() => {
        try { done(Boolean((0, eval)('true'))); } catch { done(false); } }))""",
    "inline style": """() => {
        const style = document.createElement('style');
        style.textContent = 'body { color: rgb(1, 2, 3) }';
        document.head.append(style);
        return getComputedStyle(document.body).color === 'rgb(1, 2, 3)'; }""",
    "style attribute": """() => {
        document.body.setAttribute('style', 'color: rgb(1, 2, 3)');
        return getComputedStyle(document.body).color === 'rgb(1, 2, 3)'; }""",
    "foreign script": """() => new Promise((done) => {
        const script = document.createElement('script');
        script.onload = () => done(true);
        script.onerror = () => done(false);
        try { script.src = 'ELSEWHERE/x.js'; } catch { done(false); }
        document.head.append(script); })""",
    "foreign request": "() => fetch('ELSEWHERE/x').then(() => true, () => false)",
    "beacon": "() => navigator.sendBeacon('ELSEWHERE/x') && false",
    "foreign picture": """() => new Promise((done) => {
        const image = new Image();
        image.onload = () => done(true);
        image.onerror = () => done(false);
        image.src = 'ELSEWHERE/x.png'; })""",
    "base": """() => {
        const base = document.createElement('base');
        base.href = 'ELSEWHERE/';
        document.head.prepend(base);
        return document.baseURI.startsWith('ELSEWHERE'); }""",
    "markup": """() => {
        try { document.body.innerHTML = '<p id=marked>'; } catch {}
        return document.getElementById('marked') !== null; }""",
    "worker by text": """() => {
        try { new Worker('worker.js'); return true; } catch { return false; } }""",
    "worker from a blob": """() => new Promise((done) => {
        try {
          const blob = new Blob(['postMessage(1)'], { type: 'text/javascript' });
          const worker = new Worker(URL.createObjectURL(blob));
          worker.onmessage = () => done(true);
          worker.onerror = () => done(false);
        } catch { done(false); } })""",
    "another policy": """() => {
        try { trustedTypes.createPolicy('mine', {}); return true; } catch { return false; } }""",
}


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    """A page for many attempts: one that succeeds has failed, whatever it does to the next."""
    with visiting.visitor(browser, errors=True) as context:
        page = context.new_page()
        page.goto(site_url)
        yield page


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_is_injected_does_nothing(open_page: Page, serve_site: Any, attempt: str) -> None:
    elsewhere = serve_site()
    script = ATTEMPTS[attempt].replace("ELSEWHERE", elsewhere.url.rstrip("/"))
    assert open_page.evaluate(script) is False
    assert elsewhere.requested == []


def test_a_form_leads_nowhere(page: Page, serve_site: Any) -> None:
    elsewhere = serve_site()
    page.evaluate(
        """(action) => {
          const form = document.createElement('form');
          Object.assign(form, { action, method: 'post' });
          document.body.append(form);
          try { form.submit(); } catch {} // Firefox says so
        }""",
        elsewhere.url,
    )
    page.evaluate("() => fetch('manifest.json').then(() => 0)")  # whatever comes after it
    assert elsewhere.requested == []
    assert not page.url.startswith(elsewhere.url)


def test_only_scripts_of_the_site_are_trusted_to_be_workers(page: Page, harness_url: str) -> None:
    open_blank(page, harness_url)
    refused = """async (address) => {
      const { trusted } = await import("./assets/harness.js");
      try { trusted(new URL(address, location.href)); } catch ({ message }) { return message; }
      return "";
    }"""
    assert page.evaluate(refused, "worker.js") == ""
    for address in ("http://elsewhere.example/worker.js", "blob:x", "data:,x", "index.html"):
        assert "is no script of this site" in page.evaluate(refused, address)
