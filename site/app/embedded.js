// For embed.html: one section alone, with its height and theme exchanged with the page around it,
// where embed.js sends and receives the messages.

import { readAddress, whenAddressChanges } from "./ui/address.js";
import { byTestId, make } from "./ui/dom.js";
import { setTheme } from "./ui/theme.js";

/** Sections that need a drawing, so the pad is shown beside them. */
const WITH_PAD = ["compare", "layers", "inside", "quality"];

/** How long the page around may take to give the height that it was asked for, in milliseconds. */
const PATIENCE = 500;

/** Show one section alone, in a frame on somebody's page. */
export function showSectionAlone() {
  const root = document.documentElement;
  const sections = [...document.querySelectorAll("main > section")];
  const whole = make("a", {
    textContent: "Open the whole page",
    target: "_blank",
    rel: "noopener",
  });
  whole.dataset.testid = "whole-page";
  const unknown = make("p", { className: "words", hidden: true });
  unknown.dataset.testid = "unknown-section";
  byTestId("status", HTMLElement).after(whole);
  byTestId("section-draw", HTMLElement).before(unknown);

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
    root.scrollIntoView(); // the previous section may have been longer
  });

  // The fragment holds the visitor's playground or code: take it along to the whole page.
  for (const type of ["pointerdown", "focus", "click"]) {
    whole.addEventListener(
      type,
      () => (whole.href = new URL(`./${location.hash}`, location.href).href),
    );
  }
  whole.href = `./${location.hash}`;

  /** The origin of the page around this one, once it has answered; before, it only gets a height. */
  let host = "*";
  let themed = false;
  function tellHeight() {
    const height = Math.ceil(root.getBoundingClientRect().height);
    parent.postMessage({ nets: "height", height, themed }, host);
    setTimeout(fit, PATIENCE);
  }
  /** Scroll in here where the page around gives less room than asked. */
  function fit() {
    root.toggleAttribute("data-cut", root.getBoundingClientRect().height > innerHeight + 1);
  }
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || (host !== "*" && origin !== host)) return;
    if (data?.nets !== "theme" || (data.theme !== "light" && data.theme !== "dark")) return;
    if (origin !== "null") host = origin; // a page from a file has no origin to send to
    setTheme(data.theme);
    if (!themed) {
      themed = true;
      root.toggleAttribute("data-fitted", true);
      tellHeight();
    }
  });
  if (parent !== window) {
    tellHeight(); // at once: no frame is painted while it is out of view
    addEventListener("load", tellHeight);
    addEventListener("resize", fit);
    new ResizeObserver(tellHeight).observe(root);
  }
}
