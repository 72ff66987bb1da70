"""What the site's pages may do: the content security policy that the build writes into each.

A static host sends no headers, so the policy stands in a ``<meta>`` tag, before anything that it is
about. It admits the site's own files and nothing else; its one allowance is that WebAssembly may be
compiled, which Python is here. Workers are not under a page's policy but under that of their own
address, for which a static host sends none; which scripts may become workers is decided here by
``worker-src``, and by ``app/trusted.js`` where the browser has Trusted Types.

A page that has a policy of its own keeps it: ``sandbox/frame.html``.
"""

from __future__ import annotations

import re

_POLICY = re.compile(rb"<meta\s[^>]*Content-Security-Policy", re.IGNORECASE)
_FIRST = b'<meta charset="utf-8" />'


class PolicyError(Exception):
    """A page has no place for a policy; the message names it."""


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


def with_policy(name: str, page: bytes, hosts: tuple[str, ...] = ()) -> bytes:
    """Return an HTML page with the policy in it; raises PolicyError."""
    if _POLICY.search(page):
        return page
    if _FIRST not in page:
        raise PolicyError(f"site/{name} does not begin with {_FIRST.decode()}")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(hosts)}" />'
    return page.replace(_FIRST, _FIRST + b"\n    " + meta.encode(), 1)
