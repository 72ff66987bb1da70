// The quantities of one step as pictures, bars and numbers.

import { make } from "../ui/dom.js";
import { paintSigned, palette } from "../ui/pictures.js";
import { plain } from "./equations.js";

/** @typedef {{symbol: string, layer: number, rows: number, values: Float32Array, largest: Float32Array}} Quantity */
/** @typedef {{layer: number, neuron: number, source: number}} Weight neuron and source count from 0 */

/** The largest number of neurons whose weights are shown as pictures. */
const PICTURES = 60;

/** @type {Record<string, string>} */
const NAMES = { delta: "δ", dw: "∂C/∂w", db: "∂C/∂b", eta: "η" };
/** @type {Record<string, string>} */
const MEANINGS = {
  a: "activation",
  z: "weighted input",
  w: "weights",
  b: "biases",
  delta: "error, ∂C/∂z",
  dw: "gradient of w",
  db: "gradient of b",
  y: "what it should be",
  C: "cost",
  m: "mean gradient",
  v: "mean square",
  eta: "learning rate",
  lambda: "weight decay",
  n: "examples",
};

/** A symbol's name, with its layer if it has one. @param {string} symbol @param {number} [layer] */
export function nameOf(symbol, layer) {
  return (NAMES[symbol] ?? symbol) + (layer === undefined ? "" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[layer] ?? layer));
}

/**
 * Buttons that explain the symbols; with the focus, they highlight them.
 * @param {Iterable<string>} symbols @returns {HTMLElement[]}
 */
export function legend(symbols) {
  return Array.from(symbols, (symbol) =>
    make("li", {}, [
      make("button", { type: "button", className: `symbol sym-${symbol}` }, [
        make("b", { textContent: nameOf(symbol) }),
        ` ${MEANINGS[symbol]}`,
      ]),
    ]),
  );
}

/** A single number. @param {string} symbol @param {number} value @returns {HTMLElement} */
export function scalar(symbol, value) {
  return framed(symbol, nameOf(symbol), ` = ${plain(value)}, ${MEANINGS[symbol]}`);
}

/**
 * One quantity of one example.
 * @param {Quantity} quantity
 * @param {{sizes: number[], example: number, examples: number, weight: Weight, when?: string, over?: string}} facts over: "mean" or "sum" over the mini-batch;
 *   when: "before" or "after" the step
 * @param {(weight: Weight) => void} pick called with the weight that was pressed
 * @returns {HTMLElement}
 */
export function figure({ symbol, layer, rows, values, largest }, facts, pick) {
  const row = rows > 1 ? facts.example : 0;
  const length = values.length / rows;
  const numbers = values.subarray(row * length, (row + 1) * length);
  const most = largest[row];
  const whose = facts.over
    ? `, ${facts.over} of ${facts.examples}`
    : rows > 1
      ? `, example ${row + 1}`
      : "";
  if (symbol === "C") return framed("C", "C", ` = ${plain(numbers[0])}${whose}`);
  const when = facts.when ? ` ${facts.when}` : "";
  const element = framed(
    symbol,
    nameOf(symbol, symbol === "y" ? undefined : layer) + when,
    `${whose}, largest ${plain(most)}`,
  );
  if (symbol === "a" && layer === 1) element.append(picture(numbers, 0, most));
  else if (!["w", "dw", "m", "v"].includes(symbol)) element.append(bars(numbers, most));
  else if (facts.sizes[layer - 2] === 784)
    element.append(pictures(numbers, layer, most, facts, pick));
  else element.append(matrix(numbers, layer, most, facts, pick));
  return element;
}

/** @param {string} symbol @param {string} name @param {string} text */
function framed(symbol, name, text) {
  const caption = make("figcaption", {}, [
    make("span", { className: `symbol sym-${symbol}`, textContent: name }),
    text,
  ]);
  const element = make("figure", { className: "quantity" }, [caption]);
  element.dataset.symbol = symbol;
  return element;
}

/** @param {Float32Array} numbers @param {number} start @param {number} largest */
function picture(numbers, start, largest) {
  const canvas = make("canvas", { role: "img", ariaLabel: "As a picture" });
  const scaled = Int8Array.from(
    numbers.subarray(start, start + 784),
    (value) => (value / (largest || 1)) * 127,
  );
  paintSigned(canvas, scaled, 28, palette());
  return canvas;
}

/** @param {Float32Array} numbers @param {number} largest */
function bars(numbers, largest) {
  const list = make("ol", { className: "signed" });
  for (const [j, value] of numbers.entries()) {
    const text = `${j + 1}: ${value.toPrecision(4)}`;
    const bar = make("li", { title: text }, [
      make("span", { className: "unseen", textContent: text }),
    ]);
    bar.style.setProperty("--share", String(Math.abs(value) / (largest || 1)));
    bar.classList.toggle("negative", value < 0);
    list.append(bar);
  }
  return list;
}

/** @param {Float32Array} numbers @param {number} layer @param {number} largest @param {{sizes: number[], weight: Weight}} facts @param {(weight: Weight) => void} pick */
function pictures(numbers, layer, largest, { sizes, weight }, pick) {
  const box = make("div", { className: "weights" });
  for (let j = 0; j < Math.min(sizes[layer - 1], PICTURES); j++) {
    const button = make("button", { type: "button", title: `neuron ${j + 1}` }, [
      picture(numbers, j * 784, largest),
    ]);
    button.setAttribute("aria-label", `Follow a weight of neuron ${j + 1}`);
    button.setAttribute("aria-pressed", String(weight.layer === layer && weight.neuron === j));
    button.addEventListener("click", (event) =>
      pick({ layer, neuron: j, source: pressed(event, button) }),
    );
    box.append(button);
  }
  return box;
}

/** The pixel that was pressed. @param {MouseEvent} event @param {HTMLElement} button */
function pressed(event, button) {
  const box = button.getBoundingClientRect();
  const byPointer = event.detail > 0; // the keyboard picks the middle
  const column = byPointer ? Math.floor(((event.clientX - box.left) / box.width) * 28) : 14;
  const row = byPointer ? Math.floor(((event.clientY - box.top) / box.height) * 28) : 14;
  const within = (/** @type {number} */ n) => Math.max(0, Math.min(27, n));
  return within(row) * 28 + within(column);
}

/** @param {Float32Array} numbers @param {number} layer @param {number} largest @param {{sizes: number[]}} facts @param {(weight: Weight) => void} pick */
function matrix(numbers, layer, largest, { sizes }, pick) {
  const [rows, columns] = [sizes[layer - 1], sizes[layer - 2]];
  const table = make("div", { className: "matrix" });
  table.style.setProperty("--columns", String(columns));
  for (let j = 0; j < rows; j++) {
    for (let k = 0; k < columns; k++) {
      const value = numbers[j * columns + k];
      const cell = make("button", {
        type: "button",
        title: `j = ${j + 1}, k = ${k + 1}: ${value.toPrecision(4)}`,
      });
      cell.tabIndex = j === 0 && k === 0 ? 0 : -1;
      cell.setAttribute("aria-label", `Follow the weight from neuron ${k + 1} to neuron ${j + 1}`);
      cell.style.setProperty("--share", String(Math.abs(value) / (largest || 1)));
      cell.classList.toggle("negative", value < 0);
      cell.addEventListener("click", () => pick({ layer, neuron: j, source: k }));
      table.append(cell);
    }
  }
  table.addEventListener("keydown", (event) => {
    const cells = /** @type {HTMLElement[]} */ ([...table.children]);
    const now = cells.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const move = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (move === undefined || !cells[now + move]) return;
    event.preventDefault();
    cells[now].tabIndex = -1;
    cells[now + move].tabIndex = 0;
    cells[now + move].focus();
  });
  return table;
}
