// The playground's state to and from the address. Python validates the values; this module only
// parses them.

import { parseNumber } from "../ui/typedNumbers.js";

/** @typedef {import("./world.js").Settings} Settings */
/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").Mode} Mode */

/** Separators of the items of a list, and of an item's numbers. URLs need no escapes for them. */
const [PARTS, NUMBERS] = ["*", "_"];

const COUNTS = /** @type {const} */ (["samples", "seed", "batchSize"]);
/** @type {import("./world.js").Figure[]} */
const FIGURES = [...COUNTS, "noise", "share", "learningRate", "l1", "l2"];
const TEXTS = /** @type {const} */ (["problem", "data", "formula", "initializer", "optimizer"]);

/** @param {World} world @returns {Record<string, string>} */
export function written({ settings, mode, speed }) {
  const { data, formula, points, edits } = settings;
  return {
    problem: settings.problem,
    data,
    ...(data === "formula" && { formula }),
    ...(data === "points" && { points: rows(points) }),
    ...Object.fromEntries(FIGURES.map((name) => [name, String(settings[name])])),
    features: settings.features.join(PARTS),
    layers: settings.layers
      .map(
        ({ neurons, activation, dropout }) =>
          `${neurons}-${activation}${dropout ? `-${dropout}` : ""}`,
      )
      .join(PARTS),
    initializer: settings.initializer,
    optimizer: settings.optimizer,
    ...(edits.length && { edits: rows(edits) }),
    ...(mode === "gradient" && { mode }),
    ...(speed !== 1 && { speed: String(speed) }),
  };
}

/**
 * Parse an address. `settings` holds the values, `wrong` the names of those that are malformed.
 * @param {URLSearchParams} values
 * @param {number[]} speeds
 * @returns {{settings: Partial<Settings>, mode: Mode, speed: number, wrong: string[]}}
 */
export function read(values, speeds) {
  /** @type {Record<string, unknown>} */
  const settings = {};
  /** @type {Mode} */
  let mode = "activations";
  let speed = 1;
  /** @type {string[]} */
  const wrong = [];
  for (const [name, text] of values) {
    const value = Object.hasOwn(READERS, name) ? READERS[name](text) : undefined;
    if (name === "mode" && (text === "gradient" || text === "activations")) mode = text;
    else if (name === "speed" && speeds.includes(Number(figure(text))))
      speed = Number(figure(text));
    else if (value === undefined) wrong.push(name);
    else settings[name] = value;
  }
  return { settings: /** @type {Partial<Settings>} */ (settings), mode, speed, wrong };
}

/** @param {number[][]} numbers */
const rows = (numbers) => numbers.map((row) => row.join(NUMBERS)).join(PARTS);

/** A finite number, or undefined. @param {string} text @returns {number | undefined} */
function figure(text) {
  const { value, trouble } = parseNumber(text);
  return trouble ? undefined : value;
}

/** A whole number, or undefined. @param {string} text @returns {number | undefined} */
function count(text) {
  const { value, trouble } = parseNumber(text, { whole: true });
  return trouble ? undefined : value;
}

/** A parser of rows of `length` numbers; it returns undefined for anything else. @param {number} length */
const table = (length) => (/** @type {string} */ text) => {
  const all = text ? text.split(PARTS).map((row) => row.split(NUMBERS).map(figure)) : [];
  return all.every((row) => row.length === length && !row.includes(undefined)) ? all : undefined;
};

/** "4-tanh*2-relu-0.1" @param {string} text */
function layers(text) {
  const all = (text ? text.split(PARTS) : []).map((part) => {
    const [, neurons = "", activation, dropout = "0"] =
      /^([^-]+)-([^-]+)(?:-(.+))?$/.exec(part) ?? []; // a dropout can be 1e-7
    return { neurons: count(neurons), activation, dropout: figure(dropout) };
  });
  const right = all.every(
    ({ neurons, activation, dropout }) =>
      neurons !== undefined && activation && dropout !== undefined,
  );
  return right ? all : undefined;
}

/**
 * A parser for each name; it returns undefined for malformed text.
 * @type {Record<string, (text: string) => unknown>}
 */
const READERS = {
  ...Object.fromEntries(TEXTS.map((name) => [name, (/** @type {string} */ text) => text])),
  ...Object.fromEntries(FIGURES.map((name) => [name, figure])),
  ...Object.fromEntries(COUNTS.map((name) => [name, count])),
  features: (text) => text.split(PARTS),
  layers,
  points: table(3),
  edits: table(4),
};
