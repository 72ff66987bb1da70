// Saved training runs in IndexedDB, for the page and its worker.
//
// A run has an entry in "runs", small enough to list, and its file in "files"; one transaction
// writes both, so that neither exists without the other. The worker that trains a run holds its lock
// until it ends, for whatever reason. A run whose lock is free may be continued.

import { openDB } from "idb";
import { SITE } from "../python/siteFiles.js";
import { entryOf, newestFirst, nextOrder } from "./entries.js";

/** @typedef {import("./entries.js").Entry} Entry */
/**
 * @typedef {import("idb").DBSchema & {
 *   runs: {key: string, value: unknown}, files: {key: string, value: Uint8Array},
 * }} Schema
 */
/** @typedef {import("idb").IDBPDatabase<Schema>} Database */
/**
 * @template {IDBTransactionMode} Mode
 * @typedef {import("idb").IDBPTransaction<Schema, ("runs" | "files")[], Mode>} Transaction
 */

/** Each site on an origin has its own database. */
const NAME = `nets ${SITE.pathname}`;

/** What a VersionError means: a later version of this page has made the database. */
export const NEWER =
  "A newer version of this page has saved nets in this browser, and this one can neither open them " +
  "nor save its own: reload the page to get the newer version, or save the net as a file.";

/** In milliseconds. When a visitor clears the storage, the browser may never answer. */
const DATABASE_TIMEOUT = 10_000;
/** How long another tab has to release a run's lock, in milliseconds. */
const LOCK_TIMEOUT = 3000;

/** @type {Promise<Database> | undefined} */
let connection;

/** @returns {Promise<Database>} rejects where the browser stores nothing */
function connect() {
  connection ??= withTimeout(open());
  connection.catch(disconnect);
  return connection;
}

/** The next transaction connects again. */
function disconnect() {
  connection = undefined;
}

/** @returns {Promise<Database>} */
async function open() {
  /** @type {Database} */
  const database = await openDB(NAME, 1, {
    upgrade(created) {
      created.createObjectStore("runs", { keyPath: "id" });
      created.createObjectStore("files");
    },
    blocking() {
      database.close(); // another tab deletes the database, or has a newer version of it
      disconnect();
    },
    terminated: disconnect, // the visitor has cleared the storage
  });
  return database;
}

/**
 * The same promise, which rejects with a TimeoutError if the database does not answer.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function withTimeout(promise) {
  return new Promise((resolve, reject) => {
    const error = new DOMException("The browser’s storage does not answer.", "TimeoutError");
    const timer = setTimeout(() => reject(error), DATABASE_TIMEOUT);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * @template T
 * @template {"readonly" | "readwrite"} Mode
 * @param {Mode} mode
 * @param {(transaction: Transaction<Mode>) => Promise<T>} requests
 * @returns {Promise<T>} the result of `requests`, once the transaction is complete
 */
async function transact(mode, requests) {
  const transaction = (await connect()).transaction(["runs", "files"], mode);
  try {
    // A request that fails says why; the transaction that it aborts does not.
    const [result] = await withTimeout(Promise.all([requests(transaction), transaction.done]));
    return result;
  } catch (error) {
    disconnect();
    throw error;
  }
}

/** All runs, the newest first. @returns {Promise<Entry[]>} */
export async function list() {
  return (await transact("readonly", entries)).sort(newestFirst);
}

/** @param {Transaction<IDBTransactionMode>} transaction @returns {Promise<Entry[]>} in any order */
async function entries(transaction) {
  const records = await transaction.objectStore("runs").getAll();
  return records.flatMap((record) => entryOf(record) ?? []);
}

/** A run as it is now, undefined if it is gone. @param {string} id @returns {Promise<Entry | undefined>} */
export function find(id) {
  return transact("readonly", async (transaction) =>
    entryOf(await transaction.objectStore("runs").get(id)),
  );
}

/** The file of a run, undefined if there is none. @param {string} id @returns {Promise<Uint8Array | undefined>} */
export function read(id) {
  return transact("readonly", (transaction) => transaction.objectStore("files").get(id));
}

/**
 * Save a run, as the newest of all.
 * @param {Omit<Entry, "order">} run
 * @param {Uint8Array} data
 * @returns {Promise<void>}
 */
export function save(run, data) {
  return transact("readwrite", async (transaction) => {
    const order = nextOrder(await entries(transaction));
    await put(transaction, { ...run, order }, data);
  });
}

/** Write a run that was removed. @param {Entry} entry @param {Uint8Array} data @returns {Promise<void>} */
export function restore(entry, data) {
  return transact("readwrite", (transaction) => put(transaction, entry, data));
}

/** @param {Transaction<"readwrite">} transaction @param {Entry} entry @param {Uint8Array} data */
async function put(transaction, entry, data) {
  await Promise.all([
    transaction.objectStore("runs").put(entry), // first: what cannot be cloned throws here
    transaction.objectStore("files").put(data, entry.id),
  ]);
}

/** @param {string} id @returns {Promise<void>} */
export function remove(id) {
  return transact("readwrite", async (transaction) => {
    await Promise.all([
      transaction.objectStore("files").delete(id),
      transaction.objectStore("runs").delete(id),
    ]);
  });
}

/**
 * Hold the lock of a run until the returned function is called or this worker ends.
 * @param {string} id
 * @param {number} timeout how long to wait for it, in milliseconds
 * @returns {Promise<() => void>} rejects if another holds it all that time
 */
export function hold(id, timeout) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout);
    navigator.locks
      .request(lockName(id), { signal }, () => new Promise((free) => resolve(() => free(null))))
      .catch(reject);
  });
}

/**
 * Hold the lock of a saved run.
 * @param {string} id
 * @returns {Promise<() => void>} as `hold`; rejects with a sentence if another tab trains it
 */
export function claim(id) {
  return hold(id, LOCK_TIMEOUT).catch(() => {
    throw new Error("Another tab is training this net. Continue there, or close that tab first.");
  });
}

/**
 * Wait until no tab trains a run.
 * @param {string} id
 * @param {AbortSignal} signal ends the waiting: then it rejects
 */
export function left(id, signal) {
  return navigator.locks.request(lockName(id), { mode: "shared", signal }, () => {});
}

/** @param {string} id */
const lockName = (id) => `${NAME} ${id}`;
