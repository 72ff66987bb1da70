// The whole state as it stands in the address, and back. What is allowed is for Python to say: here
// a text is only read.

/** @typedef {import("./world.js").Settings} Settings */
/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").Mode} Mode */

/** Between the parts of a list, and between the numbers of a part: neither is escaped. */
const [PARTS, NUMBERS] = ["*", "_"];

/** @type {import("./world.js").Figure[]} */
const FIGURES = ["samples", "noise", "share", "seed", "learningRate", "l1", "l2", "batchSize"];
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
 * What an address says. `settings` holds what could be read, `wrong` the names of what could not.
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
    else if (name === "speed" && speeds.includes(Number(text))) speed = Number(text);
    else if (value === undefined) wrong.push(name);
    else settings[name] = value;
  }
  return { settings: /** @type {Partial<Settings>} */ (settings), mode, speed, wrong };
}

/** @param {number[][]} numbers */
const rows = (numbers) => numbers.map((row) => row.join(NUMBERS)).join(PARTS);

/** A number, or undefined. @param {string} text */
function figure(text) {
  const value = Number(text);
  return text.trim() && Number.isFinite(value) ? value : undefined;
}

/** Rows of so many numbers, or undefined. @param {number} length */
const table = (length) => (/** @type {string} */ text) => {
  const all = text ? text.split(PARTS).map((row) => row.split(NUMBERS).map(figure)) : [];
  return all.every((row) => row.length === length && !row.includes(undefined)) ? all : undefined;
};

/** "4-tanh*2-relu-0.1" @param {string} text */
function layers(text) {
  const all = (text ? text.split(PARTS) : []).map((part) => {
    const [neurons, activation, dropout = "0"] = part.split("-");
    return { neurons: figure(neurons), activation, dropout: figure(dropout) };
  });
  const right = all.every(
    ({ neurons, activation, dropout }) =>
      neurons !== undefined && activation && dropout !== undefined,
  );
  return right ? all : undefined;
}

/**
 * How each is read; undefined where a text is none.
 * @type {Record<string, (text: string) => unknown>}
 */
const READERS = {
  ...Object.fromEntries(TEXTS.map((name) => [name, (/** @type {string} */ text) => text])),
  ...Object.fromEntries(FIGURES.map((name) => [name, figure])),
  features: (text) => text.split(PARTS),
  layers,
  points: table(3),
  edits: table(4),
};
