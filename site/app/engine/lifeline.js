// Promises of a worker's answers that reject when the worker dies.
//
// `Promise.race([answer, death])` would be shorter, but a long-lived promise keeps every race it was
// part of in memory, with its answer.

export class Lifeline {
  /** Rejects each pending answer. @type {Set<(error: Error) => void>} */
  #waiting = new Set();
  /** @type {Error | undefined} */
  #end;

  /** @template T @param {Promise<T>} answer @returns {Promise<T>} the same, but rejects once `cut` is called */
  holds(answer) {
    return new Promise((resolve, reject) => {
      const over = () => void this.#waiting.delete(reject);
      answer.then(resolve, reject).finally(over);
      if (this.#end) reject(this.#end);
      else this.#waiting.add(reject);
    });
  }

  /** Reject all pending and later answers. @param {Error} why */
  cut(why) {
    this.#end ??= why;
    for (const reject of this.#waiting) reject(why);
    this.#waiting.clear();
  }
}
