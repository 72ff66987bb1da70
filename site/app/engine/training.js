// One training run at a time, for the page's controls and for window.nets alike. It holds no net:
// that is the Lab's, in the worker.

import { note } from "../ui/diagnostics.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {"idle" | "loading" | "training" | "paused" | "done" | "diverged"} State */

/**
 * Events: "state", "settings" (detail: all of them), "progress" (detail: the Lab's progress),
 * "data" (detail: {loaded, total} bytes of MNIST), "trouble" (detail: Error).
 */
export class Training extends EventTarget {
  /** @type {State} */
  state = "idle";
  /** The Lab's latest progress. @type {any} */
  progress = {};
  /** Of the latest run. @type {Record<string, unknown> | undefined} */
  settings;
  /** @type {Engine} */
  #engine;
  /** Of the run's promise. @type {{resolve: (result: object) => void, reject: (error: Error) => void} | undefined} */
  #pending;
  /** Has a trained net been corrected, and become the live one, without a run? */
  #corrected = false;
  /** Counts runs, so that what belongs to an abandoned one is dropped. */
  #run = 0;
  /** Resolves when MNIST is in this worker. @type {Promise<void> | undefined} */
  #loaded;
  /** Is a run that is being made to wait, once it could begin? */
  #paused = false;
  /** Why MNIST's next images have not come yet. @type {Error | undefined} */
  #missing;
  /** Resolves when the net that the Lab was last asked for is there, or cannot be. @type {Promise<unknown>} */
  #netMade = Promise.resolve();
  /** Resolves when the worker has done what `reset` asked for. @type {Promise<void>} */
  #resetDone = Promise.resolve();

  /** @param {Engine} engine */
  constructor(engine) {
    super();
    this.#engine = engine;
    engine.addEventListener("failed", (event) => {
      this.#run++; // reports of the dead worker may still arrive
      this.#loaded = undefined;
      this.#end(/** @type {CustomEvent} */ (event).detail);
      this.#corrected = false;
      this.#setProgress({});
      this.#setState("idle");
    });
  }

  /** Is there a run that has not come to its end? */
  get running() {
    return this.#pending !== undefined;
  }

  /** Is there a live net: one in training, one that has been trained or corrected? */
  get hasNet() {
    return this.#corrected || (this.state !== "idle" && this.state !== "loading");
  }

  /** Fetch MNIST, if it is not there. @returns {Promise<void>} */
  async load() {
    await this.#engine.ready;
    this.#loaded ??= this.#engine.invoke("loadMnist", (detail) => {
      if ("waiting" in detail) this.#setMissing(detail.waiting);
      else this.#emit("data", detail);
    });
    const loaded = this.#loaded;
    return loaded.catch((error) => {
      if (this.#loaded === loaded) this.#loaded = undefined; // who asks again may get it
      throw error;
    });
  }

  /**
   * Train a new net. This sends the worker four messages: "training.check", "loadMnist" (the first
   * time only), "training.train" and "run".
   * @param {Record<string, unknown>} settings
   * @param {{paused?: boolean}} [options] paused: make the net and wait
   * @returns {Promise<any>} resolves with {accuracy, cost, epochs, examplesPerSecond} at the end
   */
  async train(settings, { paused = false } = {}) {
    const check = () => this.#engine.call("training.check", { settings });
    const make = () => this.#engine.call("training.train", { settings });
    return (await this.#begin(check, make, paused)).result;
  }

  /**
   * Go on with a net from elsewhere, which is there, and paused, when this resolves.
   * @param {() => Promise<any>} take has the Lab take it; resolves with its settings and progress
   */
  async reopen(take) {
    const { result } = await this.#begin(async () => {}, take, true);
    if (!this.running) await result; // which says why
  }

  /**
   * @param {() => Promise<unknown>} check refuses what cannot be before MNIST is fetched
   * @param {() => Promise<any>} make has the Lab make the net; resolves with its settings and progress
   * @param {boolean} paused
   * @returns {Promise<{result: Promise<any>}>} when it has begun, or cannot: then `result` says why
   */
  async #begin(check, make, paused) {
    if (this.#pending) {
      throw new DOMException(
        "A net is in training already: pause or reset it before another is trained.",
        "AbortError",
      );
    }
    const before = this.state;
    const run = ++this.#run;
    this.#paused = paused;
    const result = new Promise((resolve, reject) => (this.#pending = { resolve, reject }));
    result.catch(() => {});
    try {
      this.#setState("loading");
      await this.#engine.ready;
      await this.#engine.computing.catch(() => {}); // what adds in another order is another run
      await check();
      await this.load();
      await this.#resetDone; // else it would forget the net that is made now
      if (run !== this.#run) return { result };
      const made = make();
      this.#netMade = made.catch(() => {});
      const { settings, progress } = await made;
      if (run !== this.#run) return { result };
      this.#setSettings(settings);
      this.#setProgress(progress);
      if (this.#paused) this.#setState("paused");
      else this.#runOn();
    } catch (error) {
      if (run === this.#run) {
        this.#end(/** @type {Error} */ (error));
        this.#setState(before === "loading" ? "idle" : before);
      }
    }
    return { result };
  }

  async pause() {
    this.#paused = true;
    if (this.state !== "training") return;
    this.#setState("paused");
    await this.#engine.invoke("stop");
  }

  resume() {
    this.#paused = false;
    if (this.state === "paused") this.#runOn();
  }

  /** One update, then pause. */
  async step() {
    await this.pause();
    if (this.state !== "paused") return;
    const run = this.#run;
    const progress = await this.#engine.call("training.step");
    if (run === this.#run) this.#runStopped(progress); // else it was reset meanwhile
  }

  /**
   * One update of the live net on one drawing; where there is none, a copy of `model` becomes it.
   * @param {string} model
   * @param {number} label what the drawing is
   * @param {Record<string, unknown>} drawing as the Lab takes it
   * @returns {Promise<any>} the Lab's reading after it
   */
  async correct(model, label, drawing) {
    await this.#resetDone; // else it would forget the net that is made now
    const run = this.#run;
    const reading = await this.#engine.call("training.correct", { model, label, ...drawing });
    if (run !== this.#run || (this.hasNet && !this.#corrected)) return reading;
    this.#corrected = true; // and the copy may be of another net than before
    const progress = await this.#engine.call("training.progress");
    if (run !== this.#run) return reading;
    this.#setProgress(progress);
    this.#emit("state", this.state);
    return reading;
  }

  /** Forget the net in training. */
  async reset() {
    this.#run++;
    this.#end(new DOMException("The training was reset.", "AbortError"));
    this.#corrected = false;
    this.#setProgress({});
    this.#setState("idle");
    if (this.#engine.state !== "ready") return;
    const cleared = this.#netMade
      .then(() => this.#engine.invoke("stop")) // else a net on its way would come after this
      .then(() => this.#engine.call("training.reset"));
    this.#resetDone = cleared.catch(() => {}); // whoever trains next hears of a dead worker anyway
    await cleared;
  }

  /** Change what may change while a net trains. @param {Record<string, unknown>} settings */
  async adjust(settings) {
    this.#setSettings(await this.#engine.call("training.adjust", { settings }));
  }

  /** @param {Record<string, unknown>} settings */
  #setSettings(settings) {
    this.settings = settings;
    this.#emit("settings", settings);
  }

  async #runOn() {
    const run = this.#run;
    this.#setState("training");
    let over = false;
    try {
      const last = await this.#engine.invoke("run", (progress) => {
        if (run === this.#run && !over) this.#setProgress(progress); // a late report is of what was before
      });
      over = true;
      if (run === this.#run) this.#runStopped(last);
    } catch (error) {
      if (run !== this.#run || this.#engine.state !== "ready") return;
      this.#end(/** @type {Error} */ (error));
      this.reset().catch(() => {}); // a worker that died is told by the engine
    }
  }

  /** What is said when the worker has stopped, for whatever reason. @param {any} progress */
  #runStopped(progress) {
    this.#setProgress(progress);
    if (progress.state === "done") {
      const { testAccuracy, cost, epochs, examplesPerSecond } = progress;
      this.#pending?.resolve({ accuracy: testAccuracy, cost, epochs, examplesPerSecond });
      this.#pending = undefined;
      this.#setState("done");
    } else if (progress.state === "diverged") {
      this.#end(new Error(progress.message));
      this.#setState("diverged");
    }
  }

  /** @param {Error} error */
  #end(error) {
    if (error.name !== "AbortError" && this.#pending) {
      note(error);
      this.#emit("trouble", error);
    }
    this.#pending?.reject(error);
    this.#pending = undefined;
  }

  /** Images that did not come are asked for again; training waits for them. @param {string} why */
  #setMissing(why) {
    this.#missing = why
      ? new Error(`Waiting for the rest of MNIST, asking again. ${why.replace(" Try again.", "")}`)
      : undefined;
    if (this.#missing) note(this.#missing);
  }

  /** @param {any} progress */
  #setProgress(progress) {
    this.progress = progress;
    this.#emit("progress", progress);
    if (progress.state === "waiting" && this.#missing) this.#emit("trouble", this.#missing);
  }

  /** @param {State} state */
  #setState(state) {
    this.state = state;
    this.#emit("state", state);
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
