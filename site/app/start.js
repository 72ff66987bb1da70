// The first worker, started before the rest of the page's code has come: Python has the longest way.
// An embed beside another one starts none: it shares that one's (together.js).

import { lead, leader, leads } from "./siblings.js";
import { trusted } from "./trusted.js";

/** @returns {Worker} one that begins to fetch Python at once */
function newWorker() {
  return new Worker(trusted(new URL("../worker.js", import.meta.url)), { type: "module" });
}

/** @type {Worker | undefined} */
let early;
/** What went wrong with it before anybody listened. @type {ErrorEvent | undefined} */
let failure;
if (!leader()) lead();
if (leads() && typeof WebAssembly === "object" && typeof Worker === "function") {
  early = newWorker();
  early.addEventListener("error", (event) => (failure = event), { once: true });
}

/**
 * The worker that was started early, or, once that is taken, another one.
 * @returns {{worker: Worker, failure: ErrorEvent | undefined}}
 */
export function takeWorker() {
  const taken = early ? { worker: early, failure } : { worker: newWorker(), failure: undefined };
  early = failure = undefined;
  return taken;
}
