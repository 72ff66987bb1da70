// Finds other frames of this site on the same page. Frames of one origin can reach each other through
// `parent[i]`, whatever the origin of the page around them. They run in one thread, so there are no
// races between them.

/** @typedef {{engine: import("./engine.js").Engine, training: import("./training.js").Training}} Pair */
/**
 * What the frame that runs Python puts on its window: `joined` resolves with what it shares.
 * @typedef {{site: string, shared?: Pair, joined: Promise<Pair>, share: (pair: Pair) => void}} Lead
 * @typedef {Window & {netsLead?: Lead}} Frame
 */

/**
 * One origin may have several copies of this site, and a page may have frames from before and after a
 * deploy: each build runs its own Python. This module's address changes with every file of the build.
 */
const site = import.meta.url;
const here = /** @type {Frame} */ (window);

/** The leading frame on this page, other than this one: it runs Python, or soon will. @returns {Frame | undefined} */
export function leader() {
  /** @type {Frame[]} */
  const found = [];
  for (let i = 0; parent !== window && i < parent.length; i++) {
    try {
      const other = /** @type {Frame} */ (parent[i]);
      if (other !== window && other.netsLead?.site === site) found.push(other);
    } catch {
      // a frame of another origin
    }
  }
  return found.find(({ netsLead }) => netsLead?.shared) ?? found[0];
}

/** Become the leader until this frame is removed. @returns {Lead} */
export function lead() {
  if (here.netsLead) return here.netsLead;
  /** @type {(pair: Pair) => void} */
  let join = () => {};
  const joined = new Promise((/** @type {(pair: Pair) => void} */ resolve) => (join = resolve));
  /** @type {Lead} */
  const mine = {
    site,
    joined,
    share(pair) {
      mine.shared = pair;
      join(pair);
    },
  };
  here.netsLead = mine;
  whenLeft(here, () => delete here.netsLead);
  return mine;
}

/** Whether this frame is the leader. */
export const leads = () => here.netsLead !== undefined;

/**
 * Call the listener when a frame is removed, but not when the browser keeps its page for going back.
 * @param {Frame} frame @param {() => void} listener
 */
export function whenLeft(frame, listener) {
  frame.addEventListener("pagehide", ({ persisted }) => persisted || listener());
}
