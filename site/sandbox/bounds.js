// Cuts what leaves the sandbox, before the page's thread copies it. Through Pyodide a visitor's code
// can replace JavaScript's own methods in this worker, so all that is used here is looked up before.

const { apply } = Reflect;
const { create, defineProperty, keys } = Object;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { min } = Math;
const { slice } = String.prototype;
const Numbers = Float64Array;

/** The most characters of a text, a key included. */
export const LONGEST = 2000;
/** How deep an answer may be nested. */
export const DEEPEST = 6;
/** The most values and characters in an answer together; a race's have some 25,000. */
export const MOST = 100_000;

/** @param {unknown} value @param {number} [longest] @returns {string} "" for what is no text */
export function cut(value, longest = LONGEST) {
  return typeof value === "string" ? apply(slice, value, [0, longest]) : "";
}

/**
 * A copy of a value, made of records, lists, numbers, booleans, null and texts. What is too long, too
 * deep, too much or of another type is left out.
 *
 * @param {unknown} value
 * @returns {unknown}
 */
export function bounded(value) {
  let left = MOST;

  /** @param {any} one @param {number} depth @returns {unknown} */
  function copy(one, depth) {
    left--;
    if (typeof one === "string") return text(one);
    if (one === null || typeof one === "number" || typeof one === "boolean") return one;
    if (typeof one !== "object" || depth === DEEPEST) return undefined;
    if (isView(one)) return numbers(/** @type {Float64Array} */ (one));
    return isArray(one) ? list(one, depth) : record(one, depth);
  }

  /** @param {string} one */
  function text(one) {
    const short = cut(one, min(left, LONGEST));
    left -= short.length;
    return short;
  }

  /** @param {Float64Array} view */
  function numbers(view) {
    const copied = new Numbers(min(view.length, left));
    for (let i = 0; i < copied.length; i++) copied[i] = view[i];
    left -= copied.length;
    return copied;
  }

  /** @param {unknown[]} array @param {number} depth */
  function list(array, depth) {
    /** @type {unknown[]} */
    const copied = [];
    for (let i = 0; i < array.length && left > 0; i++) put(copied, i, copy(array[i], depth + 1));
    return copied;
  }

  /** @param {Record<string, unknown>} object @param {number} depth */
  function record(object, depth) {
    const copied = create(null);
    const names = keys(object);
    for (let i = 0; i < names.length && left > 0; i++) {
      put(copied, text(names[i]), copy(object[names[i]], depth + 1));
    }
    return copied;
  }

  return copy(value, 0);
}

/**
 * Define a property: a setter of the prototype would be called if it were assigned.
 * @param {object} target
 * @param {string | number} name
 * @param {unknown} value
 */
function put(target, name, value) {
  const description = create(null);
  description.value = value;
  description.enumerable = true;
  defineProperty(target, name, description);
}
