"""Build the site and serve it: ``python3 scripts/serve.py [--port 8000] [--no-browser]``."""

import argparse
import sys
import webbrowser

from building import environment

environment.enter("build")

from building import bundle, web


def main() -> None:
    options = argparse.ArgumentParser(description="Build the site and serve it.")
    options.add_argument("--port", type=int, default=8000, help="default: 8000")
    options.add_argument("--no-browser", action="store_true", help="do not open the page")
    chosen = options.parse_args()
    try:
        bundle.build()
    except bundle.BuildError as error:
        sys.exit(f"Stopped: {error}")
    server = web.serve(bundle.DIST, chosen.port)
    if server.server_port != chosen.port:
        environment.say(f"Port {chosen.port} is in use; serving on another one.")
    address = f"http://localhost:{server.server_port}/"
    environment.say(f"{address} (Ctrl+C to stop)")
    if not chosen.no_browser:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        environment.say("")


if __name__ == "__main__":
    main()
