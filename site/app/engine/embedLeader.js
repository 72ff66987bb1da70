// Other frames of this site on the same page. Frames of one origin reach each other, wherever the page
// around them is from (`parent[i]`), and run in one thread, so that nothing happens in between.

import { SITE } from "../../python/siteFiles.js";

/** @typedef {{engine: import("./engine.js").Engine, training: import("./training.js").Training}} Pair */
/**
 * What the window of the frame that has Python holds: `joined` resolves with what it shares.
 * @typedef {{site: string, shared?: Pair, joined: Promise<Pair>, share: (pair: Pair) => void}} Lead
 * @typedef {Window & {netsLead?: Lead}} Frame
 */

/** One origin may have several copies of this site, and each has a Python of its own. */
const site = SITE.href;
const here = /** @type {Frame} */ (window);

/** The frame beside this one that leads: it has Python, or is about to. @returns {Frame | undefined} */
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

/** Lead, from now until this frame is taken away. @returns {Lead} */
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

/** Does this frame lead? */
export const leads = () => here.netsLead !== undefined;

/**
 * Tell when a frame is taken away; one whose page the browser keeps, to come back to, is not.
 * @param {Frame} frame @param {() => void} listener
 */
export function whenLeft(frame, listener) {
  frame.addEventListener("pagehide", ({ persisted }) => persisted || listener());
}
