"""bench.html: it measures when asked, shows what it found, and says what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import visiting
from visiting import part

PATIENCE = 300_000
NETS = range(4)
ALWAYS = ["start", "memory", "predict mlp-large", "predict cnn", "products numpy"]
WITH_SIMD = ["products kernels", "peak", "share numpy", "share kernels"]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visiting.visitor(browser) as context:
        yield context


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(f"{url}bench.html")
    return page


def measure(page: Page) -> None:
    part(page, "bench-start").click()
    expect(part(page, "bench-copy")).to_be_enabled(timeout=PATIENCE)


def expect_no_worker(page: Page) -> None:
    """Wait until the one that measured has ended."""
    visiting.until(page, lambda: page.workers == [], "no worker is left")


def figure(page: Page, name: str) -> float | None:
    return visiting.number(page, f"figure {name}")


def test_nothing_is_measured_or_fetched_unasked(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    page = opened(context, site.url)
    expect(part(page, "bench-start")).to_be_enabled()
    page.wait_for_load_state("networkidle")
    assert not [name for name in site.requested if name.startswith(("pyodide/", "mnist/"))]
    assert page.workers == []


@pytest.mark.timeout(900)
def test_every_figure_is_found_and_copied(context: BrowserContext, site_url: str) -> None:
    page = opened(context, site_url)
    measure(page)
    expect(part(page, "bench-words")).to_have_text("Measured.")
    names = ALWAYS + WITH_SIMD
    names += [f"{way} {i}" for way in ("blog", "numpy", "kernels", "gain") for i in NETS]
    found = {name: figure(page, name) for name in names}
    assert [name for name, value in found.items() if not value or value <= 0] == []
    expect_no_worker(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    part(page, "bench-copy").click()
    expect(part(page, "bench-copy")).to_have_text("Copied")
    text: str = page.evaluate("navigator.clipboard.readText()")
    assert "browser: " in text
    assert text.count("mini-batch 128: ") == 8
    for name in (*ALWAYS, *WITH_SIMD):
        assert f"{name}: {part(page, f'figure {name}').inner_text()}" in text


def test_it_can_be_stopped_and_begun_anew(context: BrowserContext, site_url: str) -> None:
    page = opened(context, site_url)
    part(page, "bench-start").click()
    expect(part(page, "bench-words")).to_contain_text("Training 784-30-10", timeout=PATIENCE)
    assert part(page, "bench-bar").is_visible()
    part(page, "bench-stop").click()
    expect(part(page, "bench-words")).to_contain_text("Stopped")
    assert figure(page, "start")
    assert figure(page, "memory") is None
    expect_no_worker(page)
    part(page, "bench-start").click()
    expect(part(page, "bench-words")).to_contain_text("Training 784-30-10", timeout=PATIENCE)


@pytest.mark.parametrize(
    "file", ["bench/products.py", "bench/peak-relaxed.wasm", "brotliWorker.js", "benchWorker.js"]
)
def test_a_file_that_is_missing_is_named(
    browser: Browser, serve_site: Callable[..., Any], file: str
) -> None:
    site = serve_site()
    site.faults[file] = "missing"
    with visiting.visitor(browser, errors=True) as context:
        page = opened(context, site.url)
        part(page, "bench-start").click()
        expect(part(page, "bench-words")).to_contain_text(file, timeout=PATIENCE)
        expect(part(page, "bench-start")).to_be_enabled()
        del site.faults[file]
        part(page, "bench-start").click()
        expect(part(page, "bench-words")).to_contain_text("Training", timeout=PATIENCE)


def test_the_page_leads_there(context: BrowserContext, site_url: str) -> None:
    page = context.new_page()
    page.goto(site_url)
    page.get_by_role("link", name="How fast is your browser?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How fast is your browser?")
    page.get_by_role("link", name="Back to the networks").click()
    expect(part(page, "draw-canvas")).to_be_visible()
