"""Run the long soak tests: ``python3 scripts/soak.py [--only NAME …] [--minutes M]``.

Prints the result of each; the exit code is 0 if all was well.
"""

import argparse
import sys

from building import environment

environment.enter("build", "test")

from building import bundle
from building.environment import say
from building.parts import PartError
from soaks import SOAKS


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=SOAKS, default=list(SOAKS), metavar="NAME")
    options.add_argument("--minutes", type=float, help="for each (default: its own)")
    chosen = options.parse_args()
    failed = []
    for name in chosen.only:
        soak = SOAKS[name]
        minutes = chosen.minutes or soak.minutes
        say(f"{name}: up to {minutes:g} minutes …")
        try:
            well, words = soak.run(minutes)
        except (bundle.BuildError, PartError) as error:
            sys.exit(f"Stopped: {error}")
        say(f"{'well' if well else 'FAILED'}: {name}: {words}.")
        if not well:
            failed.append(name)
    sys.exit(f"Failed: {', '.join(failed)}." if failed else 0)


if __name__ == "__main__":
    main()
