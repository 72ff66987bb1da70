// The switch between NumPy and the SIMD kernels, and the speed of training with each.

import { byTestId, whole } from "../ui/dom.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */

const NUMPY = "numpy";

/** @param {Engine} engine @param {Training} training */
export function computingSwitch(engine, training) {
  const choice = byTestId("kernels", HTMLSelectElement);
  const words = byTestId("kernels-words", HTMLElement);
  const offer = words.textContent;
  /** The kernels that this browser can run. */
  let kernels = "";
  /** The option in use; it changes when the worker has answered. */
  let computing = "";
  /** Examples per second, by option. @type {Record<string, number>} */
  let rates = {};
  /** The settings they were measured with, as JSON. */
  let measured = "";

  engine.addEventListener("ready", async () => {
    const found = await engine.computing.catch(() => undefined);
    if (!found) return; // the worker has died
    kernels = found.kernels === NUMPY ? "" : found.kernels;
    choice.value = kernels ? "kernels" : NUMPY;
    computing = choice.value;
    choice.disabled = !kernels;
    words.textContent = kernels ? offer : `NumPy alone: ${found.reason}.`;
  });
  engine.addEventListener("failed", () => (choice.disabled = true));

  choice.addEventListener("change", async () => {
    const { value } = choice;
    await (value === NUMPY
      ? engine.call("computing.use_numpy")
      : engine.call("computing.use_kernels", { path: "", name: kernels }));
    computing = value;
  });

  training.addEventListener("settings", (event) => {
    const { learningRate: _, ...others } = /** @type {CustomEvent} */ (event).detail;
    const work = JSON.stringify(others);
    if (work === measured) return; // the learning rate does not change the speed
    measured = work;
    rates = {};
  });
  training.addEventListener("progress", (event) => {
    const { examplesPerSecond, state } = /** @type {CustomEvent} */ (event).detail;
    if (!kernels || !examplesPerSecond || state !== "training") return;
    rates[computing] = examplesPerSecond;
    const { kernels: ours, numpy } = rates;
    if (!numpy) return;
    if (!ours) {
      words.textContent = `NumPy: ${whole(numpy)} examples a second. Switch back to compare.`;
      return;
    }
    words.textContent =
      `Kernels: ${whole(ours)} examples a second. NumPy: ${whole(numpy)}. ` +
      `That is ${(ours / numpy).toFixed(1)} times as fast.`;
  });
}
