// The page's end of the worker: starts it, notices when it dies, passes calls.

import * as Comlink from "comlink";
import index from "../models/models.js";
import { note } from "./diagnostics.js";
import { takeWorker } from "./start.js";

/** @typedef {{stage: string, loaded: number, total: number}} Loading */
/** @typedef {(typeof index.models)[number]} Model */

const MODELS = new URL("../models/", import.meta.url);
/** A worker that lets a ping wait this long, in milliseconds, is taken for dead. */
const PATIENCE = 20_000;

/**
 * A worker with Python in it. Events: "loading" (detail: Loading), "ready", "failed" (detail:
 * Error). After a failure `start` tries again with a new worker.
 */
export class Engine extends EventTarget {
  /** @type {"loading" | "ready" | "failed"} */
  state = "loading";
  /** Resolves when predictions can be made. @type {Promise<void>} */
  ready = Promise.resolve();
  /**
   * Resolves when the kernels are in use or cannot be, with what then computes and why.
   * @type {Promise<import("../kernels.js").Computing | undefined>}
   */
  computing = Promise.resolve(undefined);
  /** @type {Worker | undefined} */
  #worker;
  /** @type {any} */
  #api;
  /** @type {Map<string, Promise<unknown>>} */
  #opened = new Map();
  /** Rejects what waits for a worker that has died. @type {(error: Error) => void} */
  #abandon = () => {};
  /** @type {Promise<never>} */
  #death = new Promise(() => {});

  /** Start a worker, or another one after a failure. @returns {Promise<void>} as `ready` */
  start() {
    this.#worker?.terminate();
    this.#opened.clear();
    this.state = "loading";
    this.#death = new Promise((_, reject) => (this.#abandon = reject));
    this.#death.catch(() => {});
    this.ready = this.#boot();
    this.ready.catch((error) => this.#fail(error));
    return this.ready;
  }

  async #boot() {
    if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
      throw new Error(
        "This browser has no WebAssembly, which Python needs here. Try a current Firefox, " +
          "Chrome, Edge or Safari.",
      );
    }
    const { worker, failure } = takeWorker();
    this.#worker = worker;
    this.#api = Comlink.wrap(worker);
    const died = (/** @type {ErrorEvent} */ event) => {
      event.preventDefault();
      const what = event.message
        ? `The worker that runs Python could not go on: ${event.message}.`
        : "worker.js, which runs Python, or a file that it needs could not be loaded.";
      this.#fail(new Error(what));
    };
    worker.addEventListener("error", died);
    if (failure) died(failure);
    const report = Comlink.proxy((/** @type {Loading} */ detail) =>
      this.dispatchEvent(new CustomEvent("loading", { detail })),
    );
    const first = fetchModel(index.models[0]);
    first.catch(() => {}); // it is told below, when its turn comes
    const trouble = await this.#alive(this.#api.start(report));
    if (trouble) note(trouble);
    await this.#open(index.models[0].id, first);
    if (this.#worker !== worker) return;
    this.state = "ready";
    this.computing = this.invoke("useKernels"); // which the first prediction need not wait for
    this.computing.catch(note);
    this.dispatchEvent(new Event("ready"));
    this.#watch(worker);
  }

  /**
   * Call a method of the Lab (nets_core/lab.py).
   * @param {string} method
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<any>} rejects with the Lab's error, or when the worker dies
   */
  call(method, args = {}) {
    return this.#alive(this.#api.call(method, args));
  }

  /**
   * Call one of the worker's own functions that report on the way: "loadMnist", "run", "stop".
   * @param {"loadMnist" | "run" | "stop" | "memory" | "useKernels"} name
   * @param {(progress: any) => void} [report]
   * @returns {Promise<any>}
   */
  invoke(name, report) {
    return this.#alive(report ? this.#api[name](Comlink.proxy(report)) : this.#api[name]());
  }

  /** See that a trained net is open in the worker. @param {string} id @returns {Promise<unknown>} */
  open(id) {
    const model = index.models.find((one) => one.id === id);
    if (!model) return Promise.resolve(); // the Lab knows "live", and refuses what it does not know
    return this.#opened.get(id) ?? this.#open(id, fetchModel(model));
  }

  /** @param {string} id @param {Promise<Uint8Array>} data */
  #open(id, data) {
    const opened = data
      .then((bytes) => this.call("open_model", { model: id, data: bytes }))
      .catch((error) => {
        note(error);
        throw error;
      });
    this.#opened.set(id, opened);
    opened.catch(() => this.#opened.delete(id));
    return opened;
  }

  /** @template T @param {Promise<T>} answer @returns {Promise<T>} */
  #alive(answer) {
    return Promise.race([answer, this.#death]);
  }

  /** @param {Error} error */
  #fail(error) {
    if (this.state === "failed") return;
    note(error);
    this.state = "failed";
    this.#worker?.terminate();
    this.#abandon(error);
    this.ready = Promise.reject(error);
    this.ready.catch(() => {});
    this.dispatchEvent(new CustomEvent("failed", { detail: error }));
  }

  /** Ask the worker for a sign of life while the page is seen. @param {Worker} worker */
  async #watch(worker) {
    const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));
    while (this.#worker === worker && this.state === "ready") {
      await pause(3000);
      if (document.hidden) continue;
      const answered = await Promise.race([this.#api.ping(), pause(PATIENCE)]);
      if (!answered && !document.hidden && this.#worker === worker && this.state === "ready") {
        this.#fail(new Error("The worker that runs Python has stopped answering."));
      }
    }
  }
}

/** The trained nets that ship with the page. @returns {Model[]} */
export function models() {
  return index.models;
}

/** @param {Model} model @returns {Promise<Uint8Array>} */
async function fetchModel(model) {
  const response = await fetch(new URL(model.file, MODELS)).catch(() => {
    throw new Error(`models/${model.file} could not be fetched: the network is gone. Try again.`);
  });
  if (!response.ok) {
    throw new Error(`models/${model.file}: the server answered ${response.status}. Try again.`);
  }
  const bytes = new Uint8Array(
    await response.arrayBuffer().catch(() => {
      throw new Error(`models/${model.file} arrived only in part. Try again.`);
    }),
  );
  if (bytes.length !== model.bytes) {
    throw new Error(
      `models/${model.file} has ${bytes.length} bytes, expected ${model.bytes}. Try again.`,
    );
  }
  return bytes;
}
