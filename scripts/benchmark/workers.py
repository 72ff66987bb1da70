"""Workers of the bench's page, and what one prediction takes in ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from playwright.sync_api import Browser

from benchmark.figures import Row
from environment import say

BLOCKS = 20  # of predictions in one sample
PREDICTIONS = (
    ("mlp-large", "pixels", 0.6, 0.3),
    ("cnn", "pixels", 3, 1.5),
    ("cnn", "strokes", 8, 3),
)
"""Model, drawing, and the milliseconds required and aimed at."""

Ask = Callable[..., Any]


def prediction(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Milliseconds of one prediction in the worker, from the call to the plain answer."""
    rows = []
    with opened(browser, url) as ask:
        for model, drawing, required, aimed in PREDICTIONS:
            say(f"Predicting from {drawing} with {model} …")
            ask("nets", "predict", model, drawing)
            ours = [
                median(ask("nets", "predict", model, drawing) for _ in range(BLOCKS))
                for _ in range(repeats)
            ]
            name = f"one prediction in the worker, {model}, from {drawing}"
            rows.append(Row(name, "ms", ours, required=required, aimed=aimed))
    return rows


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Ask]:
    """The bench's page with our worker started; gives a function that asks its workers."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}bench/index.html")

    def ask(worker: str, method: str, *args: object) -> Any:
        return page.evaluate("question => ask(...question)", [worker, method, *args])

    computing = ask("nets", "start")
    say(f"Ours computes with: {computing['kernels']} {computing['reason']}".rstrip())
    try:
        yield ask
    finally:
        context.close()
