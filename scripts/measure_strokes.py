"""How many of the digits that people wrote with a pen each of the site's nets reads right.

    python3 scripts/measure_strokes.py FILE [--browser] [--json]

FILE is a list of {"digit": 7, "strokes": [[[x, y], …], …]}, coordinates 0 … 500, y downwards.
With --browser the strokes go through `nets.predict` of the built page, at the position and size in
which they were written; otherwise through `nets_core`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from building import environment

environment.enter("build", "test")
sys.path.insert(0, str(environment.ROOT))

import numpy as np
from numpy.typing import NDArray

from building import bundle, web
from nets_core.data import digits
from nets_core.files import saving

MODELS = environment.ROOT / "site" / "models"
TABLET = 500
"""The side of the tablet on which FILE's strokes were drawn."""

Drawing = dict[str, Any]


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description="Measure how well pen strokes are read.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--browser", action="store_true", help="through the built page")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    try:
        drawings = read(options.file)
        ids = [model["id"] for model in json.loads((MODELS / "models.json").read_text())["models"]]
        answers = in_browser(drawings, ids) if options.browser else natively(drawings, ids)
    except (OSError, ValueError, bundle.BuildError) as error:
        sys.exit(f"Stopped: {error}")
    truth = np.array([drawing["digit"] for drawing in drawings])
    results = {name: score(truth, np.array(guesses)) for name, guesses in answers.items()}
    print(json.dumps(results, indent=2) if options.json else table(results, len(truth)))


def read(path: Path) -> list[Drawing]:
    """The drawings in a file; a ValueError says what is wrong with it."""
    drawings = json.loads(path.read_text())
    if not isinstance(drawings, list) or not drawings:
        raise ValueError(f"{path} is not a list of drawings, or it is empty")
    for at, drawing in enumerate(drawings):
        if not isinstance(drawing, dict) or drawing.get("digit") not in range(10):
            raise ValueError(f"{path}: drawing {at} has no digit 0 … 9")
        if not isinstance(drawing.get("strokes"), list):
            raise ValueError(f"{path}: drawing {at} has no strokes")
    return drawings


def natively(drawings: list[Drawing], ids: list[str]) -> dict[str, list[int]]:
    """The digit that each net reads in each drawing, computed in this Python."""
    pictures = np.stack([digits.rasterize(drawing["strokes"]).ravel() for drawing in drawings])
    answers = {}
    for name in ids:
        net = saving.loads((MODELS / f"{name}.npz").read_bytes())
        parts = (pictures[at : at + 500] for at in range(0, len(pictures), 500))
        answers[name] = [int(digit) for part in parts for digit in net.forward(part).argmax(axis=1)]
    return answers


REPLAY = """
async ({ drawings, model, tablet }) => {
  const pad = document.querySelector('[data-testid="draw-canvas"]');
  const scale = [pad.clientWidth / tablet, pad.clientHeight / tablet];
  const read = [];
  for (const strokes of drawings) {
    const onPad = strokes.map((stroke) => stroke.map(([x, y]) => [x * scale[0], y * scale[1]]));
    read.push((await nets.predict({ strokes: onPad, model })).digit);
  }
  return read;
}
"""


def in_browser(drawings: list[Drawing], ids: list[str]) -> dict[str, list[int]]:
    """The digit that each net reads in each drawing, computed in the built page."""
    from playwright.sync_api import sync_playwright

    from building import browsers

    bundle.build()
    strokes = [drawing["strokes"] for drawing in drawings]
    answers: dict[str, list[int]] = {name: [] for name in ids}
    with serving(bundle.DIST) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browsers.chromium(), args=browsers.flags()
        )
        page = chromium.new_page()
        page.goto(url)
        page.evaluate("() => nets.ready")
        for name in ids:
            for at in range(0, len(strokes), 100):
                some = {"drawings": strokes[at : at + 100], "model": name, "tablet": TABLET}
                answers[name] += page.evaluate(REPLAY, some)
        chromium.close()
    return answers


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder while the block runs; gives its address."""
    server = web.serve(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def score(truth: NDArray[np.int64], guesses: NDArray[np.int64]) -> dict[str, Any]:
    """The shares read right, of all drawings and of each digit."""
    right = truth == guesses
    return {
        "all": share(int(right.sum()), len(right)),
        "digits": [share(int(right[truth == d].sum()), int((truth == d).sum())) for d in range(10)],
    }


def share(right: int, count: int) -> dict[str, Any]:
    """The accuracy, with its 95 % confidence interval (E. B. Wilson 1927)."""
    if count == 0:
        return {"accuracy": None, "low": 0.0, "high": 1.0, "count": 0}
    z, p = 1.959964, right / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return {"accuracy": p, "low": middle - half, "high": middle + half, "count": count}


def table(results: dict[str, dict[str, Any]], count: int) -> str:
    """A column for each net and a line for each digit: accuracy and its 95 % interval, in %."""
    lines = [f"{f'{count:,} digits':<12}" + "".join(f"{name:>22}" for name in results)]
    rows = [("all", [result["all"] for result in results.values()])]
    rows += [
        (str(digit), [result["digits"][digit] for result in results.values()])
        for digit in range(10)
    ]
    for name, shares in rows:
        lines.append(f"{name:<12}" + "".join(f"{_percent(part):>22}" for part in shares))
    return "\n".join(lines)


def _percent(part: dict[str, Any]) -> str:
    if part["accuracy"] is None:
        return "none"
    return f"{100 * part['accuracy']:.1f}  ({100 * part['low']:.1f}–{100 * part['high']:.1f})"


if __name__ == "__main__":
    main()
