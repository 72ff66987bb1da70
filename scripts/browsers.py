"""A Chromium for the tests: the one that is there, else Debian's, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from environment import say

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# What keeps a browser from looking for updates and its maker's hosts while tests run.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """Return the path of a Chromium that starts, installing one if there is none.

    Ends the program with one sentence if none can be had.
    """
    found = _installed()
    if found is None:
        _install()
        found = _installed()
    if found is None:
        sys.exit("The tests need Chromium and none could be installed: install it and try again.")
    return found


def flags() -> list[str]:
    """Return Chromium's command line flags for this machine."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*QUIET, *(["--no-sandbox"] if root else [])]  # which refuses to run as root


def _installed() -> str | None:
    named = next(filter(_starts, filter(None, map(shutil.which, _NAMES))), None)
    return named or next(filter(_starts, [_playwrights_own()]), None)


def _starts(program: str) -> bool:
    """Say whether it runs: Ubuntu's ``chromium`` may be a stub that only asks for a snap."""
    if not Path(program).exists():
        return False
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _install() -> None:
    apt = shutil.which("apt-get")
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("Installing Chromium with apt …")
        unattended = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for step in ["update"], ["install", "--yes", "--no-install-recommends", "chromium"]:
            subprocess.run([apt, *step], check=False, capture_output=True, env=unattended)
        if _installed():
            return
    say("Installing Playwright's Chromium …")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
