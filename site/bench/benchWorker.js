// Measures this browser: starts Python as the page does, and calls a Lab as the page's worker does. The
// page's own worker cannot be used, as it runs no other Python than the Lab. bench.html and
// scripts/bench.py use it.

import * as Comlink from "comlink";
import { startPython } from "#start";
import { packed } from "../app/ui/pad/strokes.js";
import index from "../models/models.json";
import { receiveBrotliClient } from "../python/brotliClient.js";
import { load } from "../python/siteFiles.js";
import { loadKernels } from "../worker/kernels.js";
import { loadMnist } from "../worker/mnist.js";

/** @typedef {import("../worker/kernels.js").Computing} Computing */
/** @typedef {"numpy" | "kernels"} Way what computes */
/** @typedef {{hidden: number, batchSize: number, examples: number}} Sizes of a net and its training */

/** How long Python trains before messages are handled, in milliseconds, as in the page's worker. */
const TURN = 8;
/** The shortest time of a training sample, in milliseconds. */
const SHORTEST = 300;
/** The number of predictions in one sample: the clock's resolution is only 0.1 ms. */
const TOGETHER = 50;
/** Multiplications and additions of one round of peak.wat. */
const OPERATIONS = 14 * 4 * 2;
const PYTHON = ["blog_post", "products"];

/** @type {any} */
let pyodide;
/** @type {any} */
let lab;
/** @type {Record<string, any>} */
const modules = {};
/** @type {Computing} */
let computing;
/** @type {((times: number) => number) | undefined} */
let peak;

const brotli = receiveBrotliClient();
const { port1, port2 } = new MessageChannel();
/** @returns {Promise<void>} */
const turn = () =>
  new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(0);
  });

/** @type {() => void} */
let complete;
/** @type {Promise<void>} */
const all = new Promise((resolve) => (complete = resolve));

/** As in the page's worker. @param {string} method @param {Record<string, unknown>} [args] */
function call(method, args = {}) {
  const given = pyodide.toPy(args);
  const reply = lab.call(method, given);
  given.destroy();
  const { value, error } = reply.toJs({ dict_converter: Object.fromEntries });
  reply.destroy();
  if (error) throw new Error(`${error.type}: ${error.message}`);
  if (method === "mnist.set_available" && args.images === 60_000) complete();
  return value;
}

const opened = new Set();

/** Open a trained net as the page does. @param {string} model */
async function open(model) {
  const found = index.models.find(({ id }) => id === model);
  if (!found) throw new Error(`There is no model ${model}.`);
  call("models.open", { model, data: await load(`models/${found.file}`) });
  opened.add(model);
}

/** A 3 as drawn by hand: about 60 points on a pad of 320 pixels. */
function three() {
  /** @type {(x: number, y: number, radius: number, from: number, to: number, points: number) => [number, number][]} */
  const arc = (x, y, radius, from, to, points) =>
    Array.from({ length: points }, (_, i) => {
      const angle = from + ((to - from) * i) / (points - 1);
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    });
  const half = Math.PI / 2;
  return [[...arc(150, 105, 50, -2.4, half, 28), ...arc(150, 210, 55, -half, 2.4, 32)]];
}

/** 784 pixels of different greys. */
const greys = () => Float32Array.from({ length: 784 }, (_, i) => ((i * 7919) % 101) / 100);

/** The fastest register-only loop that this browser can run; undefined without SIMD. */
async function loadPeak() {
  if (computing.kernels === "numpy") return undefined;
  const code = await load(`bench/peak-${computing.kernels}.wasm`);
  const { instance } = await WebAssembly.instantiate(code);
  return /** @type {(times: number) => number} */ (instance.exports.peak);
}

/** @param {Way} way */
const compute = (way) =>
  way === "numpy"
    ? call("computing.use_numpy")
    : call("computing.use_kernels", { path: "", name: computing.kernels });

const api = {
  /**
   * Starts Python. Returns what computes, and the milliseconds from the worker's start to its first
   * prediction.
   * @returns {Promise<Computing & { milliseconds: number }>}
   */
  async start() {
    const python = await startPython(() => {}, await brotli);
    pyodide = python.pyodide;
    lab = pyodide.pyimport("nets_core.page.lab").Lab();
    const [{ id }] = index.models;
    await open(id);
    call("reading.predict", { model: id, pixels: greys() });
    const milliseconds = performance.now();
    await python.rest();
    for (const name of PYTHON) {
      pyodide.FS.writeFile(`/home/pyodide/${name}.py`, await load(`bench/${name}.py`));
      modules[name] = pyodide.pyimport(name);
    }
    computing = await loadKernels(pyodide, call);
    peak = await loadPeak();
    return { ...computing, milliseconds };
  },

  /** Resolves when all of MNIST has arrived. @param {(report: object) => void} [report] */
  async loadMnist(report) {
    await loadMnist(lab, call, report ?? (() => {}));
    await all;
  },

  /**
   * Examples per second, including all that the worker does between mini-batches. A run has at least
   * this many examples and ends before an evaluation; runs are repeated until the time is long enough to
   * measure.
   * @param {{settings: Record<string, any>, examples: number, way?: Way}} run
   */
  async train({ settings, examples, way = "kernels" }) {
    compute(way);
    let [trained, elapsed] = [0, 0];
    while (elapsed < SHORTEST) {
      call("training.train", { settings });
      const begun = performance.now();
      let done = 0;
      while (done < examples) {
        call("training.work", { milliseconds: TURN });
        done = call("training.progress").step * settings.batchSize;
        await turn();
      }
      elapsed += performance.now() - begun;
      trained += done;
      call("training.reset");
    }
    return (1000 * trained) / elapsed;
  },

  /** The same with the blog post's code, in the same Python. @param {Sizes} sizes */
  trainBlogPost({ hidden, batchSize, examples }) {
    const mnist = lab.mnist;
    const images = mnist.buffer("train-images");
    const labels = mnist.buffer("train-labels");
    mnist.destroy();
    const rate = modules.blog_post.train(images, labels, hidden, batchSize, examples);
    images.destroy();
    labels.destroy();
    return rate;
  },

  /**
   * GFLOP/s of a dense layer's three matrix products alone (products.py), by name and "together".
   * @param {Way} way
   * @returns {Record<string, number>}
   */
  products(way) {
    compute(way);
    const rates = modules.products.rate(SHORTEST / 1000);
    const plain = rates.toJs({ dict_converter: Object.fromEntries });
    rates.destroy();
    return plain;
  },

  /** This core's peak GFLOP/s, with all operands in registers (peak.wat); undefined without SIMD. */
  peak() {
    if (!peak) return undefined;
    let [times, elapsed] = [1e5, 0];
    for (; elapsed < SHORTEST / 3; times *= 2) {
      const begun = performance.now();
      peak(times);
      elapsed = performance.now() - begun;
    }
    return ((times / 2) * OPERATIONS) / elapsed / 1e6;
  },

  /**
   * The time of one prediction, in milliseconds.
   * @param {string} model
   * @param {"pixels" | "strokes"} from
   */
  async predict(model, from) {
    compute("kernels");
    if (!opened.has(model)) await open(model);
    const drawing = from === "pixels" ? { pixels: greys() } : packed(three());
    const begun = performance.now();
    for (let i = 0; i < TOGETHER; i++) call("reading.predict", { model, ...drawing });
    return (performance.now() - begun) / TOGETHER;
  },

  /** Bytes of WebAssembly memory. */
  memory: () => pyodide._module.HEAPU8.length,
};

Comlink.expose(api);
