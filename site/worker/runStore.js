// What this browser keeps of training runs: an IndexedDB database, for the page and for its worker.
//
// A run has an entry in "runs", small enough to list, and its file in "files"; both are written in
// one transaction, so that there is never half of one. Who goes on with a run holds its lock: the
// worker, until it ends, however it ends. A run whose lock nobody holds may be taken up.

import { SITE } from "../python/siteFiles.js";

/** @typedef {{id: string, when: number, about: any}} Entry about: see `Lab.keep`; when: Date.now() */

/** Two sites on one origin do not see each other's runs. */
const NAME = `nets ${SITE.pathname}`;

/** How long the browser may take over a database, in milliseconds: cleared meanwhile, it may never answer. */
const PATIENCE = 10_000;
/** How long another tab may take to let a run go, in milliseconds. */
const WAIT = 3000;

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

/** @returns {Promise<IDBDatabase>} rejects where the browser stores nothing */
function database() {
  opened ??= answered((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("runs", { keyPath: "id" });
      request.result.createObjectStore("files");
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const forget = () => (opened = undefined);
      request.result.onclose = forget; // the visitor has cleared the storage
      request.result.onversionchange = () => {
        request.result.close();
        forget();
      };
      resolve(request.result);
    };
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

/**
 * A promise that rejects with a TimeoutError where neither is called in time.
 * @template T
 * @param {(resolve: (value: T) => void, reject: (error: unknown) => void) => void} ask
 * @returns {Promise<T>}
 */
function answered(ask) {
  return new Promise((resolve, reject) => {
    const silent = () => reject(new DOMException("Storage does not answer", "TimeoutError"));
    setTimeout(silent, PATIENCE);
    ask(resolve, reject);
  });
}

/**
 * @template T
 * @param {"readonly" | "readwrite"} mode
 * @param {(runs: IDBObjectStore, files: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>} the request's result, once the transaction is complete
 */
async function transact(mode, work) {
  const transaction = (await database()).transaction(["runs", "files"], mode);
  const request = work(transaction.objectStore("runs"), transaction.objectStore("files"));
  const done = answered((/** @type {(result: T) => void} */ resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
  });
  done.catch(() => (opened = undefined)); // the next one opens it anew
  return done;
}

/** All runs, the newest first. @returns {Promise<Entry[]>} */
export async function list() {
  const entries = await transact("readonly", (runs) => runs.getAll());
  return entries.sort((one, other) => other.when - one.when);
}

/** A run as it is now, undefined if it is gone. @param {string} id @returns {Promise<Entry | undefined>} */
export function find(id) {
  return transact("readonly", (runs) => runs.get(id));
}

/** The file of a run, undefined if there is none. @param {string} id @returns {Promise<Uint8Array>} */
export function read(id) {
  return transact("readonly", (_, files) => files.get(id));
}

/** @param {Entry} entry @param {Uint8Array} data */
export function write(entry, data) {
  return transact("readwrite", (runs, files) => {
    files.put(data, entry.id);
    return runs.put(entry);
  });
}

/** @param {string} id */
export function remove(id) {
  return transact("readwrite", (runs, files) => {
    files.delete(id);
    return runs.delete(id);
  });
}

/**
 * Hold the lock of a run until the returned function is called or this worker ends.
 * @param {string} id
 * @param {number} patience how long to wait for it, in milliseconds
 * @returns {Promise<() => void>} rejects if another holds it all that time
 */
export function hold(id, patience) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(patience);
    navigator.locks
      .request(lock(id), { signal }, () => new Promise((release) => resolve(() => release(null))))
      .catch(reject);
  });
}

/**
 * Hold the lock of a run that was kept.
 * @param {string} id
 * @returns {Promise<() => void>} as `hold`; rejects with a sentence if another goes on with it
 */
export function claim(id) {
  return hold(id, WAIT).catch(() => {
    throw new Error("Another tab goes on with this net. Continue there, or close that tab first.");
  });
}

/**
 * Wait until nobody goes on with a run.
 * @param {string} id
 * @param {AbortSignal} signal ends the waiting: then it rejects
 */
export function left(id, signal) {
  return navigator.locks.request(lock(id), { mode: "shared", signal }, () => {});
}

/** @param {string} id */
const lock = (id) => `${NAME} ${id}`;
