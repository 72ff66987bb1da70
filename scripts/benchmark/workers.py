"""The workers of the bench's page: the time of one prediction, the speed of matrix products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from playwright.sync_api import Browser

from benchmark.figures import Row
from building.environment import say

BLOCKS = 20  # of predictions in one sample
PREDICTIONS = (
    ("mlp-large", "pixels", 0.6, 0.3),
    ("cnn", "pixels", 3, 1.5),
    ("cnn", "strokes", 8, 3),
)
"""Model, drawing, and the milliseconds required and aimed at."""

Ask = Callable[..., Any]


def prediction(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Milliseconds of one prediction in the worker, from the call to the answer."""
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


def products(browser: Browser, url: str, repeats: int) -> list[Row]:
    """GFLOP/s of a dense layer's three products, against the core's peak when all is in registers.

    Prints the speed of each product.
    """
    name = "the products alone, 128×784×128, of the core's SIMD128 peak"
    with opened(browser, url) as ask:
        say("Multiplying matrices …")
        samples = [
            (ask("nets", "products", "kernels"), ask("nets", "peak")) for _ in range(repeats + 1)
        ][1:]  # the first warms up
    if samples[0][1] is None:
        return [Row.missing(name, "GFLOP/s", "this browser has no SIMD", 0.5, 0.75)]
    for product in samples[0][0]:
        say(f"  {product}: {median(rates[product] for rates, _ in samples):.1f} GFLOP/s")
    ours = [float(rates["together"]) for rates, _ in samples]
    return [Row(name, "GFLOP/s", ours, [float(peak) for _, peak in samples], 0.5, 0.75)]


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Ask]:
    """Open the bench's page and start our worker; gives a function that calls its workers."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}benchmark/index.html")

    def ask(worker: str, method: str, *args: object) -> Any:
        return page.evaluate("question => ask(...question)", [worker, method, *args])

    computing = ask("nets", "start")
    say(f"Ours computes with: {computing['kernels']} {computing['reason']}".rstrip())
    try:
        yield ask
    finally:
        context.close()
