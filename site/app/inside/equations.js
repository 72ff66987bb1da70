// The four equations, and their explanations. Nothing is computed here.

/** @typedef {{layer: number, top: number, loss: string, optimizer: string, activation: string, examples: number, decays: boolean}} Facts decays: weights decay by λ */
/**
 * @typedef {{
 *   phase: string,
 *   short: (layer: number) => string,
 *   title: (layer: number) => string,
 *   tex: (facts: Facts) => string,
 *   words: (facts: Facts) => string,
 *   tokens: Record<string, string>,
 *   inputs: (layer: number) => string[],
 * }} Text phase: the part of the step that the stage belongs to; tokens: names in the marked line of
 * code, and the symbols they stand for; inputs: the quantities that the stage starts from, as symbol
 * and layer
 */

/** Each symbol has a class, so that it can be highlighted with its value and its place in the code. */
export const COMMANDS = {
  "\\symA": "\\htmlClass{symbol sym-a}{a^{#1}_{#2}}",
  "\\symZ": "\\htmlClass{symbol sym-z}{z^{#1}_{#2}}",
  "\\symW": "\\htmlClass{symbol sym-w}{w^{#1}_{#2}}",
  "\\symB": "\\htmlClass{symbol sym-b}{b^{#1}_{#2}}",
  "\\symD": "\\htmlClass{symbol sym-delta}{\\delta^{#1}_{#2}}",
  "\\symDW": "\\htmlClass{symbol sym-dw}{\\frac{\\partial C}{\\partial w^{#1}_{jk}}}",
  "\\symDB": "\\htmlClass{symbol sym-db}{\\frac{\\partial C}{\\partial b^{#1}_j}}",
  "\\symY": "\\htmlClass{symbol sym-y}{y}",
  "\\symC": "\\htmlClass{symbol sym-C}{C}",
  "\\symM": "\\htmlClass{symbol sym-m}{m}",
  "\\symV": "\\htmlClass{symbol sym-v}{v}",
  "\\symN": "\\htmlClass{symbol sym-n}{n}",
  "\\symL": "\\htmlClass{symbol sym-lambda}{\\lambda}",
  "\\symEta": "\\htmlClass{symbol sym-eta}{\\eta}",
  "\\symG": "\\htmlClass{symbol sym-dw}{\\frac{\\partial C}{\\partial w^{#1}}}",
};

/** The mean over the mini-batch, if there is one. @param {Facts} facts */
const mean = ({ examples }) => (examples > 1 ? "\\frac{1}{\\symN} \\sum_x " : "");

/** @type {Record<string, Text>} */
export const STAGES = {
  input: {
    phase: "Forward",
    short: () => "a¹",
    title: () => "The input",
    tex: () => "\\symA{1}{} = \\htmlClass{symbol sym-a}{x}",
    words: ({ top }) =>
      "784 pixels, 0 for paper and 1 for ink, are the activations of layer 1. The output is layer " +
      `${top}, the L of the equations. Next goes forward to it, then backward, to one weight.`,
    tokens: { a: "a", x: "a" },
    inputs: () => [],
  },
  z: {
    phase: "Forward",
    short: (l) => `z${up(l)}`,
    title: (l) => `Forward: the weighted input of layer ${l}`,
    tex: ({ layer: l }) => `\\symZ{${l}}{} = \\symW{${l}}{} \\symA{${l - 1}}{} + \\symB{${l}}{}`,
    words: () =>
      "Each neuron adds up what it gets, each input times its weight, and its bias. In the code a " +
      "whole mini-batch is one matrix, a row for each example, so w stands transposed behind.",
    tokens: { "self.z": "z", a: "a", "self.weights": "w", "self.biases": "b" },
    inputs: (l) => [`w${l}`, `b${l}`, `a${l - 1}`],
  },
  a: {
    phase: "Forward",
    short: (l) => `a${up(l)}`,
    title: (l) => `Forward: the activation of layer ${l}`,
    tex: ({ layer: l }) => `\\symA{${l}}{} = \\sigma(\\symZ{${l}}{})`,
    words: ({ activation }) =>
      `Here σ is ${activation}: without it, all layers would be one linear map.`,
    tokens: { "self.a": "a", "self.z": "z" },
    inputs: (l) => [`z${l}`],
  },
  cost: {
    phase: "Cost",
    short: () => "C",
    title: () => "How wrong was it?",
    tex: (facts) => {
      const { top, loss, activation } = facts;
      const one =
        loss === "mse"
          ? `\\tfrac12 \\lVert \\symY - \\symA{${top}}{} \\rVert^2`
          : activation === "softmax"
            ? `\\sum_j -\\symY_j \\ln \\symA{${top}}{j}`
            : `\\sum_j -\\symY_j \\ln \\symA{${top}}{j} - (1 - \\symY_j) \\ln (1 - \\symA{${top}}{j})`;
      return `\\symC = ${mean(facts)}${one}`;
    },
    words: ({ loss, examples }) =>
      "y is what the output should have been: 1 for the right digit, 0 for the others. C is the " +
      "one number that learning makes smaller." +
      (examples > 1 ? ` It is the mean over the ${examples} examples x of the mini-batch.` : "") +
      (loss === "mse"
        ? ""
        : " The code computes it from z, which does not fail where a rounds to 0 or 1."),
    tokens: { a: "a", y: "y", z: "z", return: "C", "len(a)": "n", "loss.mean": "n" },
    inputs: (l) => [`a${l}`, `z${l}`],
  },
  delta_output: {
    phase: "Backward",
    short: (l) => `δ${up(l)}`,
    title: () => "Backward: the error of the output",
    tex: ({ top, loss }) =>
      loss === "mse"
        ? `\\begin{aligned} \\symD{${top}}{} &= \\nabla_a C \\odot \\sigma'(\\symZ{${top}}{}) \\\\ &= (\\symA{${top}}{} - \\symY) \\odot \\sigma'(\\symZ{${top}}{}) \\end{aligned}`
        : `\\symD{${top}}{} = \\nabla_a C \\odot \\sigma'(\\symZ{${top}}{}) = \\symA{${top}}{} - \\symY`,
    words: ({ loss }) =>
      "δ is ∂C/∂z: how the cost would change if this neuron's weighted input grew a little. " +
      (loss === "mse"
        ? "For the quadratic cost ∇C is a − y, and ⊙ multiplies entry by entry. Where σ is flat, σ′ is nearly 0, and a neuron that is wrong hardly learns."
        : "With this cost σ′ cancels, and what is left is how far the output is off."),
    tokens: { a: "a", y: "y", z: "z", return: "delta" },
    inputs: (l) => [`a${l}`, `y${l}`, `z${l}`],
  },
  delta: {
    phase: "Backward",
    short: (l) => `δ${up(l)}`,
    title: (l) => `Backward: the error of layer ${l}`,
    tex: ({ layer: l }) =>
      `\\symD{${l}}{} = \\big((\\symW{${l + 1}}{})^T \\symD{${l + 1}}{}\\big) \\odot \\sigma'(\\symZ{${l}}{})`,
    words: () =>
      "The error goes back along the weights it came by: a neuron is to blame for each error " +
      "above it, as much as its weight let it through. This is what gives backpropagation its name.",
    tokens: { delta: "delta", "layer.sigma_prime": "z", "above.backward": "w" },
    inputs: (l) => [`w${l + 1}`, `delta${l + 1}`, `z${l}`],
  },
  db: {
    phase: "Gradient",
    short: (l) => `∂b${up(l)}`,
    title: (l) => `The gradient of the biases of layer ${l}`,
    tex: (facts) => `\\symDB{${facts.layer}} = ${mean(facts)}\\symD{${facts.layer}}{j}`,
    words: ({ examples }) =>
      "A bias moves z one for one, so its gradient is δ itself; j counts the neurons of the layer. " +
      (examples > 1
        ? `Each of the ${examples} examples x has a δ: the gradient is their mean, not their sum.`
        : "Over a mini-batch it is the mean, not the sum. Here there is one example."),
    tokens: { delta: "delta", "ops.sum_rows": "db", "len(delta)": "n" },
    inputs: (l) => [`delta${l}`],
  },
  dw: {
    phase: "Gradient",
    short: (l) => `∂w${up(l)}`,
    title: (l) => `The gradient of the weights of layer ${l}`,
    tex: (facts) => {
      const { layer: l } = facts;
      return `\\symDW{${l}} = ${mean(facts)}\\symA{${l - 1}}{k} \\, \\symD{${l}}{j}`;
    },
    words: ({ layer, examples }) =>
      "A weight from neuron k to neuron j matters as much as what came in through it, times the " +
      "error behind it." +
      (examples > 1
        ? ` Each of the ${examples} examples x says something else: the gradient is the mean, the sum divided by n = ${examples}. Summing without dividing is a mistake that is hard to see.`
        : layer === 2
          ? " So each picture is the image itself, tinted by its neuron’s δ."
          : "") +
      (layer === 2
        ? " Press a pixel to follow its weight."
        : " Press a cell to follow its weight."),
    tokens: { delta: "delta", "self.a_in": "a", "ops.matmul_tn": "dw", "len(delta)": "n" },
    inputs: (l) => [`a${l - 1}`, `delta${l}`],
  },
  update: {
    phase: "Update",
    short: (l) => `w${up(l)} ←`,
    title: (l) => `The update of layer ${l}`,
    tex: ({ layer: l, optimizer, decays }) => {
      const g = decays ? `\\big(\\symG{${l}} + \\symL \\symW{${l}}{}\\big)` : `\\symG{${l}}`;
      return optimizer === "sgd"
        ? `\\symW{${l}}{} \\leftarrow \\symW{${l}}{} - \\symEta \\, ${g}`
        : "\\begin{aligned} " +
            `\\symM &\\leftarrow \\beta_1 \\symM + (1 - \\beta_1) \\, ${g} \\\\ ` +
            `\\symV &\\leftarrow \\beta_2 \\symV + (1 - \\beta_2) ${decays ? g : `\\left(${g}\\right)`}^2 \\\\ ` +
            `\\symW{${l}}{} &\\leftarrow \\symW{${l}}{} - \\symEta_t \\, \\frac{\\symM}{\\sqrt{\\symV} + \\hat\\epsilon} \\end{aligned}`;
    },
    words: ({ optimizer, decays }) =>
      (optimizer === "sgd"
        ? "A small step downhill: η, the learning rate, says how small."
        : "Adam steps along m, a running mean of the gradients, divided by the root of v, a running " +
          "mean of their squares. η with t makes up for m and v having begun at 0; in the code g is " +
          "the gradient first and scratch space afterwards.") +
      (decays
        ? " Weight decay, λ, also pulls each weight towards 0; the biases move without it."
        : " The biases move in the same way.") +
      " That was one step of .train(): it goes on, mini-batch " +
      "after mini-batch.",
    tokens: { p: "w", g: "dw", m: "m", v: "v", rate: "eta", "self.learning_rate": "eta" },
    inputs: (l) => [`w${l}`, `dw${l}`],
  },
};

/** A number in a sentence. @param {number} value */
export function plain(value) {
  const size = Math.abs(value);
  const digits =
    value === 0 || size >= 0.001 ? String(Number(size.toPrecision(3))) : size.toExponential(1);
  return (value < 0 ? "−" : "") + digits;
}

/** @param {number} layer */
const up = (layer) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[layer] ?? `^${layer}`;
