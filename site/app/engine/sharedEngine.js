// Several embeds on one page share one Python: the first frame leads, the others use its engine and
// its training, so that each shows what another does. When the leader is taken away the next one
// leads, with a Python of its own, and says what is lost.

import { lead, leader, leads, whenLeft } from "./embedLeader.js";
import { Engine } from "./engine.js";
import { Lifeline } from "./lifeline.js";
import { Training } from "./training.js";

/** @typedef {import("./embedLeader.js").Pair} Pair */
/** @typedef {import("./embedLeader.js").Frame} Frame */

/** How long the leader's code may take to come, in milliseconds, before this frame leads. */
const PATIENCE = 20_000;
const LOST = "The demo that ran Python for this one has been taken off the page.";

/**
 * The engine and the training of this page, or those that it shares.
 * @returns {Promise<Pair & {start: () => void}>} start: what there is to start, once all listen
 */
export async function sharedEngine() {
  const found = leads() ? undefined : await join();
  if (found) return follow(found);
  const pair = ownPair();
  return { ...pair, start: () => begin(pair) };
}

/** @returns {Pair} */
function ownPair() {
  const engine = new Engine();
  return { engine, training: new Training(engine) };
}

/** Lead with a Python of one's own. @param {Pair} pair */
function begin(pair) {
  lead().share(pair);
  pair.engine.start().catch(() => {}); // told by the status, which listens
}

/** @returns {Promise<{frame: Frame, pair: Pair} | undefined>} undefined where there is none to follow */
async function join() {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  for (let frame = leader(); frame?.netsLead; frame = leader()) {
    const left = new Promise((resolve) =>
      whenLeft(/** @type {Frame} */ (frame), () => resolve(undefined)),
    );
    const pair = await Promise.race([frame.netsLead.joined, left, late]);
    if (pair) return { frame, pair };
    if (frame === leader()) return undefined; // it is there, but its code has not come
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
  const watch = (leader) => whenLeft(leader, () => setTimeout(() => void next())); // not while its page is being left, too

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

  /** Tell the sections what happened before they listened. */
  function catchUp() {
    if (pair.engine.state === "failed") pair.engine.start().catch(() => {});
    engine.emit(pair.engine.state === "ready" ? "ready" : "starting");
    if (pair.training.settings) training.emit("settings", pair.training.settings);
    training.emit("progress", pair.training.progress);
    training.emit("state", pair.training.state);
  }

  watch(frame);
  whenLeft(window, () => {
    pair.engine.invoke("leave", client).catch(() => {}); // its worker may be gone, too
    for (const one of [engine, training]) one.leave();
  });
  return {
    engine: /** @type {Engine} */ (engine.proxy),
    training: /** @type {Training} */ (training.proxy),
    start: catchUp,
  };
}

/** Stands for an object that can be replaced: what it is asked, and what it tells, is the object's. */
class StandIn {
  #events = new EventTarget();
  /** @type {any} */
  #object;
  /** The events that are listened to here. @type {Set<string>} */
  #types = new Set();
  #listening = new AbortController();
  /** That of the object. */
  #life = new Lifeline();

  /**
   * @param {EventTarget} object
   * @param {Record<string, unknown>} [own] what is in the place of its own properties
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

  /** Stand for another object. @param {EventTarget} object @param {Error} lost why not for the last */
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

  /** A promise of the object is not kept once its frame is gone: nothing runs there any more. @param {any} value */
  #promised(value) {
    return typeof value?.then === "function" ? this.#life.holds(value) : value;
  }
}
