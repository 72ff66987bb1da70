// The page's labels for the library's names.

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
