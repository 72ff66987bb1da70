// One weight or bias: its value, the formula that uses it, and a field to change it.

import { make } from "../ui/dom.js";
import { NumberField } from "../ui/numberField.js";
import { numberKind, stepBy } from "../ui/typedNumbers.js";
import { down, FEATURES, layerNumber, signed, up } from "./words.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./attention.js").Attention} Attention */
/** @typedef {import("./attention.js").Weight} Weight */

const WEIGHT = numberKind({ least: -100, most: 100, step: stepBy(0.1) });

/**
 * @param {World} world
 * @param {Attention} attention
 * @returns {{element: HTMLElement, edit: () => void}} edit: focus the field
 */
export function inspector(world, attention) {
  const hint = make("p", {
    className: "quiet",
    textContent:
      "Point at a line or a square, or press it: its weight or bias appears here, " +
      "and you can change it.",
  });
  const source = make("select");
  source.dataset.testid = "playground-weight-source";
  source.setAttribute("aria-label", "Which weight of this neuron");
  const value = make("input");
  value.dataset.testid = "playground-weight-value";
  value.setAttribute("aria-label", "Its value");
  const text = make("p", { className: "quiet" });
  text.dataset.testid = "playground-weight";
  const forget = make("button", {
    type: "button",
    textContent: "Discard values set by hand",
    hidden: true,
  });
  forget.dataset.testid = "playground-forget";
  const fields = make("div", { className: "one-weight", hidden: true }, [source, value, text]);
  const element = make("div", { className: "inspector" }, [hint, fields, forget]);
  const field = new NumberField(value, WEIGHT, { label: "The value" });
  /** The neuron and net that the select was filled for. */
  let filled = "";
  /** The weight whose value the field shows. */
  let shown = "";

  function draw() {
    const { weight } = attention;
    const { view, settings } = world;
    const kept = settings.edits.length;
    forget.hidden = !kept;
    const layer = weight && view.layers[weight.layer];
    hint.hidden = !!layer;
    fields.hidden = !layer;
    if (!weight || !layer) return;
    fields.dataset.held = attention.held ? "yes" : "no";
    fill(weight);
    const sources = layer.weights.length / layer.biases.length;
    const now =
      weight.source < 0
        ? layer.biases[weight.neuron]
        : layer.weights[weight.neuron * sources + weight.source];
    text.dataset.value = String(now);
    value.hidden = !!view.deltas;
    const held = JSON.stringify([weight, filled]);
    const number = Number(now.toFixed(4));
    if (held !== shown) field.set(number);
    else if (document.activeElement !== value) field.follow(number);
    shown = held;
    const said = view.deltas ? backward(weight, now) : forward(weight, now);
    if (text.textContent !== said) text.textContent = said;
  }

  /** The neuron's weights by name. @param {Weight} weight */
  function fill({ layer, neuron, source: chosen }) {
    const { features, layers } = world.settings;
    const names =
      layer === 0
        ? features.map((name) => FEATURES[name] ?? name)
        : Array.from({ length: layers[layer - 1].neurons }, (_, k) => `neuron ${k + 1}`);
    const key = JSON.stringify([layer, neuron, names, layers.length]);
    if (key !== filled) {
      filled = key;
      const to =
        layer === layers.length ? "output" : `neuron ${neuron + 1} of layer ${layerNumber(layer)}`;
      source.replaceChildren(
        new Option(`Bias of ${to}`, "-1"),
        ...names.map((name, k) => new Option(`From ${name} to ${to}`, String(k))),
      );
    }
    source.value = String(chosen);
  }

  source.addEventListener("change", () => {
    if (attention.weight) attention.hold({ ...attention.weight, source: Number(source.value) });
  });
  value.addEventListener("focus", () => attention.weight && attention.hold(attention.weight));
  value.addEventListener("change", () => {
    const { weight } = attention;
    if (!weight || field.trouble) return;
    void world.weight(weight.layer, weight.neuron, weight.source, field.value);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") attention.release();
  });
  forget.addEventListener("click", () => void world.change({ edits: [] }));
  for (const event of ["settings", "view"]) world.addEventListener(event, draw);
  attention.addEventListener("weight", draw);

  return {
    element,
    edit() {
      value.focus();
      value.select();
    },
  };
}

/**
 * A weight's symbols, with the equations' indices.
 * @param {Weight} weight
 */
function symbols({ layer, neuron, source }) {
  const l = layerNumber(layer);
  const [j, k] = [down(neuron + 1), down(source + 1)];
  return {
    w: `w${up(l)}${j}${k}`,
    b: `b${up(l)}${j}`,
    z: `z${up(l)}${j}`,
    a: `a${up(l - 1)}${k}`,
    delta: `δ${up(l)}${j}`,
    sum: `Σ w${up(l)} a${up(l - 1)}`,
  };
}

/** @param {Weight} weight @param {number} value */
function forward(weight, value) {
  const { w, b, z, a, sum } = symbols(weight);
  if (weight.source < 0) return `${b} = ${signed(value)}, in ${z} = ${sum} + ${b}`;
  return `${w} = ${signed(value)}, in ${z} = … + ${w} ${a} + … + ${b}`;
}

/** @param {Weight} weight @param {number} value */
function backward(weight, value) {
  const { w, b, a, delta } = symbols(weight);
  const [what, of] = weight.source < 0 ? [b, delta] : [w, `${a} ${delta}`];
  return `∂C/∂${what} = ${signed(value)}, the mean of ${of} over the training points`;
}
