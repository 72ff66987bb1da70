"""The page on paper, on other screens, and in browsers that darken pages by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import access
import visiting
from visiting import SEVEN, draw, expect_guess, part

PAD = """() => {
  const canvas = document.querySelector("[data-testid=draw-canvas]");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [least, most] = [255, 0];
  for (let i = 0; i < data.length; i += 4) {
    least = Math.min(least, data[i]);
    most = Math.max(most, data[i]);
  }
  return { corner: data[0], least, most };
}"""
"""The brightness of the pad's paper, and of its darkest and brightest pixel."""


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    """A dark page with a 7 on its pad."""
    window = {"width": 1280, "height": 900}
    with visiting.visitor(browser, viewport=window, color_scheme="dark") as context:
        page = visiting.open_ready(context.new_page(), site_url)
        page.evaluate("() => nets.train({ epochs: 1, batchSize: 200 })")
        part(page, "section-inside").scroll_into_view_if_needed()
        part(page, "inside-example").select_option("test")
        expect(part(page, "inside-body")).to_be_visible()
        draw(page, SEVEN)
        expect_guess(page, 7)
        yield page


@pytest.fixture
def page(open_page: Page) -> Iterator[Page]:
    yield open_page
    open_page.emulate_media(media="screen", color_scheme="dark")
    visiting.frames(open_page)


def test_it_prints_light_whole_and_without_controls(page: Page) -> None:
    assert page.evaluate(PAD)["corner"] < 60
    page.emulate_media(media="print", color_scheme="dark")
    visiting.frames(page)
    pad = page.evaluate(PAD)
    assert pad["corner"] > 240
    assert pad["least"] < 60
    ink = page.evaluate("() => getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")
    assert max(ink) < 100
    for control in ("train-start", "undo", "settings", "model-picker", "copy-diagnostics"):
        expect(part(page, control)).to_be_hidden()
    expect(part(page, "cost-chart").locator("canvas")).to_be_visible()
    cut: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".code, .cm-scroller, .scroll, .uplot")]
          .filter((one) => one.checkVisibility())
          .filter((one) => one.scrollHeight > one.clientHeight + 2 && getComputedStyle(one).overflowY !== "visible"
            || one.scrollWidth > one.clientWidth + 2 && getComputedStyle(one).overflowX !== "visible")
          .map((one) => one.className)"""  # noqa: E501
    )
    assert cut == []


def test_what_is_painted_is_light_when_printing_begins(page: Page) -> None:
    page.evaluate(
        f"""() => {{
          const look = {PAD};
          addEventListener("beforeprint", () => (window.printed = look()), {{ once: true }});
        }}"""
    )
    document = page.pdf()
    assert document.startswith(b"%PDF")
    printed: dict[str, Any] = page.evaluate("() => window.printed")
    assert printed["corner"] > 240
    assert printed["least"] < 60
    page.wait_for_function(f"() => ({PAD})().corner < 60")


def test_another_screen_of_the_same_size_is_sharp(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    part(page, "section-playground").scroll_into_view_if_needed()
    expect(page.locator("#playground[data-state=paused]")).to_be_visible()
    for width, ratio in ((1281, 2), (1280, 1.25), (1281, 1)):
        # The emulation evaluates media queries only with another width; the canvases keep theirs.
        metrics = {"width": width, "height": 900, "deviceScaleFactor": ratio, "mobile": False}
        devtools.send("Emulation.setDeviceMetricsOverride", metrics)
        page.wait_for_function(
            """(ratio) => ["[data-testid=draw-canvas]", "#playground canvas.lines", ".outcome canvas:last-of-type"]
              .map((place) => document.querySelector(place))
              .every((one) => Math.abs(one.width - one.clientWidth * ratio) < 2)""",  # noqa: E501
            arg=ratio,
        )
        assert visiting.ink(page, SEVEN[0][0])
    devtools.detach()


def test_a_browser_that_darkens_pages_leaves_the_ink_to_be_seen(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setAutoDarkModeOverride", {"enabled": True})
    pad = part(page, "draw-canvas")
    pad.scroll_into_view_if_needed()
    visiting.frames(page)
    assert access.strongest_contrast(access.pixels(pad)) > 7
    devtools.send("Emulation.setAutoDarkModeOverride", {})
    devtools.detach()
