"""Run the tests: ``python3 scripts/test.py``.

Without an option: all tests but the nightly ones. What is not an option goes to pytest, as in
``scripts/test.py tests/core -k adam``.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import get_args

from building import environment

environment.enter("build", "test")

from building import browsers, bundle
from testing import quick

CORES = os.cpu_count() or 2
PER_CORE = 1.5
"""Tests at a time on each core: a page often waits, but takes a core while Python starts."""
ENGINES = get_args(browsers.Engine)
SITE = "tests/site"
"""The tests that need the built site and browsers."""


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    which = options.add_mutually_exclusive_group()
    which.add_argument(
        "--quick",
        action="store_true",
        help="linters, types, and the core tests that import a file which differs from the last "
        "commit; all core tests where none does; no browser",
    )
    which.add_argument("--all", action="store_true", help="the nightly tests too")
    options.add_argument(
        "--browser",
        choices=ENGINES,
        action="append",
        help="only this browser; may be given again",
    )
    chosen, rest = options.parse_known_args()
    if chosen.quick:
        if chosen.browser:
            options.error("--quick runs no browser")
        environment.say("Testing: formatting, types and the core tests that the change reaches …")
        _pytest(CORES, "--dist=load", "--quiet", *quick.selection(quick.changed()), *rest)
    engines = chosen.browser or ENGINES
    arguments = ["--dist=loadscope", "--no-loadscope-reorder", "--verbose"]
    arguments.append(f"--engines={','.join(engines)}")
    if chosen.all:
        arguments += ["-m", ""]
    if _reaches_the_site(rest):
        browsers.prepare(*engines)
        try:
            bundle.build()
        except bundle.BuildError as error:
            sys.exit(f"Stopped: {error}")
        arguments.append("--built")
    environment.say("Testing …")
    _pytest(round(PER_CORE * CORES), *arguments, *rest)


def _reaches_the_site(arguments: Sequence[str]) -> bool:
    """Say whether tests of the site can be among those that pytest is told to run."""
    site = environment.ROOT / SITE
    given = [environment.ROOT / argument.partition("::")[0] for argument in arguments]
    paths = [path for path in given if path != environment.ROOT and path.exists()]
    return not paths or any(
        path.is_relative_to(site) or site.is_relative_to(path) for path in paths
    )


def _pytest(processes: int, *arguments: str) -> None:
    """Run pytest, so many tests at a time; does not return."""
    command = [sys.executable, "-m", "pytest", f"--rootdir={environment.ROOT}"]
    command.append(f"--numprocesses={processes}")
    compiled = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}  # once, and not in every process
    done = subprocess.run([*command, *arguments], cwd=environment.ROOT, check=False, env=compiled)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
