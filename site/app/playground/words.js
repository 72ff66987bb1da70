// Names of features, layers and weights.

/** @type {Record<string, string>} */
export const FEATURES = {
  x1: "x₁",
  x2: "x₂",
  "x1^2": "x₁²",
  "x2^2": "x₂²",
  x1x2: "x₁x₂",
  "sin(x1)": "sin x₁",
  "sin(x2)": "sin x₂",
};

/** @type {Record<string, string>} */
export const DATA = {
  circle: "Circle",
  xor: "Exclusive or",
  gaussian: "Two clouds",
  spiral: "Spiral",
  moons: "Half moons",
  plane: "Plane",
  hills: "Hills",
  points: "Set by hand",
  formula: "Own formula",
};

/** @param {number} n @param {string} digits */
const small = (n, digits) => Array.from(String(n), (digit) => digits[Number(digit)]).join("");
/** @param {number} n */
export const up = (n) => small(n, "⁰¹²³⁴⁵⁶⁷⁸⁹");
/** @param {number} n */
export const down = (n) => small(n, "₀₁₂₃₄₅₆₇₈₉");

/** Layers count as in the equations: the features are layer 1. @param {number} layer */
export const layerNumber = (layer) => layer + 2;

/** A number as the page shows it, with a real minus sign. @param {number} value */
export const signed = (value) => {
  const size = Math.abs(value);
  const text = size && (size < 1e-3 || size >= 1e4) ? size.toExponential(2) : size.toFixed(4);
  return (value < 0 ? "−" : "") + text.replace("-", "−");
};
