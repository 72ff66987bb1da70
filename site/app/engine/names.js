// The page's labels for the library's names, and for settings. Names may come from a file or an address,
// so that "constructor" must find nothing.

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

/** @type {Record<string, string>} */
export const SETTINGS = {
  recipe: "Recipe",
  hidden: "Hidden layers",
  activation: "Activation",
  output: "Output",
  loss: "Loss",
  optimizer: "Optimizer",
  learningRate: "Learning rate",
  batchSize: "Mini-batch",
  l1: "L1",
  l2: "Weight decay (L2)",
  initializer: "Initializer",
  epochs: "Epochs",
  augment: "Distort the digits",
  seed: "Seed",
  samples: "Points",
  noise: "Noise",
  share: "For training",
};

/**
 * The setting that a message of the library names, by its first word; undefined if it names none.
 * @param {string} message "batchSize is 0, expected 1 or more"
 * @returns {{name: string, why: string, words: string} | undefined} why: without the name; words:
 *   with the page's name
 */
export function settingIn(message) {
  const [name] = message.split(" ", 1);
  if (!Object.hasOwn(SETTINGS, name)) return undefined;
  const why = message.slice(name.length + 1);
  return { name, why, words: `${SETTINGS[name]} ${why}` };
}
