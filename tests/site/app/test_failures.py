"""What the page says and keeps when something fails, and how a visitor gets on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

import visiting
from visiting import SEVEN, draw, drawing, expect_guess, part

pytestmark = pytest.mark.every_engine("workers")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new visitor's page, in which errors are to be expected."""
    with visiting.visitor(browser, errors=True) as context:
        yield context.new_page()


DRAWN = "Your drawing is still here"


def expect_failure(page: Page, named: str, drawn: bool = True) -> None:
    """Wait for the message about a failed start; it speaks of a drawing where there is one."""
    visiting.expect_state(page, "failed", visiting.START_PATIENCE)
    expect(part(page, "failure")).to_be_visible()
    expect(part(page, "failure-words")).to_contain_text(named)
    words = expect(part(page, "failure-words"))
    (words.to_contain_text if drawn else words.not_to_contain_text)(DRAWN)
    assert "Traceback" not in part(page, "failure-words").inner_text()


def diagnostics(page: Page) -> str:
    """The last errors, as the page would report them."""
    text: str = page.evaluate("() => nets.diagnostics()")
    return text


def test_a_file_that_fails_is_named_and_asked_for_again(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    faults = [
        ("worker.js", "missing"),
        ("pyodide/pyodide.asm.wasm.br", "missing"),
        ("pyodide/numpy.files.br", "truncated"),
        (visiting.FIRST_MODEL, "truncated"),
    ]
    site.faults = dict(faults[:1])
    page.goto(site.url)
    expect(part(page, "failure")).to_be_visible()  # it moves the pad
    draw(page, SEVEN)
    before = drawing(page)
    for place, (file, _) in enumerate(faults):
        expect_failure(page, file)
        why = page.evaluate("() => nets.ready.then(() => 'ready', (error) => error.message)")
        assert file in why
        expect(part(page, "guess")).to_have_text("")
        assert drawing(page) == before
        site.faults = dict(faults[place + 1 : place + 2])
        part(page, "retry").click()
    expect_guess(page, 7)
    visiting.expect_state(page, "ready")
    expect(part(page, "failure")).to_be_hidden()
    assert drawing(page) == before


def test_the_page_starts_all_workers_itself(page: Page, serve_site: Callable[..., Any]) -> None:
    """One that another worker starts may wait for ever in Firefox, and the other with it."""
    page.add_init_script(
        """globalThis.begun = [];
        globalThis.Worker = class extends Worker {
          constructor(url, options) {
            super(url, options);
            begun.push(String(url));
          }
        };"""
    )
    site = serve_site()
    visiting.open_ready(page, site.url)
    begun = [site.name_of(url.removeprefix(site.url)) for url in page.evaluate("begun")]
    assert sorted(begun) == ["brotliWorker.js", "worker.js"]


def test_a_net_that_does_not_load_leaves_the_others(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    site.faults["models/softmax.npz"] = "missing"  # before a section that uses it is seen
    visiting.open_ready(page, site.url)
    draw(page, SEVEN)
    for fault in ("missing", "truncated", "wrong type"):
        site.faults["models/softmax.npz"] = fault
        part(page, "model-picker").select_option("softmax")
        expect(part(page, "draw-trouble")).to_contain_text("models/softmax.npz")
        expect(part(page, "guess")).to_have_text("")
        part(page, "model-picker").select_option("mlp-30")
        expect_guess(page, 7)
        expect(part(page, "draw-trouble")).to_be_hidden()
    site.faults.clear()
    part(page, "model-picker").select_option("softmax")
    expect_guess(page, 7)


def test_a_file_of_mnist_that_fails_is_named_where_it_is_needed(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    visiting.open_ready(page, site.url)
    draw(page, SEVEN)
    for file, fault in [
        ("mnist/mnist.json", "missing"),
        ("mnist/mnist.json", "wrong type"),
        ("mnist/train-images-0.gz", "truncated"),
        ("mnist/test-labels.gz", "missing"),
    ]:
        site.faults = {file: fault}
        part(page, "train-start").click()
        expect(part(page, "train-words")).to_contain_text(file)
        visiting.expect_state(page, "ready")
        expect_guess(page, 7)
    site.faults = {}
    part(page, "train-start").click()
    visiting.expect_state(page, "training")
    expect(part(page, "train-words")).to_have_text("")


def test_a_later_shard_is_waited_for_and_loses_nothing(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    site.faults["mnist/train-images-1.gz"] = "missing"
    visiting.open_ready(page, site.url)
    page.evaluate(
        "() => { nets.train({ epochs: 1, batchSize: 100 }).then((r) => (window.r = r)); }"
    )
    expect(part(page, "train-words")).to_contain_text("mnist/train-images-1.gz")
    visiting.expect_state(page, "training")
    site.faults.clear()
    page.wait_for_function("() => window.r", timeout=60_000)
    assert part(page, "test-accuracy").get_attribute("data-value") == str(
        page.evaluate("r.accuracy")
    )
    assert "train-images" not in part(page, "train-words").inner_text()


@pytest.mark.chromium("Playwright does not reach into workers elsewhere")
@pytest.mark.parametrize("how", ["dies of an error", "stops answering"])
def test_a_worker_that_dies_is_replaced(page: Page, site_url: str, how: str) -> None:
    if how == "stops answering":
        page.clock.install()  # to wait out the page's patience
    visiting.open_ready(page, site_url)
    page.evaluate(
        "() => { nets.train({ epochs: 9 }).catch((error) => (window.ended = error.message)); }"
    )
    visiting.expect_state(page, "training")
    draw(page, SEVEN)
    expect_guess(page, 7)
    before = drawing(page)
    worker = visiting.python_worker(page)
    if how == "stops answering":
        worker.evaluate("() => setTimeout(() => { for (;;); })")
        for _ in range(10):
            page.clock.fast_forward(10_000)
        expect_failure(page, "stopped answering")
    else:
        worker.evaluate("() => setTimeout(() => { throw new Error('out of luck'); })")
        expect_failure(page, "out of luck")
    expect(part(page, "train-words")).to_contain_text("worker")
    page.wait_for_function("() => window.ended")
    assert drawing(page) == before
    assert part(page, "train-start").is_disabled()

    part(page, "clear").click()
    visiting.expect_empty(page)
    part(page, "undo").click()
    part(page, "retry").click()
    expect_guess(page, 7)
    assert drawing(page) == before
    expect(part(page, "train-start")).to_be_enabled()
    assert visiting.numbers(page, "epoch", "cost", "throughput") == [None] * 3
    page.evaluate("() => nets.train({ epochs: 1, batchSize: 128 })")


@pytest.mark.chromium("Playwright does not reach into workers elsewhere")
def test_what_an_earlier_start_waited_for_does_not_end_a_later_one(
    page: Page, site_url: str
) -> None:
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) == 2:  # the first is kept waiting; what is asked for after the start fails
            route.continue_()
        elif len(asked) > 2:
            route.abort()

    page.route(visiting.served(visiting.FIRST_MODEL), answer)
    page.goto(site_url)
    expect(part(page, "status-words")).to_have_text("Opening the net …")
    visiting.python_worker(page).evaluate("() => setTimeout(() => { throw new Error('now'); })")
    expect_failure(page, "now", drawn=False)
    part(page, "retry").click()
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)
    asked[0].abort()
    visiting.until(
        page, lambda: "did not load" in diagnostics(page), "the late answer has been noted"
    )
    draw(page, SEVEN)
    expect_guess(page, 7)
    visiting.expect_state(page, "ready")


@pytest.mark.chromium("Playwright does not reach into workers elsewhere")
def test_what_fails_in_mid_stroke_is_told_after_it(page: Page, site_url: str) -> None:
    """The message stands above the pad, which would move under the pen."""
    visiting.open_ready(page, site_url)
    pad = part(page, "draw-canvas")
    before = pad.bounding_box()
    assert before
    x, y, side = before["x"], before["y"], before["width"]
    page.mouse.move(x + 0.5 * side, y + 0.2 * side)
    page.mouse.down()
    page.mouse.move(x + 0.5 * side, y + 0.5 * side, steps=5)
    visiting.python_worker(page).evaluate("() => setTimeout(() => { throw new Error('now'); })")
    visiting.expect_state(page, "failed")
    page.mouse.move(x + 0.5 * side, y + 0.8 * side, steps=5)
    expect(part(page, "failure")).to_be_hidden()
    assert pad.bounding_box() == before
    page.mouse.up()
    expect_failure(page, "now")
    assert all(visiting.ink(page, (0.5, share)) for share in (0.2, 0.4, 0.6, 0.79))


def test_a_browser_without_webassembly_is_told(page: Page, site_url: str) -> None:
    page.add_init_script("delete window.WebAssembly;")
    page.goto(site_url)
    expect_failure(page, "no WebAssembly", drawn=False)
    expect(part(page, "failure-words")).to_contain_text("Try a current Firefox")
    draw(page, SEVEN)
    expect_failure(page, "no WebAssembly")
    assert visiting.ink(page, (0.5, 0.25))
    assert page.evaluate("() => nets.models().length") >= 1


def test_the_diagnostics_tell_what_failed(page: Page, serve_site: Callable[..., Any]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    site = serve_site()
    site.faults[visiting.FIRST_MODEL] = "missing"
    page.goto(site.url)
    expect_failure(page, visiting.FIRST_MODEL, drawn=False)
    part(page, "copy-diagnostics").click()
    expect(part(page, "copy-diagnostics")).to_have_text("Copied")
    part(page, "copy-diagnostics").click()
    text = page.evaluate("() => navigator.clipboard.readText()")
    assert page.evaluate("navigator.userAgent") in text
    assert text.count(f"{visiting.FIRST_MODEL} did not load: HTTP status 404") == 1
    assert "undefined" not in text
    expect(part(page, "copy-diagnostics")).to_have_text("Copy diagnostics")


def test_the_diagnostics_can_be_copied_by_hand(page: Page, site_url: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined });")
    visiting.open_ready(page, site_url)
    page.evaluate("() => nets.train({ epochs: 1e9, learningRate: -1 }).catch(() => {})")
    part(page, "copy-diagnostics").click()
    expect(part(page, "diagnostics")).to_be_visible()
    text = part(page, "diagnostics").input_value()
    assert "learningRate" in text
    build = next(line for line in text.splitlines() if line.startswith("build: "))
    assert len(build) == len("build: ") + 12
