// Several embeds on one page share one Python. The first frame leads; the others use its engine and its
// training, so all show the same run. When the leader is removed, another frame leads: it starts its
// own Python and says what is lost.

import { lead, leader, leads, whenLeft } from "./embedLeader.js";
import { Engine } from "./engine.js";
import { Lifeline } from "./lifeline.js";
import { Training } from "./training.js";

/** @typedef {import("./embedLeader.js").Pair} Pair */
/** @typedef {import("./embedLeader.js").Frame} Frame */

/** How long the leader's code may take to load, in milliseconds, before this frame leads instead. */
const PATIENCE = 20_000;
const LOST = "The demo that ran Python for this one has been taken off the page.";

/**
 * The engine and the training for this page: its own, or those of the leader.
 * @returns {Promise<Pair & {start: () => void}>} call `start` once all listeners are added
 */
export async function sharedEngine() {
  const found = leads() ? undefined : await join();
  if (found) return follow(found);
  const pair = ownPair();
  const start = () => {
    begin(pair);
    // window.nets may have been asked to train before the chapters listened.
    const { state: detail } = pair.training;
    if (detail !== "idle") pair.training.dispatchEvent(new CustomEvent("state", { detail }));
  };
  return { ...pair, start };
}

/** @returns {Pair} */
function ownPair() {
  const engine = new Engine();
  return { engine, training: new Training(engine) };
}

/** Lead, and start a Python. @param {Pair} pair */
function begin(pair) {
  lead().share(pair);
  pair.engine.start().catch(() => {}); // the status reports it
}

/** @returns {Promise<{frame: Frame, pair: Pair} | undefined>} undefined if there is no leader */
async function join() {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  for (let frame = leader(); frame?.netsLead; frame = leader()) {
    const left = new Promise((resolve) =>
      whenLeft(/** @type {Frame} */ (frame), () => resolve(undefined)),
    );
    const pair = await Promise.race([frame.netsLead.joined, left, late]);
    if (pair) return { frame, pair };
    if (frame === leader()) return undefined; // the frame is there, but its code has not loaded
  }
  return undefined;
}

/** @param {{frame: Frame, pair: Pair}} found @returns {Pair & {start: () => void}} */
function follow({ frame, pair }) {
  const client = `client ${Math.random()}`;
  const engine = new StandIn(pair.engine, {
    /** @type {Engine["call"]} */
    call: (method, args) => pair.engine.call(method, args, client),
  });
  const training = new StandIn(pair.training);

  /** @param {Frame} leader */
  const watch = (leader) => whenLeft(leader, () => setTimeout(() => void next())); // later: perhaps the visitor leaves the whole page

  async function next() {
    const trained = pair.training.hasNet || pair.training.running;
    const lost = new Error(trained ? `${LOST} The net in training went with it.` : LOST);
    const found = await join();
    pair = found?.pair ?? ownPair();
    engine.follow(pair.engine, lost);
    training.follow(pair.training, lost);
    engine.emit("failed", lost);
    if (trained) engine.emit("lost", lost);
    if (trained) training.emit("trouble", lost);
    if (found) {
      watch(found.frame);
      catchUp();
    } else {
      training.emit("progress", pair.training.progress);
      training.emit("state", pair.training.state);
      begin(pair);
    }
  }

  /** Repeat for the sections the events that came before they listened. */
  function catchUp() {
    if (pair.engine.state === "failed") pair.engine.start().catch(() => {});
    engine.emit(pair.engine.state === "ready" ? "ready" : "starting");
    if (pair.training.settings) training.emit("settings", pair.training.settings);
    training.emit("progress", pair.training.progress);
    training.emit("state", pair.training.state);
  }

  watch(frame);
  whenLeft(window, () => {
    pair.engine.invoke("leave", client).catch(() => {}); // the worker may be gone as well
    for (const one of [engine, training]) one.leave();
  });
  return {
    engine: /** @type {Engine} */ (engine.proxy),
    training: /** @type {Training} */ (training.proxy),
    start: catchUp,
  };
}

/** A proxy of an object that can be replaced: it forwards calls to the object and events from it. */
class StandIn {
  #events = new EventTarget();
  /** @type {any} */
  #object;
  /** The types of the events that are forwarded. @type {Set<string>} */
  #types = new Set();
  #listening = new AbortController();
  /** Ends with the object. */
  #life = new Lifeline();

  /**
   * @param {EventTarget} object
   * @param {Record<string, unknown>} [own] properties that replace the object's
   */
  constructor(object, own = {}) {
    this.follow(object, new Error(LOST));
    /** @type {unknown} */
    this.proxy = new Proxy(this.#events, {
      get: (_, name) => {
        const from = name in EventTarget.prototype ? this.#events : this.#object;
        const value = own[String(name)] ?? from[name];
        if (typeof value !== "function") return this.#promised(value);
        return (/** @type {any[]} */ ...given) => {
          if (name === "addEventListener") this.#forward(given[0]);
          return this.#promised(value.apply(from, given));
        };
      },
    });
  }

  /** Replace the object. @param {EventTarget} object @param {Error} lost why the last one is gone */
  follow(object, lost) {
    this.leave();
    this.#life.cut(lost);
    this.#life = new Lifeline();
    this.#object = object;
    this.#listening = new AbortController();
    const types = [...this.#types];
    this.#types.clear();
    for (const type of types) this.#forward(type);
  }

  /** @param {string} type */
  #forward(type) {
    if (this.#types.has(type)) return;
    this.#types.add(type);
    const pass = (/** @type {Event} */ event) =>
      this.emit(type, /** @type {CustomEvent} */ (event).detail);
    this.#object.addEventListener(type, pass, { signal: this.#listening.signal });
  }

  leave() {
    this.#listening.abort();
  }

  /** @param {string} type @param {unknown} [detail] */
  emit(type, detail) {
    this.#events.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Promises of a removed frame never settle, as nothing runs there, so they are rejected. @param {any} value */
  #promised(value) {
    return typeof value?.then === "function" ? this.#life.holds(value) : value;
  }
}
