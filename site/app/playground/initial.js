// What the initializer does to a deep net: a histogram of each layer's activations.

import { WORDS } from "../engine/names.js";
import { make, percent } from "../ui/dom.js";
import { choice } from "./controls.js";

/** @typedef {import("./world.js").World} World */
/**
 * @typedef {{
 *   counts: number[], low: number, high: number,
 *   deviation: number, saturated: number, dead: number,
 * }} Layer
 */

/** Activations that saturate at both ends. */
const BOUNDED = new Set(["sigmoid", "tanh"]);

/** @param {World} world @returns {HTMLElement} */
export function initializerFold(world) {
  const { activations, initializers } = world.choices;
  const again = () => void draw();
  const initializer = choice(
    "playground-initial-initializer",
    "Initializer",
    initializers,
    WORDS,
    again,
  );
  const activation = choice(
    "playground-initial-activation",
    "Activation",
    activations,
    WORDS,
    again,
  );
  const verdict = make("p");
  verdict.dataset.testid = "playground-initial-words";
  const layers = make("div", { className: "deep" });
  layers.dataset.testid = "playground-initial";
  const fold = make("details", { className: "folded" }, [
    make("summary", { textContent: "What the initializer does to a deep net" }),
    make("p", {
      textContent:
        "The activations of each layer, for 200 random inputs to an untrained net of ten " +
        "layers with a hundred neurons each.",
    }),
    make("div", { className: "settings" }, [initializer.element, activation.element]),
    verdict,
    layers,
  ]);
  fold.dataset.testid = "playground-initial-fold";
  fold.addEventListener("toggle", () => {
    if (!fold.open) return;
    initializer.select.value = world.settings.initializer;
    activation.select.value = world.settings.layers[0]?.activation ?? activation.select.value;
    again();
  });

  async function draw() {
    try {
      const { layers: all } = await world.ask("initial", {
        activation: activation.select.value,
        initializer: initializer.select.value,
        seed: world.settings.seed,
      });
      verdict.textContent = sentence(all, BOUNDED.has(activation.select.value));
      layers.replaceChildren(...all.map(histogram));
    } catch (error) {
      verdict.textContent = /** @type {Error} */ (error).message;
    }
  }
  return fold;
}

/** What happens to the signal. @param {Layer[]} layers @param {boolean} bounded */
function sentence(layers, bounded) {
  const first = layers[0];
  const last = layers[layers.length - 1];
  const [begin, end] = [size(first.deviation), size(last.deviation)];
  const spread = `the activations spread by ${begin} in the first layer and by ${end} in the last`;
  if (last.deviation < first.deviation / 5 || last.deviation < 1e-6) {
    return `The signal dies out: ${spread}, so there is less and less to learn from.`;
  }
  if (bounded && last.saturated > 0.5) {
    const share = percent(last.saturated, 0);
    const why = "there σ′ is nearly 0, so hardly any gradient flows back";
    return `${share} of the last layer’s activations are saturated: ${why}.`;
  }
  if (last.deviation > 5 * first.deviation) {
    return `The signal grows from layer to layer: ${spread}.`;
  }
  return `The signal goes through: ${spread}.`;
}

/** @param {number} value */
const size = (value) =>
  value && (value < 0.01 || value >= 1000)
    ? value.toExponential(0)
    : String(Number(value.toPrecision(2)));

/** @param {Layer} layer @param {number} i */
function histogram({ counts, low, high, deviation, saturated, dead }, i) {
  const most = Math.max(1, ...counts);
  const bars = make("div", { className: "columns", role: "img" });
  bars.style.setProperty("grid-template-columns", `repeat(${counts.length}, 1fr)`);
  for (const count of counts) {
    const bar = make("span", { className: "bar" });
    bar.style.setProperty("--share", String(count / most));
    bars.append(make("div", {}, [bar]));
  }
  const reach = make("p", { className: "reach" }, [
    make("span", { textContent: end(low) }),
    make("span", { textContent: end(high) }),
  ]);
  const shares = `saturated ${percent(saturated, 0)}, dead neurons ${percent(dead, 0)}`;
  const facts = `Layer ${i + 2}: spread ${size(deviation)}, ${shares}`;
  const figure = make("figure", { title: facts }, [
    make("figcaption", { textContent: `Layer ${i + 2}` }),
    bars,
    reach,
  ]);
  bars.setAttribute("aria-label", facts);
  return figure;
}

/** @param {number} value */
const end = (value) => (value < 0 ? "−" : "") + size(Math.abs(value));
