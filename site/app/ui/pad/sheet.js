// The drawing area: by pen (strokes) or pixel by pixel, with the tools for both.

import { byTestId } from "../dom.js";
import { Grid } from "./grid.js";
import { Pad } from "./pad.js";
import { packed } from "./strokes.js";

const NO_POINTER =
  "This browser has no pointer events, so nothing can be drawn here with a pointer. Any Firefox, " +
  "Chrome, Edge or Safari of the last years has them.";

/** Event "change": the drawing or its preparation has changed. */
export class Sheet extends EventTarget {
  #pad = new Pad(byTestId("draw-canvas", HTMLCanvasElement));
  #grid = new Grid(byTestId("pixel-canvas", HTMLCanvasElement));
  #undo = byTestId("undo", HTMLButtonElement);
  #eraser = byTestId("erase", HTMLButtonElement);
  #clear = byTestId("clear", HTMLButtonElement);
  #mode = byTestId("pixel-mode", HTMLInputElement);
  #normalise = byTestId("normalise", HTMLInputElement);
  #radius = byTestId("brush-radius", HTMLInputElement);

  constructor() {
    super();
    if (typeof PointerEvent !== "function")
      byTestId("draw-hint", HTMLElement).textContent = NO_POINTER;
    this.#mode.checked = false; // browsers restore form values on reload
    this.#normalise.checked = true;
    for (const face of [this.#pad, this.#grid]) {
      face.addEventListener("change", () => this.#changed());
    }
    this.#undo.addEventListener("click", () => this.#face.undo());
    this.#clear.addEventListener("click", () => this.#face.clear());
    this.#eraser.addEventListener("click", () => {
      const erasing = !this.#pad.erasing;
      this.#pad.erasing = this.#grid.erasing = erasing;
      this.#eraser.setAttribute("aria-pressed", String(erasing));
    });
    this.#mode.addEventListener("change", () => this.#changed());
    this.#normalise.addEventListener("change", () => this.#changed());
    this.#radius.addEventListener("input", () => {
      this.#grid.radius = Number(this.#radius.value);
    });
    addEventListener("keydown", (event) => {
      const typing = event.target instanceof Element && event.target.closest("input, textarea");
      if (event.key.toLowerCase() !== "z" || event.shiftKey || typing) return;
      if (!(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#face.undo();
    });
    this.#changed();
  }

  get #face() {
    return this.#mode.checked ? this.#grid : this.#pad;
  }

  get empty() {
    return this.#face.empty;
  }

  /**
   * The drawing as arguments for the Lab.
   * @returns {Record<string, unknown> | undefined} undefined when nothing is drawn
   */
  get drawing() {
    if (this.empty) return undefined;
    const normalised = this.#normalise.checked;
    if (this.#mode.checked) return { pixels: this.#grid.pixels, normalised };
    const side = this.#pad.canvas.clientWidth;
    return { ...packed(this.#pad.strokes), normalised, side };
  }

  /**
   * Show a picture on the grid, unchanged.
   * @param {ArrayLike<number>} pixels 784 of them, 0…1
   */
  put(pixels) {
    this.#mode.checked = true;
    this.#normalise.checked = false;
    this.#grid.put(pixels);
  }

  #changed() {
    const pixels = this.#mode.checked;
    this.#pad.canvas.hidden = pixels;
    this.#grid.canvas.hidden = !pixels;
    byTestId("brush", HTMLElement).hidden = !pixels;
    byTestId("draw-hint", HTMLElement).hidden = !this.empty;
    this.#undo.disabled = !this.#face.undoable;
    this.#clear.disabled = this.empty;
    if (pixels) this.#grid.paint();
    this.dispatchEvent(new Event("change"));
  }
}
