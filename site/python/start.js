// Starts Python in this worker: Pyodide, NumPy and nets_core, as fast as a browser can.
//
// Pyodide alone would fetch 15 MB, start Python and import NumPy file by file. Here Python has been
// started when the site was built, and a snapshot of its memory is fetched with the engine, all at
// the same time and packed with Brotli; the engine is compiled while it arrives, the rest unpacked on
// another thread (`boot.js` puts them together). A later visit may find them unpacked
// (`startCache.js`).

import { files } from "virtual:files";
import {
  boot,
  compile,
  compileAll,
  EngineError,
  REST,
  read,
  runModule,
  split,
  write,
} from "./boot.js";
import { decompress, useDecoder } from "./brotli.js";
import { content, naming, unpack, urlOf } from "./siteFiles.js";
import { findUnpacked } from "./startCache.js";

/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {"engine" | "numpy" | "library" | "later" | "ready"} Stage what is being waited for */
/** @typedef {(progress: { stage: Stage, loaded: number, total: number }) => void} Report */
/** @typedef {{ name: string, stage: Stage }} Part a file, and the stage that waits for it */
/** @typedef {import("./siteFiles.js").Bytes} Bytes */
/** @typedef {import("./brotliClient.js").BrotliClient} BrotliClient */

/**
 * @typedef {{ pyodide: Pyodide, rest: () => Promise<void>, trouble: string }} Started
 *   trouble: why it took the slow way, if it did without need
 */

/** What decodes the packed parts. @type {Part} */
const DECODER = { name: "pyodide/brotli.wasm.gz", stage: "engine" };
/** Packed with Brotli: the engine, its JavaScript, NumPy's libraries and Python's memory. @type {Part[]} */
const PACKED = [
  { name: "pyodide/pyodide.asm.wasm.br", stage: "engine" },
  { name: "pyodide/pyodide.asm.js.br", stage: "engine" },
  { name: "pyodide/numpy.files.br", stage: "numpy" },
  { name: "pyodide/snapshot.br", stage: "library" },
];
/** What no first prediction needs: the rest of the standard library and of NumPy, and nets_core's files. */
const REST_OF_PYTHON = ["pyodide/later.files.gz", "pyodide/nets_core.files.gz"];
const ENGINE = ["pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"];
/** Pyodide's own files lie in one folder, since it looks for them side by side. */
const BASE = new URL("./", urlOf("pyodide/pyodide.mjs"));

/**
 * Returns a running Pyodide in which `import numpy` and `import nets_core` work and a net can read;
 * `rest` fetches what else they have, without which no net can be trained. Both reject with an Error
 * that names the file that did not load and says why.
 *
 * @param {Report} report called often, with bytes as they are sent; a total of 0 is an unknown one
 * @param {BrotliClient} brotli which is at its end then
 * @returns {Promise<Started>}
 */
export async function startPython(report, brotli) {
  try {
    if (typeof WebAssembly !== "object") {
      throw new Error("This browser has no WebAssembly, which Python needs to run here.");
    }
    // Without a snapshot the page is served for development (scripts/serve.py --dev).
    const wakes = typeof DecompressionStream === "function" && "pyodide/snapshot.br" in files;
    const started = await (wakes ? startFromParts(report, brotli) : startFromPackages(report));
    report({ stage: "ready", loaded: 1, total: 1 });
    return started;
  } finally {
    brotli.end();
  }
}

/** @param {Report} report @param {BrotliClient} brotli @returns {Promise<Started>} */
async function startFromParts(report, brotli) {
  const contents = await fetchParts(report, brotli);
  try {
    const pyodide = await boot(contents, BASE);
    return { pyodide, rest: () => addRest(pyodide), trouble: "" };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const trouble = `Python was started the slow way, since its snapshot did not wake: ${error}`;
    return { ...(await startFromPackages(report)), trouble };
  }
}

/** @param {Report} report @param {BrotliClient} brotli */
async function fetchParts(report, brotli) {
  const modules = Promise.all([load("pyodide.mjs"), json("pyodide-lock.json")]);
  modules.catch(() => {}); // waited for below, after what may fail before it
  const cached = await findUnpacked(PACKED.map(({ name }) => name));
  const parts = cached
    ? fromCache(cached)
    : fromSite(brotli, counter([DECODER, ...PACKED], report));
  const [module, , libraries, snapshot, [{ loadPyodide }, lockFileContents]] = await Promise.all([
    parts.engine,
    parts.glue.then(runModule), // puts itself where loadPyodide looks for it
    parts.numpy.then(split).then(compileAll),
    parts.memory,
    modules,
    parts.decoder, // without it all those fail, too, and say so less well
  ]);
  const hashes = Object.fromEntries(
    PACKED.map(({ name }) => [name.replace("pyodide/", ""), files[name].sha256]),
  );
  return { loadPyodide, lockFileContents, module, libraries, snapshot, hashes };
}

/** @param {Bytes[]} cached what an earlier visit has unpacked */
function fromCache([engine, glue, numpy, memory]) {
  return {
    decoder: Promise.resolve(),
    engine: WebAssembly.compile(engine),
    glue: Promise.resolve(glue),
    numpy: Promise.resolve(numpy),
    memory: Promise.resolve(memory),
  };
}

/**
 * @param {BrotliClient} brotli
 * @param {(part: Part, count: number) => void} arrived
 */
function fromSite(brotli, arrived) {
  const [engine, glue, numpy, memory] = PACKED;
  const ready = fetched(DECODER, arrived, compile).then((module) => {
    useDecoder(module);
    brotli.use(module);
  });
  ready.catch(() => {}); // told by who waits for it
  /** @param {Part} part */
  const unpacked = (part) =>
    fetched(part, arrived, async (stream) => {
      const all = await read(stream);
      await ready;
      return brotli.unpack(all);
    });
  const compiled = fetched(engine, arrived, async (stream) => {
    await ready;
    return decompress(stream, compile);
  });
  return {
    decoder: ready,
    engine: compiled,
    glue: unpacked(glue),
    numpy: unpacked(numpy),
    memory: unpacked(memory),
  };
}

/**
 * Fetches what was left out at the start: the rest of NumPy and of the standard library.
 *
 * @param {Pyodide} pyodide
 */
async function addRest(pyodide) {
  const archives = await Promise.all(
    REST_OF_PYTHON.map((name) => naming(name, unpack(name, () => {}).then(read))),
  );
  for (const archive of archives) write(pyodide.FS, split(archive));
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
  return naming(part.name, unpack(part.name, (count) => arrived(part, count)).then(use));
}

/**
 * The way for browsers that cannot unpack gzip, and for a snapshot that does not wake: Pyodide's own,
 * with the compiled wheels.
 *
 * @param {Report} report
 * @returns {Promise<Started>}
 */
async function startFromPackages(report) {
  report({ stage: "engine", loaded: 0, total: 0 });
  const [{ loadPyodide }, lockFileContents] = await Promise.all([
    load("pyodide.mjs"),
    json("pyodide-lock.json"),
    ...ENGINE.map((file) => named(file, content(`pyodide/${file}`))), // which loadPyodide fetches again
  ]);
  const packageBaseUrl = new URL("../", BASE).href;
  const pyodide = await loadPyodide({ indexURL: BASE.href, packageBaseUrl, lockFileContents });
  report({ stage: "numpy", loaded: 0, total: 0 });
  await pyodide.loadPackage("nets-core", { messageCallback: () => {} });
  return { pyodide, rest: async () => {}, trouble: "" };
}

/**
 * Returns a function to call with the bytes of a part that came, which reports the sum.
 *
 * @param {Part[]} parts
 * @param {Report} report
 */
function counter(parts, report) {
  const missing = new Map(parts.map((part) => [part, files[part.name].bytes]));
  const total = parts.reduce((sum, { name }) => sum + files[name].bytes, 0);
  return (/** @type {Part} */ part, /** @type {number} */ count) => {
    missing.set(part, Math.max(0, (missing.get(part) ?? 0) - count));
    const left = [...missing.values()].reduce((sum, rest) => sum + rest, 0);
    const waiting = parts.find((other) => missing.get(other));
    report({ stage: waiting?.stage ?? "library", loaded: total - left, total });
  };
}

/** @type {<T>(file: string, step: Promise<T>) => Promise<T>} */
const named = (file, step) => naming(`pyodide/${file}`, step);

/** @param {string} file */
function json(file) {
  const text = content(`pyodide/${file}`).then((bytes) => new TextDecoder().decode(bytes));
  return named(file, text.then(JSON.parse));
}

/**
 * Imports one of Pyodide's modules. The browser does not say why an import failed, and runs whatever
 * it gets; so the file is checked beside it.
 *
 * @param {string} file
 */
async function load(file) {
  const module = import(/* @vite-ignore */ urlOf(`pyodide/${file}`).href);
  module.catch(() => {}); // the check says why
  await named(file, content(`pyodide/${file}`));
  return named(file, module);
}
