// The drawing pad: pointer events in, strokes out. It knows no nets.

import { whenPixelRatioChanges } from "../pixelRatio.js";
import { whenThemeChanges } from "../theme.js";
import { Cursor } from "./cursor.js";
import { draws, isEraser } from "./pointer.js";
import { erase } from "./strokes.js";

/** @typedef {import("./strokes.js").Stroke} Stroke */
/** @typedef {import("./strokes.js").Point} Point */

/** Width of the pen and radius of the eraser, as shares of the pad's side. */
const PEN = 0.06;
const ERASER = 0.055;
/** How many gestures can be undone. */
const MEMORY = 200;
/** The keyboard's pointer id; those of other pointers are not negative. */
const KEYBOARD = -1;

/** A square canvas to draw on. Event "change": the strokes have changed. */
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
  /** Whether the eraser has removed anything in this gesture. */
  #rubbed = false;
  /** Whether this gesture erases. */
  #erases = false;
  #painted = false;
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
    this.#cursor = new Cursor(canvas, {
      begin: (place) => this.#begin(KEYBOARD, place),
      go: (place) => this.#go(KEYBOARD, [place]),
      end: () => this.#up(KEYBOARD),
      rub: (place) => {
        this.#cursor.lift();
        this.#rubbed = false;
        this.#rub(place, place);
        this.#last = undefined;
      },
      inked: (place) => this.#without(place, place, PEN / 2) !== undefined,
    });
    new ResizeObserver(() => this.#paint()).observe(canvas);
    whenPixelRatioChanges(() => this.#paint());
    whenThemeChanges(() => this.#paintNow());
  }

  /** Whether the pointer erases. */
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

  /** Undo the latest gesture, and end the current one. */
  undo() {
    this.#drop();
    const before = this.#past.pop();
    if (before) this.#set(before);
  }

  clear() {
    this.#drop();
    if (this.empty) return;
    this.#remember();
    this.#set([]);
  }

  /** End the current gesture. */
  #drop() {
    this.#cursor.lift();
    this.#pointer = this.#last = undefined;
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
    if (!draws(event)) return;
    event.preventDefault();
    if (this.#begin(event.pointerId, this.#point(event), isEraser(event))) {
      this.canvas.setPointerCapture(event.pointerId);
    }
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const events = event.getCoalescedEvents?.() ?? [];
    const places = (events.length ? events : [event]).map((one) => this.#point(one));
    this.#go(event.pointerId, places);
  }

  /**
   * @param {number} pointer @param {Point} point
   * @param {boolean} [eraser] the pen's other end
   * @returns {boolean} does it draw?
   */
  #begin(pointer, point, eraser = false) {
    if (this.#pointer !== undefined) return false; // a second finger draws nothing
    this.#pointer = pointer;
    this.#last = point;
    this.#rubbed = false;
    this.#erases = this.#erasing || eraser;
    if (this.#erases) {
      this.#rub(point);
    } else {
      this.#remember();
      this.#set([...this.#strokes, [point]]);
    }
    return true;
  }

  /** @param {number} pointer @param {Point[]} points */
  #go(pointer, points) {
    if (pointer !== this.#pointer) return;
    for (const point of points) {
      if (this.#erases) this.#rub(point);
      else this.#extend(point);
    }
    if (!this.#erases) this.#set(this.#strokes);
  }

  /** @param {number} pointer */
  #up(pointer) {
    if (pointer !== this.#pointer) return;
    this.#pointer = this.#last = undefined;
    this.#strokes = this.#strokes.filter((stroke) => stroke.length);
  }

  /** Continue the line to a point; outside the pad it ends, and a new stroke begins on return. @param {Point} point */
  #extend(point) {
    const inside = point.every((value) => value >= 0 && value <= 1);
    const open = this.#strokes[this.#strokes.length - 1];
    if (inside && open) open.push(point);
    else if (!inside && open?.length) this.#strokes.push([]);
  }

  /** @param {Point} point @param {Point} [from] */
  #rub(point, from = this.#last ?? point) {
    const left = this.#without(from, point, ERASER);
    this.#last = point;
    if (!left) return;
    if (!this.#rubbed) this.#remember();
    this.#rubbed = true;
    this.#set(left);
  }

  /**
   * The strokes without what the eraser covers on its way; undefined if that is nothing.
   * @param {Point} from @param {Point} to @param {number} radius
   */
  #without(from, to, radius) {
    const left = erase(this.#strokes, from, to, radius);
    const same =
      left.length === this.#strokes.length && left.every((s, i) => s === this.#strokes[i]);
    return same ? undefined : left;
  }

  #paint() {
    if (this.#painted) return;
    this.#painted = true; // at most once a frame
    requestAnimationFrame(() => {
      this.#painted = false;
      this.#paintNow();
    });
  }

  /** Paper and ink: a browser that darkens pages by itself changes both or neither. */
  #paintNow() {
    const side = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const { color, backgroundColor } = getComputedStyle(this.canvas);
    context.fillStyle = backgroundColor;
    context.fillRect(0, 0, side, side);
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = PEN * side;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.#strokes) {
      if (!stroke.length) continue;
      context.beginPath();
      context.moveTo(stroke[0][0] * side, stroke[0][1] * side);
      for (const [x, y] of stroke) context.lineTo(x * side, y * side);
      context.stroke();
      context.beginPath(); // a tap is a line of no length, which a canvas does not draw
      context.arc(stroke[0][0] * side, stroke[0][1] * side, context.lineWidth / 2, 0, 7);
      context.fill();
    }
  }
}
