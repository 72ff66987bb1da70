// The drawing pad: pointer events in, strokes out. It knows no nets.

import { erase } from "./strokes.js";
import { whenThemeChanges } from "./theme.js";

/** @typedef {import("./strokes.js").Stroke} Stroke */
/** @typedef {import("./strokes.js").Point} Point */

/** Width of the pen and radius of the eraser, as shares of the pad's side. */
const PEN = 0.06;
const ERASER = 0.055;
/** How many gestures can be undone. */
const MEMORY = 200;

/** A square canvas to draw on. Event "change": the strokes are others now. */
export class Pad extends EventTarget {
  /** Shares of the pad's side, 0…1. @type {Stroke[]} */
  #strokes = [];
  /** @type {Stroke[][]} */
  #past = [];
  /** @type {number | undefined} */
  #pointer;
  /** @type {Point | undefined} */
  #last;
  #erasing = false;
  /** Has the eraser, since it was put down, taken anything away? */
  #rubbed = false;
  #painted = false;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    super();
    this.canvas = canvas;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#up(/** @type {PointerEvent} */ (event)));
    }
    new ResizeObserver(() => this.#paint()).observe(canvas);
    whenThemeChanges(() => this.#paint());
  }

  /** Does the pointer rub out? */
  get erasing() {
    return this.#erasing;
  }

  set erasing(value) {
    this.#erasing = value;
    this.canvas.dataset.tool = value ? "eraser" : "pen";
  }

  get empty() {
    return this.#strokes.length === 0;
  }

  get undoable() {
    return this.#past.length > 0;
  }

  /** Strokes in pixels of the pad, y down. @returns {Stroke[]} */
  get strokes() {
    const side = this.canvas.clientWidth;
    return this.#strokes.map((stroke) =>
      stroke.map(([x, y]) => /** @type {Point} */ ([x * side, y * side])),
    );
  }

  /** Take back the latest gesture; one that is under way ends here. */
  undo() {
    this.#pointer = this.#last = undefined;
    const before = this.#past.pop();
    if (before) this.#set(before);
  }

  clear() {
    this.#pointer = this.#last = undefined;
    if (this.empty) return;
    this.#remember();
    this.#set([]);
  }

  #remember() {
    this.#past.push(this.#strokes.map((stroke) => [...stroke]));
    this.#past.splice(0, this.#past.length - MEMORY);
  }

  /** @param {Stroke[]} strokes */
  #set(strokes) {
    this.#strokes = strokes;
    this.#paint();
    this.dispatchEvent(new Event("change"));
  }

  /** @param {PointerEvent} event @returns {Point} */
  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#pointer !== undefined || event.button > 0) return; // a second finger draws nothing
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#last = this.#point(event);
    this.#rubbed = false;
    if (this.#erasing) {
      this.#rub(this.#last);
    } else {
      this.#remember();
      this.#set([...this.#strokes, [this.#last]]);
    }
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      const point = this.#point(one);
      if (this.#erasing) this.#rub(point);
      else this.#extend(point);
    }
    if (!this.#erasing) this.#set(this.#strokes);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = this.#last = undefined;
    this.#strokes = this.#strokes.filter((stroke) => stroke.length);
  }

  /** Go on to a point; outside the pad there is no paper, and coming back begins a new stroke. @param {Point} point */
  #extend(point) {
    const inside = point.every((value) => value >= 0 && value <= 1);
    const open = this.#strokes[this.#strokes.length - 1];
    if (inside && open) open.push(point);
    else if (!inside && open?.length) this.#strokes.push([]);
  }

  /** @param {Point} point */
  #rub(point) {
    const left = erase(this.#strokes, this.#last ?? point, point, ERASER);
    this.#last = point;
    if (left.length === this.#strokes.length && left.every((s, i) => s === this.#strokes[i])) return;
    if (!this.#rubbed) this.#remember();
    this.#rubbed = true;
    this.#set(left);
  }

  #paint() {
    if (this.#painted) return;
    this.#painted = true; // at most once a frame
    requestAnimationFrame(() => {
      this.#painted = false;
      const side = Math.round(this.canvas.clientWidth * devicePixelRatio);
      if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
      const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
      context.clearRect(0, 0, side, side);
      context.strokeStyle = context.fillStyle = getComputedStyle(this.canvas).color;
      context.lineWidth = PEN * side;
      context.lineCap = context.lineJoin = "round";
      for (const stroke of this.#strokes) {
        if (!stroke.length) continue;
        context.beginPath();
        context.moveTo(stroke[0][0] * side, stroke[0][1] * side);
        for (const [x, y] of stroke) context.lineTo(x * side, y * side);
        context.stroke();
        context.beginPath(); // a canvas draws no line of no length, and a tap is one
        context.arc(stroke[0][0] * side, stroke[0][1] * side, context.lineWidth / 2, 0, 7);
        context.fill();
      }
    });
  }
}
