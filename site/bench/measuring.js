// Starts the worker that measures, and calls it.

import * as Comlink from "comlink";
import { Lifeline } from "../app/engine/lifeline.js";
import { startBrotliWorkerFor } from "../python/brotliClient.js";
import { trusted } from "../python/trusted.js";
import workerUrl from "./benchWorker.js?worker&url";

/** The functions of benchWorker.js. @typedef {any} Asked */

export class Measuring {
  #worker = new Worker(trusted(new URL(workerUrl, import.meta.url)), { type: "module" });
  #brotliWorker = startBrotliWorkerFor(this.#worker);
  /** @type {Asked} */
  #asked = Comlink.wrap(this.#worker);
  #life = new Lifeline();

  constructor() {
    this.#watch(this.#worker, "benchWorker.js");
    this.#watch(this.#brotliWorker, "brotliWorker.js");
  }

  /** @param {Worker} worker @param {string} file */
  #watch(worker, file) {
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#life.cut(new Error(event.message || `${file}, or a file that it needs, did not load.`));
    });
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<any>} rejects with the worker's error, or when it dies or is stopped
   */
  ask(method, ...args) {
    return this.#life.holds(this.#asked[method](...args.map(proxied)));
  }

  /** Stop it at once, whatever it is doing. */
  stop() {
    this.#worker.terminate();
    this.#brotliWorker.terminate();
    this.#life.cut(new DOMException("Stopped.", "AbortError"));
  }
}

/** @param {unknown} arg */
const proxied = (arg) =>
  typeof arg === "function" ? Comlink.proxy(/** @type {any} */ (arg)) : arg;
