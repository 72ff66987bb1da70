// Saves the net in training in this browser. It runs in the worker, so that the page stays responsive.

import { claim, hold, NEWER, read, remove, save } from "../storage/runStore.js";

/** The shortest time between two saves, in milliseconds. */
const PAUSE = 3000;
/** Saving takes at most 1 / SHARE of the time. */
const SHARE = 50;
/** How long to wait for the lock of a new run, in milliseconds. */
const PATIENCE = 3000;

/** @typedef {{about: any, when: number} | {trouble: string}} Report what was saved, or why nothing was */

export class Autosave {
  /** @type {(method: string, args?: Record<string, unknown>) => any} */
  #call;
  /** Called after each save. @type {((report: Report) => void) | undefined} */
  #report;
  /** The run being saved, and how to release its lock. @type {{id: string, release: () => void} | undefined} */
  #own;
  /** Whether the net has changed since the last save. */
  #dirty = false;
  /** Set until the next save is finished. @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** The earliest time of the next save, as performance.now(). */
  #next = 0;
  /** Settles when the current save is finished or has failed. @type {Promise<unknown>} */
  #writing = Promise.resolve();

  /** @type {() => boolean} */
  #resting;

  /**
   * @param {(method: string, args?: Record<string, unknown>) => any} call calls the Lab
   * @param {() => boolean} resting true while training is paused
   */
  constructor(call, resting) {
    this.#call = call;
    this.#resting = resting;
  }

  /** Save the net in training from now on. @param {(report: Report) => void} report */
  begin(report) {
    this.#report = report;
  }

  /** The net in training has changed: schedule a save. */
  changed() {
    if (!this.#report) return;
    this.#dirty = true;
    this.#timer ??= setTimeout(() => this.#save(), Math.max(0, this.#next - performance.now()));
  }

  /** Delete the saved run: the net in training was reset. */
  async forget() {
    const own = await this.#letGo();
    if (!own) return;
    await remove(own.id).catch(() => {}); // without storage there is nothing to delete
    own.release();
  }

  /** Stop saving this run, and keep it as it is: another net replaces the one in training. */
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
   * Continue a saved run in this worker.
   * @param {string} id
   * @param {(data: Uint8Array) => any} take loads the file into the Lab
   * @returns {Promise<any>} what `take` returned
   */
  async continueRun(id, take) {
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

  async #save() {
    const begun = performance.now();
    this.#dirty = false;
    try {
      const saved = this.#call("runs.autosave", { resting: this.#resting() });
      if (!saved) return;
      this.#next = begun + Math.max(PAUSE, SHARE * (performance.now() - begun));
      const written = this.#write(saved);
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

  /** @param {{data: Uint8Array, about: any}} saved */
  async #write({ data, about }) {
    if (!this.#own) {
      const id = crypto.randomUUID();
      this.#own = { id, release: await hold(id, PATIENCE) };
    }
    const when = Date.now();
    await save({ id: this.#own.id, when, about }, data);
    this.#report?.({ about, when });
  }
}

/** Why nothing can be saved, in a sentence. @param {Error} error */
function because(error) {
  if (error?.name === "ValueError")
    return `This net is not saved in the browser: ${error.message}.`;
  if (error?.name === "QuotaExceededError") {
    return "The browser’s storage is full, so this net is not saved there: save it as a file.";
  }
  if (error?.name === "VersionError") return NEWER;
  if (error?.name === "TimeoutError") {
    return "The browser’s storage does not answer, so this net is not saved for now: save it as a file.";
  }
  return (
    "This browser lets the page store nothing, so this net is lost when the tab is closed: save it " +
    "as a file to keep it."
  );
}
