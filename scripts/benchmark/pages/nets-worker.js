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
/** And hears of progress every so many milliseconds. */
const REPORT = 50;
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
  async start() {
    pyodide = await startPython(() => {});
    lab = pyodide.pyimport("nets_core.lab").Lab();
    const source = await (await fetch("blog_post.py")).text();
    pyodide.FS.writeFile("/home/pyodide/blog_post.py", source);
    blogPost = pyodide.pyimport("blog_post");
    await loadKernels(pyodide, call);
    const [model] = index.models;
    const file = await fetch(new URL(`../models/${model.file}`, import.meta.url));
    call("open_model", { model: model.id, data: new Uint8Array(await file.arrayBuffer()) });
  },

  async loadMnist() {
    await loadMnist(lab, call, () => {});
    await all;
  },

  /** Examples a second over at least so many, all that the worker does between them included. */
  async train({ hidden, batchSize, examples }) {
    call("train", {
      settings: {
        hidden: [hidden],
        activation: "sigmoid",
        output: "sigmoid",
        loss: "mse",
        optimizer: "sgd",
        learningRate: 0.5,
        batchSize,
        epochs: 1,
      },
    });
    const begun = performance.now();
    let trained = 0;
    let reported = begun;
    while (trained < examples) {
      call("work", { milliseconds: TURN });
      if (performance.now() - reported > REPORT) {
        reported = performance.now();
        trained = call("progress").step * batchSize;
      }
      await turn();
    }
    trained = call("progress").step * batchSize;
    const rate = (1000 * trained) / (performance.now() - begun);
    call("reset");
    return rate;
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

  /** Milliseconds of one prediction, from "pixels" or "strokes". */
  predict(from) {
    const pixels = Float32Array.from({ length: 784 }, (_, i) => (i * 7919) % 101 / 100);
    const drawing = from === "pixels" ? { pixels } : packed(three());
    const model = index.models[0].id;
    const begun = performance.now();
    for (let i = 0; i < TOGETHER; i++) call("predict", { model, ...drawing });
    return (performance.now() - begun) / TOGETHER;
  },
});
