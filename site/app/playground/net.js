// The net as a picture: a column for the features and for each layer, a square for each neuron.

import { make, part } from "../dom.js";
import { WORDS } from "../names.js";
import { paintDots, paintHeat, whenColoursChange } from "./heat.js";
import { Lines } from "./lines.js";
import { FEATURES, layerNumber } from "./words.js";
import { DENSITY } from "./world.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").View} View */
/** @typedef {import("./attention.js").Attention} Attention */
/** @typedef {import("./attention.js").Neuron} Neuron */

/** How near to a line a pointer must be, in pixels. */
const REACH = { mouse: 7, touch: 16 };
const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @param {World} world
 * @param {Attention} attention
 * @returns {HTMLElement}
 */
export function netPicture(world, attention) {
  const canvas = make("canvas", { className: "lines" });
  canvas.setAttribute("aria-hidden", "true");
  const columns = make("div", { className: "net" }, [canvas]);
  columns.dataset.testid = "playground-net";
  const lines = new Lines(canvas);
  /** The squares, by layer from −1 on; those of the features hold chosen and others. @type {HTMLButtonElement[][]} */
  let squares = [];
  /** What the columns were made for. */
  let made = "";

  const chosen = () => squares[0].filter((square) => square.ariaPressed === "true");

  function build() {
    const { features, layers } = world.settings;
    const key = JSON.stringify([features, layers.map(({ neurons }) => neurons)]);
    if (key !== made) {
      made = key;
      attention.forget();
      const focused = document.activeElement?.getAttribute("data-testid");
      squares = [featureSquares(), ...layers.map(({ neurons }, l) => neuronSquares(l, neurons)), neuronSquares(layers.length, 1)];
      columns.replaceChildren(
        canvas,
        column("Features", squares[0]),
        ...layers.map((_, l) => hiddenColumn(l, squares[l + 1])),
        column("Output", squares[layers.length + 1]),
      );
      squares[0][0].tabIndex = 0;
      const again = columns.querySelector(`[data-testid="${focused}"]`);
      if (again instanceof HTMLElement) again.focus();
      lay();
    }
    follow();
  }

  /** @param {string} title @param {HTMLButtonElement[]} cells @param {HTMLElement[]} [feet] */
  function column(title, cells, feet = []) {
    return make("div", { className: "column" }, [
      make("div", { className: "crown" }, [make("h4", { textContent: title })]),
      make("div", { className: "neurons" }, cells),
      make("div", { className: "foot" }, feet),
    ]);
  }

  /** A hidden layer with its controls. @param {number} l @param {HTMLButtonElement[]} cells */
  function hiddenColumn(l, cells) {
    const n = layerNumber(l);
    const fewer = control(`playground-fewer-${l}`, "−", `Fewer neurons in layer ${n}`, () =>
      crew(l, -1),
    );
    const more = control(`playground-more-${l}`, "+", `More neurons in layer ${n}`, () => crew(l, 1));
    const activation = make("select", {}, [
      ...world.choices.activations.map((name) => new Option(WORDS[name] ?? name, name)),
    ]);
    activation.dataset.testid = `playground-activation-${l}`;
    activation.setAttribute("aria-label", `Activation of layer ${n}`);
    activation.addEventListener("change", () => alter(l, { activation: activation.value }));
    const dropout = make("input", { type: "number", min: "0", max: "0.9", step: "0.1" });
    dropout.dataset.testid = `playground-dropout-${l}`;
    dropout.setAttribute("aria-label", `Dropout of layer ${n}`);
    dropout.addEventListener("change", () => alter(l, { dropout: Number(dropout.value) }));
    const made = column(`Layer ${n}`, cells, [
      activation,
      make("label", { className: "drop" }, ["Dropout", dropout]),
    ]);
    made.firstElementChild?.append(make("div", { className: "crew" }, [fewer, more]));
    return made;
  }

  /** @param {string} testid @param {string} text @param {string} label @param {() => void} work */
  function control(testid, text, label, work) {
    const button = make("button", { type: "button", textContent: text });
    button.dataset.testid = testid;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", work);
    return button;
  }

  /** @param {number} l @param {number} by */
  const crew = (l, by) => alter(l, { neurons: world.settings.layers[l].neurons + by });

  /** @param {number} l @param {Partial<import("./world.js").Layer>} changes */
  function alter(l, changes) {
    const layers = world.settings.layers.map((layer, i) => (i === l ? { ...layer, ...changes } : layer));
    void world.change({ layers });
  }

  function featureSquares() {
    return world.choices.features.map((name, k) => {
      const on = world.settings.features.includes(name);
      const button = square({ layer: -1, neuron: k }, FEATURES[name] ?? name);
      button.dataset.testid = `playground-feature-${name}`;
      button.ariaPressed = String(on);
      button.append(make("span", { textContent: FEATURES[name] ?? name }));
      button.addEventListener("click", () => {
        const wanted = new Set(world.settings.features);
        if (!wanted.delete(name)) wanted.add(name);
        void world.change({ features: world.choices.features.filter((one) => wanted.has(one)) });
      });
      return button;
    });
  }

  /** @param {number} layer @param {number} count */
  function neuronSquares(layer, count) {
    return Array.from({ length: count }, (_, neuron) => {
      const output = layer === world.settings.layers.length;
      const name = output ? "Output" : `Neuron ${neuron + 1} of layer ${layerNumber(layer)}`;
      const button = square({ layer, neuron }, name);
      button.dataset.testid = `playground-neuron-${layer}-${neuron}`;
      button.addEventListener("click", (event) => {
        attention.look({ layer, neuron });
        attention.hold({ layer, neuron, source: -1 });
        if (!event.detail) columns.dispatchEvent(new Event("edit", { bubbles: true })); // by keyboard
      });
      return button;
    });
  }

  /** @param {Neuron} neuron @param {string} name */
  function square(neuron, name) {
    const button = make("button", { type: "button", className: "neuron", tabIndex: -1 }, [make("canvas")]);
    button.setAttribute("aria-label", name);
    const seen = () => {
      const { features } = world.settings;
      if (neuron.layer < 0 && !features.includes(world.choices.features[neuron.neuron])) return;
      attention.look(
        neuron.layer < 0
          ? { layer: -1, neuron: features.indexOf(world.choices.features[neuron.neuron]) }
          : neuron,
      );
      if (neuron.layer >= 0) attention.point({ ...neuron, source: -1 });
    };
    button.addEventListener("pointerenter", seen);
    button.addEventListener("focus", () => {
      for (const other of squares.flat()) other.tabIndex = other === button ? 0 : -1;
      seen();
    });
    for (const type of ["pointerleave", "blur"]) {
      button.addEventListener(type, () => attention.look(undefined));
    }
    return button;
  }

  /** One tab stop for the whole net; the arrows go from square to square. */
  columns.addEventListener("keydown", (event) => {
    const at = squares.findIndex((column) => column.some((one) => one === event.target));
    if (at < 0) return;
    const row = squares[at].findIndex((one) => one === event.target);
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const step = steps[event.key];
    const target = step && squares[at + step[0]];
    if (!target) return;
    event.preventDefault();
    target[Math.max(0, Math.min(target.length - 1, row + step[1]))].focus();
  });

  canvas.addEventListener("pointermove", (event) => {
    const weight = under(event);
    canvas.dataset.near = weight ? "yes" : "";
    if (weight) attention.point(weight);
  });
  canvas.addEventListener("click", (event) => {
    const weight = under(event);
    if (weight) attention.hold(weight);
    else attention.release();
  });
  columns.addEventListener("keydown", (event) => {
    if (event.key === "Escape") attention.release();
  });

  /** @param {PointerEvent | MouseEvent} event */
  function under(event) {
    const box = canvas.getBoundingClientRect();
    const touch = "pointerType" in event && event.pointerType === "touch";
    const reach = touch ? REACH.touch : REACH.mouse;
    return lines.nearest(event.clientX - box.left, event.clientY - box.top, reach);
  }

  /** Show the settings of the layers in their controls. */
  function follow() {
    const { limits } = world.choices;
    for (const [l, { neurons, activation, dropout }] of world.settings.layers.entries()) {
      part(`playground-fewer-${l}`, HTMLButtonElement, columns).disabled = neurons <= 1;
      part(`playground-more-${l}`, HTMLButtonElement, columns).disabled = neurons >= limits.neurons;
      part(`playground-activation-${l}`, HTMLSelectElement, columns).value = activation;
      part(`playground-dropout-${l}`, HTMLInputElement, columns).value = String(dropout);
    }
  }

  /** Measure where the squares are: lines go from one to the next. */
  function lay() {
    if (!squares.length) return;
    const from = columns.getBoundingClientRect();
    const places = [chosen(), ...squares.slice(1)].map((column) =>
      column.map((square) => {
        const box = square.getBoundingClientRect();
        return { left: box.left - from.left, right: box.right - from.left, y: box.top - from.top + box.height / 2 };
      }),
    );
    lines.lay(
      places.slice(1).map((to, l) => ({ from: places[l], to })),
      columns.clientWidth,
      columns.clientHeight,
    );
    draw();
  }

  function draw() {
    const { view, points, playing } = world;
    const shown = [...chosen(), ...squares.slice(1).flat()];
    if (view.pictures && view.pictures.length === shown.length * DENSITY ** 2) {
      for (const [i, { firstChild }] of shown.entries()) {
        paintHeat(/** @type {HTMLCanvasElement} */ (firstChild), view.pictures, DENSITY, i * DENSITY ** 2);
      }
    }
    const { deltas, largest } = view;
    const neurons = squares.slice(1).flat();
    const examples = points.trainTargets.length;
    if (deltas && largest && deltas.length === neurons.length * examples) {
      for (const [i, { firstChild }] of neurons.entries()) {
        const square = /** @type {HTMLCanvasElement} */ (firstChild);
        paintDots(square, points.train, deltas, DENSITY, i * examples, largest.deltas);
      }
    }
    lines.draw(view, attention.weight, playing && !!deltas && !still.matches);
  }

  const drawIfThere = () => squares.length && draw();
  world.addEventListener("settings", build);
  world.addEventListener("view", drawIfThere);
  world.addEventListener("state", drawIfThere);
  attention.addEventListener("weight", drawIfThere);
  whenColoursChange(drawIfThere);
  new ResizeObserver(lay).observe(columns);
  return columns;
}
