// Light or dark: as the browser prefers it, or as a page that embeds this one says.

const PREFERRED = "(prefers-color-scheme: dark)";
const dark = /** @type {HTMLLinkElement} */ (document.getElementById("dark"));
/** Has the embedding page spoken? Then what the browser prefers is its affair. */
let told = false;
const changes = new EventTarget();
const changed = () => changes.dispatchEvent(new Event("change"));

matchMedia(PREFERRED).addEventListener("change", () => told || changed());
dark.addEventListener("load", changed); // it came late, and what is painted has the other colours

/** @typedef {"light" | "dark"} Theme */

/** @param {Theme} theme */
export function setTheme(theme) {
  told = true;
  const media = theme === "dark" ? "all" : "not all";
  if (dark.media === media) return;
  dark.media = media;
  changed();
}

/** Tell when what is painted has to be painted in other colours. @param {() => void} listener */
export function whenThemeChanges(listener) {
  changes.addEventListener("change", listener);
}
