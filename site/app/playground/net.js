// The net as a picture: a column for the features and for each layer, a square for each neuron.

import { WORDS } from "../engine/names.js";
import { byTestId, make } from "../ui/dom.js";
import { NumberField } from "../ui/numberField.js";
import { whenPixelRatioChanges } from "../ui/pixelRatio.js";
import { numberKind, stepBy } from "../ui/typedNumbers.js";
import { paintDots, paintHeat, whenColoursChange } from "./heat.js";
import { Lines } from "./lines.js";
import { FEATURES, layerNumber } from "./words.js";
import { DENSITY } from "./world.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").View} View */
/** @typedef {import("./attention.js").Attention} Attention */
/** @typedef {import("./attention.js").Neuron} Neuron */

/** How close to a line the pointer must be, in pixels. */
const REACH = { mouse: 7, touch: 16 };
const DROPOUT = numberKind({ least: 0, most: 0.9, step: stepBy(0.1) });
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
  const features = featureSquares();
  /**
   * The layers' columns, the output's last. Elements are reused, so that no click is lost.
   * @type {{element: HTMLElement, squares: HTMLButtonElement[]}[]}
   */
  const made = [];
  /** The fields for each hidden layer's dropout. @type {NumberField[]} */
  const dropouts = [];
  /** What the columns show. */
  let shape = "";
  columns.append(column("Features", features));

  const chosen = () => features.filter((square) => square.ariaPressed === "true");
  const squares = () => [features, ...made.map((column) => column.squares)];

  function build() {
    const { settings, choices } = world;
    const sizes = settings.layers.map(({ neurons }) => neurons);
    const now = JSON.stringify([settings.features, sizes]);
    if (now !== shape) {
      shape = now;
      attention.forget();
      for (const [k, name] of choices.features.entries()) {
        features[k].ariaPressed = String(settings.features.includes(name));
      }
      if (made.length !== sizes.length + 1) {
        made.pop()?.element.remove(); // the output is another layer now
        while (made.length > sizes.length) made.pop()?.element.remove();
        while (made.length < sizes.length) add(hiddenColumn(made.length));
        add(column("Output", []));
      }
      for (const [l, size] of [...sizes, 1].entries()) crowd(l, size);
      if (
        !squares()
          .flat()
          .some((square) => !square.tabIndex)
      )
        features[0].tabIndex = 0;
      lay();
    }
    follow();
  }

  /** @param {HTMLElement} element */
  function add(element) {
    columns.append(element);
    made.push({ element, squares: [] });
  }

  /** Set a layer's number of neurons. @param {number} l @param {number} size */
  function crowd(l, size) {
    const { element, squares } = made[l];
    while (squares.length > size) squares.pop()?.remove();
    while (squares.length < size) {
      const square = neuronSquare(l, squares.length);
      squares.push(square);
      element.children[1].append(square);
    }
  }

  /** @param {string} title @param {HTMLButtonElement[]} cells @param {HTMLElement[]} [feet] */
  function column(title, cells, feet = []) {
    return make("div", { className: "column" }, [
      make("div", { className: "layer-head" }, [make("h3", { textContent: title })]),
      make("div", { className: "neurons" }, cells),
      make("div", { className: "foot" }, feet),
    ]);
  }

  /** A hidden layer with its controls. @param {number} l */
  function hiddenColumn(l) {
    const n = layerNumber(l);
    const fewer = control(`playground-fewer-${l}`, "−", `Fewer neurons in layer ${n}`, () =>
      resize(l, -1),
    );
    const more = control(`playground-more-${l}`, "+", `More neurons in layer ${n}`, () =>
      resize(l, 1),
    );
    const activation = make("select", {}, [
      ...world.choices.activations.map((name) => new Option(WORDS[name] ?? name, name)),
    ]);
    activation.dataset.testid = `playground-activation-${l}`;
    activation.setAttribute("aria-label", `Activation of layer ${n}`);
    activation.addEventListener("change", () => alter(l, { activation: activation.value }));
    const dropout = make("input");
    dropout.dataset.testid = `playground-dropout-${l}`;
    dropout.setAttribute("aria-label", `Dropout of layer ${n}`);
    const drop = make("label", { className: "drop" }, ["Dropout", dropout]);
    const element = column(`Layer ${n}`, [], [activation, drop]);
    const label = `Dropout of layer ${n}`;
    const field = new NumberField(dropout, DROPOUT, { label, fallback: () => 0 });
    dropouts[l] = field;
    dropout.addEventListener("change", () => {
      if (!field.trouble) alter(l, { dropout: field.value });
    });
    element.firstElementChild?.append(make("div", { className: "layer-buttons" }, [fewer, more]));
    return element;
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
  function resize(l, by) {
    const neurons = world.intended.layers[l].neurons + by;
    alter(l, { neurons: Math.max(1, Math.min(world.choices.limits.neurons, neurons)) });
  }

  /** @param {number} l @param {Partial<import("./world.js").Layer>} changes */
  function alter(l, changes) {
    const layers = world.intended.layers.map((layer, i) =>
      i === l ? { ...layer, ...changes } : layer,
    );
    void world.change({ layers });
  }

  function featureSquares() {
    return world.choices.features.map((name, k) => {
      const button = square({ layer: -1, neuron: k }, FEATURES[name] ?? name);
      button.dataset.testid = `playground-feature-${name}`;
      button.append(make("span", { textContent: FEATURES[name] ?? name }));
      button.addEventListener("click", () => {
        const wanted = new Set(world.intended.features);
        if (!wanted.delete(name)) wanted.add(name);
        void world.change({ features: world.choices.features.filter((one) => wanted.has(one)) });
      });
      return button;
    });
  }

  /** @param {number} layer @param {number} neuron */
  function neuronSquare(layer, neuron) {
    const output = layer === world.settings.layers.length;
    const name = output ? "Output" : `Neuron ${neuron + 1} of layer ${layerNumber(layer)}`;
    const button = square({ layer, neuron }, name);
    button.dataset.testid = `playground-neuron-${layer}-${neuron}`;
    button.addEventListener("click", (event) => {
      attention.look({ layer, neuron });
      attention.hold({ layer, neuron, source: -1 });
      if (!event.detail) columns.dispatchEvent(new Event("edit")); // from the keyboard
    });
    return button;
  }

  /** @param {Neuron} neuron @param {string} name */
  function square(neuron, name) {
    const button = make("button", { type: "button", className: "neuron", tabIndex: -1 }, [
      make("canvas"),
    ]);
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
      for (const other of squares().flat()) other.tabIndex = other === button ? 0 : -1;
      seen();
    });
    for (const type of ["pointerleave", "blur"]) {
      button.addEventListener(type, () => attention.look(undefined));
    }
    return button;
  }

  /** One tab stop for the whole net; arrow keys move between squares. */
  columns.addEventListener("keydown", (event) => {
    const at = squares().findIndex((column) => column.some((one) => one === event.target));
    if (at < 0) return;
    const row = squares()[at].indexOf(/** @type {HTMLButtonElement} */ (event.target));
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const step = steps[event.key];
    const target = step && squares()[at + step[0]];
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

  /** Show the layers' settings in their controls. */
  function follow() {
    const { choices, intended, settings } = world;
    const layers = intended.layers.length === made.length - 1 ? intended.layers : settings.layers;
    for (const [l, { neurons, activation, dropout }] of layers.entries()) {
      byTestId(`playground-fewer-${l}`, HTMLButtonElement, columns).disabled = neurons <= 1;
      byTestId(`playground-more-${l}`, HTMLButtonElement, columns).disabled =
        neurons >= choices.limits.neurons;
      byTestId(`playground-activation-${l}`, HTMLSelectElement, columns).value = activation;
      dropouts[l].follow(dropout);
    }
  }

  /** Measure the squares' positions, for the lines between them. */
  function lay() {
    const from = columns.getBoundingClientRect();
    const places = [chosen(), ...squares().slice(1)].map((column) =>
      column.map((square) => {
        const box = square.getBoundingClientRect();
        return {
          left: box.left - from.left,
          right: box.right - from.left,
          y: box.top - from.top + box.height / 2,
        };
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
    const shown = [...chosen(), ...squares().slice(1).flat()];
    if (view.pictures && view.pictures.length === shown.length * DENSITY ** 2) {
      for (const [i, { firstChild }] of shown.entries()) {
        paintHeat(
          /** @type {HTMLCanvasElement} */ (firstChild),
          view.pictures,
          DENSITY,
          i * DENSITY ** 2,
        );
      }
    }
    const { deltas, largest } = view;
    const neurons = squares().slice(1).flat();
    const examples = points.trainTargets.length;
    if (deltas && largest && deltas.length === neurons.length * examples) {
      for (const [i, { firstChild }] of neurons.entries()) {
        const square = /** @type {HTMLCanvasElement} */ (firstChild);
        paintDots(square, points.train, deltas, DENSITY, i * examples, largest.deltas);
      }
    }
    lines.draw(view, attention.weight, playing && !!deltas && !still.matches);
  }

  world.addEventListener("settings", build);
  world.addEventListener("applied", (event) => {
    if (!(/** @type {CustomEvent} */ (event).detail.includes("layers"))) return;
    for (const [l, { dropout }] of world.intended.layers.entries()) dropouts[l]?.renew(dropout); // more may be wanted by now
  });
  world.addEventListener("trouble", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.names.includes("layers")) follow();
  });
  world.addEventListener("view", draw);
  world.addEventListener("state", draw);
  attention.addEventListener("weight", draw);
  whenColoursChange(draw);
  new ResizeObserver(lay).observe(columns);
  whenPixelRatioChanges(lay);
  return columns;
}
