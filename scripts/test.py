"""Run all the tests: ``python3 scripts/test.py``; what follows goes to pytest."""

import subprocess
import sys

import environment

environment.enter("build", "test")

import browsers
import bundle

SPREAD = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder", "--verbose")
"""Three at a time, on two cores and more: a page waits much. The tests of a file stay together,
since they share pages."""


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
