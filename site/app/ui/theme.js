// Light or dark: the browser's preference, or what an embedding page has set.

const PREFERRED = "(prefers-color-scheme: dark)";
const dark = /** @type {HTMLLinkElement} */ (document.getElementById("dark"));
/** Whether the embedding page has set the theme; it then overrides the browser's preference. */
let told = false;
const changes = new EventTarget();
const changed = () => changes.dispatchEvent(new Event("change"));

matchMedia(PREFERRED).addEventListener("change", () => told || changed());
dark.addEventListener("load", changed); // pictures painted before it loaded have the light colours

/** @typedef {"light" | "dark"} Theme */

/** @param {Theme} theme */
export function setTheme(theme) {
  told = true;
  const media = theme === "dark" ? "all" : "not all";
  if (dark.media === media) return;
  dark.media = media;
  changed();
}

/** Call the listener when pictures need other colours. @param {() => void} listener */
export function whenThemeChanges(listener) {
  changes.addEventListener("change", listener);
}
