// A value that a caller gave, as a message quotes it.

/** The most characters that are quoted. */
const LONGEST = 60;

/** @param {unknown} value @returns {string} */
export function quoted(value) {
  const text = worded(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

/** @param {unknown} value */
function worded(value) {
  try {
    return String(value);
  } catch {
    return "an object that cannot be shown"; // it has no toString, or one that throws
  }
}
