// The measurements, their order, and what each sample measures.

/** @typedef {import("./measuring.js").Measuring} Measuring */
/** @typedef {{ name: string, samples: number[] }} Figure */
/** @typedef {{ done: number, all: number, words: string }} Course */

/** Samples of each figure, after one for warm-up. */
const ROUNDS = 5;
/** The least number of training examples in one sample. */
const EXAMPLES = 1000;
export const NETS = [
  { hidden: 30, batchSize: 10 },
  { hidden: 30, batchSize: 128 },
  { hidden: 128, batchSize: 10 },
  { hidden: 128, batchSize: 128 },
];
export const MODELS = ["mlp-large", "cnn"];

/** @param {{hidden: number, batchSize: number}} net */
const settings = ({ hidden, batchSize }) => ({
  hidden: [hidden],
  activation: "sigmoid",
  output: "sigmoid",
  loss: "mse",
  optimizer: "sgd",
  learningRate: 0.5,
  batchSize,
  epochs: 1,
});

/** @param {{hidden: number, batchSize: number}} net */
export const netName = ({ hidden }) => `784-${hidden}-10`;

/**
 * Groups of figures. The samples of a group are taken in turn, so that all meet the same system load.
 *
 * @param {Measuring} measuring
 * @param {boolean} kernels whether this browser can run them
 * @returns {{ words: string, ways: Record<string, () => Promise<number>> }[]}
 */
function groups(measuring, kernels) {
  const training = NETS.map((net, i) => {
    const run = { settings: settings(net), examples: EXAMPLES };
    /** @type {Record<string, () => Promise<number>>} */
    const ways = {
      [`blog ${i}`]: () => measuring.ask("trainBlogPost", { ...net, examples: EXAMPLES }),
      [`numpy ${i}`]: () => measuring.ask("train", { ...run, way: "numpy" }),
    };
    if (kernels) ways[`kernels ${i}`] = () => measuring.ask("train", { ...run, way: "kernels" });
    return { words: `Training ${netName(net)}, mini-batch ${net.batchSize} …`, ways };
  });
  const products = (/** @type {string} */ way) => async () =>
    (await measuring.ask("products", way)).together;
  /** @type {Record<string, () => Promise<number>>} */
  const multiplying = { "products numpy": products("numpy") };
  if (kernels) {
    multiplying["products kernels"] = products("kernels");
    multiplying.peak = () => measuring.ask("peak");
  }
  const predicting = MODELS.map((model) => ({
    words: `Reading digits with ${model} …`,
    ways: { [`predict ${model}`]: () => measuring.ask("predict", model, "pixels") },
  }));
  return [...training, { words: "Multiplying matrices …", ways: multiplying }, ...predicting];
}

/**
 * Measures everything; reports each figure as soon as it is known, and progress.
 *
 * @param {Measuring} measuring
 * @param {(figure: Figure) => void} found
 * @param {(course: Course) => void} course
 * @returns {Promise<import("../worker/kernels.js").Computing>} what computed; rejects as `ask` does
 */
export async function measure(measuring, found, course) {
  course({ done: 0, all: 1, words: "Starting Python …" });
  const { milliseconds, ...computing } = await measuring.ask("start");
  found({ name: "start", samples: [milliseconds] });
  course({ done: 0, all: 1, words: "Fetching 70,000 digits …" });
  await measuring.ask("loadMnist");
  const all = groups(measuring, computing.kernels !== "numpy");
  for (const [done, { words, ways }] of all.entries()) {
    /** @type {Record<string, number[]>} */
    const samples = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
    for (let round = 0; round <= ROUNDS; round++) {
      course({ done: done + round / (ROUNDS + 1), all: all.length, words });
      for (const [name, way] of Object.entries(ways)) samples[name].push(await way());
    }
    for (const [name, taken] of Object.entries(samples)) found({ name, samples: taken.slice(1) });
  }
  found({ name: "memory", samples: [await measuring.ask("memory")] });
  return computing;
}
