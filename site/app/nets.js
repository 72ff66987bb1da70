// window.nets, for those who embed the page or test it. site/README.md documents it.

import { models } from "./engine/engine.js";
import { report } from "./ui/diagnostics.js";
import { packed } from "./ui/pad/strokes.js";
import { quoted } from "./ui/quoted.js";

/** @typedef {import("./engine/engine.js").Engine} Engine */
/** @typedef {import("./engine/training.js").Training} Training */
/** @typedef {{strokes?: number[][][], pixels?: ArrayLike<number>, model?: string}} Drawing */

/**
 * @param {Engine} engine
 * @param {Training} training
 */
export function makeNets(engine, training) {
  return {
    /** Resolves when predictions can be made; rejects with an Error that says why not. */
    get ready() {
      return engine.ready;
    },

    models() {
      const shipped = models().map(({ id, name, parameters, mnist_test_accuracy, bytes }) => ({
        id,
        name,
        parameters,
        accuracy: mnist_test_accuracy,
        bytes,
      }));
      if (!training.hasNet) return shipped;
      const { parameters, testAccuracy } = training.progress;
      const live = { id: "live", name: training.netName, parameters, accuracy: testAccuracy };
      return [...shipped, { ...live, bytes: 4 * (parameters ?? 0) }];
    },

    /** @param {Drawing} drawing */
    async predict(drawing) {
      const { model = models()[0].id, ...given } = drawing ?? {};
      const args = encoded(given);
      await engine.ready;
      await engine.open(model);
      const answer = await engine.call("reading.predict", { model, ...args });
      return {
        digit: answer.digit,
        probabilities: Array.from(answer.probabilities),
        image: Array.from(answer.image),
        milliseconds: answer.milliseconds,
      };
    },

    /**
     * @param {Record<string, unknown>} [settings]
     * @param {(progress: object) => void} [onProgress]
     */
    async train(settings = {}, onProgress = () => {}) {
      if (settings === null || typeof settings !== "object" || Array.isArray(settings)) {
        throw new TypeError(
          `settings is ${quoted(settings)}, expected an object such as { epochs: 3 }.`,
        );
      }
      for (const [name, value] of Object.entries(settings)) {
        const odd = [value]
          .flat()
          .find((one) => typeof one === "function" || typeof one === "symbol");
        if (odd) throw new TypeError(`${name} is a ${typeof odd}, which is not a setting.`);
      }
      const listener = (/** @type {Event} */ event) => {
        const { epoch, step, cost, trainAccuracy, testAccuracy, examplesPerSecond } =
          /** @type {CustomEvent} */ (event).detail;
        if (!step) return;
        onProgress({ epoch, step, cost, trainAccuracy, testAccuracy, examplesPerSecond });
      };
      const result = training.train(settings);
      training.addEventListener("progress", listener);
      try {
        return await result;
      } finally {
        training.removeEventListener("progress", listener);
      }
    },

    pause: () => training.pause(),
    resume: () => training.resume(),
    reset: () => training.reset(),

    /** The text for a bug report. */
    diagnostics: () => report({}),
  };
}

/**
 * A drawing as arguments for the Lab; throws a TypeError if nothing is drawn.
 * @param {Drawing} drawing
 * @returns {{pixels: Float32Array} | {points: Float64Array, lengths: Int32Array}}
 */
export function encoded({ strokes, pixels, ...rest }) {
  const [unknown] = Object.keys(rest);
  if (unknown) {
    throw new TypeError(`predict() knows strokes, pixels and model, not ${quoted(unknown)}.`);
  }
  if (pixels !== undefined) {
    const values = Float32Array.from(pixels);
    if (values.length !== 784) {
      throw new TypeError(`pixels has ${values.length} numbers, expected 784.`);
    }
    if (!values.some((value) => value !== 0)) throw new TypeError("Nothing is drawn.");
    return { pixels: values };
  }
  if (!Array.isArray(strokes) || !strokes.some((stroke) => stroke?.length)) {
    throw new TypeError("Nothing is drawn: strokes is expected to be [[[x, y], …], …].");
  }
  return packed(strokes);
}
