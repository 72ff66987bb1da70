// Controls for settings: each shows a setting and asks the world to change it.

import { settingIn } from "../engine/names.js";
import { make } from "../ui/dom.js";
import { NumberField } from "../ui/numberField.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("../ui/typedNumbers.js").Kind} Kind */
/** @typedef {import("./world.js").Figure} Figure */

/**
 * A number field with a slider.
 * @param {World} world
 * @param {Figure} name
 * @param {string} label
 * @param {Kind} kind
 * @param {number[]} stops the slider's values, in ascending order
 * @returns {HTMLElement}
 */
export function tuned(world, name, label, kind, stops) {
  const input = make("input");
  input.dataset.testid = `playground-${name}`;
  input.setAttribute("aria-label", label);
  const element = make("div", { className: "tuned" }, [
    make("span", { textContent: label, ariaHidden: "true" }),
    input,
  ]);
  const fallback = () => world.choices.defaults[name];
  const field = new NumberField(input, kind, { label, fallback });
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
    field.follow(value);
  };
  input.addEventListener("change", () => {
    if (!field.trouble) void world.change({ [name]: field.value });
  });
  slider.addEventListener("input", () => {
    void world.change({ [name]: stops[slider.valueAsNumber] });
    field.set(world.intended[name]);
    follow();
  });
  world.addEventListener("settings", follow);
  world.addEventListener("applied", (event) => {
    const names = /** @type {CustomEvent} */ (event).detail;
    if (names.includes(name)) field.renew(world.intended[name]);
  });
  world.addEventListener("trouble", (event) => {
    const { message, names } = /** @type {CustomEvent} */ (event).detail;
    if (!names.includes(name)) return;
    const named = settingIn(message);
    if (named?.name === name) field.refuse(named.why);
    else field.set(world.intended[name]); // refused together with another
    follow();
  });
  follow();
  element.append(slider);
  return element;
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
