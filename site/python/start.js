// Starts Python in this worker as fast as possible: Pyodide, NumPy and nets_core.
//
// Pyodide alone would fetch 15 MB, start Python and import NumPy file by file. Instead, the build
// starts Python and takes a snapshot of its memory. The worker fetches the snapshot and the engine in
// parallel, packed with Brotli. The engine is compiled while it arrives; the rest is decompressed on
// another thread, and `boot.js` puts all together. Later visits may find the files decompressed
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
/** @typedef {"engine" | "numpy" | "library" | "later" | "ready"} Stage what the start is waiting for */
/** @typedef {(progress: { stage: Stage, loaded: number, total: number }) => void} Report */
/** @typedef {{ name: string, stage: Stage }} Part a file, and the stage that waits for it */
/** @typedef {import("./siteFiles.js").Bytes} Bytes */
/** @typedef {import("./brotliClient.js").BrotliClient} BrotliClient */

/**
 * @typedef {{ pyodide: Pyodide, rest: () => Promise<void>, trouble: string }} Started
 *   trouble: why the snapshot could not be used, or ""
 */

/** The Brotli decoder. @type {Part} */
const DECODER = { name: "pyodide/brotli.wasm.gz", stage: "engine" };
/** Packed with Brotli: the engine, its JavaScript, NumPy's libraries and Python's memory. @type {Part[]} */
const PACKED = [
  { name: "pyodide/pyodide.asm.wasm.br", stage: "engine" },
  { name: "pyodide/pyodide.asm.js.br", stage: "engine" },
  { name: "pyodide/numpy.files.br", stage: "numpy" },
  { name: "pyodide/snapshot.br", stage: "library" },
];
/** Not needed for a first prediction: the rest of the standard library and of NumPy, and nets_core. */
const REST_OF_PYTHON = ["pyodide/later.files.gz", "pyodide/nets_core.files.gz"];
const ENGINE = ["pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"];
/** Pyodide's own files are in one folder, where it looks for them. */
const BASE = new URL("./", urlOf("pyodide/pyodide.mjs"));

/**
 * Returns a running Pyodide in which `import numpy` and `import nets_core` work and a net can predict.
 * `rest` fetches the other files of these libraries, which training needs. Both reject with an Error
 * that names the file that did not load and says why.
 *
 * @param {Report} report called often, with compressed bytes; a total of 0 means unknown
 * @param {BrotliClient} brotli stopped at the end
 * @returns {Promise<Started>}
 */
export async function startPython(report, brotli) {
  try {
    if (typeof WebAssembly !== "object") {
      throw new Error("This browser has no WebAssembly, which Python needs to run here.");
    }
    // There is no snapshot when the page is served for development (scripts/serve.py --dev).
    const restores = typeof DecompressionStream === "function" && "pyodide/snapshot.br" in files;
    const started = await (restores ? startFromParts(report, brotli) : startFromPackages(report));
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
    const trouble = `Python was started without its snapshot, which could not be used: ${error}`;
    return { ...(await startFromPackages(report)), trouble };
  }
}

/** @param {Report} report @param {BrotliClient} brotli */
async function fetchParts(report, brotli) {
  const modules = Promise.all([load("pyodide.mjs"), json("pyodide-lock.json")]);
  modules.catch(() => {}); // awaited below
  const cached = await findUnpacked(PACKED.map(({ name }) => name));
  const parts = cached
    ? fromCache(cached)
    : fromSite(brotli, counter([DECODER, ...PACKED], report));
  const [module, , libraries, snapshot, [{ loadPyodide }, lockFileContents]] = await Promise.all([
    parts.engine,
    parts.glue.then(runModule), // registers itself where loadPyodide looks for it
    parts.numpy.then(split).then(compileAll),
    parts.memory,
    modules,
    parts.decoder, // if it fails, its error is the clearest
  ]);
  const hashes = Object.fromEntries(
    PACKED.map(({ name }) => [name.replace("pyodide/", ""), files[name].sha256]),
  );
  return { loadPyodide, lockFileContents, module, libraries, snapshot, hashes };
}

/** @param {Bytes[]} cached files that an earlier visit has decompressed */
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
  ready.catch(() => {}); // handled where it is awaited
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
 * Fetches the files that the start left out.
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
 * Pyodide's own way to start, from compiled wheels: for browsers that cannot unpack gzip, and where the
 * snapshot cannot be used.
 *
 * @param {Report} report
 * @returns {Promise<Started>}
 */
async function startFromPackages(report) {
  report({ stage: "engine", loaded: 0, total: 0 });
  const [{ loadPyodide }, lockFileContents] = await Promise.all([
    load("pyodide.mjs"),
    json("pyodide-lock.json"),
    ...ENGINE.map((file) => named(file, content(`pyodide/${file}`))), // loadPyodide fetches them again
  ]);
  const packageBaseUrl = new URL("../", BASE).href;
  const pyodide = await loadPyodide({ indexURL: BASE.href, packageBaseUrl, lockFileContents });
  report({ stage: "numpy", loaded: 0, total: 0 });
  await pyodide.loadPackage("nets-core", { messageCallback: () => {} });
  return { pyodide, rest: async () => {}, trouble: "" };
}

/**
 * Returns a function that adds up the bytes that arrive and reports the sum.
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
 * Runs one of Pyodide's modules once its hash has been checked, which an import by address would not do.
 *
 * @param {string} file
 */
function load(file) {
  return named(file, content(`pyodide/${file}`).then(runModule));
}
