// embed.html alone: one section, as tall as it is, in the colours of the page around it. What it says
// to that page, and hears from it, is read and written at the other end by embed.js.

import { readAddress, whenAddressChanges } from "./ui/address.js";
import { make, part } from "./ui/dom.js";
import { setTheme } from "./ui/theme.js";

/** Sections that are about a drawing: they bring the pad along. */
const WITH_PAD = ["compare", "layers", "inside", "quality"];

/** Show one section alone, in a frame on somebody's page. */
export function showSectionAlone() {
  const root = document.documentElement;
  const sections = [...document.querySelectorAll("main > section")];
  const whole = make("a", { textContent: "Open the whole page", target: "_blank", rel: "noopener" });
  whole.dataset.testid = "whole-page";
  const unknown = make("p", { className: "words", hidden: true });
  unknown.dataset.testid = "unknown-section";
  part("status", HTMLElement).after(whole);
  part("section-draw", HTMLElement).before(unknown);

  function show() {
    const named = readAddress().section || sections[0].id;
    for (const section of sections) section.toggleAttribute("data-shown", section.id === named);
    sections[0].toggleAttribute("data-aside", WITH_PAD.includes(named));
    root.dataset.section = named;
    unknown.hidden = sections.some(({ id }) => id === named);
    unknown.textContent = `There is no such section here. There are: ${sections.map(({ id }) => id).join(", ")}.`;
  }
  show();
  whenAddressChanges(() => {
    show();
    root.scrollIntoView(); // the section before it may have been longer
  });

  // What has been made here, a playground's world or changed code, goes along: it is in the address.
  for (const type of ["pointerdown", "focus", "click"]) {
    whole.addEventListener(type, () => (whole.href = new URL(`./${location.hash}`, location.href).href));
  }
  whole.href = `./${location.hash}`;

  /** Where the page around this one is from, once it has answered. */
  let host = "*"; // until then it hears of nothing but a height
  let themed = false;
  function tellHeight() {
    const height = Math.ceil(root.getBoundingClientRect().height);
    parent.postMessage({ nets: "height", height, themed }, host);
  }
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || (host !== "*" && origin !== host)) return;
    if (data?.nets !== "theme" || (data.theme !== "light" && data.theme !== "dark")) return;
    if (origin !== "null") host = origin; // a page from a file has no name to be called by
    setTheme(data.theme);
    if (!themed) {
      themed = true;
      tellHeight();
    }
  });
  if (parent !== window) {
    tellHeight(); // without waiting for a frame to be painted: none is, out of the reader's sight
    addEventListener("load", tellHeight);
    new ResizeObserver(tellHeight).observe(root);
  }
}
