"""Make ``dist/``, the site as it is served: ``python3 scripts/build.py``."""

import sys
import time

import environment

environment.enter("build")

import bundle


def main() -> None:
    start = time.perf_counter()
    try:
        report = bundle.build()
    except bundle.BuildError as error:
        sys.exit(f"Stopped: {error}")
    seconds = time.perf_counter() - start
    environment.say(f"dist/: {report.files} files, {report.bytes / 1e6:.1f} MB, {seconds:.1f} s")


if __name__ == "__main__":
    main()
