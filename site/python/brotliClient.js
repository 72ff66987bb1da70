// Decompresses Brotli on another thread. The page always starts that worker, also for other workers: in
// Firefox, a worker that starts another one waits until the page's thread has notified debuggers and
// test drivers, and sometimes it waits for ever.

import workerUrl from "./brotliWorker.js?worker&url";
import { trusted } from "./trusted.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** The address of the Brotli worker. */
export const BROTLI_WORKER = new URL(workerUrl, import.meta.url);

/** @returns {Worker} a worker for an BrotliClient */
export function startBrotliWorker() {
  return new Worker(trusted(BROTLI_WORKER), { type: "module" });
}

/**
 * Starts a Brotli worker for another worker, and connects the two. This sends the first message to the
 * other worker, which receives it with `receiveBrotliClient`.
 *
 * @param {Worker} worker
 * @returns {Worker} the Brotli worker
 */
export function startBrotliWorkerFor(worker) {
  const brotliWorker = startBrotliWorker();
  const { port1, port2 } = new MessageChannel();
  brotliWorker.postMessage({ port: port1 }, [port1]);
  worker.postMessage(port2, [port2]);
  return brotliWorker;
}

/** In a worker: the client of the Brotli worker that the page started for it. @returns {Promise<BrotliClient>} */
export function receiveBrotliClient() {
  return new Promise((resolve) => {
    const take = (/** @type {MessageEvent<MessagePort>} */ event) => {
      event.stopImmediatePropagation(); // Comlink must not see it
      resolve(new BrotliClient(event.data));
    };
    addEventListener("message", take, { once: true });
  });
}

export class BrotliClient {
  #worker;
  #asked = 0;
  /** @type {Map<number, {resolve: (bytes: Bytes) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();

  /** @param {Worker | MessagePort} worker a Brotli worker, or a port to it */
  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data: { id, bytes, error } }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (bytes) waiting?.resolve(bytes);
      else waiting?.reject(new Error(error));
    };
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) {
        reject(new Error("the worker that unpacks it could not be loaded"));
      }
    });
  }

  /** @param {WebAssembly.Module} decoder needed before `unpack` */
  use(decoder) {
    this.#worker.postMessage({ decoder });
  }

  /** @param {Bytes} packed @returns {Promise<Bytes>} */
  unpack(packed) {
    return new Promise((resolve, reject) => {
      const id = ++this.#asked;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, packed }, [packed.buffer]);
    });
  }

  /** Stop the worker. */
  end() {
    this.#worker.postMessage({ end: true });
  }
}
