// Starts Python in this worker: Pyodide, NumPy and nets_core, as fast as a browser can.
//
// Pyodide alone would fetch 15 MB and have Python unpack NumPy's wheel file by file. Here all comes
// gzipped and at the same time, the engine is compiled while it arrives, and the files are written
// from JavaScript before the interpreter looks for them (`boot.js`). The build lists them in
// `start.json`.

import { REST, boot, compile, read, runModule, split, write } from "./boot.js";
import { about, content, unpack } from "./download.js";

/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {"engine" | "numpy" | "library" | "later" | "ready"} Stage what is being waited for */
/** @typedef {(progress: { stage: Stage, loaded: number, total: number }) => void} Report */
/**
 * @typedef {{ file: string, stage: Stage, bytes: number, unpacked: number, sha256: string }} Part
 *   an entry of start.json; `bytes` are those sent
 */
/** @typedef {import("./download.js").Bytes} Bytes */

const BASE = new URL("./pyodide/", import.meta.url);

/**
 * Returns a running Pyodide in which `import numpy` and `import nets_core` work and a net can read;
 * `rest` fetches what else they have, without which no net can be trained. Both reject with an Error
 * that names the file that did not load and says why.
 *
 * @param {Report} report called often, with bytes as they are sent; a total of 0 is an unknown one
 * @returns {Promise<{ pyodide: Pyodide, rest: () => Promise<void> }>}
 */
export async function startPython(report) {
  if (typeof WebAssembly !== "object") {
    throw new Error("This browser has no WebAssembly, which Python needs to run here.");
  }
  const unpacks = typeof DecompressionStream === "function";
  const started = await (unpacks ? startFromParts(report) : startFromPackages(report));
  report({ stage: "ready", loaded: 1, total: 1 });
  return started;
}

/** @param {Report} report */
async function startFromParts(report) {
  const modules = Promise.all([load("pyodide.mjs"), json("pyodide-lock.json")]);
  modules.catch(() => {}); // waited for below, after what may fail before it

  /** @type {Part[]} */
  const listed = await json("start.json");
  const parts = listed.filter(({ stage }) => stage !== "later");
  const arrived = counter(parts, report);
  const [engine, glue, stdlib, ...archives] = parts;
  const [module, , library, trees, [{ loadPyodide }, lockFileContents]] = await Promise.all([
    fetched(engine, arrived, compile),
    fetched(glue, arrived, runModule), // puts itself where loadPyodide looks for it
    fetched(stdlib, arrived, read),
    Promise.all(archives.map((part) => fetched(part, arrived, split))),
    modules,
  ]);
  const contents = { loadPyodide, lockFileContents, module, stdlib: library, files: trees.flat() };
  const pyodide = await boot(contents, BASE);
  const [later] = listed.filter(({ stage }) => stage === "later");
  return { pyodide, rest: () => addRest(pyodide, later) };
}

/**
 * Fetches what was left out at the start: the rest of NumPy and of the standard library.
 *
 * @param {Pyodide} pyodide
 * @param {Part} part
 */
async function addRest(pyodide, part) {
  write(pyodide.FS, await fetched(part, () => {}, split));
  pyodide.runPython(REST);
}

/**
 * @template T
 * @param {Part} part
 * @param {(part: Part, count: number) => void} arrived
 * @param {(stream: ReadableStream<Bytes>) => Promise<T>} use
 * @returns {Promise<T>}
 */
function fetched(part, arrived, use) {
  const url = new URL(`${part.file}?${part.sha256.slice(0, 12)}`, BASE);
  return named(part.file, unpack(url, (count) => arrived(part, count)).then(use));
}

/**
 * The way for browsers that cannot unpack gzip: Pyodide's own, with the compiled wheels.
 *
 * @param {Report} report
 */
async function startFromPackages(report) {
  report({ stage: "engine", loaded: 0, total: 0 });
  const { loadPyodide } = await load("pyodide.mjs");
  const files = ["pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"];
  await Promise.all(files.map((file) => named(file, content(new URL(file, BASE)))));
  const pyodide = await loadPyodide({ indexURL: BASE.href, packageBaseUrl: BASE.href });
  report({ stage: "numpy", loaded: 0, total: 0 });
  await pyodide.loadPackage("nets-core", { messageCallback: () => {} });
  return { pyodide, rest: async () => {} };
}

/**
 * Returns a function to call with the bytes of a part that came, which reports the sum.
 *
 * @param {Part[]} parts
 * @param {Report} report
 */
function counter(parts, report) {
  const missing = new Map(parts.map((part) => [part, part.bytes]));
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  return (/** @type {Part} */ part, /** @type {number} */ count) => {
    missing.set(part, Math.max(0, (missing.get(part) ?? 0) - count));
    const left = [...missing.values()].reduce((sum, rest) => sum + rest, 0);
    const waiting = parts.find((other) => missing.get(other));
    report({ stage: waiting?.stage ?? "library", loaded: total - left, total });
  };
}

/** @type {<T>(file: string, step: Promise<T>) => Promise<T>} */
const named = (file, step) => about(`pyodide/${file}`, step);

/** @param {string} file */
function json(file) {
  const text = content(new URL(file, BASE)).then((bytes) => new TextDecoder().decode(bytes));
  return named(file, text.then(JSON.parse));
}

/**
 * Imports one of Pyodide's modules. The browser does not say why an import failed and takes whatever
 * comes; so the file is looked at beside it.
 *
 * @param {string} file
 */
async function load(file) {
  const url = new URL(file, BASE);
  const module = import(url.href);
  module.catch(() => {}); // why is told by what came
  await named(file, content(url));
  return named(file, module);
}
