// A patch as a diff: removed and added lines, with the rest folded.

import { make } from "./dom.js";

/**
 * A function's lines before and after: the `removed` lines from `first` on became `added` lines.
 * `line` is the number of the function's first line in `file`, which is "" if there is no file.
 * @typedef {{
 *   before: string[], after: string[], first: number, removed: number, added: number,
 *   file: string, line: number,
 * }} Patch
 */

/** Unchanged lines shown on each side of the change. */
const CONTEXT = 3;

/**
 * The patch, or with `back` its reverse. Lines have the numbers of the file; lines that are not in it
 * have none.
 * @param {Patch} patch
 * @param {boolean} [back]
 */
export function showPatch({ before, after, first, removed, added, file, line }, back = false) {
  /** @type {(mark: string, from: number, to: number) => HTMLElement[]} */
  const library = (mark, from, to) =>
    before.slice(from, to).map((text, i) => row(mark, text, file ? line + from + i : undefined));
  const patched = (/** @type {string} */ mark) =>
    after.slice(first, first + added).map((text) => row(mark, text));
  const end = first + removed;
  const code = make("code", {}, [
    ...folded(library(" ", 0, first), "above"),
    ...(back
      ? [...patched("−"), ...library("+", first, end)]
      : [...library("−", first, end), ...patched("+")]),
    ...folded(library(" ", end, before.length), "below"),
  ]);
  return make("figure", { className: file ? "patch" : "patch script" }, [
    make("figcaption", {
      textContent: file ? `nets_core/${file}, line ${line + first}` : "The script that trains",
    }),
    make("pre", { className: "code", tabIndex: 0, ariaLabel: back ? "The fix" : "The patch" }, [
      code,
    ]),
  ]);
}

/** @param {string} mark @param {string} text @param {number} [number] */
function row(mark, text, number) {
  const kind = { "−": " removed", "+": " added" }[mark] ?? "";
  return make("span", { className: `line${kind}` }, [
    make("span", { className: "number", textContent: number === undefined ? "" : String(number) }),
    make("span", { className: "mark", textContent: mark }),
    `${text}\n`,
  ]);
}

/**
 * Lines before or after a change; a button unfolds those far from it. The line that names the
 * function is always shown.
 * @param {HTMLElement[]} lines @param {"above" | "below"} side
 */
function folded(lines, side) {
  const [from, to] = side === "above" ? [1, lines.length - CONTEXT] : [CONTEXT, lines.length];
  const hidden = lines.slice(from, to);
  if (hidden.length < 2) return lines;
  const more = make("button", {
    type: "button",
    className: "fold",
    textContent: `${hidden.length} more lines`,
  });
  more.addEventListener("click", () => {
    more.closest("pre")?.focus(); // the button is removed
    more.replaceWith(...hidden);
  });
  return [...lines.slice(0, from), more, ...lines.slice(to)];
}
