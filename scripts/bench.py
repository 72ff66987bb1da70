"""Compare the site with its peers: ``python3 scripts/bench.py [--rows NAME …] [--repeats 5]``.

Prints a table. A run of all rows also writes ``bench.json``.
"""

import argparse
import os
import platform
import sys
from pathlib import Path

from building import environment

environment.enter("build", "test")

from playwright.sync_api import Browser, sync_playwright

from benchmark import figures, lighthouse, second_visit, training, visits, workers
from benchmark.serving import serving
from building import browsers, bundle
from building.parts import PartError, Parts

GROUPS = {
    "training": training.training,
    "graphics": training.graphics,
    "native": training.native_training,
    "convolution": training.convolution,
    "products": workers.products,
    "learning": training.learning,
    "start": visits.start,
    "second-visit": second_visit.second_visit,
    "transfer": visits.transfer,
    "prediction": workers.prediction,
    "pointer": visits.pointer,
    "tasks": visits.tasks,
    "playground": visits.playground,
    "memory": visits.memory,
    "lighthouse": lighthouse.lighthouse,
}
RECORD = environment.ROOT / "bench.json"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--rows", nargs="+", choices=GROUPS, default=list(GROUPS), help="default: all"
    )
    options.add_argument("--repeats", type=int, default=5, help="samples per figure, default: 5")
    chosen = options.parse_args()
    try:
        bundle.build()
        load = _load()
        with serving(bundle.DIST, Parts()) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browsers.chromium(), args=browsers.flags()
            )
            rows = _measure(browser, url, chosen.rows, chosen.repeats)
            version = f"Chromium {browser.version}, headless"
    except (bundle.BuildError, PartError) as error:
        sys.exit(f"Stopped: {error}")
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()}"
    machine += f"; load {load} at the start and {_load()} at the end"
    print(f"\n{machine}; {version}\n\n{figures.table([row.plain() for row in rows])}")
    if set(chosen.rows) == set(GROUPS):
        figures.write(RECORD, machine, version, rows)


def _measure(browser: Browser, url: str, names: list[str], repeats: int) -> list[figures.Row]:
    return [row for name in names for row in GROUPS[name](browser, url, repeats)]


def _load() -> str:
    """The load average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
