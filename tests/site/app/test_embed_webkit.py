"""Sections of the page in a page of another origin, in WebKit."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from building import web
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
            """By its place in the page, which may be another than in the order of frames."""
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

        enter(0)
        visit.expect_state("ready")
        visit.draw(SEVEN)
        visit.expect_guess("7")
        enter(1)
        visit.expect_state("ready")
        before = list(itertools.takewhile(lambda address: address != "sw.js", site.requested))
        assert before.count(ENGINE) == 1, "and once more to be kept, which the service worker does"
        visit.until(lambda: visit.part("train-start").is_enabled(), "training is possible")
        visit.evaluate("() => { document.querySelector('[name=epochs]').value = 1000; }")
        visit.click("train-start")
        visit.expect_state("training")
        visit.driver.switch_to.default_content()
        visit.evaluate("() => { document.documentElement.dataset.mode = 'dark'; }")
        enter(0)
        visit.expect_state("training")
        scheme = "() => getComputedStyle(document.documentElement).colorScheme"
        visit.until(lambda: visit.evaluate(scheme) == "dark", "the theme is followed")
        leads = visit.evaluate("() => 'netsLead' in window")
        visit.driver.switch_to.default_content()
        leader, other = (0, 1) if leads else (1, 0)
        visit.evaluate("i => document.querySelectorAll('iframe')[i].remove()", leader)
        enter(0)
        visit.expect_text("train-words", "net in training went with it")
        visit.expect_state("ready")
        if other == 0:
            visit.expect_guess("7")
    host.shutdown()
    host.server_close()
