// Brotli unpacked on another thread.

import { trusted } from "./app/trusted.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export class Unpacker {
  #worker = new Worker(trusted(new URL("./unpacker-worker.js", import.meta.url)), {
    type: "module",
  });
  #asked = 0;
  /** @type {Map<number, {resolve: (bytes: Bytes) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();

  constructor() {
    this.#worker.onmessage = ({ data: { id, bytes, error } }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (bytes) waiting?.resolve(bytes);
      else waiting?.reject(new Error(error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) {
        reject(new Error("what unpacks it could not be loaded"));
      }
    };
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

  end() {
    this.#worker.terminate();
  }
}
