// One training run at a time, for the page's controls and for window.nets. The net itself is in the
// Lab, in the worker.

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
  /** The settings of the latest run. @type {Record<string, unknown> | undefined} */
  settings;
  /** @type {Engine} */
  #engine;
  /** The functions that settle the run's promise. @type {{resolve: (result: object) => void, reject: (error: Error) => void} | undefined} */
  #pending;
  /** True if the live net is a corrected copy of a trained one, without a run. */
  #corrected = false;
  /** Counts runs, so that late answers of an abandoned one are ignored. */
  #run = 0;
  /** Resolves when the worker has MNIST. @type {Promise<void> | undefined} */
  #loaded;
  /** True if the run should be paused, also one that is still loading. */
  #paused = false;
  /** Why MNIST's next images have not arrived yet. @type {Error | undefined} */
  #missing;
  /** Resolves when the Lab has made the latest net, or has failed to. @type {Promise<unknown>} */
  #netMade = Promise.resolve();
  /** Resolves when the worker has finished the latest `reset`. @type {Promise<void>} */
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

  /** True if there is a run that has not ended. */
  get running() {
    return this.#pending !== undefined;
  }

  /** True if there is a live net: one in training, or one that was trained or corrected. */
  get hasNet() {
    return this.#corrected || (this.state !== "idle" && this.state !== "loading");
  }

  /** What the live net is called: only a run trains it. */
  get netName() {
    const taught = this.state === "idle" || this.state === "loading";
    return taught ? "The copy you taught" : "The net in training";
  }

  /** Fetch MNIST, unless it is there. @returns {Promise<void>} */
  async load() {
    await this.#engine.ready;
    this.#loaded ??= this.#engine.invoke("loadMnist", (detail) => {
      if ("waiting" in detail) this.#setMissing(detail.waiting);
      else this.#emit("data", detail);
    });
    const loaded = this.#loaded;
    return loaded.catch((error) => {
      if (this.#loaded === loaded) this.#loaded = undefined; // the next call tries again
      throw error;
    });
  }

  /**
   * Train a new net. This sends the worker four messages: "training.check", "loadMnist" (the first
   * time only), "training.train" and "run".
   * @param {Record<string, unknown>} settings
   * @param {{paused?: boolean}} [options] paused: make the net, but do not train it yet
   * @returns {Promise<any>} resolves with {accuracy, cost, epochs, examplesPerSecond} at the end
   */
  async train(settings, { paused = false } = {}) {
    const check = () => this.#engine.call("training.check", { settings });
    const make = () => this.#engine.call("training.train", { settings });
    return (await this.#begin(check, make, paused)).result;
  }

  /**
   * Continue a net from a file or a saved run. It is loaded and paused when this resolves.
   * @param {() => Promise<any>} take loads it into the Lab; resolves with its settings and progress
   */
  async reopen(take) {
    const { result } = await this.#begin(async () => {}, take, true);
    if (!this.running) await result; // rejects with the reason
  }

  /**
   * @param {() => Promise<unknown>} check rejects if the settings are wrong, before MNIST is fetched
   * @param {() => Promise<any>} make makes the net in the Lab; resolves with its settings and progress
   * @param {boolean} paused
   * @returns {Promise<{result: Promise<any>}>} resolves when the run has begun or failed; `result` is its promise
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
      await this.#engine.computing.catch(() => {}); // else a run could differ: NumPy and kernels round differently
      await check();
      await this.load();
      await this.#resetDone; // else the reset would delete the new net
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
    if (run === this.#run) this.#runStopped(progress); // unless it was reset meanwhile
  }

  /**
   * One update of the live net on one drawing. If there is no live net, a copy of `model` becomes it.
   * @param {string} model
   * @param {number} label the digit that the drawing shows
   * @param {Record<string, unknown>} drawing as the Lab takes it
   * @returns {Promise<any>} what the Lab reads in the drawing after the update
   */
  async correct(model, label, drawing) {
    await this.#resetDone; // else the reset would delete the new net
    const run = this.#run;
    const reading = await this.#engine.call("training.correct", { model, label, ...drawing });
    if (run !== this.#run || (this.hasNet && !this.#corrected)) return reading;
    this.#corrected = true; // perhaps a copy of another net than before
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
      .then(() => this.#engine.invoke("stop")) // only then: a net in the making must be reset too
      .then(() => this.#engine.call("training.reset"));
    this.#resetDone = cleared.catch(() => {}); // the engine reports a dead worker
    await cleared;
  }

  /** Change settings of the running training. @param {Record<string, unknown>} settings */
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
        if (run === this.#run && !over) this.#setProgress(progress); // ignore late reports
      });
      over = true;
      if (run === this.#run) this.#runStopped(last);
    } catch (error) {
      if (run !== this.#run || this.#engine.state !== "ready") return;
      this.#end(/** @type {Error} */ (error));
      this.reset().catch(() => {}); // the engine reports a dead worker
    }
  }

  /** The worker has stopped training, for whatever reason. @param {any} progress */
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

  /** Note why images are missing; the worker asks for them again, and training waits. @param {string} why "" if they have arrived */
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
