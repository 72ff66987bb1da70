"""Whatever fails: it is named, nothing that was there is lost, and there is a way on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import visiting
from building import browsers
from faulty import Fault, Site
from visiting import SEVEN, draw, drawing, expect_guess, part

DAMAGES: tuple[Fault, ...] = ("missing", "truncated", "altered", "wrong type")
WORKERS = ("worker.js", "brotliWorker.js")
START = (
    "pyodide.mjs",
    "pyodide-lock.json",
    "brotli.wasm.gz",
    "pyodide.asm.wasm.br",
    "pyodide.asm.js.br",
    "numpy.files.br",
    "snapshot.br",
)
NETS = [f"models/{model['file']}" for model in visiting.MODELS[1:]]
FIRST_DATA = (
    "mnist/mnist.json",
    "mnist/train-labels.gz",
    "mnist/test-labels.gz",
    "mnist/train-images-0.gz",
    "mnist/test-images.gz",
)

GUARDED = ("dark.css", "page.js", "page.css")
"""What the page's HTML loads with a hash, but the script that tells of it."""

pytestmark = pytest.mark.provokes_errors


def told_of(page: Page, site: Site) -> list[str]:
    """The names of the files that the page says it lacks."""
    expect(part(page, "incomplete")).to_have_attribute("data-file", re.compile("."))
    addresses = (part(page, "incomplete").get_attribute("data-file") or "").split()
    return [site.name_of(address) for address in addresses]


def test_the_page_has_a_hash_for_all_that_it_loads_at_once(serve_site: Callable[[], Site]) -> None:
    site = serve_site()
    html = (site.root / "index.html").read_text()
    tags = re.findall(r'<(?:script|link)\b[^>]* (?:src|href)="\./([^"]+)"([^>]*)>', html)
    hashed = [address for address, rest in tags if 'integrity="sha256-' in rest]
    assert sorted(map(site.name_of, hashed)) == sorted(GUARDED)
    others = [address for address, _ in tags if address not in hashed]
    assert [site.name_of(address) for address in others] == ["favicon.svg", "guard.js"]


def expect_failure(page: Page, file: str) -> None:
    """Wait for the message that Python's start failed, which names a file."""
    expect(part(page, "failure-words")).to_contain_text(file, timeout=visiting.START_PATIENCE)
    visiting.expect_state(page, "failed")
    expect(part(page, "retry")).to_be_visible()


@pytest.mark.parametrize("fault", [*DAMAGES, "mistyped"])
def test_all_that_the_page_consists_of_is_refused_by_name(
    page: Page, serve_site: Callable[..., Any], fault: Fault
) -> None:
    site = serve_site()
    site.faults = dict.fromkeys(GUARDED, fault)
    page.goto(site.url)
    told = part(page, "incomplete")
    assert told_of(page, site) == list(GUARDED)
    for address in (told.get_attribute("data-file") or "").split():
        expect(told).to_contain_text(f"{address} did not load: ")
    visiting.expect_state(page, "failed")
    site.faults = {}
    told.get_by_role("button").click()
    expect(told).to_have_count(0)
    page.wait_for_function("() => document.documentElement.dataset.running")


def test_one_of_them_is_enough(page: Page, serve_site: Callable[..., Any]) -> None:
    site = serve_site()
    site.faults = {"page.js": "altered"}
    page.goto(site.url)
    assert told_of(page, site) == ["page.js"]
    assert page.evaluate("() => !document.documentElement.dataset.running")
    site.faults = {"page.css": "altered"}
    page.goto(site.url)
    assert told_of(page, site) == ["page.css"]
    expect(part(page, "incomplete")).to_contain_text("Everything works")
    assert page.evaluate("() => !!document.documentElement.dataset.running")


def test_a_part_of_the_page_that_does_not_come_is_named(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    waiting = []
    for file in ("page.js", "page.css"):
        site = serve_site()
        site.faults[file] = "stalled"
        page = context.new_page()
        page.goto(site.url, wait_until="commit")
        waiting.append((file, site, page))
    for file, site, page in waiting:
        assert told_of(page, site) == [file]
        words = re.compile(rf"^Still waiting for the server: assets/{Path(file).stem}-")
        expect(part(page, "incomplete").locator("p")).to_have_text(words)
        expect(part(page, "incomplete")).to_be_visible()


def test_each_worker_that_does_not_come_is_named_and_asked_for_again(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    damages: tuple[Fault, ...] = ("missing", "truncated", "wrong type")
    faults = [(file, fault) for file in WORKERS for fault in damages]
    for place, (file, fault) in enumerate(faults):
        site.faults = {file: fault}
        if place == 0:
            page.goto(site.url)
            expect(part(page, "failure")).to_be_visible()  # it moves the pad
            draw(page, SEVEN)
            before = drawing(page)
        else:
            part(page, "retry").click()
        expect_failure(page, f"{file} did not load")
        assert drawing(page) == before
    site.faults = {}
    part(page, "retry").click()
    expect_guess(page, 7)


def test_what_python_starts_from_is_refused_where_a_byte_is_another(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    for place, file in enumerate(START):
        site.faults = {f"pyodide/{file}": "altered"}
        if place == 0:
            page.goto(site.url)
        else:
            part(page, "retry").click()
        expect_failure(page, f"pyodide/{file} did not load: ")
    site.faults = {}
    part(page, "retry").click()
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)


def test_what_stalls_is_given_up_by_name_and_asked_for_again(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    """All at once, since each takes its time."""
    waiting = []
    for file in ("pyodide/snapshot.br", "pyodide/pyodide-lock.json", visiting.FIRST_MODEL):
        site = serve_site()
        site.faults[file] = "stalled"
        page = context.new_page()
        page.goto(site.url)
        waiting.append((file, site, page))
    for file, _, page in waiting:
        expect_failure(page, f"{file} did not load: nothing more came after")
    _, site, page = waiting[0]
    site.faults = {}
    part(page, "retry").click()
    visiting.expect_state(page, "ready", visiting.START_PATIENCE)


def test_data_and_nets_are_refused_by_name_where_they_are_needed(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    site.faults = dict.fromkeys(NETS, "missing")  # before a section that uses them is seen
    visiting.open_ready(page, site.url)
    draw(page, SEVEN)
    for place, file in enumerate(NETS):
        site.faults = {file: DAMAGES[(place + 2) % len(DAMAGES)]}
        part(page, "model-picker").select_option(visiting.MODELS[place + 1]["id"])
        expect(part(page, "draw-trouble")).to_contain_text(f"{file} did not load")
        part(page, "model-picker").select_option(visiting.MODELS[0]["id"])
        expect_guess(page, 7)
    for place, file in enumerate(FIRST_DATA * len(DAMAGES)):
        site.faults = {file: DAMAGES[place % len(DAMAGES)]}
        part(page, "train-start").click()
        expect(part(page, "train-words")).to_contain_text(f"{file} did not load")
        visiting.expect_state(page, "ready")
    site.faults = {"mnist/train-images-2.gz": "altered"}
    part(page, "train-start").click()
    expect(part(page, "train-words")).to_contain_text("mnist/train-images-2.gz did not load")
    site.faults = {}
    expect(part(page, "train-words")).to_have_text("")
    visiting.expect_state(page, "training")


def test_what_is_loaded_when_it_is_seen_is_refused_by_name(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    site.faults = {
        "charts.js": "truncated",
        "formulas.js": "missing",
        "editor.js": "wrong type",
        "kernels/relaxed.wasm": "altered",
        "kernels/simd.wasm": "altered",
        "playground.js": "missing",
    }
    visiting.open_ready(page, site.url)
    expect(part(page, "kernels-words")).to_contain_text("NumPy alone: kernels/")
    draw(page, SEVEN)  # which a step is shown of
    part(page, "section-own").scroll_into_view_if_needed()
    expect(part(page, "own-words")).to_contain_text("The editor did not load: it came as text/html")
    part(page, "section-inside").scroll_into_view_if_needed()
    expect(part(page, "inside-words")).to_contain_text("KaTeX did not load: HTTP status 404")
    part(page, "section-train").scroll_into_view_if_needed()
    page.evaluate("() => void nets.train({ epochs: 1000 })")
    expect(part(page, "chart-hint")).to_contain_text("The charts did not load: only a part of it")
    site.faults = {"playground.js": "missing"}
    expect(part(page, "cost-chart").locator("canvas").first).to_be_visible()
    part(page, "section-inside").scroll_into_view_if_needed()
    part(page, "inside-next").click()
    expect(part(page, "section-inside").locator(".katex").first).to_be_visible()
    part(page, "train-pause").click()

    part(page, "section-playground").scroll_into_view_if_needed()
    words = part(page, "playground-words")
    for fault, why in (
        ("missing", "HTTP status 404"),
        ("truncated", "only a part of it came"),
        ("wrong type", "it came as text/html"),
    ):
        site.faults = {"playground.js": fault}
        if fault != "missing":
            words.get_by_role("button").click()
        expect(words).to_contain_text(f"The playground did not load: {why}")
    site.faults = {}
    words.get_by_role("button").click()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible()


def test_a_style_sheet_that_comes_late_is_asked_for_again(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    site.faults = {"formulas.css": "missing"}
    visiting.open_ready(page, site.url)
    draw(page, SEVEN)
    part(page, "section-inside").scroll_into_view_if_needed()
    words = "KaTeX did not load: HTTP status 404"
    expect(part(page, "inside-words")).to_contain_text(words)
    part(page, "inside-next").click()
    expect(part(page, "inside-words")).to_contain_text(words)
    site.faults = {}
    part(page, "inside-next").click()
    formula = part(page, "section-inside").locator(".katex").first
    expect(formula).to_be_visible()
    assert "KaTeX" in formula.evaluate("(formula) => getComputedStyle(formula).fontFamily")


CHAPTERS = ("bugs", "chapter", "compare", "inside", "layers", "own", "quality", "section")
"""The module of each chapter, by its name in assets/."""


@pytest.mark.parametrize("fault", ["missing", "truncated", "wrong type"])
def test_a_chapter_that_does_not_come_says_so_and_the_others_work(
    page: Page, serve_site: Callable[..., Any], fault: Fault
) -> None:
    site = serve_site()
    site.faults = {f"{chapter}.js": fault for chapter in CHAPTERS}
    visiting.open_ready(page, site.url)
    told = page.locator("section > .failure:not([hidden])")
    expect(told).to_have_count(len(CHAPTERS))
    for words in told.all_inner_texts():
        assert words.startswith("This chapter did not load: ")
        assert words.endswith(". Reload the page to try again.")
    draw(page, SEVEN)
    expect_guess(page, 7)

    site.faults = {"inside.js": fault}
    visiting.open_ready(page, site.url)
    expect(told).to_have_count(1)
    expect(part(page, "section-inside").locator(".failure")).to_be_visible()
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible()

    site.faults = {"race.js": fault}  # which two chapters share
    visiting.open_ready(page, site.url)
    expect(told.first).to_contain_text("This chapter did not load: ")
    expect(told.first).to_contain_text("Reload the page")


@pytest.mark.parametrize("phase", ["loading", "ready", "training"])
def test_a_worker_that_ends_without_a_word_is_missed(
    context: BrowserContext, site_url: str, phase: str
) -> None:
    page = context.new_page()
    page.clock.install()  # to wait out the page's patience
    if phase == "loading":
        context.route(visiting.served("pyodide/numpy.files.br"), lambda route: None)
        page.goto(site_url)
        expect(part(page, "status-words")).to_have_text("Fetching NumPy …", timeout=60_000)
    else:
        visiting.open_ready(page, site_url)
    draw(page, SEVEN)
    before = drawing(page)
    if phase == "training":
        page.evaluate(
            "() => { nets.train({ epochs: 9 }).catch((e) => (window.ended = e.message)); }"
        )
        visiting.expect_state(page, "training", 60_000)
    visiting.python_worker(page).evaluate("() => self.close()")
    for _ in range(10):
        page.clock.fast_forward(10_000)
    expect_failure(page, "stopped answering")
    if phase == "training":
        assert "stopped answering" in page.evaluate("() => window.ended")
    assert drawing(page) == before
    context.unroute_all()
    part(page, "retry").click()
    expect_guess(page, 7)


def test_a_browser_that_refuses_the_memory_is_told(
    browser: Browser, serve_site: Callable[..., Any]
) -> None:
    """As on a phone: to unpack the engine takes 16 MB at once, and here it can have 4."""
    small = browser.browser_type.launch(
        executable_path=browsers.chromium(),
        args=[*browsers.flags(), "--js-flags=--wasm-max-mem-pages=64"],
    )
    site = serve_site()
    site.faults["pyodide/brotli.wasm.gz"] = "held"  # the failure moves no pad that is drawn on
    with visiting.visitor(small, errors=True) as context:
        page = context.new_page()
        page.goto(site.url)
        draw(page, SEVEN)
        site.released.set()
        visiting.expect_state(page, "failed", visiting.START_PATIENCE)
        expect(part(page, "failure-words")).to_contain_text(re.compile("memory", re.IGNORECASE))
        expect(part(page, "failure-words")).to_contain_text("Your drawing is still here")
        expect(part(page, "retry")).to_be_visible()
        assert visiting.ink(page, (0.5, 0.25))
    small.close()


def test_a_run_outlives_what_happens_to_its_tab(browser: Browser, site_url: str) -> None:
    """Storage cleared, the clock set, frozen, 500 settings changed, all in one run."""
    with visiting.visitor(browser, keeps=True) as context:
        page = context.new_page()
        page.clock.install()
        visiting.open_ready(page, site_url)
        page.evaluate("() => { nets.train({ epochs: 1000 }).catch((e) => (window.ended = e)); }")
        visiting.expect_state(page, "training", 60_000)
        page.wait_for_function(
            "() => document.querySelector('[data-testid=train-words]').textContent === ''"
        )
        devtools = context.new_cdp_session(page)

        def goes_on() -> None:
            before = visiting.number(page, "epoch")
            page.wait_for_function(
                "(before) => document.querySelector('[data-testid=epoch]').dataset.value > before",
                arg=before,
                timeout=120_000,
            )
            visiting.expect_state(page, "training")
            assert page.evaluate("() => !window.ended")

        goes_on()
        devtools.send("Storage.clearDataForOrigin", {"origin": site_url, "storageTypes": "all"})
        goes_on()
        for time in ("2001-01-01", "2061-01-01"):
            page.clock.set_system_time(time)
            goes_on()
        devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
        devtools.send("Page.setWebLifecycleState", {"state": "active"})
        page.clock.fast_forward(3_600_000)  # as if an hour had passed meanwhile
        goes_on()
        page.evaluate(
            """async () => {
              const form = document.querySelector("[data-testid=settings]");
              for (let i = 1; i <= 500; i++) {
                const field = form.elements[i % 2 ? "learningRate" : "l2"];
                field.value = String(i % 2 ? 0.001 + i * 1e-6 : i * 1e-9);
                field.dispatchEvent(new Event("change", { bubbles: true }));
                if (i % 25 === 0) await new Promise(requestAnimationFrame);
              }
            }"""
        )
        goes_on()
        field = part(page, "settings").locator("[name=learningRate]")
        visiting.until(
            page,
            lambda: float(field.input_value()) == pytest.approx(0.001499),
            "the last of them is in force",
        )
        draw(page, SEVEN)
        expect_guess(page, 7)


def test_a_network_that_is_lost_on_the_way_is_told_and_the_page_goes_on(
    context: BrowserContext, site_url: str
) -> None:
    page = visiting.open_ready(context.new_page(), site_url)
    expect(part(page, "train-start")).to_be_enabled()
    page.evaluate("() => nets.predict({ pixels: new Array(784).fill(0.5) })")
    context.set_offline(True)
    expect(part(page, "network")).to_contain_text("offline")
    draw(page, SEVEN)
    expect_guess(page, 7)
    part(page, "train-start").click()
    expect(part(page, "train-words")).to_contain_text("there is no network")
    visiting.expect_state(page, "ready")
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(part(page, "playground-words")).to_contain_text("there is no network")
    context.set_offline(False)
    expect(part(page, "network")).to_have_text("")
    part(page, "playground-words").get_by_role("button").click()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible()
    part(page, "train-start").click()
    visiting.expect_state(page, "training", 60_000)


def test_a_window_that_turns_while_one_draws_keeps_the_drawing(
    context: BrowserContext, site_url: str
) -> None:
    page = visiting.open_ready(context.new_page(), site_url)
    for width, height in ((360, 740), (740, 360), (1280, 800)):
        sheet = visiting.Sheet(page)
        page.mouse.move(*sheet.place((0.3, 0.25)))
        page.mouse.down()
        page.mouse.move(*sheet.place((0.7, 0.25)), steps=4)
        page.set_viewport_size({"width": width, "height": height})
        page.mouse.move(*visiting.place(page, (0.45, 0.8)), steps=4)
        page.mouse.up()
        expect(part(page, "guess")).to_have_text(re.compile("[0-9]"))
        assert visiting.ink(page, (0.5, 0.25), 0.05)
        part(page, "clear").click()
        draw(page, SEVEN)
        expect_guess(page, 7)
        page.set_viewport_size({"width": height, "height": width})
        assert visiting.ink(page, (0.5, 0.25), 0.05)
        visiting.clear(page)
