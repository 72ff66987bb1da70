"""Finishes the site's HTML documents, and collects the files with fixed addresses.

The build writes a content security policy into each document. A static host sends no headers, so
the policy is in a ``<meta>`` tag, before everything that it applies to. It allows only the site's
own files, and compiling WebAssembly, which Python needs. A page's policy does not apply to its
workers: they would need their own header, which a static host does not send. ``worker-src`` decides
which scripts may become workers, and so does ``site/python/trusted.js`` in browsers with Trusted
Types.

``sandbox/frame.html`` has its own policy and keeps it.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from building.steps import Files

_POLICY = re.compile(rb"<meta\s[^>]*Content-Security-Policy", re.IGNORECASE)
_FIRST = b'<meta charset="utf-8" />'
_PICTURE = re.compile(rb'(<meta property="og:image" content=")([^"]+)"[^>]*>')
_ICON = b'<link rel="icon"'
_GUARD = "app/guard.js"
_FIXED = ("embed.js", "og.png")
"""The files that others link to by name."""
GUARD = "guard.js"
"""The address of the script that tells when a page does not start.

It stays the same, and the pages have no hash of it, so that a deploy can never keep it away."""


class PageError(Exception):
    """A document cannot be finished; the message says why."""


def public(site: Path, wheel: Path) -> Files:
    """Return the files whose addresses never change."""
    files = {name: (site / name).read_bytes() for name in _FIXED}
    for path in sorted((site / "stills").iterdir()):
        files[f"stills/{path.name}"] = path.read_bytes()
    return files | {".nojekyll": b"", f"wheels/{wheel.name}": wheel.read_bytes()}


def finished(contents: Files, site: Path, address: str, hosts: tuple[str, ...]) -> Files:
    """Return the site with its documents as they are served; raises PageError.

    ``address`` is the site's address, ``hosts`` are other origins that it may fetch from.
    """
    files = {**contents, GUARD: (site / _GUARD).read_bytes()}
    for name in [name for name in files if name.endswith(".html")]:
        page = files[name].replace(f'src="{_GUARD}"'.encode(), f'src="./{GUARD}"'.encode())
        if name == "index.html" and address:
            page = _at(page, address)
        files[name] = _with_policy(name, page, hosts)
    return files


def policy(hosts: tuple[str, ...] = ()) -> str:
    """Return the policy of a page; it may also fetch from ``hosts``, and from no others."""
    directives = {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "connect-src": " ".join(["'self'", *hosts]),
        "worker-src": "'self'",
        "frame-src": "'self'",
        "manifest-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "nets",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def _with_policy(name: str, page: bytes, hosts: tuple[str, ...]) -> bytes:
    if _POLICY.search(page):
        return page
    if _FIRST not in page:
        raise PageError(f"site/{name} does not begin with {_FIRST.decode()}")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(hosts)}" />'
    return page.replace(_FIRST, _FIRST + b"\n    " + meta.encode(), 1)


def _at(index: bytes, address: str) -> bytes:
    """Return ``index.html`` of a site whose ``address`` is known.

    It gets its own full address and its picture's, which some networks need for link previews.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise PageError(f"the site's address is {address!r}, expected one like https://a.b/c/.")
    base = escape(address.rstrip("/") + "/").encode()
    own = b'<link rel="canonical" href="%b" />\n    <meta property="og:url" content="%b" />'
    named, pictures = _PICTURE.subn(rb"\g<1>" + base + rb'\g<2>" />', index)
    if pictures != 1 or named.count(_ICON) != 1:
        raise PageError("site/index.html has no picture or no icon to name by its address.")
    return named.replace(_ICON, own % (base, base) + b"\n    " + _ICON)
