"""Make ``dist/``, the site to deploy: ``python3 scripts/build.py [--address URL]``."""

import argparse
import sys
import time

from building import environment

environment.enter("build")

from building import bundle, cdn
from building.parts import Parts


def main() -> None:
    options = argparse.ArgumentParser(description="Make dist/, the site to deploy.")
    options.add_argument(
        "--address",
        metavar="URL",
        default="",
        help="the site's address; some networks need it for the picture of a link preview",
    )
    options.add_argument(
        "--from-cdn",
        metavar="URL",
        nargs="?",
        default="",
        const=cdn.address(Parts()),
        help="have visitors fetch Pyodide and NumPy from a public host (default: %(const)s)",
    )
    options.add_argument(
        "--no-service-worker",
        action="store_true",
        help="remove the service worker and its caches from the browsers of earlier visitors",
    )
    chosen = options.parse_args()
    start = time.perf_counter()
    try:
        report = bundle.build(
            address=chosen.address,
            host=chosen.from_cdn,
            service_worker=not chosen.no_service_worker,
        )
    except bundle.BuildError as error:
        sys.exit(f"Stopped: {error}")
    seconds = time.perf_counter() - start
    environment.say(f"dist/: {report.files} files, {report.bytes / 1e6:.1f} MB, {seconds:.1f} s")


if __name__ == "__main__":
    main()
