// Ours: Python started as the page starts it, a Lab called as the page's worker calls it. It is
// not the page's own worker only because that one lets nobody run other Python beside the Lab.

import "./answer.js";
import { packed } from "../app/strokes.js";
import { loadKernels } from "../kernels.js";
import { loadMnist } from "../mnist.js";
import index from "../models/models.js";
import { startPython } from "../python.js";

/** As in the page's worker: how long Python trains before messages are looked at. */
const TURN = 8;
/** Milliseconds that a sample of training takes at the least. */
const SHORTEST = 300;
/** Predictions timed together: the clock ticks in steps of 0.1 ms. */
const TOGETHER = 50;

let pyodide;
let lab;
let blogPost;

const { port1, port2 } = new MessageChannel();
const turn = () =>
  new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(0);
  });

let complete;
const all = new Promise((resolve) => (complete = resolve));

/** As in the page's worker. */
function call(method, args = {}) {
  const given = pyodide.toPy(args);
  const reply = lab.call(method, given);
  given.destroy();
  const { value, error } = reply.toJs({ dict_converter: Object.fromEntries });
  reply.destroy();
  if (error) throw new Error(`${error.type}: ${error.message}`);
  if (method === "arrived" && args.images === 60_000) complete();
  return value;
}

const opened = new Set();

/** As the page opens a model that it ships. */
async function open(model) {
  const { file } = index.models.find(({ id }) => id === model);
  const answer = await fetch(new URL(`../models/${file}`, import.meta.url));
  call("open_model", { model, data: new Uint8Array(await answer.arrayBuffer()) });
  opened.add(model);
}

/** A 3 as a hand draws it, about 60 points in a pad of 320 pixels. */
function three() {
  const arc = (x, y, radius, from, to, points) =>
    Array.from({ length: points }, (_, i) => {
      const angle = from + ((to - from) * i) / (points - 1);
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    });
  const half = Math.PI / 2;
  return [[...arc(150, 105, 50, -2.4, half, 28), ...arc(150, 210, 55, -half, 2.4, 32)]];
}

self.answer({
  /** Returns what computes, and why it is NumPy where there is a reason. */
  async start() {
    const python = await startPython(() => {});
    pyodide = python.pyodide;
    await python.rest();
    lab = pyodide.pyimport("nets_core.lab").Lab();
    const source = await (await fetch("blog_post.py")).text();
    pyodide.FS.writeFile("/home/pyodide/blog_post.py", source);
    blogPost = pyodide.pyimport("blog_post");
    return loadKernels(pyodide, call);
  },

  async loadMnist() {
    await loadMnist(lab, call, () => {});
    await all;
  },

  /**
   * Examples a second, all that the worker does between them included, in runs of at least so many
   * each, which end before an evaluation and are repeated until they can be timed well.
   */
  async train({ settings, examples }) {
    let [trained, elapsed] = [0, 0];
    while (elapsed < SHORTEST) {
      call("train", { settings });
      const begun = performance.now();
      let done = 0;
      while (done < examples) {
        call("work", { milliseconds: TURN });
        done = call("progress").step * settings.batchSize;
        await turn();
      }
      elapsed += performance.now() - begun;
      trained += done;
      call("reset");
    }
    return (1000 * trained) / elapsed;
  },

  /** The same by the blog post's way of writing it, in the same Python. */
  trainBlogPost({ hidden, batchSize, examples }) {
    const images = lab.room("train-images");
    const labels = lab.room("train-labels");
    const rate = blogPost.train(images, labels, hidden, batchSize, examples);
    images.destroy();
    labels.destroy();
    return rate;
  },

  /** Milliseconds of one prediction by a model, from "pixels" or "strokes". */
  async predict(model, from) {
    if (!opened.has(model)) await open(model);
    const pixels = Float32Array.from({ length: 784 }, (_, i) => (i * 7919) % 101 / 100);
    const drawing = from === "pixels" ? { pixels } : packed(three());
    const begun = performance.now();
    for (let i = 0; i < TOGETHER; i++) call("predict", { model, ...drawing });
    return (performance.now() - begun) / TOGETHER;
  },
});
