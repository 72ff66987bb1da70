// The weights as lines between neurons: width is size, colour is sign.

import { against, colours } from "./heat.js";

/** @typedef {import("./attention.js").Weight} Weight */
/** @typedef {import("./world.js").View} View */
/** @typedef {{left: number, right: number, y: number}} Place where lines end and begin */

/** A weight of this size is drawn about two thirds as wide as the widest. */
const LARGE = 1.5;
const WIDEST = 6;
const THINNEST = 0.5;
/** Dashes of the gradient's flow, in pixels, and their speed, in pixels per second. */
const DASHES = [7, 7];
const FLOW = 28;
/** Segments of a curve when measuring the distance to it. */
const PLACES = 16;

/** @param {number} from @param {number} to @param {number} share */
const ease = (from, to, share) => from + (to - from) * share * share * (3 - 2 * share);

export class Lines {
  /** Each layer's start and end points. @type {{from: Place[], to: Place[]}[]} */
  #layers = [];
  #canvas;
  #width = 0;
  #height = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
  }

  /**
   * @param {{from: Place[], to: Place[]}[]} layers
   * @param {number} width @param {number} height of the canvas, in the page's pixels
   */
  lay(layers, width, height) {
    this.#layers = layers;
    this.#width = width;
    this.#height = height;
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#canvas.getContext("2d")?.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /**
   * @param {View} view
   * @param {Weight | undefined} marked
   * @param {boolean} flowing dashes move from the output to the features
   */
  draw({ layers, largest }, marked, flowing) {
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, this.#width, this.#height);
    context.setLineDash(flowing ? DASHES : []);
    context.lineDashOffset = flowing ? (FLOW * performance.now()) / 1000 : 0;
    context.globalAlpha = 0.85;
    for (const [l, { from, to }] of this.#layers.entries()) {
      const weights = layers[l]?.weights;
      if (weights?.length !== from.length * to.length) return; // a frame of another net
      for (let j = 0; j < to.length; j++) {
        for (let k = 0; k < from.length; k++) {
          const value = weights[j * from.length + k];
          context.lineWidth = width(value, largest?.weights);
          context.strokeStyle = value < 0 ? colours.negative : colours.positive;
          context.beginPath();
          curve(context, from[k], to[j]);
          context.stroke();
        }
      }
    }
    if (marked && marked.source >= 0) this.#mark(context, marked);
  }

  /** @param {CanvasRenderingContext2D} context @param {Weight} marked */
  #mark(context, { layer, neuron, source }) {
    const from = this.#layers[layer]?.from[source];
    const to = this.#layers[layer]?.to[neuron];
    if (!from || !to) return;
    context.setLineDash([]);
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = colours.ink;
    context.beginPath();
    curve(context, from, to);
    context.stroke();
  }

  /**
   * The weight whose line is nearest to a point, if it is within reach.
   * @param {number} x @param {number} y @param {number} reach
   * @returns {Weight | undefined}
   */
  nearest(x, y, reach) {
    /** @type {Weight | undefined} */
    let found;
    let least = reach;
    for (const [layer, { from, to }] of this.#layers.entries()) {
      for (const [neuron, end] of to.entries()) {
        for (const [source, begin] of from.entries()) {
          if (x < begin.right - reach || x > end.left + reach) continue;
          const distance = away(x, y, begin, end);
          if (distance < least) [least, found] = [distance, { layer, neuron, source }];
        }
      }
    }
    return found;
  }
}

/** @param {number} value @param {number} [largest] of all weights, to scale by */
function width(value, largest) {
  const share =
    largest === undefined
      ? 1 - Math.exp(-Math.abs(value) / LARGE)
      : Math.abs(against(value, largest));
  return THINNEST + (WIDEST - THINNEST) * share;
}

/** @param {CanvasRenderingContext2D} context @param {Place} from @param {Place} to */
function curve(context, from, to) {
  const bend = (to.left - from.right) / 2;
  context.moveTo(from.right, from.y);
  context.bezierCurveTo(from.right + bend, from.y, to.left - bend, to.y, to.left, to.y);
}

/**
 * The distance from a point to a line, approximated by straight segments.
 * @param {number} x @param {number} y @param {Place} from @param {Place} to
 */
function away(x, y, from, to) {
  let least = Infinity;
  for (let i = 0; i < PLACES; i++) {
    const [a, b] = [along(from, to, i / PLACES), along(from, to, (i + 1) / PLACES)];
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const share = ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1);
    const at = Math.max(0, Math.min(1, share));
    least = Math.min(least, Math.hypot(x - a.x - at * dx, y - a.y - at * dy));
  }
  return least;
}

/**
 * A point on the Bézier curve that `curve` draws.
 * @param {Place} from @param {Place} to @param {number} t 0…1
 */
function along(from, to, t) {
  const span = to.left - from.right;
  const across = 1.5 * t * (1 - t) * (1 - t) + 1.5 * t * t * (1 - t) + t * t * t;
  return { x: from.right + span * across, y: ease(from.y, to.y, t) };
}
