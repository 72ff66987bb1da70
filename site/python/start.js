// Starts Python in this worker: Pyodide, NumPy and nets_core, as fast as a browser can.
//
// Pyodide alone would fetch 15 MB, start Python and import NumPy file by file. Here Python has been
// started when the site was built, and a snapshot of its memory is fetched with the engine, all at
// the same time and packed with Brotli; the engine is compiled while it arrives, the rest unpacked on
// another thread (`boot.js` puts them together). The build lists them in `start.json`. A later visit
// may find them unpacked (`unpacked.js`).

import { EngineError, REST, boot, compile, compileAll, read, runModule, split, write } from "./boot.js";
import { unpackedBy, useDecoder } from "./brotli.js";
import { about, content, unpack } from "./download.js";
import { findUnpacked } from "./startCache.js";

/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {"engine" | "numpy" | "library" | "later" | "ready"} Stage what is being waited for */
/** @typedef {(progress: { stage: Stage, loaded: number, total: number }) => void} Report */
/**
 * @typedef {{ file: string, stage: Stage, bytes: number, unpacked: number, sha256: string }} Part
 *   an entry of start.json; `bytes` are those sent
 */
/** @typedef {import("./download.js").Bytes} Bytes */
/** @typedef {import("./brotliClient.js").Unpacker} Unpacker */

/**
 * @typedef {{ pyodide: Pyodide, rest: () => Promise<void>, trouble: string }} Started
 *   trouble: why it took the slow way, if it did without need
 */

const BASE = new URL("./pyodide/", import.meta.url);

/**
 * Returns a running Pyodide in which `import numpy` and `import nets_core` work and a net can read;
 * `rest` fetches what else they have, without which no net can be trained. Both reject with an Error
 * that names the file that did not load and says why.
 *
 * @param {Report} report called often, with bytes as they are sent; a total of 0 is an unknown one
 * @param {Unpacker} unpacker which is at its end then
 * @returns {Promise<Started>}
 */
export async function startPython(report, unpacker) {
  try {
    if (typeof WebAssembly !== "object") {
      throw new Error("This browser has no WebAssembly, which Python needs to run here.");
    }
    const unpacks = typeof DecompressionStream === "function";
    const started = await (unpacks ? startFromParts(report, unpacker) : startFromPackages(report));
    report({ stage: "ready", loaded: 1, total: 1 });
    return started;
  } finally {
    unpacker.end();
  }
}

/** @param {Report} report @param {Unpacker} unpacker @returns {Promise<Started>} */
async function startFromParts(report, unpacker) {
  const { contents, later } = await fetchParts(report, unpacker);
  try {
    const pyodide = await boot(contents, BASE);
    return { pyodide, rest: () => addRest(pyodide, later), trouble: "" };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const trouble = `Python was started the slow way, since its snapshot did not wake: ${error}`;
    return { ...(await startFromPackages(report)), trouble };
  }
}

/** @param {Report} report @param {Unpacker} unpacker */
async function fetchParts(report, unpacker) {
  const modules = Promise.all([load("pyodide.mjs"), json("pyodide-lock.json")]);
  modules.catch(() => {}); // waited for below, after what may fail before it
  /** @type {Part[]} */
  const listed = await json("start.json");
  const [decoder, engine, glue, numpy, memory, later] = listed;
  const packed = [engine, glue, numpy, memory];
  const addresses = packed.map(({ file }) => `pyodide/${file}`);
  const kept = await findUnpacked(addresses);
  const parts = kept
    ? fromKept(kept)
    : fromSite(decoder, packed, unpacker, counter([decoder, ...packed], report));
  const [module, , libraries, snapshot, [{ loadPyodide }, lockFileContents]] = await Promise.all([
    parts.engine,
    parts.glue.then(runModule), // puts itself where loadPyodide looks for it
    parts.numpy.then(split).then(compileAll),
    parts.memory,
    modules,
    parts.decoder, // without it all those fail, too, and say so less well
  ]);
  const hashes = Object.fromEntries(listed.map(({ file, sha256 }) => [file, sha256]));
  const contents = { loadPyodide, lockFileContents, module, libraries, snapshot, hashes };
  return { contents, later };
}

/** @param {Bytes[]} kept what an earlier visit has unpacked */
function fromKept([engine, glue, numpy, memory]) {
  return {
    decoder: Promise.resolve(),
    engine: WebAssembly.compile(engine),
    glue: Promise.resolve(glue),
    numpy: Promise.resolve(numpy),
    memory: Promise.resolve(memory),
  };
}

/**
 * @param {Part} decoder
 * @param {Part[]} packed
 * @param {Unpacker} unpacker
 * @param {(part: Part, count: number) => void} arrived
 */
function fromSite(decoder, [engine, glue, numpy, memory], unpacker, arrived) {
  const ready = fetched(decoder, arrived, compile).then((module) => {
    useDecoder(module);
    unpacker.use(module);
  });
  ready.catch(() => {}); // told by who waits for it
  /** @param {Part} part */
  const unpacked = (part) =>
    fetched(part, arrived, async (stream) => {
      const all = await read(stream);
      await ready;
      return unpacker.unpack(all);
    });
  const compiled = fetched(engine, arrived, async (stream) => {
    await ready;
    return unpackedBy(stream, compile);
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
 * @param {Part} part
 */
async function addRest(pyodide, part) {
  write(pyodide.FS, await fetched(part, () => {}, (stream) => read(stream).then(split)));
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
 * The way for browsers that cannot unpack gzip, and for a snapshot that does not wake: Pyodide's own,
 * with the compiled wheels.
 *
 * @param {Report} report
 * @returns {Promise<Started>}
 */
async function startFromPackages(report) {
  report({ stage: "engine", loaded: 0, total: 0 });
  const { loadPyodide } = await load("pyodide.mjs");
  const files = ["pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"];
  await Promise.all(files.map((file) => named(file, content(new URL(file, BASE)))));
  const pyodide = await loadPyodide({ indexURL: BASE.href, packageBaseUrl: BASE.href });
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
