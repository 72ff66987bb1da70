"""The browsers for the tests: installed ones, else Debian's, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from building.environment import say

Engine = Literal["chromium", "firefox", "webkit"]


class MissingError(Exception):
    """A browser is not installed; the message says what to install."""


@dataclass(frozen=True)
class _Product:
    name: str
    packages: tuple[str, ...]  # Debian's
    needs: tuple[str, ...] = ()  # programs, all of them


_PRODUCTS: dict[Engine, _Product] = {
    "chromium": _Product("Chromium", ("chromium",)),
    "firefox": _Product("Firefox", ("firefox-esr",)),
    "webkit": _Product("WebKit", ("webkit2gtk-driver", "xvfb"), ("WebKitWebDriver", "Xvfb")),
}
_NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "firefox": ("firefox-esr", "firefox"),
}

# These keep a browser from looking for updates and contacting its maker while tests run.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)

# The features that Playwright disables, repeated because only the last such flag counts; and the
# popup of the address bar, for which Chromium starts a process with every new window.
_WITHOUT = (
    "AutoDeElevate",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "BoundaryEventDispatchTracksNodeRemoval",
    "DestroyProfileOnBrowserClose",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "RenderDocument",
    "ThirdPartyStoragePartitioning",
    "Translate",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)


def find(engine: Engine) -> str:
    """Return the path of a browser with this engine; raises :class:`MissingError`.

    For WebKit it is the MiniBrowser that comes with its WebDriver; it needs a display.
    """
    product = _PRODUCTS[engine]
    found = _mini_browser() if engine == "webkit" else _named(engine) or _playwrights_own(engine)
    if found is None or not all(map(shutil.which, product.needs)):
        packages = " ".join(product.packages)
        raise MissingError(f"{product.name} is not installed (on Debian: apt install {packages})")
    return found


def chromium() -> str:
    """Return the path of a Chromium that starts; installs one if there is none.

    Ends the program with one sentence if that fails.
    """
    prepare("chromium")
    return find("chromium")


def prepare(*engines: Engine) -> None:
    """Install those of these engines that are missing.

    Ends the program with one sentence if Chromium cannot be installed, and as root on Debian, where
    all can be installed, also for the others. Elsewhere the tests that need them are skipped, with
    the reason.
    """
    missing = [engine for engine in engines if not _is_there(engine)]
    if missing and installable():
        _install_debians(missing)
    for engine in missing:
        if not _is_there(engine) and engine != "webkit":
            say(f"Installing Playwright's {_PRODUCTS[engine].name} …")
            subprocess.run([sys.executable, "-m", "playwright", "install", engine], check=False)
        if not _is_there(engine) and (engine == "chromium" or installable()):
            name = _PRODUCTS[engine].name
            sys.exit(
                f"The tests need {name}, which could not be installed. Install it and try again."
            )


def installable() -> bool:
    """Return whether this program may install Debian packages."""
    return shutil.which("apt-get") is not None and _is_root()


def flags() -> list[str]:
    """Return Chromium's command line flags for this machine."""
    without = f"--disable-features={','.join(_WITHOUT)}"
    unconfined = ["--no-sandbox"] if _is_root() else []  # needed as root
    return [*QUIET, without, *unconfined]


def _is_there(engine: Engine) -> bool:
    try:
        find(engine)
    except MissingError:
        return False
    return True


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _named(engine: Engine) -> str | None:
    return next(filter(_starts, filter(None, map(shutil.which, _NAMES[engine]))), None)


def _starts(program: str) -> bool:
    """Return whether it runs: Ubuntu's ``chromium`` may be a stub that only asks for a snap."""
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def _playwrights_own(engine: Engine) -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.firefox if engine == "firefox" else playwright.chromium
        path = own.executable_path
    return path if Path(path).exists() and _starts(path) else None


def _mini_browser() -> str | None:
    return next(map(str, Path("/usr/lib").glob("*/webkit2gtk-*/MiniBrowser")), None)


def _install_debians(engines: list[Engine]) -> None:
    apt = str(shutil.which("apt-get"))
    unattended = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    say("Fetching Debian's lists of packages …")
    subprocess.run([apt, "update"], check=False, capture_output=True, env=unattended)
    for engine in engines:
        product = _PRODUCTS[engine]
        say(f"Installing {product.name} with apt …")
        install = [apt, "install", "--yes", "--no-install-recommends", *product.packages]
        subprocess.run(install, check=False, capture_output=True, env=unattended)
