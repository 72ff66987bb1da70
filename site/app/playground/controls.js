// Controls for settings: each shows a setting and asks the world to change it.

import { make } from "../ui/dom.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").Figure} Figure */

/**
 * A number field with a slider.
 * @param {World} world
 * @param {Figure} name
 * @param {string} label
 * @param {number[]} stops the slider's values, in ascending order
 * @returns {HTMLElement}
 */
export function numberField(world, name, label, stops) {
  const field = make("input", { type: "number", step: "any" });
  field.dataset.testid = `playground-${name}`;
  field.setAttribute("aria-label", label);
  const slider = make("input", {
    type: "range",
    min: "0",
    max: String(stops.length - 1),
    step: "1",
  });
  slider.dataset.testid = `playground-${name}-slider`;
  slider.setAttribute("aria-label", label);
  const near = (/** @type {number} */ value) =>
    stops.reduce(
      (best, stop, i) => (Math.abs(stop - value) < Math.abs(stops[best] - value) ? i : best),
      0,
    );
  const follow = () => {
    const value = world.intended[name];
    slider.value = String(near(value));
    slider.setAttribute("aria-valuetext", String(value));
    if (document.activeElement !== field) field.value = String(value);
  };
  const restore = () => {
    follow();
    field.value = String(world.intended[name]);
  };
  field.addEventListener("change", () => {
    if (field.value === "") restore();
    else void world.change({ [name]: field.valueAsNumber });
  });
  slider.addEventListener("input", () => {
    void world.change({ [name]: stops[slider.valueAsNumber] });
    follow();
  });
  world.addEventListener("settings", follow);
  world.addEventListener("trouble", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.names.includes(name)) restore();
  });
  follow();
  return make("div", { className: "tuned" }, [
    make("span", { textContent: label, ariaHidden: "true" }),
    field,
    slider,
  ]);
}

/** Evenly spaced values. @param {number} from @param {number} to @param {number} step */
export const stops = (from, to, step) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) =>
    Number((from + i * step).toFixed(6)),
  );

/**
 * A select.
 * @param {string} testid
 * @param {string} label
 * @param {string[]} values
 * @param {Record<string, string>} words
 * @param {(value: string) => void} choose
 * @returns {{element: HTMLElement, select: HTMLSelectElement}}
 */
export function choice(testid, label, values, words, choose) {
  const select = make(
    "select",
    {},
    values.map((value) => new Option(words[value] ?? value, value)),
  );
  select.dataset.testid = testid;
  select.addEventListener("change", () => choose(select.value));
  return { element: make("label", {}, [label, select]), select };
}
