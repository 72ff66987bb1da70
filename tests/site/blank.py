"""A document of the site in which nothing starts by itself, for tests of single modules."""

from playwright.sync_api import Page

DOCUMENT = '<!doctype html><title>Blank</title><link rel="icon" href="data:,">'


def open_blank(page: Page, url: str) -> None:
    """Go to an empty document at the root of the site served at ``url``."""
    page.route(
        f"{url}blank.html", lambda route: route.fulfill(body=DOCUMENT, content_type="text/html")
    )
    page.goto(f"{url}blank.html")
