// The pad's second mode: a 28×28 grid, painted pixel by pixel. It knows no nets.

import { paintPixels } from "../pictures.js";
import { Cursor, SIDE } from "./cursor.js";
import { draws, isEraser } from "./pointer.js";

/** How many gestures can be undone. */
const MEMORY = 200;
/** The keyboard's pointer id; those of other pointers are not negative. */
const KEYBOARD = -1;
/** From this value on, a pixel is announced as inked. */
const INKED = 0.5;

/** A canvas of 28×28 pixels to paint on. Event "change": the pixels have changed. */
export class Grid extends EventTarget {
  /** 0…1, row by row. @type {Float32Array} */
  pixels = new Float32Array(SIDE * SIDE);
  erasing = false;
  /** The brush's radius, in pixels. */
  radius = 1.2;
  /** @type {Float32Array[]} */
  #past = [];
  /** @type {number | undefined} */
  #pointer;
  /** @type {[number, number] | undefined} */
  #last;
  /** Whether this gesture erases. */
  #erases = false;
  #cursor;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    super();
    this.canvas = canvas;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) =>
        this.#up(/** @type {PointerEvent} */ (event).pointerId),
      );
    }
    const cell = (/** @type {import("./strokes.js").Point} */ [x, y]) =>
      /** @type {[number, number]} */ ([x * SIDE, y * SIDE]);
    this.#cursor = new Cursor(canvas, {
      begin: (place) => this.#begin(KEYBOARD, cell(place)),
      go: (place) => this.#go(KEYBOARD, cell(place)),
      end: () => this.#up(KEYBOARD),
      rub: (place) => {
        this.#cursor.lift();
        this.#remember();
        this.#brush(cell(place), true);
        this.#changed(this.pixels);
      },
      inked: ([x, y]) => this.pixels[Math.floor(y * SIDE) * SIDE + Math.floor(x * SIDE)] > INKED,
    });
  }

  get empty() {
    return !this.pixels.some((value) => value > 0);
  }

  get undoable() {
    return this.#past.length > 0;
  }

  undo() {
    this.#drop();
    const before = this.#past.pop();
    if (before) this.#changed(before);
  }

  clear() {
    this.#drop();
    if (!this.empty) this.put(new Float32Array(SIDE * SIDE));
  }

  /** End the current gesture. */
  #drop() {
    this.#cursor.lift();
    this.#pointer = this.#last = undefined;
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
    if (!draws(event)) return;
    event.preventDefault();
    if (this.#begin(event.pointerId, this.#place(event), isEraser(event))) {
      this.canvas.setPointerCapture(event.pointerId);
    }
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.#go(event.pointerId, this.#place(event));
  }

  /**
   * @param {number} pointer @param {[number, number]} place
   * @param {boolean} [eraser] the pen's other end
   * @returns {boolean} does it paint?
   */
  #begin(pointer, place, eraser = false) {
    if (this.#pointer !== undefined) return false;
    this.#pointer = pointer;
    this.#last = place;
    this.#erases = this.erasing || eraser;
    this.#remember();
    this.#brush(place);
    this.#changed(this.pixels);
    return true;
  }

  /** @param {number} pointer @param {[number, number]} place */
  #go(pointer, [x, y]) {
    if (pointer !== this.#pointer || !this.#last) return;
    const [x0, y0] = this.#last;
    const parts = Math.max(1, Math.ceil(Math.hypot(x - x0, y - y0) / 0.3));
    for (let i = 1; i <= parts; i++) {
      this.#brush([x0 + ((x - x0) * i) / parts, y0 + ((y - y0) * i) / parts]);
    }
    this.#last = [x, y];
    this.#changed(this.pixels);
  }

  /** @param {number} pointer */
  #up(pointer) {
    if (pointer === this.#pointer) this.#pointer = this.#last = undefined;
  }

  /**
   * Paint or erase what the round brush covers at this place.
   * @param {[number, number]} place @param {boolean} [erasing]
   */
  #brush([x, y], erasing = this.#erases) {
    const { pixels } = this;
    const radius = this.radius + (erasing ? 1 : 0); // so that it erases a line's soft edge too
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
