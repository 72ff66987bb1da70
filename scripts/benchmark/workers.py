"""Training and predicting, measured inside workers of one page, taking turns with the peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page

from benchmark.figures import Row
from environment import say

EXAMPLES = 10_000  # in one sample: fits in what training begins with, before any evaluation
BLOCKS = 20  # of predictions in one sample
NETS = {30: {"tfjs": (3.0, 4.0), "blog": (2.5, 3.0)}, 128: {"tfjs": (2.2, 3.0), "blog": (2.5, 3.0)}}
BATCHES = (10, 128)

Ask = Callable[..., Any]


def training(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Examples a second: ours, TensorFlow.js and the blog post's way, one after the other."""
    page, ask = _open(browser, url)
    ask("nets", "loadMnist")
    ask("tfjs", "start")
    ask("tfjs", "loadMnist", EXAMPLES)
    rows = []
    for hidden, goals in NETS.items():
        for batch in BATCHES:
            net = f"784-{hidden}-10, mini-batch {batch}"
            say(f"Training {net} …")
            settings = {"hidden": hidden, "batchSize": batch, "examples": EXAMPLES}
            ways = {
                "ours": partial(ask, "nets", "train", settings),
                "tfjs": partial(ask, "tfjs", "train", settings),
                "blog": partial(ask, "nets", "trainBlogPost", settings),
            }
            rates = _in_turn(ways, repeats)
            for peer, name in (("tfjs", "TensorFlow.js, wasm"), ("blog", "the blog post's way")):
                required, aimed = goals[peer]
                rows.append(
                    Row(
                        f"training {net}, against {name}",
                        "examples/s",
                        rates["ours"],
                        rates[peer],
                        required,
                        aimed,
                        more_is_better=True,
                    )
                )
    page.context.close()
    return rows


def prediction(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Milliseconds of one prediction in the worker, from the call to the plain answer."""
    page, ask = _open(browser, url)
    rows = []
    for drawing, required, aimed in (("pixels", 2, 0.5), ("strokes", 8, 3)):
        say(f"Predicting from {drawing} …")
        ask("nets", "predict", drawing)
        ours = [
            median(ask("nets", "predict", drawing) for _ in range(BLOCKS)) for _ in range(repeats)
        ]
        name = f"one prediction in the worker, from {drawing}"
        rows.append(Row(name, "ms", ours, required=required, aimed=aimed))
    page.context.close()
    return rows


def _open(browser: Browser, url: str) -> tuple[Page, Ask]:
    page = browser.new_context().new_page()
    page.goto(f"{url}bench/index.html")

    def ask(worker: str, method: str, *args: object) -> Any:
        return page.evaluate("question => ask(...question)", [worker, method, *args])

    ask("nets", "start")
    return page, ask


def _in_turn(ways: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Samples of each way, taken in turn after one round that does not count."""
    rounds = [{name: way() for name, way in ways.items()} for _ in range(repeats + 1)]
    return {name: [samples[name] for samples in rounds[1:]] for name in ways}
