// The world in the plane, as the page knows it: settings, points, what a frame shows, and playing.
// Points and net live in Python (nets_core/playground.py); here is asked for them in time.

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {{neurons: number, activation: string, dropout: number}} Layer */
/** @typedef {[layer: number, neuron: number, source: number, value: number]} Edit */
/**
 * @typedef {{
 *   problem: string, data: string, samples: number, noise: number, share: number, seed: number,
 *   points: number[][], formula: string, features: string[], layers: Layer[],
 *   initializer: string, optimizer: string, learningRate: number, l1: number, l2: number,
 *   batchSize: number, edits: Edit[],
 * }} Settings
 */
/**
 * @typedef {{
 *   data: Record<string, string[]>, features: string[], activations: string[],
 *   initializers: string[], optimizers: string[], limits: Record<string, number>,
 *   defaults: Settings,
 * }} Choices
 */
/** @typedef {"activations" | "gradient"} Mode */
/**
 * A setting that is a number.
 * @typedef {"samples" | "noise" | "share" | "seed"
 *   | "learningRate" | "l1" | "l2" | "batchSize"} Figure
 */
/**
 * @typedef {{
 *   train: Float64Array, trainTargets: Float64Array, test: Float64Array, testTargets: Float64Array,
 * }} Points
 */
/**
 * What one frame shows. With the mode "activations", `layers` holds weights and biases, and
 * `pictures` each neuron's picture; with "gradient", ∂C/∂w and ∂C/∂b, and `deltas` each neuron's δ.
 * @typedef {{
 *   epoch: number, step: number, cost: number | null, testCost: number | null,
 *   accuracy: number | null, testAccuracy: number | null,
 *   state: "ready" | "diverged", message: string,
 *   layers: {weights: Float64Array, biases: Float64Array}[],
 *   pictures?: Int8Array, deltas?: Float32Array, largest?: {weights: number, deltas: number},
 * }} View
 */

/** Each neuron's picture has so many values a side. */
export const DENSITY = 48;
/** A frame trains no longer than this, in milliseconds, however many epochs were asked for. */
const MOST = 50;
/** What changes while the same net goes on learning; anything else makes points and net anew. */
const ADJUSTABLE = new Set(["learningRate", "l1", "l2", "batchSize"]);

const NONE = new Float64Array();
/** @type {Points} */
const NO_POINTS = { train: NONE, trainTargets: NONE, test: NONE, testTargets: NONE };
/** @type {View} */
const NO_VIEW = {
  epoch: 0,
  step: 0,
  cost: null,
  testCost: null,
  accuracy: null,
  testAccuracy: null,
  state: "ready",
  message: "",
  layers: [],
};

/**
 * Events: "settings" when they are others, "points", "view" when there is another frame to draw,
 * "state" when playing begins or ends, "touched" when the visitor has changed something that the
 * address keeps, "trouble" (detail: {message, names} of the refused settings; "" when it is over).
 */
export class World extends EventTarget {
  /** @type {Choices} */
  choices;
  /** @type {Settings} */
  settings;
  /** @type {Points} */
  points = NO_POINTS;
  /** @type {View} */
  view = NO_VIEW;
  /** The mode of the view that is there. @type {Mode} */
  mode = "activations";
  /** Epochs a frame. */
  speed = 1;
  playing = false;
  /** Is the playground seen? Nothing is computed for what is not. */
  sight = () => true;
  #engine;
  /** Counts the nets that were made, so that a frame of an earlier one is not shown. */
  #net = 0;
  #running = false;
  /** What is shown may be older than the net once the frames have ended. */
  #stale = false;
  /** @type {Partial<Settings>} */
  #wanted = {};
  /** What is being done of it. @type {Partial<Settings>} */
  #taken = {};
  /** @type {Promise<void> | undefined} */
  #changing;

  /**
   * @param {Engine} engine
   * @param {Choices} choices
   * @param {Settings} settings
   */
  constructor(engine, choices, settings) {
    super();
    this.#engine = engine;
    this.choices = choices;
    this.settings = settings;
  }

  /** The settings with what has been asked for and is still under way. @returns {Settings} */
  get intended() {
    return { ...this.settings, ...this.#taken, ...this.#wanted };
  }

  /** Make points and net by the settings as they are. @returns {Promise<void>} */
  begin() {
    return this.#make(this.settings);
  }

  /**
   * Change settings; what is asked for while a change is under way is done in one, afterwards.
   * @param {Partial<Settings>} changes
   * @returns {Promise<void>} resolves when the world is as it was asked for, or has refused
   */
  change(changes) {
    Object.assign(this.#wanted, changes);
    this.#changing ??= this.#change().finally(() => (this.#changing = undefined));
    return this.#changing;
  }

  async #change() {
    while (Object.keys(this.#wanted).length) {
      const changes = this.#wanted;
      this.#taken = changes;
      this.#wanted = {};
      const names = Object.keys(changes);
      try {
        if (names.every((name) => ADJUSTABLE.has(name))) {
          this.settings = await this.#call("adjust", { settings: changes });
          this.#tell("settings");
          await this.refresh();
        } else {
          const others = "features" in changes || "layers" in changes ? { edits: [] } : {};
          await this.#make({ ...this.settings, ...others, ...changes });
        }
        this.#taken = {};
        this.#trouble("");
        this.#tell("touched");
      } catch (error) {
        this.#taken = {};
        this.#trouble(/** @type {Error} */ (error).message, names);
      }
    }
  }

  /** @param {Settings} settings */
  async #make(settings) {
    this.settings = await this.#call("make", { settings });
    this.#net++;
    this.points = await this.#call("points");
    // The features have no δ: their pictures are drawn once, whatever is shown from then on.
    this.view = await this.#look("view", {}, "activations");
    for (const event of ["settings", "points", "view"]) this.#tell(event);
    if (this.mode !== "activations") this.#show(await this.#look());
  }

  /** The same net from its start. */
  async reset() {
    this.pause();
    await this.change({ seed: this.settings.seed });
  }

  /** Set a point by hand. @param {number} x1 @param {number} x2 @param {number} value */
  place(x1, x2, value) {
    return this.#alter("place", { x1, x2, value });
  }

  /** Take the nearest point away that was set by hand. @param {number} x1 @param {number} x2 */
  remove(x1, x2) {
    return this.#alter("remove", { x1, x2 });
  }

  /**
   * Set a weight, or a bias where `source` is −1.
   * @param {number} layer @param {number} neuron @param {number} source @param {number} value
   */
  weight(layer, neuron, source, value) {
    return this.#alter("weight", { layer, neuron, source, value });
  }

  /** @param {string} method @param {Record<string, number>} args */
  async #alter(method, args) {
    try {
      this.settings = await this.#call(method, args);
      if (method !== "weight") {
        this.points = await this.#call("points");
        this.#tell("points");
      }
      this.#tell("settings");
      await this.refresh();
      this.#trouble("");
      this.#tell("touched");
    } catch (error) {
      this.#trouble(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Mode} mode */
  async show(mode) {
    this.mode = mode;
    this.#tell("state");
    this.#tell("touched");
    await this.refresh().catch((error) => this.#trouble(error.message));
  }

  /** @param {number} speed epochs a frame */
  pace(speed) {
    this.speed = speed;
    this.#tell("touched");
  }

  /** Ask for a frame without learning; while frames come, after the last of them. */
  async refresh() {
    this.#stale = this.#running;
    if (this.#stale) return;
    const net = this.#net;
    const view = await this.#look();
    if (net === this.#net) this.#show(view);
  }

  async step() {
    this.pause();
    if (this.#isEmpty()) return;
    try {
      this.#show(await this.#look("step"));
    } catch (error) {
      this.#trouble(/** @type {Error} */ (error).message);
    }
  }

  play() {
    if (this.#isEmpty()) return;
    this.playing = true;
    this.#tell("state");
    void this.#run();
  }

  /** Are there no points to learn from? Then it says so. */
  #isEmpty() {
    if (this.points.trainTargets.length) return false;
    this.#trouble("There are no points to learn from: press the plane to set some.");
    return true;
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.#tell("state");
  }

  /** It has come into sight. */
  appear() {
    if (this.playing) void this.#run();
  }

  /**
   * Anything else of the playground: "curves", "export", "initial" …
   * @param {string} method
   * @param {Record<string, unknown>} [args]
   */
  ask(method, args) {
    return this.#call(method, args);
  }

  /** The worker computes the next frame while the page draws this one. */
  async #run() {
    if (this.#running) return;
    this.#running = true;
    /** @type {{net: number, view: Promise<View>} | undefined} */
    let asked;
    const next = () => {
      const view = this.#look("advance", { epochs: this.speed, milliseconds: MOST });
      view.catch(() => {}); // it is told where it is waited for
      return { net: this.#net, view };
    };
    try {
      while (this.playing && this.sight()) {
        await this.#changing;
        const { net, view } = asked ?? next();
        const frame = await view;
        asked = this.playing && this.sight() && !this.#changing ? next() : undefined;
        if (net === this.#net) this.#show(frame);
        await new Promise(requestAnimationFrame);
      }
      this.#stale ||= asked !== undefined; // and what has been pressed since then may change it
    } catch (error) {
      this.pause();
      this.#trouble(/** @type {Error} */ (error).message);
    }
    this.#running = false;
    if (this.#stale) await this.refresh().catch((error) => this.#trouble(error.message));
  }

  /** @param {View} view */
  #show(view) {
    this.view = view;
    if (view.state === "diverged") {
      this.pause();
      this.#trouble(view.message);
    }
    this.#tell("view");
  }

  /**
   * Ask for a frame: "view", "advance" or "step".
   * @param {string} [method]
   * @param {Record<string, unknown>} [args]
   * @param {Mode} [mode]
   * @returns {Promise<View>}
   */
  #look(method = "view", args = {}, mode = this.mode) {
    return this.#call(method, { ...args, mode, density: DENSITY });
  }

  /** @param {string} method @param {Record<string, unknown>} [args] */
  #call(method, args) {
    return this.#engine.call(`playground.${method}`, args);
  }

  /** @param {string} event */
  #tell(event) {
    this.dispatchEvent(new Event(event));
  }

  /** @param {string} message @param {string[]} [names] */
  #trouble(message, names = []) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: { message, names } }));
  }
}
