"""The site with Pyodide and NumPy from a public host: ``scripts/build.py --from-cdn [ADDRESS]``.

Visitors then fetch little from the site's own host: its code, the nets, and MNIST for training.
The public host must have exactly the files in ``parts.lock.json``; the page refuses others. The
sandbox for a visitor's code still uses the site's own Python, as it has no network access.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from building.parts import Parts

_PYODIDE = ("pyodide.asm.wasm", "pyodide.asm.js", "python_stdlib.zip")


class CdnError(Exception):
    """The address of the host is wrong; the message says why."""


def address(parts: Parts) -> str:
    """Return the address of the folder where Pyodide's makers publish it."""
    return next(source["url"] for source in parts.locked["numpy"].sources if "url" in source)


def origin(host: str) -> str:
    """Return the origin for the policy; raises CdnError unless ``host`` is a folder's address."""
    found = urlsplit(host)
    if found.scheme not in ("http", "https") or not found.hostname or not host.endswith("/"):
        raise CdnError(f"the files cannot be at {host!r}, expected one like https://a.b/c/.")
    return f"{found.scheme}://{found.netloc}"


def described(lock: bytes, host: str, parts: Parts) -> dict[str, Any]:
    """Return what the page must know about the host (``site/virtual.d.ts``).

    ``lock`` is the site's own ``pyodide-lock.json``.
    """
    (wheel,) = parts.locked["numpy"].files
    wanted = [("pyodide", name) for name in _PYODIDE] + [("numpy", wheel)]
    locked = {name: parts.locked[part].files[name] for part, name in wanted}
    spec = json.loads(lock)
    spec["packages"]["numpy"] |= {"file_name": wheel, "sha256": locked[wheel]["sha256"]}
    return {
        "host": host,
        "files": [
            {"file": name, "bytes": entry["size"], "sha256": entry["sha256"]}
            for name, entry in locked.items()
        ],
        "lock": spec,
    }
