// Runs Pyodide and a Lab (nets_core/page/lab.py) off the page's thread. It only passes messages: the
// Lab decides what a call means, when an epoch ends and whether a net has diverged.

import * as Comlink from "comlink";
import { startPython } from "#start";
import { receiveBrotliClient } from "../python/brotliClient.js";
import { Autosave } from "./autosave.js";
import { loadKernels } from "./kernels.js";
import { loadMnist } from "./mnist.js";

/** How long Python trains before the worker handles its messages, in milliseconds. */
const TURN = 8;
/** The time between two progress reports, and between two checks for missing data, in milliseconds. */
const REPORT = 50;
/** How long after the start the rest of Python is fetched in advance, in milliseconds. */
const LEISURE = 1500;

/** @type {any} */
let pyodide;
/** @type {any} */
let lab;
let stopped = true;
/** @type {Promise<void>} */
let running = Promise.resolve();

/** Fetches the rest of Python's libraries. @type {() => Promise<void>} */
let fetchRest;
/** @type {Promise<void> | undefined} */
let rest;
/** The Lab's methods that work before the rest has been fetched. */
const AT_ONCE = new Set([
  "models.open",
  "reading.activations",
  "reading.compare",
  "reading.predict",
  "training.choices",
  "training.curves",
  "training.progress",
  "training.reset",
]);

/** Reports loading progress to the page, once it listens. @type {(progress: object) => void} */
let reportToPage = () => {};
/** The latest progress report, for when the page starts to listen. @type {object | undefined} */
let latest;
const report = (/** @type {object} */ progress) => {
  latest = progress;
  reportToPage(progress);
};
const started = receiveBrotliClient()
  .then((brotli) => startPython(report, brotli))
  .then((python) => {
    ({ pyodide, rest: fetchRest } = python);
    lab = pyodide.pyimport("nets_core.page.lab").Lab();
    return python.trouble;
  });
started.catch(() => {}); // the page gets the error when it calls start

const { port1, port2 } = new MessageChannel();
/** Let the worker handle the messages that have arrived. @returns {Promise<void>} */
function turn() {
  return new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(0);
  });
}

/**
 * Call a method of one of the Lab's services.
 * @param {string} method such as "reading.predict"
 * @param {Record<string, unknown>} args numbers, texts, lists, objects and typed arrays
 * @param {string} [client] the caller's id, if several share this Lab
 * @returns {any} what it returned; throws an Error with the Python exception's name if it raised one
 */
function call(method, args = {}, client = "") {
  const given = pyodide.toPy(args);
  const answer = lab.call(method, given, client);
  given.destroy();
  const { value, error } = answer.toJs({ dict_converter: Object.fromEntries });
  answer.destroy();
  if (error) throw Object.assign(new Error(error.message), { name: error.type });
  return value;
}

/** Release a function of the page: the garbage collector would close its port only much later. */
const release = (/** @type {any} */ proxy) => proxy[Comlink.releaseProxy]();

const autosave = new Autosave(call, () => stopped);
/** The methods that change the net in training. */
const CHANGES = new Set([
  "runs.reopen",
  "training.adjust",
  "training.correct",
  "training.step",
  "training.train",
]);

/** Fetch the rest of Python's libraries once; after a failure the next call tries again. */
function complete() {
  rest ??= fetchRest().catch((error) => {
    rest = undefined;
    throw error;
  });
  return rest;
}

const api = {
  /** @type {(method: string, args?: Record<string, unknown>, client?: string) => Promise<any>} */
  async call(method, args, client) {
    if (!AT_ONCE.has(method)) await complete();
    const answer = call(method, args, client);
    if (method === "runs.reopen") await autosave.leave(); // the file replaces the other net
    if (method === "training.reset") await autosave.forget();
    if (CHANGES.has(method)) autosave.changed();
    return answer;
  },

  /** Delete a client's own services. @param {string} client its id */
  leave: (client) => lab?.leave(client),

  /**
   * Save the net in training in this browser from now on.
   * @param {(report: import("./autosave.js").Report) => void} report called after each save
   */
  autosave: (report) => autosave.begin(report),

  /** Continue a saved run. @param {string} id @returns {Promise<any>} its settings and progress */
  async continueRun(id) {
    await complete();
    const begun = await autosave.continueRun(id, (data) => call("runs.reopen", { data }));
    autosave.changed();
    return begun;
  },

  /**
   * @param {(progress: object) => void} report
   * @returns {Promise<string>} why Python could not start from its snapshot, or ""
   */
  start(report) {
    reportToPage = report;
    if (latest) report(latest);
    return started;
  },

  /**
   * Fetch MNIST into the Lab; resolves when training can begin. The rest arrives later.
   * @param {(progress: object) => void} report
   */
  async loadMnist(report) {
    await complete();
    return loadMnist(lab, call, report);
  },

  /**
   * Train until the run is over or `stop` is called.
   * @param {(progress: any) => void} report
   * @returns {Promise<any>} the progress at the end
   */
  async run(report) {
    await api.stop();
    stopped = false;
    const loop = async () => {
      let reported = 0;
      while (!stopped) {
        const state = call("training.work", { milliseconds: TURN });
        autosave.changed();
        if (state !== "training" && state !== "waiting") break;
        if (performance.now() - reported > REPORT) {
          reported = performance.now();
          report(call("training.progress"));
        }
        if (state === "waiting") await new Promise((done) => setTimeout(done, REPORT));
        else await turn();
      }
      stopped = true;
    };
    const done = loop();
    running = done.catch(() => {});
    await done.finally(() => release(report));
    return call("training.progress");
  },

  /** Resolves when `run` has stopped. */
  async stop() {
    stopped = true;
    await running;
    autosave.changed();
  },

  /**
   * Compute with the kernels that this browser can run; "computing.use_numpy" switches back to NumPy.
   * Then the rest of Python's libraries is fetched in advance, unless the browser saves data.
   */
  async useKernels() {
    const computing = await loadKernels(pyodide, call);
    const saving = /** @type {any} */ (navigator).connection?.saveData;
    if (!saving) setTimeout(() => complete().catch(() => {}), LEISURE); // a later call tries again
    return computing;
  },

  ping: () => true,

  /** Bytes of WebAssembly memory. */
  memory: () => pyodide._module.HEAPU8.length,
};

Comlink.expose(api);
