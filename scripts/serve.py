"""Build the site and serve it: ``python3 scripts/serve.py [--port 8000] [--no-browser]``.

With ``--dev`` it serves the sources by Vite, and what changes is in the open page at once.
"""

import argparse
import sys
import webbrowser

from building import environment

environment.enter("build")

from building import bundle, dev, web


def main() -> None:
    options = argparse.ArgumentParser(description="Build the site and serve it.")
    options.add_argument("--port", type=int, default=8000, help="default: 8000")
    options.add_argument("--no-browser", action="store_true", help="do not open the page")
    options.add_argument(
        "--dev",
        action="store_true",
        help="serve the sources: what changes is in the open page at once",
    )
    chosen = options.parse_args()
    try:
        if chosen.dev:
            _develop(chosen.port, chosen.no_browser)
        else:
            _serve(chosen.port, chosen.no_browser)
    except bundle.BuildError as error:
        sys.exit(f"Stopped: {error}")
    except KeyboardInterrupt:
        environment.say("")


def _serve(port: int, no_browser: bool) -> None:
    bundle.build()
    server = web.serve(bundle.DIST, port)
    if server.server_port != port:
        environment.say(f"Port {port} is in use; serving on another one.")
    _announce(server.server_port, no_browser)
    server.serve_forever()


def _develop(port: int, no_browser: bool) -> None:
    with dev.serving(port) as server:
        _announce(port, no_browser)
        dev.follow(server)
    if server.returncode > 0:
        sys.exit("Stopped: Vite's server ended.")


def _announce(port: int, no_browser: bool) -> None:
    address = f"http://localhost:{port}/"
    environment.say(f"{address} (Ctrl+C to stop)")
    if not no_browser:
        webbrowser.open(address)


if __name__ == "__main__":
    main()
