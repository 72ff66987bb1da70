// The page's copy of the playground: settings, points, the latest frame, and playing. Points and net
// live in Python (nets_core/playground/).

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
 * A numeric setting.
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

/** Values per side of each neuron's picture. */
export const DENSITY = 48;
/** The longest training per frame, in milliseconds, whatever the speed. */
const MOST = 50;
/** Settings that the net can change while it learns; any other makes new points and a new net. */
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
 * Events: "settings" when they change, "applied" (detail: the names of those asked for), "points", "view" when there is another frame to draw,
 * "state" when playing begins or ends, "touched" when the visitor has changed something that belongs
 * in the address, "trouble" (detail: {message, names} of the refused settings; "" once they are valid).
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
  /** The mode of the current view. @type {Mode} */
  mode = "activations";
  /** Epochs per frame. */
  speed = 1;
  playing = false;
  /** Whether the playground is in view; nothing is computed otherwise. */
  sight = () => true;
  #engine;
  /** Counts nets, so that no frame of an earlier one is shown. */
  #net = 0;
  #running = false;
  /** Whether the view may be older than the net when playing ends. */
  #stale = false;
  /** @type {Partial<Settings>} */
  #wanted = {};
  /** The changes that Python is applying. @type {Partial<Settings>} */
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

  /** The settings, including changes that are not applied yet. @returns {Settings} */
  get intended() {
    return { ...this.settings, ...this.#taken, ...this.#wanted };
  }

  /** Make points and net for the current settings. @returns {Promise<void>} */
  begin() {
    return this.#make(this.settings);
  }

  /**
   * Change settings. Changes requested while another is being applied are merged and applied next.
   * @param {Partial<Settings>} changes
   * @returns {Promise<void>} resolves when the changes are applied or refused
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
        this.dispatchEvent(new CustomEvent("applied", { detail: names }));
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
    // The features have no δ: their pictures are drawn once and stay.
    this.view = await this.#look("view", {}, "activations");
    for (const event of ["settings", "points", "view"]) this.#tell(event);
    if (this.mode !== "activations") this.#show(await this.#look());
  }

  /** Reset the net to its initial weights. */
  async reset() {
    this.pause();
    await this.change({ seed: this.settings.seed });
  }

  /** Set a point by hand. @param {number} x1 @param {number} x2 @param {number} value */
  place(x1, x2, value) {
    return this.#alter("place", { x1, x2, value });
  }

  /** Remove the nearest point that was set by hand. @param {number} x1 @param {number} x2 */
  remove(x1, x2) {
    return this.#alter("remove", { x1, x2 });
  }

  /**
   * Set a weight, or a bias if `source` is −1.
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

  /** @param {number} speed epochs per frame */
  pace(speed) {
    this.speed = speed;
    this.#tell("touched");
  }

  /** Request a frame without learning; while playing, after the last frame. */
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

  /** True if there are no points to learn from; reports it. */
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

  /** The playground has come into view. */
  appear() {
    if (this.playing) void this.#run();
  }

  /**
   * Call another method of the playground: "curves", "export", "initial" …
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
      view.catch(() => {}); // whoever awaits it handles the error
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
      this.#stale ||= asked !== undefined; // the visitor may have changed something since
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
   * Request a frame: "view", "advance" or "step".
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
