"""The site's HTML documents that are made from ``index.html``, so that its markup exists once."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

PICTURE = "og.png"
_PICTURE = f'<meta property="og:image" content="{PICTURE}" />'
_ICON = '<link rel="icon"'
_SCRIPT = '<script type="module" src="app/main.js"></script>'
_ROOT = '<html lang="en">'


class DocumentError(Exception):
    """A document cannot be made; the message says why."""


def embed(index: bytes) -> bytes:
    """Return ``embed.html``: the same page, told to show one section alone (app/embedded.js)."""
    return _changed(
        index,
        (_ROOT, '<html lang="en" data-embedded>'),
        (_PICTURE, '<meta name="robots" content="noindex" />'),
        (_SCRIPT, f'<script type="module" src="app/embedded.js"></script>\n    {_SCRIPT}'),
    )


def at(index: bytes, address: str) -> bytes:
    """Return ``index.html`` of a site whose ``address`` is known.

    It names itself and its picture in full, which some networks ask of what they show of a link.
    Raises DocumentError for an address that is none.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise DocumentError(f"the site's address is {address!r}, expected one like https://a.b/c/.")
    base = escape(address.rstrip("/") + "/")
    own = f'<link rel="canonical" href="{base}" />\n    <meta property="og:url" content="{base}" />'
    return _changed(
        index,
        (_PICTURE, _PICTURE.replace(PICTURE, base + PICTURE)),
        (_ICON, f"{own}\n    {_ICON}"),
    )


def _changed(document: bytes, *changes: tuple[str, str]) -> bytes:
    text = document.decode()
    for old, new in changes:
        if text.count(old) != 1:
            raise DocumentError(
                f"site/index.html has {old} {text.count(old)} times, expected once."
            )
        text = text.replace(old, new)
    return text.encode()
