// The page's labels for the library's names. Names may come from a file or an address, so that
// "constructor" must find nothing.

/** @type {Record<string, string>} */
export const WORDS = Object.assign(Object.create(null), {
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
});
