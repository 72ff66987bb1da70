// What the library's names are called on the page.

/** @type {Record<string, string>} */
export const WORDS = {
  leaky_relu: "leaky ReLU",
  relu: "ReLU",
  mse: "quadratic",
  cross_entropy: "cross-entropy",
  sgd: "gradient descent",
  adam: "Adam",
  nielsen: "1/√inputs (Nielsen)",
  normal: "standard normal",
  xavier: "Xavier",
  he: "He",
};
