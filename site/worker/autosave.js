// Keeps the net in training in this browser's storage, from the worker, so that the page's own
// thread has nothing to do with it.

import { claim, hold, read, remove, write } from "./runStore.js";

/** How often it is written at the most, in milliseconds. */
const PAUSE = 3000;
/** Writing takes at most one part in so many of the time. */
const SHARE = 50;
/** How long a lock that nobody else knows of may take, in milliseconds. */
const PATIENCE = 3000;

/** @typedef {{about: any, when: number} | {trouble: string}} Report what was kept, or why nothing was */

export class Keeper {
  /** @type {(method: string, args?: Record<string, unknown>) => any} */
  #call;
  /** Who wants the net kept, and to hear of it. @type {((report: Report) => void) | undefined} */
  #report;
  /** The run that is kept, and how to let it go. @type {{id: string, release: () => void} | undefined} */
  #own;
  /** Has it changed since it was last written? */
  #dirty = false;
  /** Until it is written, and while it is. @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** When it may be written next, as performance.now() tells it. */
  #next = 0;
  /** Settles when what is being written is, or cannot be. @type {Promise<unknown>} */
  #writing = Promise.resolve();

  /** @type {() => boolean} */
  #resting;

  /**
   * @param {(method: string, args?: Record<string, unknown>) => any} call calls the Lab
   * @param {() => boolean} resting is nobody training?
   */
  constructor(call, resting) {
    this.#call = call;
    this.#resting = resting;
  }

  /** Keep the net in training from now on. @param {(report: Report) => void} report */
  begin(report) {
    this.#report = report;
  }

  /** The net in training has changed: it is written when it is time. */
  changed() {
    if (!this.#report) return;
    this.#dirty = true;
    this.#timer ??= setTimeout(() => this.#keep(), Math.max(0, this.#next - performance.now()));
  }

  /** The net in training is given up, and with it what was kept of it. */
  async forget() {
    const own = await this.#letGo();
    if (!own) return;
    await remove(own.id).catch(() => {}); // storage that has gone holds nothing
    own.release();
  }

  /** Another net has taken the place of the one in training, which stays kept as it was. */
  async leave() {
    (await this.#letGo())?.release();
  }

  async #letGo() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dirty = false;
    this.#next = 0;
    await this.#writing;
    const own = this.#own;
    this.#own = undefined;
    return own;
  }

  /**
   * Take up a kept run, which is this worker's from then on.
   * @param {string} id
   * @param {(data: Uint8Array) => any} take has the Lab take its file up
   * @returns {Promise<any>} what `take` returned
   */
  async takeUp(id, take) {
    const release = await claim(id);
    try {
      const data = await read(id);
      if (!data) throw new Error("This net is no longer in the browser’s storage.");
      const taken = take(data);
      await this.leave();
      this.#own = { id, release };
      return taken;
    } catch (error) {
      release();
      throw error;
    }
  }

  async #keep() {
    const begun = performance.now();
    this.#dirty = false;
    try {
      const kept = this.#call("keep", { resting: this.#resting() });
      if (!kept) return;
      this.#next = begun + Math.max(PAUSE, SHARE * (performance.now() - begun));
      const written = this.#write(kept);
      this.#writing = written.catch(() => {});
      await written;
    } catch (error) {
      this.#next = begun + PAUSE;
      this.#report?.({ trouble: because(/** @type {Error} */ (error)) });
    } finally {
      this.#timer = undefined;
      if (this.#dirty) this.changed();
    }
  }

  /** @param {{data: Uint8Array, about: any}} kept */
  async #write({ data, about }) {
    if (!this.#own) {
      const id = crypto.randomUUID();
      this.#own = { id, release: await hold(id, PATIENCE) };
    }
    const when = Date.now();
    await write({ id: this.#own.id, when, about }, data);
    this.#report?.({ about, when });
  }
}

/** Why nothing can be kept, in a sentence. @param {Error} error */
function because(error) {
  if (error?.name === "ValueError") return `This net is not kept in the browser: ${error.message}.`;
  if (error?.name === "QuotaExceededError") {
    return "The browser’s storage is full, so this net is not kept: save it as a file.";
  }
  if (error?.name === "TimeoutError") {
    return "The browser’s storage does not answer, so this net is not kept for now: save it as a file.";
  }
  return (
    "This browser lets the page store nothing, so this net is gone when the tab is closed: save it " +
    "as a file to keep it."
  );
}
