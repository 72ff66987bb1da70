// The page's end of the worker: starts it, notices when it dies, and passes calls to it.

import * as Comlink from "comlink";
import index from "../../models/models.json";
import { load } from "../../python/siteFiles.js";
import { note } from "../ui/diagnostics.js";
import { RENEWED, whyNot } from "../ui/lazy.js";
import { Lifeline } from "./lifeline.js";
import { takeWorkers, WORKER_URLS } from "./workers.js";

/** @typedef {{stage: string, loaded: number, total: number}} Loading */
/** @typedef {(typeof index.models)[number]} Model */
/** @typedef {import("../../worker/autosave.js").Report} SaveReport */

/** A worker that does not answer a ping for this long, in milliseconds, counts as dead. */
const PATIENCE = 20_000;
/** The same while it is starting: Python cannot answer then. */
const PATIENCE_AT_FIRST = 60_000;

/**
 * A worker that runs Python. Events: "starting", "loading" (detail: Loading), "ready", "saved" (detail:
 * SaveReport), "failed" (detail: Error). After a failure `start` tries again with a new worker.
 */
export class Engine extends EventTarget {
  /** @type {"loading" | "ready" | "failed"} */
  state = "loading";
  /** Resolves when predictions can be made; before the first start, as that start will. @type {Promise<void>} */
  ready = new Promise((resolve) =>
    this.addEventListener("starting", () => resolve(this.ready), { once: true }),
  );
  /**
   * Resolves when the kernels are in use or cannot be used: says what computes, and why.
   * @type {Promise<import("../../worker/kernels.js").Computing | undefined>}
   */
  computing = Promise.resolve(undefined);
  /** @type {Worker | undefined} */
  #worker;
  /** Decompresses files for it during the start. @type {Worker | undefined} */
  #brotliWorker;
  /** @type {any} */
  #api;
  /** @type {Map<string, Promise<unknown>>} */
  #opened = new Map();
  /** Whether it has been started again, as a worker's file came too late. */
  #again = false;
  /** Whether the worker has been asked to save the net in training. */
  #autosaving = false;
  /** Ends with the worker. */
  #life = new Lifeline();

  constructor() {
    super();
    this.ready.catch(() => {}); // "failed" reports it
  }

  /** Start a worker, or a new one after a failure. @returns {Promise<void>} as `ready` */
  start() {
    this.#terminate();
    this.#opened.clear();
    this.#autosaving = false;
    this.state = "loading";
    this.#life = new Lifeline();
    const ready = this.#boot();
    this.ready = ready;
    ready.catch((error) => this.ready === ready && this.#fail(error)); // unless it was started again
    this.dispatchEvent(new Event("starting"));
    return this.ready;
  }

  async #boot() {
    if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
      throw new Error(
        "This browser has no WebAssembly, which Python needs here. Try a current Firefox, " +
          "Chrome, Edge or Safari.",
      );
    }
    const report = Comlink.proxy((/** @type {Loading} */ detail) =>
      this.dispatchEvent(new CustomEvent("loading", { detail })),
    );
    const first = load(`models/${index.models[0].file}`);
    first.catch(() => {}); // handled below, where it is awaited
    const worker = this.#takeWorkers();
    const trouble = await this.#life.holds(this.#api.start(report));
    if (trouble) note(trouble);
    await this.#open(index.models[0].id, first);
    if (this.#worker !== worker) return;
    this.state = "ready";
    this.#again = false;
    this.computing = this.invoke("useKernels"); // the first prediction does not wait for it
    this.computing.catch(note);
    this.dispatchEvent(new Event("ready"));
  }

  /**
   * Take a worker and its Brotli worker, and watch for their failure.
   * @returns {Worker}
   */
  #takeWorkers() {
    const { worker, brotliWorker, failure } = takeWorkers();
    this.#worker = worker;
    this.#brotliWorker = brotliWorker;
    this.#api = Comlink.wrap(worker);
    const fail = (/** @type {string} */ what) => {
      if (this.#worker === worker) this.#fail(new Error(what));
    };
    const died = async (/** @type {ErrorEvent} */ event) => {
      event.preventDefault();
      if (event.message)
        return fail(`The worker that runs Python could not go on: ${event.message}.`);
      for (const [name, { href }] of Object.entries(WORKER_URLS)) {
        const why = await whyNot(href);
        const advice = why === RENEWED ? " Reload the page." : "";
        if (why) return fail(`${name} did not load: ${why}.${advice}`);
      }
      if (this.#worker !== worker) return;
      if (this.#again) return fail("The worker that runs Python did not load.");
      this.#again = true; // its file is there now, and the browser's cache has it
      this.start().catch(() => {}); // "failed" reports it
    };
    worker.addEventListener("error", died);
    brotliWorker.addEventListener("error", died);
    if (failure) void died(failure);
    void this.#watch(worker);
    return worker;
  }

  /**
   * Call a method of one of the Lab's services (nets_core/page/lab.py).
   * @param {string} method such as "reading.predict"
   * @param {Record<string, unknown>} [args]
   * @param {string} [client] the id of a frame that shares this engine
   * @returns {Promise<any>} rejects with the Lab's error, or when the worker dies
   */
  call(method, args = {}, client = "") {
    return this.#life.holds(this.#api.call(method, args, client));
  }

  /**
   * Call one of the worker's own functions. Some of them report progress.
   * @param {"loadMnist" | "run" | "stop" | "memory" | "useKernels" | "autosave" | "continueRun" | "leave"} name
   * @param {string | ((progress: any) => void)} [argument]
   * @returns {Promise<any>}
   */
  invoke(name, argument) {
    const given = typeof argument === "function" ? Comlink.proxy(argument) : argument;
    return this.#life.holds(this.#api[name](given));
  }

  /** Save the net in training in this browser from now on; "saved" reports each save. */
  autosave() {
    if (this.#autosaving) return;
    this.#autosaving = true;
    const report = (/** @type {SaveReport} */ detail) =>
      this.dispatchEvent(new CustomEvent("saved", { detail }));
    this.invoke("autosave", report).catch(() => {}); // "failed" reports a worker that died
  }

  /** Open a trained net in the worker, unless it is open. @param {string} id @returns {Promise<unknown>} */
  open(id) {
    const model = index.models.find((one) => one.id === id);
    if (!model) return Promise.resolve(); // the Lab knows "live", and refuses unknown names
    return this.#opened.get(id) ?? this.#open(id, load(`models/${model.file}`));
  }

  /** @param {string} id @param {Promise<Uint8Array>} data */
  #open(id, data) {
    const opened = data
      .then((bytes) => this.call("models.open", { model: id, data: bytes }))
      .catch((error) => {
        note(error);
        throw error;
      });
    this.#opened.set(id, opened);
    opened.catch(() => this.#opened.get(id) === opened && this.#opened.delete(id));
    return opened;
  }

  #terminate() {
    this.#worker?.terminate();
    this.#brotliWorker?.terminate();
  }

  /** @param {Error} error */
  #fail(error) {
    if (this.state === "failed") return;
    note(error);
    this.state = "failed";
    this.#terminate();
    this.#life.cut(error);
    this.ready = Promise.reject(error);
    this.ready.catch(() => {});
    this.dispatchEvent(new CustomEvent("failed", { detail: error }));
  }

  /** Ping the worker while the page is visible. @param {Worker} worker */
  async #watch(worker) {
    const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));
    const isCurrent = () => this.#worker === worker && this.state !== "failed";
    while (isCurrent()) {
      await pause(3000);
      if (document.hidden) continue;
      const patience = this.state === "ready" ? PATIENCE : PATIENCE_AT_FIRST;
      const sign = this.#api.ping();
      const answered =
        (await Promise.race([sign, pause(patience)])) || (await Promise.race([sign, pause(1000)])); // after the computer slept, the timer may fire first
      if (!answered && !document.hidden && isCurrent()) {
        this.#fail(new Error("The worker that runs Python has stopped answering."));
      }
    }
  }
}

/** The trained nets that ship with the page. @returns {Model[]} */
export function models() {
  return index.models;
}
