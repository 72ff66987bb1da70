"""What everyone needs of a page, to be asked of any section or page in one line.

``audit`` is axe-core's verdict, ``misfits`` what is cut off, overlaps or hangs over the window's
edge, ``Ears`` what those hear who do not see the page, ``pixels`` what those see who do.
"""

from __future__ import annotations

import base64
from collections import Counter
from functools import cache
from typing import Any, Literal

from playwright.sync_api import Locator, Page

from building.parts import Parts

Colour = tuple[int, int, int]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
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


def expect_accessible(page: Page, within: str = "html") -> None:
    """In light and in dark: axe-core finds nothing in the element, and everything in it fits."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.locator(within).evaluate("element => element.scrollIntoView()")  # under no sticky bar
        assert audit(page, within) == [], scheme
    page.emulate_media(color_scheme="light")
    assert misfits(page, within if within != "html" else "body") == []


_MISFITS = r"""within => {
  const wrong = new Set();
  const name = (e) => `${e.tagName} ${e.dataset.testid ?? e.className} “${e.textContent.trim().slice(0, 40)}”`;
  const up = function* (e) { for (; e; e = e.parentElement) yield getComputedStyle(e); };
  const framed = (e) => [...up(e.parentElement)].some(({ overflowX }) => /auto|scroll/.test(overflowX));
  const stuck = (e) => [...up(e)].some(({ position }) => position === "sticky");
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) wrong.add("the page scrolls sideways");
  const all = [...document.querySelector(within).querySelectorAll("*")].filter(
    (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".unseen, .skip, .katex") && !framed(e),
  );
  const inks = []; // each line of text, and each control, with its box
  for (const e of all) {
    const box = e.getBoundingClientRect();
    if (box.right > width + 1 || box.left < -1) wrong.add(`outside: ${name(e)}`);
    const told = e.matches("button, a, summary, label, h1, h2, h3, dt, dd, th, figcaption");
    if (told && e.clientWidth && e.scrollWidth > e.clientWidth + 2) wrong.add(`cut off: ${name(e)}`);
    if (e.matches("button:not(.neuron), input, select, canvas:not(.lines), progress")) inks.push({ e, box });
    if (e.closest(".neuron, .hint, .corner, .keys, .chart")) continue; // which lie on a picture
    for (const node of e.childNodes) {
      if (node.nodeType !== 3 || !node.nodeValue.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) inks.push({ e, box, text: true });
    }
  }
  const loose = inks.filter(({ e }) => !stuck(e));
  for (let i = 0; i < loose.length; i++) {
    const a = loose[i];
    for (let j = i + 1; j < loose.length; j++) {
      const b = loose[j];
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (across <= 2 || down <= 0.3 * Math.min(a.box.height, b.box.height)) continue;
      if (!(a.text || b.text) || a.e.contains(b.e) || b.e.contains(a.e)) continue;
      wrong.add(`on top of each other: ${name(a.e)} and ${name(b.e)}`);
    }
  }
  return [...wrong];
}"""  # noqa: E501


def misfits(page: Page, within: str = "body") -> list[str]:
    """Return what does not fit: texts cut off or on top of each other, and what leaves the window.

    What lies in a frame that scrolls may be as large as it likes.
    """
    found: list[str] = page.evaluate(_MISFITS, within)
    return found


_EARS = """() => {
  window.heard = [];
  const regions = "[role=status], [role=alert], [aria-live=polite], [aria-live=assertive], output";
  const last = new WeakMap();
  const text = (region) => {
    if (!region.checkVisibility()) return "";
    const copy = region.cloneNode(true);
    for (const unheard of copy.querySelectorAll("[aria-hidden=true], [hidden]")) unheard.remove();
    return copy.textContent.trim().replace(/\\s+/g, " ");
  };
  for (const region of document.querySelectorAll(regions)) last.set(region, text(region));
  window.ears?.disconnect();
  window.ears = new MutationObserver((changes) => {
    for (const { target } of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      const region = element?.closest(regions);
      const now = region && text(region);
      if (!region || now === last.get(region)) continue;
      last.set(region, now);
      const live = region.getAttribute("aria-live") ?? { alert: "assertive" }[region.role] ?? "polite";
      if (now && live !== "off") heard.push({ at: region.dataset.testid, text: now, urgent: live === "assertive" });
    }
  });
  const all = { subtree: true, childList: true, characterData: true, attributeFilter: ["hidden"] };
  ears.observe(document, all);
}"""  # noqa: E501


class Ears:
    """Hears what the page's live regions say from now on, as a screen reader would be told."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(_EARS)

    def heard(self, region: str = "") -> list[str]:
        """What was said, in order; in one region (its data-testid) or in all."""
        return [said["text"] for said in self._all() if region in ("", said["at"])]

    def interruptions(self) -> list[str]:
        """What was said at once, whatever else was being read."""
        return [said["text"] for said in self._all() if said["urgent"]]

    def _all(self) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = self._page.evaluate("() => window.heard")
        return said


def decoded(page: Page, picture: bytes) -> tuple[int, int, Counter[Colour]]:
    """Return a picture's width, height and how many pixels have which colour.

    The browser decodes it.
    """
    width, height, pixels = page.evaluate(
        """async (data) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes]));
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext("2d");
          context.drawImage(bitmap, 0, 0);
          const all = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
          const counts = new Map();
          for (const pixel of all) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
          return [canvas.width, canvas.height, [...counts]];
        }""",  # noqa: E501
        base64.b64encode(picture).decode(),
    )
    colours: Counter[Colour] = Counter()
    for pixel, count in pixels:
        colours[pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255] += count
    return width, height, colours


def pixels(place: Locator) -> Counter[Colour]:
    """Return how many pixels of an element have which colour, as it is on the screen now."""
    picture = place.screenshot(caret="initial")  # else it adds a style, which the policy refuses
    return decoded(place.page, picture)[2]


def rgb(colour: str) -> Colour:
    """``"#2166c4"`` → ``(33, 102, 196)``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG's contrast ratio, 1…21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    channels = (value / 255 for value in colour)
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def strongest_contrast(colours: Counter[Colour], share: float = 0.005) -> float:
    """The largest contrast between two colours that each cover at least a share of a picture.

    Colours that hardly differ are counted as one.
    """
    coarse: Counter[Colour] = Counter()
    for (red, green, blue), count in colours.items():
        coarse[red & 0xF0, green & 0xF0, blue & 0xF0] += count
    many = [colour for colour, count in coarse.items() if count >= share * coarse.total()]
    return max((contrast(a, b) for a in many for b in many), default=1.0)
