"""What everyone needs of a page, to be asked of any section or page in one line.

``audit`` is axe-core's verdict, ``misfits`` what is cut off, overlaps or hangs over the window's
edge, ``Ears`` what those hear who do not see the page.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from parts import Parts

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""axe-core's rules for WCAG 2.2 AA, and those that it counts as good practice."""


@cache
def _axe() -> str:
    return Parts().file("axe-core", "axe.min.js").read_text()


def audit(page: Page, within: str = "html") -> list[str]:
    """Return what axe-core finds wrong in the element (a selector), a line for each place."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(
        """async ([within, rules]) => {
          const runOnly = { type: "tag", values: rules };
          return (await axe.run(within, { runOnly, resultTypes: ["violations"] })).violations;
        }""",
        [within, RULES],
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']} {node['html'][:160]}"
        for violation in found
        for node in violation["nodes"]
    ]


def misfits(page: Page, within: str = "body") -> list[str]:
    """Return what does not fit: texts cut off or on top of each other, and what leaves the window.

    What lies in a frame that scrolls may be as large as it likes.
    """
    found: list[str] = page.evaluate(
        r"""within => {
          const wrong = [];
          const name = (e) => `${e.tagName} ${e.dataset.testid ?? e.className} “${e.textContent.trim().slice(0, 40)}”`;
          const scrolls = (e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
          const framed = (e) => {
            for (let up = e.parentElement; up; up = up.parentElement) if (scrolls(up)) return true;
            return false;
          };
          const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".unseen, .skip, .katex");
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth > width) wrong.push("the page scrolls sideways");
          const all = [...document.querySelector(within).querySelectorAll("*")].filter(seen);
          for (const e of all) {
            const box = e.getBoundingClientRect();
            if ((box.right > width + 1 || box.left < -1) && !framed(e)) wrong.push(`outside: ${name(e)}`);
            const control = e.matches("button, a, summary, label, h1, h2, h3, dt, dd, th, figcaption");
            if (control && (e.scrollWidth > e.clientWidth + 2 && e.clientWidth)) wrong.push(`cut off: ${name(e)}`);
          }
          const texts = all.flatMap((e) =>
            [...e.childNodes]
              .filter((node) => node.nodeType === 3 && node.nodeValue.trim())
              .filter(() => !framed(e) && !e.closest(".neuron, .hint, .corner, .keys, svg, .unseen"))
              .flatMap((node) => {
                const range = document.createRange();
                range.selectNodeContents(node);
                return [...range.getClientRects()].map((box) => ({ e, box }));
              }),
          );
          const controls = all
            .filter((e) => e.matches("button:not(.neuron), input, select, canvas, progress") && !framed(e))
            .map((e) => ({ e, box: e.getBoundingClientRect() }));
          const stuck = (e) => {
            for (let up = e; up; up = up.parentElement) if (getComputedStyle(up).position === "sticky") return true;
            return false;
          };
          for (const [i, a] of texts.entries()) {
            for (const b of [...texts.slice(i + 1), ...controls]) {
              if (a.e === b.e || a.e.contains(b.e) || b.e.contains(a.e)) continue;
              const w = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
              const h = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
              if (w > 2 && h > 0.3 * Math.min(a.box.height, b.box.height) && !stuck(a.e) && !stuck(b.e))
                wrong.push(`on top of each other: ${name(a.e)} and ${name(b.e)}`);
            }
          }
          return [...new Set(wrong)];
        }""",
        within,
    )
    return found


class Ears:
    """Hears what the page's live regions say from now on, as a screen reader would be told."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(
            """() => {
              window.heard = [];
              const regions = '[role=status], [role=alert], [aria-live=polite], [aria-live=assertive], output';
              const text = (region) => {
                const copy = region.cloneNode(true);
                for (const hidden of copy.querySelectorAll('[aria-hidden=true], [hidden]')) hidden.remove();
                return region.checkVisibility() ? copy.textContent.trim().replace(/\\s+/g, ' ') : '';
              };
              const last = new WeakMap();
              for (const region of document.querySelectorAll(regions)) last.set(region, text(region));
              new MutationObserver((changes) => {
                for (const { target } of changes) {
                  const region = (target.parentElement ?? target) && (target.nodeType === 1 ? target : target.parentElement)?.closest(regions);
                  if (!region || text(region) === last.get(region)) continue;
                  last.set(region, text(region));
                  const urgent = region.getAttribute('aria-live') === 'assertive'
                    || (region.role === 'alert' && !region.ariaLive);
                  if (text(region)) window.heard.push({ at: region.dataset.testid, text: text(region), urgent });
                }
              }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true,
                attributeFilter: ['hidden'] });
            }"""
        )

    def heard(self, region: str) -> list[str]:
        """What was said in a region (its data-testid), in order."""
        return [said["text"] for said in self.everything() if said["at"] == region]

    def everything(self) -> list[dict[str, Any]]:
        """All that was said: {at, text, urgent}, in order."""
        said: list[dict[str, Any]] = self._page.evaluate("() => window.heard")
        return said

    def forget(self) -> None:
        """Count from now on."""
        self._page.evaluate("() => { window.heard.length = 0; }")
