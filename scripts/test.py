"""Run all the tests: ``python3 scripts/test.py``; what follows goes to pytest."""

import subprocess
import sys

from building import environment

environment.enter("build", "test")

from building import browsers, bundle

SPREAD = ("--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder", "--verbose")
"""Two at a time: a page waits much, but its browser takes a core to start Python. The tests of a
file stay together, since they share pages."""


def main() -> None:
    browsers.prepare("chromium", "firefox", "webkit")
    try:
        bundle.build()
    except bundle.BuildError as error:
        sys.exit(f"Stopped: {error}")
    environment.say("Testing: the library, the site, and the page in three browsers …")
    tests = [sys.executable, "-m", "pytest", f"--rootdir={environment.ROOT}", *SPREAD]
    done = subprocess.run([*tests, *sys.argv[1:]], cwd=environment.ROOT, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
