// Answers that are waited for only as long as the one who gives them lives.
//
// `Promise.race([answer, death])` would say it shorter; but a promise that lasts remembers each race
// that it has been in, and the answer with it, for as long as it lasts.

export class Lifeline {
  /** What rejects those who wait. @type {Set<(error: Error) => void>} */
  #waiting = new Set();
  /** @type {Error | undefined} */
  #end;

  /** @template T @param {Promise<T>} answer @returns {Promise<T>} rejects, at the latest, at the end */
  holds(answer) {
    return new Promise((resolve, reject) => {
      const over = () => void this.#waiting.delete(reject);
      answer.then(resolve, reject).finally(over);
      if (this.#end) reject(this.#end);
      else this.#waiting.add(reject);
    });
  }

  /** There will be no more answers. @param {Error} why */
  cut(why) {
    this.#end ??= why;
    for (const reject of this.#waiting) reject(why);
    this.#waiting.clear();
  }
}
