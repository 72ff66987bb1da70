// Checks untrusted messages from a sandbox and copies them into the form that the page expects. A
// visitor's code may have written the message itself, so only numbers and texts are passed on.

import { cut } from "../../sandbox/bounds.js";

/** @typedef {{symbol: string, layer: number, error: number, ratio: number | null}} Checked */
/** @typedef {{right: boolean, finite: boolean, examples: number, arrays: Checked[]}} Found */
/** @typedef {{message: string, line: number | null, diverged: boolean}} Trouble */
/** @typedef {Record<"epochs" | "costs" | "accuracies" | "testEpochs" | "testCosts" | "testAccuracies", Float64Array>} Curves */
/**
 * @typedef {{
 *   curves: Curves, cost: number | null, accuracy: number | null, testAccuracy: number | null,
 *   trouble: Trouble | null, fresh?: number | null, dead?: number | null,
 * }} Side
 */
/** @typedef {{running: boolean, healthy: Side, changed: Side}} State */

const MOST_ARRAYS = 100;
const MOST_POINTS = 2000;
const CURVES = /** @type {const} */ ([
  "epochs",
  "costs",
  "accuracies",
  "testEpochs",
  "testCosts",
  "testAccuracies",
]);

class Strange extends Error {
  constructor() {
    super("What came back is no result. Does your code change more than its own function?");
  }
}

/** @param {unknown} value @returns {Record<string, unknown>} */
function record(value) {
  if (typeof value !== "object" || value === null) throw new Strange();
  return /** @type {Record<string, unknown>} */ (value);
}

/** @param {unknown} value */
function number(value) {
  if (typeof value !== "number") throw new Strange();
  return value;
}

/** @param {unknown} value */
const numberOrNull = (value) => (value === null || value === undefined ? null : number(value));

/** @param {unknown} value */
function count(value) {
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw new Strange();
  return Number(value);
}

/** @param {unknown} value */
function text(value) {
  if (typeof value !== "string") throw new Strange();
  return cut(value);
}

/** @param {unknown} value */
function numbers(value) {
  const list = value instanceof Float64Array || Array.isArray(value) ? value : undefined;
  if (!list || list.length > MOST_POINTS) throw new Strange();
  return Float64Array.from(list, number);
}

/** Check an answer of `workshop.try_text`. @param {unknown} value @returns {Found | {trouble: Trouble}} */
export function foundOf(value) {
  const { trouble, right, finite, examples, arrays } = record(value);
  if (trouble) return { trouble: troubleOf(trouble) };
  if (!Array.isArray(arrays) || arrays.length > MOST_ARRAYS) throw new Strange();
  return {
    right: right === true,
    finite: finite === true,
    examples: count(examples),
    arrays: arrays.map((one) => {
      const { symbol, layer, error, ratio } = record(one);
      return {
        symbol: symbol === "db" ? "db" : "dw",
        layer: count(layer),
        error: number(error),
        ratio: numberOrNull(ratio),
      };
    }),
  };
}

/** Check an answer of `workshop.advance`. @param {unknown} value @returns {State} */
export function stateOf(value) {
  const { running, healthy, changed } = record(value);
  return { running: running === true, healthy: sideOf(healthy), changed: sideOf(changed) };
}

/** @param {unknown} value @returns {Side} */
function sideOf(value) {
  const side = record(value);
  const curves = record(side.curves);
  return {
    curves: /** @type {Curves} */ (
      Object.fromEntries(CURVES.map((name) => [name, numbers(curves[name])]))
    ),
    cost: numberOrNull(side.cost),
    accuracy: numberOrNull(side.accuracy),
    testAccuracy: numberOrNull(side.testAccuracy),
    trouble: side.trouble ? troubleOf(side.trouble) : null,
    fresh: numberOrNull(side.fresh),
    dead: numberOrNull(side.dead),
  };
}

/** @param {unknown} value @returns {Trouble} */
function troubleOf(value) {
  const { message, line, diverged } = record(value);
  const known = line !== null && line !== undefined;
  return {
    message: text(message),
    line: known ? count(line) : null,
    diverged: diverged === true,
  };
}
