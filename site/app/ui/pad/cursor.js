// Drawing by keyboard: arrow keys move a cursor over the 28×28 grid, Space puts the pen down.

import { onceSettled } from "../announce.js";
import { byTestId } from "../dom.js";

/** @typedef {import("./strokes.js").Point} Point a place on the pad, 0…1 */
/**
 * How the pad or the grid responds to the cursor.
 * @typedef {{
 *   begin: (place: Point) => void, go: (place: Point) => void, end: () => void,
 *   rub: (place: Point) => void, inked: (place: Point) => boolean,
 * }} Face
 */

export const SIDE = 28;
/** How long the cursor must rest before its position is announced, in milliseconds. */
const REST = 200;
/** @type {Record<string, Point>} */
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export class Cursor {
  #column = SIDE / 2;
  #row = SIDE / 2;
  #down = false;
  /** The arrow keys that are down: two of them move diagonally. @type {Set<string>} */
  #held = new Set();
  #mark = byTestId("cursor", HTMLElement);
  #say = onceSettled(byTestId("cursor-said", HTMLElement), REST);
  #face;

  /** @param {HTMLCanvasElement} canvas @param {Face} face */
  constructor(canvas, face) {
    this.#face = face;
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener("keyup", ({ key }) => this.#held.delete(key));
    canvas.addEventListener("focus", () => this.#show());
    canvas.addEventListener("blur", () => {
      this.#held.clear();
      this.lift();
    });
  }

  /** Lift the pen, which ends its line. */
  lift() {
    if (!this.#down) return;
    this.#down = false;
    this.#face.end();
    this.#show();
  }

  /** @returns {Point} the middle of the cell */
  get #place() {
    return [(this.#column + 0.5) / SIDE, (this.#row + 0.5) / SIDE];
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in STEPS) this.#move(event.key);
    else if (event.key === " " || event.key === "Enter") this.#turn(event.repeat);
    else if (event.key === "Delete" || event.key === "Backspace") this.#face.rub(this.#place);
    else if (event.key === "Escape") this.lift();
    else return;
    event.preventDefault();
    this.#show();
  }

  /** @param {string} key */
  #move(key) {
    this.#held.add(key);
    const within = (/** @type {number} */ at) => Math.max(0, Math.min(SIDE - 1, at));
    for (const arrow of this.#held) {
      this.#column = within(this.#column + STEPS[arrow][0]);
      this.#row = within(this.#row + STEPS[arrow][1]);
    }
    if (this.#down) this.#face.go(this.#place);
  }

  /** Put the pen down, or lift it. @param {boolean} repeated the key is held down */
  #turn(repeated) {
    if (repeated) return;
    if (this.#down) return this.lift();
    this.#down = true;
    this.#face.begin(this.#place);
  }

  #show() {
    this.#mark.style.setProperty("--column", String(this.#column));
    this.#mark.style.setProperty("--row", String(this.#row));
    this.#mark.dataset.down = this.#down ? "yes" : "no";
    const ink = this.#face.inked(this.#place) ? ", ink" : "";
    const pen = this.#down ? ", pen down" : "";
    this.#say(`Row ${this.#row + 1}, column ${this.#column + 1}${ink}${pen}`);
  }
}
