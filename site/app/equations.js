// The four equations, and the words around them. No numbers are computed here.

/** @typedef {{layer: number, top: number, loss: string, optimizer: string, activation: string, examples: number}} Facts */
/**
 * @typedef {{
 *   short: (layer: number) => string,
 *   title: (layer: number) => string,
 *   tex: (facts: Facts) => string,
 *   words: (facts: Facts) => string,
 *   tokens: Record<string, string>,
 *   inputs: (layer: number) => string[],
 * }} Text tokens: names in the marked line of code, and the symbols they stand for; inputs: the
 * quantities that the stage starts from, as symbol and layer
 */

/** Each symbol carries a class, by which it lights up with its value and its place in the code. */
export const COMMANDS = {
  "\\symA": "\\htmlClass{symbol sym-a}{a^{#1}}",
  "\\symZ": "\\htmlClass{symbol sym-z}{z^{#1}}",
  "\\symW": "\\htmlClass{symbol sym-w}{w^{#1}}",
  "\\symB": "\\htmlClass{symbol sym-b}{b^{#1}}",
  "\\symD": "\\htmlClass{symbol sym-delta}{\\delta^{#1}}",
  "\\symDW": "\\htmlClass{symbol sym-dw}{\\frac{\\partial C}{\\partial w^{#1}_{jk}}}",
  "\\symDB": "\\htmlClass{symbol sym-db}{\\frac{\\partial C}{\\partial b^{#1}_j}}",
  "\\symY": "\\htmlClass{symbol sym-y}{y}",
  "\\symC": "\\htmlClass{symbol sym-C}{C}",
};

/** @type {Record<string, Text>} */
export const STAGES = {
  input: {
    short: () => "a¹",
    title: () => "The input",
    tex: () => "\\symA{1} = x",
    words: () => "784 pixels, 0 for paper and 1 for ink, are the activations of the first layer.",
    tokens: { a: "a" },
    inputs: () => [],
  },
  z: {
    short: (l) => `z${up(l)}`,
    title: (l) => `Forward: the weighted input of layer ${l}`,
    tex: ({ layer: l }) => `\\symZ{${l}} = \\symW{${l}} \\symA{${l - 1}} + \\symB{${l}}`,
    words: () =>
      "Each neuron adds up what it gets, each input times its weight, and its bias. In the code a " +
      "whole mini-batch is one matrix, a row for each example, so w stands transposed behind.",
    tokens: { "self.z": "z", a: "a", "self.weights": "w", "self.biases": "b" },
    inputs: (l) => [`a${l - 1}`],
  },
  a: {
    short: (l) => `a${up(l)}`,
    title: (l) => `Forward: the activation of layer ${l}`,
    tex: ({ layer: l }) => `\\symA{${l}} = \\sigma(\\symZ{${l}})`,
    words: ({ activation }) => `Here σ is ${activation}: without it, all layers would be one linear map.`,
    tokens: { "self.a": "a", "self.z": "z" },
    inputs: (l) => [`z${l}`],
  },
  cost: {
    short: () => "C",
    title: () => "How wrong was it?",
    tex: ({ top, loss, activation, examples }) =>
      loss === "mse"
        ? `\\symC = ${mean(examples)} \\tfrac12 \\lVert \\symY - \\symA{${top}} \\rVert^2`
        : activation === "softmax"
          ? `\\symC = -${mean(examples)} \\sum_j \\symY_j \\ln \\symA{${top}}_j`
          : `\\symC = -${mean(examples)} \\sum_j \\big( \\symY_j \\ln \\symA{${top}}_j + (1 - \\symY_j) \\ln (1 - \\symA{${top}}_j) \\big)`,
    words: ({ examples }) =>
      "y is what the output should have been: 1 for the right digit, 0 for the others. C is the " +
      "one number that learning makes smaller." +
      (examples > 1 ? ` It is the mean over the ${examples} examples x of the mini-batch.` : ""),
    tokens: { a: "a", y: "y", z: "z", difference: "C", loss: "C" },
    inputs: (l) => [`a${l}`],
  },
  delta_output: {
    short: (l) => `δ${up(l)}`,
    title: () => "Backward: the error of the output",
    tex: ({ top, loss }) =>
      loss === "mse"
        ? `\\symD{${top}} = \\nabla_a C \\odot \\sigma'(\\symZ{${top}})`
        : `\\symD{${top}} = \\nabla_a C \\odot \\sigma'(\\symZ{${top}}) = \\symA{${top}} - \\symY`,
    words: ({ loss }) =>
      "δ is ∂C/∂z: how the cost would change if this neuron's weighted input grew a little. " +
      (loss === "mse"
        ? "For the quadratic cost ∇C is a − y. Where σ is flat, σ′ is nearly 0, and a neuron that is wrong hardly learns."
        : "With this cost σ′ cancels, and what is left is how far the output is off."),
    tokens: { a: "a", y: "y", z: "z" },
    inputs: (l) => [`a${l}`, `y${l}`, `z${l}`],
  },
  delta: {
    short: (l) => `δ${up(l)}`,
    title: (l) => `Backward: the error of layer ${l}`,
    tex: ({ layer: l }) => `\\symD{${l}} = \\big((\\symW{${l + 1}})^T \\symD{${l + 1}}\\big) \\odot \\sigma'(\\symZ{${l}})`,
    words: () =>
      "The error goes back along the weights it came by: a neuron is to blame for each error " +
      "above it, as much as its weight let it through. This is what gives backpropagation its name.",
    tokens: { delta: "delta", "layer.sigma_prime": "z", above: "w" },
    inputs: (l) => [`delta${l + 1}`, `z${l}`],
  },
  db: {
    short: (l) => `∂b${up(l)}`,
    title: (l) => `The gradient of the biases of layer ${l}`,
    tex: ({ layer: l, examples }) => `\\symDB{${l}} = ${mean(examples)} \\symD{${l}}_j`,
    words: ({ examples }) =>
      "A bias moves z one for one, so its gradient is δ itself. " +
      (examples > 1
        ? `Over the mini-batch it is the mean, not the sum: delta was divided by ${examples} a line above.`
        : "Over a mini-batch it is the mean, not the sum: delta is divided by the number of examples a line above, here 1."),
    tokens: { delta: "delta" },
    inputs: (l) => [`delta${l}`],
  },
  dw: {
    short: (l) => `∂w${up(l)}`,
    title: (l) => `The gradient of the weights of layer ${l}`,
    tex: ({ layer: l, examples }) => `\\symDW{${l}} = ${mean(examples)} \\symA{${l - 1}}_k \\, \\symD{${l}}_j`,
    words: ({ layer, examples }) =>
      "A weight matters as much as what came in through it, times the error behind it." +
      (examples > 1
        ? ` Each of the ${examples} examples pulls its own way; the gradient is their mean. Forget the division, and every step is ${examples} times too long.`
        : layer === 2
          ? " So each picture is the drawing itself, tinted by its neuron’s δ. Press one to follow that weight."
          : ""),
    tokens: { delta: "delta", "self.a_in": "a" },
    inputs: (l) => [`a${l - 1}`, `delta${l}`],
  },
  update: {
    short: (l) => `w${up(l)} ←`,
    title: (l) => `The update of layer ${l}`,
    tex: ({ layer: l, optimizer }) =>
      optimizer === "sgd"
        ? `\\symW{${l}} \\leftarrow \\symW{${l}} - \\eta \\htmlClass{symbol sym-dw}{\\frac{\\partial C}{\\partial w^{${l}}}}`
        : `\\symW{${l}} \\leftarrow \\symW{${l}} - \\eta \\, \\frac{m}{\\sqrt{v} + \\epsilon}`,
    words: ({ optimizer }) =>
      optimizer === "sgd"
        ? "A small step downhill: η, the learning rate, says how small. That was one step of .train(). It goes on like this, mini-batch after mini-batch."
        : "Adam steps along a running mean m of the gradients, divided by the root of a running mean v of their squares.",
    tokens: { p: "w", g: "dw" },
    inputs: (l) => [`dw${l}`],
  },
};

/**
 * One weight's way through the step, with its numbers filled in.
 * @param {Record<string, number>} n as `Lesson.follow` gives them
 * @param {{layer: number, j: number, k: number, top: number, optimizer: string}} place
 * @returns {{equation: string, tex: string, wide?: boolean}[]}
 */
export function chain(n, { layer: l, j, k, top, optimizer }) {
  const step = optimizer === "sgd" ? ` - ${bare(n.rate)} \\cdot ${tex(n.dw)} =` : " \\to";
  const back =
    l === top ? "\\nabla_a C" : `\\textstyle\\sum_i w^{${l + 1}}_{i,${j}} \\delta^{${l + 1}}_i`;
  const error = Number.isNaN(n.slope)
    ? `\\delta^{${l}}_{${j}} = a_{${j}} - y_{${j}} = ${bare(n.delta)}`
    : `\\delta^{${l}}_{${j}} = ${back} \\cdot \\sigma'(z) = ${tex(n.error)} \\cdot ${tex(n.slope)} = ${bare(n.delta)}`;
  return [
    {
      equation: "z",
      tex: `z^{${l}}_{${j}} = \\dots + \\underbrace{${tex(n.w)}}_{w^{${l}}_{${j},${k}}} \\cdot \\underbrace{${tex(n.a_in)}}_{a^{${l - 1}}_{${k}}} + \\dots = ${bare(n.z)}`,
    },
    { equation: "a", tex: `a^{${l}}_{${j}} = \\sigma(${bare(n.z)}) = ${bare(n.a)}` },
    { equation: "delta", tex: error },
    {
      equation: "dw",
      tex: `\\frac{\\partial C}{\\partial w^{${l}}_{${j},${k}}} = ${gradient(n)} = ${bare(n.dw)}`,
      wide: n.examples > 1,
    },
    {
      equation: "update",
      tex: `w^{${l}}_{${j},${k}} \\leftarrow ${bare(n.w)}${step} ${bare(n.w_new)}`,
    },
  ];
}

/** Over a mini-batch, the mean over its examples x. @param {number} examples */
const mean = (examples) => (examples > 1 ? `\\frac{1}{${examples}} \\sum_x` : "");

/** One example's share of a gradient, and how the mean comes of all. @param {Record<string, number>} n */
function gradient(n) {
  const own = `${tex(n.a_in)} \\cdot ${tex(n.delta)}`;
  if (n.examples === 1) return own;
  return `\\frac{1}{${n.examples}} \\Big( \\dots + \\underbrace{${own}}_{\\text{this example}} + \\dots \\Big) = \\frac{${bare(n.sum)}}{${n.examples}}`;
}

/** A number as a factor: in brackets where it is negative. @param {number} value */
const tex = (value) => (value < 0 ? `(${bare(value)})` : bare(value));

/** A number for a formula. @param {number} value */
function bare(value) {
  const size = Math.abs(value);
  if (value === 0 || (size >= 0.001 && size < 10_000)) return value === 0 ? "0" : value.toPrecision(4);
  const [mantissa, exponent] = value.toExponential(2).split("e");
  return `${mantissa} \\cdot 10^{${Number(exponent)}}`;
}

/** @param {number} layer */
const up = (layer) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[layer] ?? `^${layer}`;
