// Light or dark: the browser's preference, or what an embedding page has set. What is printed is light.

const PREFERRED = "(prefers-color-scheme: dark)";
const dark = /** @type {HTMLLinkElement} */ (document.getElementById("dark"));
/** When the dark colours hold on the screen, as a media query. */
let onScreen = dark.media;
/** Whether the embedding page has set the theme; it then overrides the browser's preference. */
let told = false;
const changes = new EventTarget();
const changed = () => changes.dispatchEvent(new Event("change"));

matchMedia(PREFERRED).addEventListener("change", () => told || changed());
dark.addEventListener("load", changed); // pictures painted before it loaded have the light colours
addEventListener("beforeprint", () => use("not all")); // the pictures are painted before print styles hold
addEventListener("afterprint", () => use(onScreen));
matchMedia("print").addEventListener("change", changed);

/** @typedef {"light" | "dark"} Theme */

/** @param {Theme} theme */
export function setTheme(theme) {
  told = true;
  onScreen = theme === "dark" ? "screen" : "not all";
  use(onScreen);
}

/** @param {string} media when the dark colours hold */
function use(media) {
  if (dark.media === media) return;
  dark.media = media;
  changed();
}

/** Call the listener when pictures need other colours: it paints them before it returns. @param {() => void} listener */
export function whenThemeChanges(listener) {
  changes.addEventListener("change", listener);
}
