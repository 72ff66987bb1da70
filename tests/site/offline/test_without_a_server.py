"""After one visit the page needs its server no more: in each engine the server is gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

import visiting
from visiting import SEVEN, draw, expect_guess, part
from webkit import Visit

pytestmark = pytest.mark.every_engine("service workers")

KEPT = "works offline"
TRAIN = "() => nets.train({ epochs: 1, batchSize: 100 })"


def test_it_reads_learns_and_runs_a_visitors_code(
    browser: Browser, serve_site: Callable[..., Any]
) -> None:
    site = serve_site(folder="nets")
    with visiting.visitor(browser, errors=True, keeps=True) as context:
        page = visiting.open_ready(context.new_page(), site.url)
        page.evaluate(TRAIN)
        expect(part(page, "offline")).to_contain_text(KEPT, timeout=visiting.START_PATIENCE)
        expect(part(page, "offline")).to_contain_text("training too")

        site.gone = True
        visiting.open_ready(page, site.url)
        draw(page, SEVEN)
        expect_guess(page, 7)
        assert page.evaluate(TRAIN)["accuracy"] > 0.8
        part(page, "section-own").scroll_into_view_if_needed()
        expect(part(page, "own-editor")).to_have_attribute("data-ready", "yes")
        part(page, "own-run").click()
        expect(part(page, "own-words")).to_contain_text("Done.")
        part(page, "section-playground").scroll_into_view_if_needed()
        part(page, "playground-play").click()
        expect(part(page, "playground-epoch")).not_to_have_attribute("data-value", "0")


def test_the_same_in_webkit(
    webkit: Callable[[], AbstractContextManager[Visit]], serve_site: Callable[..., Any]
) -> None:
    site = serve_site(folder="nets")
    with webkit() as visit:
        visit.open_ready(site.url)
        visit.evaluate(TRAIN)
        visit.expect_text("offline", KEPT)
        visit.expect_text("offline", "training too")

        site.gone = True
        visit.open_ready(site.url)
        visit.draw(SEVEN)
        visit.expect_guess("7")
        assert visit.evaluate(TRAIN)["accuracy"] > 0.8
        visit.show("section-own")
        visit.expect_attribute("own-editor", "data-ready", "yes")
        visit.click("own-run")
        visit.expect_text("own-words", "Done.")
        visit.show("section-playground")
        visit.click("playground-play")
        visit.until(lambda: visit.number("playground-epoch"), "an epoch is over")
