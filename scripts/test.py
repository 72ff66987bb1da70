"""Run all the tests: ``python3 scripts/test.py``; what follows goes to pytest."""

import subprocess
import sys

import environment

environment.enter("build", "test")

import browsers
import bundle


def main() -> None:
    browsers.prepare("chromium", "firefox", "webkit")
    try:
        bundle.build()
    except bundle.BuildError as error:
        sys.exit(f"Stopped: {error}")
    tests = [sys.executable, "-m", "pytest", f"--rootdir={environment.ROOT}", *sys.argv[1:]]
    sys.exit(subprocess.run(tests, cwd=environment.ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
