// The large plane: the output of the net or of one neuron, the data, and points set by hand.

import { make } from "../ui/dom.js";
import { whenPixelRatioChanges } from "../ui/pixelRatio.js";
import { against, colours, paintHeat, paintOf, REACH, whenColoursChange } from "./heat.js";
import { FEATURES, layerNumber } from "./words.js";
import { DENSITY } from "./world.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./attention.js").Attention} Attention */

const RADIUS = 3.2;
/** How far an arrow key moves the keyboard's cursor. */
const STEP = 0.25;

/**
 * @param {World} world
 * @param {Attention} attention
 * @returns {HTMLElement}
 */
export function planePicture(world, attention) {
  const surface = make("canvas");
  surface.dataset.testid = "playground-plane";
  const marks = make("canvas", { tabIndex: -1 });
  marks.dataset.testid = "playground-points";
  const sheet = make("div", { className: "plane" }, [surface, marks]);
  const caption = make("figcaption");
  caption.dataset.testid = "playground-plane-of";
  const least = make("span");
  const most = make("span");
  const scale = make("p", { className: "scale" }, [
    least,
    make("span", { className: "ramp" }),
    most,
  ]);
  const tests = make("input", { type: "checkbox" });
  tests.dataset.testid = "playground-show-test";
  const pen = handTools(world);
  /** The keyboard's cursor, while in use. @type {[number, number] | undefined} */
  let cursor;
  let side = 0;

  /** The neuron shown: its index among the pictures, and among the neurons. */
  function shown() {
    const { features, layers } = world.settings;
    const sizes = [...layers.map(({ neurons }) => neurons), 1];
    const { layer, neuron } = attention.neuron ?? { layer: layers.length, neuron: 0 };
    if (layer < 0) return { picture: neuron, neuron: -1, name: FEATURES[features[neuron]] };
    const place = sizes.slice(0, layer).reduce((sum, size) => sum + size, neuron);
    const output = layer === layers.length;
    const name = output ? "Output" : `Neuron ${neuron + 1} of layer ${layerNumber(layer)}`;
    return { picture: features.length + place, neuron: place, name };
  }

  /** The labels of the scale's ends. */
  function ends() {
    if (world.view.deltas) return ["δ < 0", "δ > 0"];
    if (shown().name !== "Output") return ["low", "high"];
    return world.settings.problem === "classification" ? ["class 0", "class 1"] : ["−1", "1"];
  }

  function draw() {
    const { view } = world;
    const { picture, neuron, name } = shown();
    if (view.pictures && view.pictures.length >= (picture + 1) * DENSITY ** 2) {
      paintHeat(surface, view.pictures, DENSITY, picture * DENSITY ** 2);
    }
    surface.hidden = !view.pictures;
    const error = neuron < 0 ? `${name} is an input: it has no δ` : `δ: ${name}`;
    const said = view.deltas ? error : name;
    if (caption.textContent !== said) caption.textContent = said;
    const [low, high] = ends();
    if (least.textContent !== low) least.textContent = low;
    if (most.textContent !== high) most.textContent = high;
    if (view.deltas) drawPoints();
  }

  function drawPoints() {
    const context = marks.getContext("2d");
    const { points, view, settings } = world;
    if (!context || !side) return;
    context.clearRect(0, 0, side, side);
    const { deltas, largest } = view;
    const count = points.trainTargets.length;
    const { neuron } = shown();
    if (deltas && largest && deltas.length >= (neuron + 1) * count) {
      const from = neuron * count;
      dots(context, points.train, (i) =>
        neuron < 0 ? 0 : against(deltas[from + i], largest.deltas),
      );
    } else {
      const classes = settings.problem === "classification";
      const value = (/** @type {number} */ target) => (classes ? 2 * target - 1 : target);
      dots(context, points.train, (i) => value(points.trainTargets[i]));
      if (tests.checked) rings(context, points.test, (i) => value(points.testTargets[i]));
    }
    if (cursor) cross(context, cursor);
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  const place = (x, y) => [((x + REACH) / (2 * REACH)) * side, ((REACH - y) / (2 * REACH)) * side];

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Float64Array} points
   * @param {(i: number) => number} value
   */
  function dots(context, points, value) {
    context.lineWidth = 1;
    context.strokeStyle = colours.paper;
    for (let i = 0; 2 * i < points.length; i++) {
      context.fillStyle = paintOf(value(i));
      context.beginPath();
      context.arc(...place(points[2 * i], points[2 * i + 1]), RADIUS, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Float64Array} points
   * @param {(i: number) => number} value
   */
  function rings(context, points, value) {
    for (let i = 0; 2 * i < points.length; i++) {
      context.beginPath();
      context.arc(...place(points[2 * i], points[2 * i + 1]), RADIUS, 0, 2 * Math.PI);
      context.lineWidth = 3;
      context.strokeStyle = colours.paper;
      context.stroke();
      context.lineWidth = 1.5;
      context.strokeStyle = paintOf(value(i));
      context.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {[number, number]} at */
  function cross(context, at) {
    const [x, y] = place(...at);
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - 8, y);
    context.lineTo(x + 8, y);
    context.moveTo(x, y - 8);
    context.lineTo(x, y + 8);
    context.stroke();
  }

  /** Set or remove a point, when points are set by hand. @param {number} x1 @param {number} x2 */
  function touch(x1, x2) {
    const round = (/** @type {number} */ x) =>
      Math.round(100 * Math.max(-REACH, Math.min(REACH, x))) / 100;
    const value = pen.value();
    if (value === undefined) void world.remove(round(x1), round(x2));
    else void world.place(round(x1), round(x2), value);
  }

  const byHand = () => world.settings.data === "points";
  marks.addEventListener("click", (event) => {
    if (!byHand()) return;
    const box = marks.getBoundingClientRect();
    const share = (
      /** @type {number} */ at,
      /** @type {number} */ from,
      /** @type {number} */ size,
    ) => ((at - from) / size) * 2 * REACH - REACH;
    touch(share(event.clientX, box.left, box.width), -share(event.clientY, box.top, box.height));
  });
  marks.addEventListener("keydown", (event) => {
    if (!byHand()) return;
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const step = steps[event.key];
    cursor ??= [0, 0];
    const within = (/** @type {number} */ x) => Math.max(-REACH, Math.min(REACH, x));
    if (step) cursor = [within(cursor[0] + STEP * step[0]), within(cursor[1] + STEP * step[1])];
    else if (event.key === "Enter" || event.key === " ") touch(...cursor);
    else return;
    event.preventDefault();
    drawPoints();
  });
  marks.addEventListener("blur", () => {
    cursor = undefined;
    drawPoints();
  });

  function follow() {
    const hand = byHand();
    sheet.dataset.hand = hand ? "yes" : "no";
    marks.tabIndex = hand ? 0 : -1;
    marks.setAttribute("role", hand ? "application" : "img");
    marks.setAttribute(
      "aria-label",
      hand
        ? "The plane. Press it to set a point, or move with the arrow keys and press Enter"
        : "The plane with its points, and the net’s output",
    );
    pen.follow();
    draw();
    drawPoints();
  }

  const again = () => {
    draw();
    drawPoints();
  };
  world.addEventListener("settings", follow);
  world.addEventListener("points", drawPoints);
  let backward = false;
  world.addEventListener("view", () => {
    draw();
    if (backward && !world.view.deltas) drawPoints();
    backward = !!world.view.deltas;
  });
  attention.addEventListener("neuron", draw);
  tests.addEventListener("change", drawPoints);
  whenColoursChange(again);
  const measure = () => {
    const ratio = devicePixelRatio;
    side = sheet.clientWidth;
    marks.width = marks.height = Math.round(side * ratio);
    marks.getContext("2d")?.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawPoints();
  };
  new ResizeObserver(measure).observe(sheet);
  whenPixelRatioChanges(measure);

  return make("figure", { className: "outcome" }, [
    caption,
    sheet,
    scale,
    make("label", { className: "check" }, [tests, "Test points, as rings"]),
    pen.element,
  ]);
}

/**
 * The controls for points set by hand.
 * @param {World} world
 */
function handTools(world) {
  const button = (/** @type {string} */ name, /** @type {string} */ text) => {
    const made = make("button", { type: "button", textContent: text });
    made.dataset.testid = `playground-hand-${name}`;
    made.addEventListener("click", () => choose(name));
    return made;
  };
  /** @type {Record<string, HTMLButtonElement>} */
  const buttons = {
    one: button("one", "Class 1"),
    zero: button("zero", "Class 0"),
    eraser: button("eraser", "Eraser"),
  };
  const level = make("input", { type: "range", min: "-1", max: "1", step: "0.1", value: "1" });
  level.dataset.testid = "playground-hand-value";
  level.addEventListener("input", () => choose("one"));
  const slide = make("label", {}, ["Value", level]);
  const element = make("div", { className: "hand" }, [...Object.values(buttons), slide]);
  element.dataset.testid = "playground-hand";
  let chosen = "one";

  /** @param {string} name */
  function choose(name) {
    chosen = name;
    for (const [other, made] of Object.entries(buttons)) made.ariaPressed = String(other === name);
    follow();
  }

  function follow() {
    const classes = world.settings.problem === "classification";
    element.hidden = world.settings.data !== "points";
    buttons.zero.hidden = !classes;
    buttons.one.textContent = classes
      ? "Class 1"
      : `Set ${Number(level.value).toFixed(1).replace("-", "−")}`;
    slide.hidden = classes;
    if (!classes && chosen === "zero") choose("one");
  }
  choose("one");

  return {
    element,
    follow,
    /** The class or value of the next point; undefined to remove points. @returns {number | undefined} */
    value() {
      if (chosen === "eraser") return undefined;
      if (world.settings.problem === "regression") return Number(level.value);
      return chosen === "one" ? 1 : 0;
    },
  };
}
