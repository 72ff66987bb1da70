"""Lighthouse's scores of the page, on a simulated phone and on a desktop computer.

Lighthouse and its dependencies are pinned by ``requirements/lighthouse/package-lock.json`` and
installed on first use. The server gzips text, like GitHub Pages: the simulated phone's network is
slow, and without compression the page would lose some ten points of performance. Performance also
depends on how busy the machine is, so its median counts; for the other categories, the minimum.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmark.figures import Row
from benchmark.serving import packing
from building import browsers, bundle, environment
from building.environment import say
from building.parts import CACHE, PartError

LOCKED = environment.ROOT / "requirements" / "lighthouse"
FORMS: dict[str, list[str]] = {"mobile": [], "desktop": ["--preset=desktop"]}
CATEGORIES = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
"""The points, out of 100, that are both required and aimed at."""


def lighthouse(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Points in each category, out of 100. Prints the audits that cost points."""
    program = _installed()
    rows = []
    for form, options in FORMS.items():
        say(f"Running Lighthouse, {form} …")
        with packing(bundle.DIST) as address:
            reports = [_report(program, address, options) for _ in range(repeats)]
        for category, required in CATEGORIES.items():
            points = [100 * float(report["categories"][category]["score"]) for report in reports]
            for words in _complaints(reports[-1], category):
                say(f"  {category}: {words}")
            value = None if category == "performance" else min(points)
            name = f"Lighthouse, {form}, {category.replace('-', ' ')}, from a host that gzips text"
            rows.append(Row(name, "points", points, None, required, required, value))
    return rows


def _installed() -> Path:
    """The path of Lighthouse's program, installed into the cache if it is missing."""
    lock = (LOCKED / "package-lock.json").read_bytes()
    folder = CACHE / f"lighthouse-{hashlib.sha256(lock).hexdigest()[:16]}"
    program = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not (folder / "complete").exists():
        say("Installing Lighthouse …")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(LOCKED, folder)
        command = [environment.npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PartError(
                f"Lighthouse could not be installed: {done.stderr.strip().splitlines()[-1]}"
            )
        (folder / "complete").touch()
    return program


def _report(program: Path, address: str, options: list[str]) -> dict[str, Any]:
    flags = " ".join([*browsers.flags(), "--headless=new"])
    command = [environment.node(), str(program), address, "--output=json", "--quiet", *options]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={flags}"]
    chromium = os.environ | {"CHROME_PATH": browsers.chromium()}
    done = subprocess.run(command, env=chromium, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PartError(f"Lighthouse did not run: {done.stderr.strip()}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _complaints(report: dict[str, Any], category: str) -> list[str]:
    """The audits that cost points in a category."""
    audits = [
        report["audits"][entry["id"]]
        for entry in report["categories"][category]["auditRefs"]
        if entry["weight"]
    ]
    return [
        f"{audit['title']} {audit.get('displayValue', '')}".strip()
        for audit in audits
        if audit["score"] is not None and audit["score"] < 0.9
    ]
