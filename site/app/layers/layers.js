// The chapter "Your drawing in the net": each layer's activations, and which pixels decided.

import { byTestId, make } from "../ui/dom.js";
import { paintGrey, paintSigned, palette } from "../ui/pictures.js";
import { whileSeen } from "../ui/seen.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {import("../ui/pad/sheet.js").Sheet} Sheet */
/** @typedef {{kind: string, activation: string, shape: number[], values: Float32Array}} Layer */

/** @type {Record<string, string>} */
const NAMES = {
  dense: "neurons",
  conv2d: "feature maps: where each small pattern was found",
  maxpool2d: "feature maps, the largest of each block",
  votes: "votes",
};

/** @param {Engine} engine @param {Training} training @param {Sheet} sheet @param {HTMLSelectElement} picker */
export function layersSection(engine, training, sheet, picker) {
  const section = byTestId("section-layers", HTMLElement);
  const list = byTestId("layers", HTMLElement);
  const words = byTestId("evidence-words", HTMLElement);
  const picture = byTestId("evidence", HTMLCanvasElement);

  const { request } = whileSeen(
    section,
    async () => {
      const drawing = sheet.drawing;
      if (engine.state !== "ready") return;
      section.dataset.empty = drawing ? "" : "yes";
      if (!drawing) {
        list.replaceChildren();
        words.textContent = "Draw something above, and follow it through the net.";
        return;
      }
      await engine.open(picker.value);
      const inside = await engine.call("reading.activations", { model: picker.value, ...drawing });
      words.textContent = `Blue pixels are evidence for ${inside.digit}, orange ones for ${inside.rival}, the runner-up.`;
      paintSigned(picture, inside.evidence, 28, palette());
      for (const [i, layer] of inside.layers.entries()) {
        const known = /** @type {HTMLElement | undefined} */ (list.children[i]);
        const wanted = `${layer.kind} ${layer.shape.join("×")}`;
        if (known?.dataset.layer === wanted) fill(known, layer);
        else {
          const figure = frame(layer, i, inside.layers.length);
          figure.dataset.layer = wanted;
          if (known) known.replaceWith(figure);
          else list.append(figure);
          fill(figure, layer);
        }
      }
      while (list.children.length > inside.layers.length) list.lastElementChild?.remove();
    },
    60,
  );

  sheet.addEventListener("change", () => {
    section.dataset.reserve = sheet.empty ? "no" : "yes";
    request();
  });
  picker.addEventListener("change", request);
  engine.addEventListener("ready", request);
  training.addEventListener("progress", () => picker.value === "live" && request());
}

/** Elements for a layer's values, still empty. @param {Layer} layer @param {number} i @param {number} layers */
function frame({ kind, shape }, i, layers) {
  const last = i === layers - 1;
  const count = shape[shape.length - 1];
  const caption = `Layer ${i + 2}: ${count} ${last && kind === "dense" ? "outputs" : (NAMES[kind] ?? kind)}`;
  const places =
    shape.length === 3
      ? Array.from({ length: count }, (_, j) => {
          const canvas = make("canvas");
          canvas.setAttribute("role", "img");
          canvas.setAttribute("aria-label", `Feature map ${j + 1}`);
          return canvas;
        })
      : Array.from({ length: count }, (_, j) =>
          make("div", { title: `neuron ${j + 1}` }, [
            make("span", { className: "cell" }),
            ...(last ? [make("span", { textContent: `${j}` })] : []),
          ]),
        );
  const box = make("div", {
    className: shape.length === 3 ? "maps" : count > 60 ? "cells many" : "cells",
  });
  box.append(...places);
  if (shape.length !== 3) box.role = "img"; // its label sums up the cells for screen readers
  return make("figure", {}, [make("figcaption", { textContent: caption }), box]);
}

/** @param {HTMLElement} figure @param {Layer} layer */
function fill(figure, { shape, values }) {
  const places = [.../** @type {HTMLElement} */ (figure.lastElementChild).children];
  let largest = 1e-9;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (shape.length === 3) {
    const [height, width] = shape;
    for (const [j, canvas] of places.entries()) {
      paintGrey(
        /** @type {HTMLCanvasElement} */ (canvas),
        values.subarray(j * height * width, (j + 1) * height * width),
        width,
        largest,
      );
    }
    return;
  }
  const most = values.indexOf(Math.max(...values));
  const active = values.filter((value) => value > largest / 100).length;
  /** @type {HTMLElement} */ (figure.lastElementChild).ariaLabel =
    `${values.length} values, ${active} of them above 0; the largest, ${values[most].toPrecision(3)}, is number ${most + 1}`;
  for (const [j, place] of places.entries()) {
    const cell = /** @type {HTMLElement} */ (place.firstElementChild);
    cell.style.setProperty("--share", String(Math.abs(values[j]) / largest));
    cell.classList.toggle("negative", values[j] < 0);
    /** @type {HTMLElement} */ (place).title = `neuron ${j + 1}: ${values[j].toFixed(3)}`;
  }
}
