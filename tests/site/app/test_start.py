"""The first seconds of a visit, what is fetched when, and from where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

import visiting
from visiting import SEVEN, draw, drawing, expect_guess, part


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visiting.visitor(browser) as context:
        yield context


def library_completed(page: Page) -> None:
    """Wait for the answer to a question that needs the rest of Python, as fetching MNIST does.

    Whatever was asked of the worker before has begun, and its requests have come to the server.
    """
    refused = page.evaluate("() => nets.train({ momentum: 1 }).catch(({ message }) => message)")
    assert "momentum" in refused
    visiting.requested(page)


def mnist(site: Any) -> list[str]:
    """The files of MNIST that were asked for."""
    return [address for address in site.requested if address.startswith("mnist/")]


def test_what_is_drawn_before_python_is_there_is_read_when_it_is(
    context: BrowserContext, site_url: str
) -> None:
    page = context.new_page()
    held: list[Route] = []
    context.route(visiting.served("pyodide/numpy.files.br"), lambda route: held.append(route))
    page.goto(site_url)
    visiting.expect_state(page, "loading")
    expect(part(page, "status-words")).to_have_text("Fetching NumPy …")
    draw(page, SEVEN)
    assert 0 < part(page, "loading-bar").evaluate("bar => bar.value") < 1
    expect(part(page, "guess")).to_have_text("")
    assert part(page, "train-start").is_disabled()
    before = drawing(page)
    for route in held:
        route.continue_()
    expect_guess(page, 7)
    assert drawing(page) == before
    expect(part(page, "loading-bar")).to_be_hidden()


def test_in_a_folder_all_comes_from_that_folder(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    site = serve_site(folder="somewhere/nets")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = visiting.open_ready(context.new_page(), site.url)
    draw(page, SEVEN)
    expect_guess(page, 7)
    result = page.evaluate("() => nets.train({ epochs: 1, batchSize: 100 })")
    assert result["accuracy"] > 0.8
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith((site.url, "data:", "blob:"))] == []


def test_mnist_is_fetched_when_the_visitor_turns_to_training(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    page = visiting.open_ready(context.new_page(), site.url)
    draw(page, SEVEN)
    expect_guess(page, 7)
    part(page, "model-picker").focus()
    page.mouse.wheel(0, 5000)
    page.wait_for_function("() => scrollY > 0")
    visiting.frames(page)  # the chapters know that they are seen
    library_completed(page)
    assert mnist(site) == []
    with page.expect_request(visiting.served("mnist/train-images-5.gz")):
        part(page, "settings").locator("[name=seed]").click()
    assert sorted(mnist(site)) == sorted(set(mnist(site))), "fetched twice"
    visiting.expect_state(page, "ready")


def test_who_saves_data_is_asked_first(
    context: BrowserContext, serve_site: Callable[..., Any]
) -> None:
    context.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
    )
    site = serve_site()
    page = visiting.open_ready(context.new_page(), site.url)
    part(page, "settings").locator("[name=seed]").click()
    page.keyboard.press("Tab")
    library_completed(page)
    assert mnist(site) == []
    part(page, "train-start").click()
    visiting.expect_state(page, "training")
    assert "mnist/train-images-0.gz" in mnist(site)


def test_the_page_is_used_from_top_to_bottom_by_keyboard(
    context: BrowserContext, site_url: str
) -> None:
    page = visiting.open_ready(context.new_page(), site_url)
    expect(part(page, "train-start")).to_be_enabled()
    reached: list[str] = []
    for _ in range(220):
        page.keyboard.press("Tab")
        name, outlined, last = page.evaluate(
            """() => {
              const { activeElement: at } = document;
              const seen = [at, at.closest(".sheet") ?? at].map((one) => getComputedStyle(one));
              return [at.dataset.testid ?? at.name ?? at.tagName,
                seen.some((at) => at.outlineStyle !== "none" || at.boxShadow !== "none"),
                at === [...document.querySelectorAll("a, button")].at(-1)];
            }"""
        )
        assert outlined, f"the focus on {name} is not seen"
        reached.append(name)
        if last:  # Firefox goes on to its own controls, and then does not come back
            break
    assert last, "the end of the page was not reached"
    wanted = ["erase", "model-picker", "train-start", "train-step", "recipe", "seed"]
    places = [reached.index(name) for name in [*wanted, "copy-diagnostics"]]
    assert places == sorted(places)
    part(page, "train-start").focus()
    page.keyboard.press("Enter")
    visiting.expect_state(page, "training")
    expect(part(page, "train-pause")).to_be_enabled()
    part(page, "train-pause").focus()
    page.keyboard.press("Space")
    visiting.expect_state(page, "paused")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_colour_scheme(browser: Browser, site_url: str, scheme: Any) -> None:
    with visiting.visitor(browser, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(site_url)
        draw(page, SEVEN)
        light = page.evaluate(
            """() => {
              const { color } = getComputedStyle(document.body);
              const { backgroundColor } = getComputedStyle(document.documentElement);
              const brightness = (text) =>
                text.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
              return brightness(backgroundColor) > brightness(color);
            }"""
        )
        assert light == (scheme == "light")
        assert visiting.ink(page, (0.5, 0.25))


def test_two_tabs_do_not_disturb_each_other(context: BrowserContext, site_url: str) -> None:
    pages: list[Page] = [context.new_page(), context.new_page()]
    for page in pages:
        page.goto(site_url)
    draw(pages[1], SEVEN)
    expect_guess(pages[1], 7)
    expect(part(pages[0], "guess")).to_have_text("")
