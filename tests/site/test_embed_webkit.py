"""Sections of the page in a page of another origin, in WebKit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import web
from visiting import SEVEN
from webkit import Visit

ENGINE = "pyodide/pyodide.asm.wasm.br"


def test_two_sections_in_a_page_of_another_origin(
    webkit: Callable[[], AbstractContextManager[Visit]],
    serve_site: Callable[..., Any],
    tmp_path: Path,
) -> None:
    site = serve_site(folder="nets")
    line = '<script src="{}embed.js" data-section="{}" async></script>'
    sections = "".join(line.format(site.url, name) for name in ("draw", "train"))
    (tmp_path / "index.html").write_text(f"<!doctype html><body>{sections}")
    host = web.serve(tmp_path, 0)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    with webkit() as visit:
        visit.open(f"http://localhost:{host.server_port}/")

        def enter(place: int) -> None:
            visit.driver.switch_to.default_content()
            frame = visit.until(
                lambda: visit.evaluate(
                    """i => {
                      const frame = document.querySelectorAll('iframe')[i];
                      frame?.scrollIntoView();
                      return frame?.style.position === 'static' ? frame : null;
                    }""",
                    place,
                ),
                "the section is there",
            )
            visit.driver.switch_to.frame(frame)
            visit.expect_state("ready")

        enter(0)
        visit.draw(SEVEN)
        visit.expect_guess("7")
        enter(1)
        assert site.requested.count(ENGINE) == 1
        visit.click("train-start")
        visit.expect_state("training")
        visit.driver.switch_to.default_content()
        visit.evaluate("() => { document.documentElement.dataset.mode = 'dark'; }")
        visit.driver.switch_to.frame(0)
        visit.expect_state("training")
        scheme = "() => getComputedStyle(document.documentElement).colorScheme"
        visit.until(lambda: visit.evaluate(scheme) == "dark", "the theme is followed")
    host.shutdown()
    host.server_close()
