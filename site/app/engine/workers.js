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

/** The workers' addresses, by file name. */
export const WORKER_URLS = {
  "worker.js": new URL(workerUrl, import.meta.url),
  "brotliWorker.js": BROTLI_WORKER,
};

/** @returns {Workers} */
function startWorkers() {
  const worker = new Worker(trusted(WORKER_URLS["worker.js"]), { type: "module" });
  /** @type {Workers} */
  const workers = { worker, brotliWorker: startBrotliWorkerFor(worker) };
  for (const one of [workers.worker, workers.brotliWorker]) {
    one.addEventListener("error", (event) => (workers.failure ??= event), { once: true });
  }
  return workers;
}

/** @type {Workers | undefined} */
let early;
if (!leader()) lead();
if (leads() && typeof WebAssembly === "object" && typeof Worker === "function")
  early = startWorkers();

/** The workers that were started early; new ones from the second call on. @returns {Workers} */
export function takeWorkers() {
  const taken = early ?? startWorkers();
  early = undefined;
  return taken;
}
