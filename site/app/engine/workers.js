// The first worker, started before the rest of the page's code has come: Python has the longest way.
// An embed beside another one starts none: it shares that one's (sharedEngine.js).

import { BROTLI_WORKER, lend } from "../../python/brotliClient.js";
import { trusted } from "../../python/trusted.js";
import workerUrl from "../../worker/worker.js?worker&url";
import { lead, leader, leads } from "./embedLeader.js";

/**
 * @typedef {{ worker: Worker, unpacker: Worker, failure?: ErrorEvent }} Crew a worker that begins to
 *   fetch Python at once, the one that unpacks for it, and what went wrong with either before anybody
 *   listened
 */

/** Where the workers lie, by name. */
export const WORKERS = {
  "worker.js": new URL(workerUrl, import.meta.url),
  "brotliWorker.js": BROTLI_WORKER,
};

/** @returns {Crew} */
function newCrew() {
  const worker = new Worker(trusted(WORKERS["worker.js"]), { type: "module" });
  /** @type {Crew} */
  const crew = { worker, unpacker: lend(worker) };
  for (const one of [crew.worker, crew.unpacker]) {
    one.addEventListener("error", (event) => (crew.failure ??= event), { once: true });
  }
  return crew;
}

/** @type {Crew | undefined} */
let early;
if (!leader()) lead();
if (leads() && typeof WebAssembly === "object" && typeof Worker === "function") early = newCrew();

/** The crew that was started early, or, once that is taken, another one. @returns {Crew} */
export function takeCrew() {
  const taken = early ?? newCrew();
  early = undefined;
  return taken;
}
