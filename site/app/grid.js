// The pad's other face: a 28×28 grid, painted pixel by pixel. It knows no nets.

import { paintPixels } from "./pictures.js";

const SIDE = 28;
/** How many gestures can be undone. */
const MEMORY = 200;

/** A canvas of 28×28 pixels to paint on. Event "change": the pixels are others now. */
export class Grid extends EventTarget {
  /** 0…1, row by row. @type {Float32Array} */
  pixels = new Float32Array(SIDE * SIDE);
  erasing = false;
  /** Of the brush, in pixels. */
  radius = 1.2;
  /** @type {Float32Array[]} */
  #past = [];
  /** @type {number | undefined} */
  #pointer;
  /** @type {[number, number] | undefined} */
  #last;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    super();
    this.canvas = canvas;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => {
        if (/** @type {PointerEvent} */ (event).pointerId === this.#pointer) {
          this.#pointer = this.#last = undefined;
        }
      });
    }
  }

  get empty() {
    return !this.pixels.some((value) => value > 0);
  }

  get undoable() {
    return this.#past.length > 0;
  }

  undo() {
    const before = this.#past.pop();
    if (before) this.#changed(before);
  }

  clear() {
    if (!this.empty) this.put(new Float32Array(SIDE * SIDE));
  }

  /** Replace the picture. @param {ArrayLike<number>} pixels 784 of them, 0…1 */
  put(pixels) {
    this.#remember();
    this.#changed(Float32Array.from(pixels));
  }

  #remember() {
    this.#past.push(this.pixels.slice());
    this.#past.splice(0, this.#past.length - MEMORY);
  }

  /** @param {Float32Array} pixels */
  #changed(pixels) {
    this.pixels = pixels;
    this.paint();
    this.dispatchEvent(new Event("change"));
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE,
    ];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#pointer !== undefined || event.button > 0) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#remember();
    this.#last = this.#place(event);
    this.#brush(this.#last);
    this.#changed(this.pixels);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer || !this.#last) return;
    const [x, y] = this.#place(event);
    const [x0, y0] = this.#last;
    const parts = Math.max(1, Math.ceil(Math.hypot(x - x0, y - y0) / 0.3));
    for (let i = 1; i <= parts; i++) {
      this.#brush([x0 + ((x - x0) * i) / parts, y0 + ((y - y0) * i) / parts]);
    }
    this.#last = [x, y];
    this.#changed(this.pixels);
  }

  /** Ink, or rub out, what the round brush covers at this place. @param {[number, number]} place */
  #brush([x, y]) {
    const { erasing, pixels } = this;
    const radius = this.radius + (erasing ? 1 : 0); // else the soft edge of a line would stay
    const range = (/** @type {number} */ middle) => [
      Math.max(0, Math.floor(middle - radius - 1)),
      Math.min(SIDE - 1, Math.ceil(middle + radius)),
    ];
    const [top, bottom] = range(y);
    const [left, right] = range(x);
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const away = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const covered = Math.max(0, Math.min(1, radius + 0.5 - away));
        const i = row * SIDE + column;
        pixels[i] = erasing ? Math.min(pixels[i], 1 - covered) : Math.max(pixels[i], covered);
      }
    }
  }

  paint() {
    paintPixels(this.canvas, this.pixels);
  }
}
