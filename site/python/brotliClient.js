// Brotli unpacked on another thread: a worker that is always the page's own. In Firefox a worker that
// starts another one waits until the page's thread has told those who debug or drive the browser, and
// now and then it waits for ever.

import workerUrl from "./brotliWorker.js?worker&url";
import { trusted } from "./trusted.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** Where the worker that unpacks lies. */
export const BROTLI_WORKER = new URL(workerUrl, import.meta.url);

/** @returns {Worker} one for an BrotliClient */
export function startBrotliWorker() {
  return new Worker(trusted(BROTLI_WORKER), { type: "module" });
}

/**
 * Starts an brotliWorker for another worker, to which that is the first message.
 *
 * @param {Worker} worker that waits for it: `receiveBrotliClient`
 * @returns {Worker} the brotliWorker
 */
export function startBrotliWorkerFor(worker) {
  const brotliWorker = startBrotliWorker();
  const { port1, port2 } = new MessageChannel();
  brotliWorker.postMessage({ port: port1 }, [port1]);
  worker.postMessage(port2, [port2]);
  return brotliWorker;
}

/** What the page lends to this worker. @returns {Promise<BrotliClient>} */
export function receiveBrotliClient() {
  return new Promise((resolve) => {
    const take = (/** @type {MessageEvent<MessagePort>} */ event) => {
      event.stopImmediatePropagation(); // it is nobody else's
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

  /** @param {Worker | MessagePort} worker one that was hired, or what leads to it */
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
        reject(new Error("what unpacks it could not be loaded"));
      }
    });
  }

  /** @param {WebAssembly.Module} decoder to be given before anything is unpacked */
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

  /** It is not needed any more. */
  end() {
    this.#worker.postMessage({ end: true });
  }
}
