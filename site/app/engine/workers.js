// Starts the first worker before the rest of the page's code has loaded, since Python takes longest to
// start. An embed next to another one starts none: it shares that one's engine (sharedEngine.js).

import { BROTLI_WORKER, startBrotliWorkerFor } from "../../python/brotliClient.js";
import { trusted } from "../../python/trusted.js";
import workerUrl from "../../worker/worker.js?worker&url";
import { lead, leader, leads } from "./embedLeader.js";

/**
 * @typedef {{ worker: Worker, brotliWorker: Worker, failure?: ErrorEvent }} Workers a worker that
 *   begins to fetch Python at once, the one that decompresses for it, and the first error of either
 */
/** @typedef {Workers | { refused: string }} Started refused: why the browser starts no workers here */

/** The workers' addresses, by file name. */
export const WORKER_URLS = {
  "worker.js": new URL(workerUrl, import.meta.url),
  "brotliWorker.js": BROTLI_WORKER,
};

/** @returns {Started} */
function startWorkers() {
  /** @type {Workers} */
  let workers;
  try {
    const worker = new Worker(trusted(WORKER_URLS["worker.js"]), { type: "module" });
    workers = { worker, brotliWorker: startBrotliWorkerFor(worker) };
  } catch (error) {
    return { refused: /** @type {Error} */ (error).message };
  }
  for (const one of [workers.worker, workers.brotliWorker]) {
    one.addEventListener("error", (event) => (workers.failure ??= event), { once: true });
  }
  return workers;
}

/** @type {Started | undefined} */
let early;
if (!leader()) lead();
if (leads() && typeof WebAssembly === "object" && typeof Worker === "function")
  early = startWorkers();

/**
 * The workers that were started early; new ones from the second call on. Throws an Error if the browser
 * starts none.
 * @returns {Workers}
 */
export function takeWorkers() {
  const taken = early ?? startWorkers();
  early = undefined;
  if ("refused" in taken) throw new Error(whyRefused(taken.refused));
  return taken;
}

/** @param {string} why what the browser says */
function whyRefused(why) {
  return origin === "null"
    ? "The frame that this page is in gives it no origin of its own (a sandbox without " +
        "allow-same-origin), so it can run no Python. Open it on a page of its own."
    : `The browser starts no workers here, and Python needs one (${why}).`;
}
