// Starts Python in this worker: Pyodide, NumPy and nets_core, as fast as a browser can.
//
// Pyodide alone would fetch 15 MB and have Python unpack NumPy's wheel file by file. Here all comes
// gzipped and at the same time, the engine is compiled while it arrives, and the files are written
// from JavaScript before the interpreter looks for them. The build lists them in `start.json`.

import { about, open, read, unpack } from "./download.js";

/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {"engine" | "numpy" | "library" | "ready"} Stage what is being waited for */
/** @typedef {(progress: { stage: Stage, loaded: number, total: number }) => void} Report */
/**
 * @typedef {{ file: string, stage: Stage, bytes: number, unpacked: number, sha256: string }} Part
 *   an entry of start.json; `bytes` are those sent
 */
/** @typedef {import("./download.js").Bytes} Bytes */

const BASE = new URL("./pyodide/", import.meta.url);

/**
 * Returns a running Pyodide in which `import numpy` and `import nets_core` work. Rejects with an
 * Error that names the file that did not load and says why.
 *
 * @param {Report} report called often, with bytes as they are sent; a total of 0 is an unknown one
 * @returns {Promise<Pyodide>}
 */
export async function startPython(report) {
  if (typeof WebAssembly !== "object") {
    throw new Error("This browser has no WebAssembly, which Python needs to run here.");
  }
  const unpacks = typeof DecompressionStream === "function";
  const pyodide = await (unpacks ? startFromParts(report) : startFromPackages(report));
  report({ stage: "ready", loaded: 1, total: 1 });
  return pyodide;
}

/** @param {Report} report */
async function startFromParts(report) {
  const modules = Promise.all([
    load("pyodide.mjs"),
    load("pyodide.asm.js"), // which loadPyodide would otherwise wait for
    json("pyodide-lock.json"),
  ]);
  modules.catch(() => {}); // waited for below, after what may fail before it

  /** @type {Part[]} */
  const parts = await json("start.json");
  const arrived = counter(parts, report);
  /** @type {<T>(part: Part, use: (stream: ReadableStream<Bytes>) => Promise<T>) => Promise<T>} */
  const fetched = (part, use) => {
    const url = new URL(`${part.file}?${part.sha256.slice(0, 12)}`, BASE);
    return named(part.file, unpack(url, part, (count) => arrived(part, count)).then(use));
  };
  const [engine, stdlib, ...archives] = parts;
  const [module, library, trees, [{ loadPyodide }, , lockFileContents]] = await Promise.all([
    fetched(engine, compile),
    fetched(stdlib, read),
    Promise.all(archives.map((part) => fetched(part, split))),
    modules,
  ]);
  const files = trees.flat();
  const lent = lend(module, library);
  const compiled = compileAll(files.filter(([path]) => path.endsWith(".so")));
  const settings = {
    indexURL: BASE.href,
    packageBaseUrl: BASE.href,
    lockFileContents,
    fsInit: async (/** @type {Pyodide["FS"]} */ FS) => {
      for (const [path, content] of files) {
        FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
        FS.writeFile(path, content, { canOwn: true });
      }
    },
  };
  try {
    const pyodide = await Promise.race([loadPyodide(settings), lent.failure]);
    lendLibraries(pyodide.FS, await compiled);
    return pyodide;
  } finally {
    lent.restore();
  }
}

/**
 * The way for browsers that cannot unpack gzip: Pyodide's own, with the compiled wheels.
 *
 * @param {Report} report
 */
async function startFromPackages(report) {
  report({ stage: "engine", loaded: 0, total: 0 });
  const { loadPyodide } = await load("pyodide.mjs");
  const pyodide = await loadPyodide({ indexURL: BASE.href, packageBaseUrl: BASE.href });
  report({ stage: "numpy", loaded: 0, total: 0 });
  await pyodide.loadPackage("nets-core", { messageCallback: () => {} });
  return pyodide;
}

/**
 * Answers what Pyodide asks the network and the compiler for with what is here already; it has no
 * option for either. Where its engine cannot start it would wait for ever: `failure` rejects then.
 *
 * @param {WebAssembly.Module} module
 * @param {Bytes} stdlib
 */
function lend(module, stdlib) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  const here = new Map([
    [new URL("pyodide.asm.wasm", BASE).href, () => new Response()],
    [new URL("python_stdlib.zip", BASE).href, () => new Response(stdlib)],
  ]);
  globalThis.fetch = async (input, init) =>
    here.get(String(input))?.() ?? fetch.call(globalThis, input, init);
  /** @type {Promise<never>} */
  const failure = new Promise((_, reject) => {
    /** @type {(source: unknown, imports: WebAssembly.Imports) => Promise<object>} */
    const instantiate = async (_, imports) => {
      try {
        return { module, instance: await WebAssembly.instantiate(module, imports) };
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        reject(new Error(`Python's engine could not start: ${message}`));
        throw error;
      }
    };
    Object.assign(WebAssembly, { instantiateStreaming: instantiate });
  });
  const restore = () => {
    globalThis.fetch = fetch;
    Object.assign(WebAssembly, { instantiateStreaming });
  };
  return { failure, restore };
}

/**
 * Compiles NumPy's extension modules while the interpreter starts.
 *
 * @param {[string, Bytes][]} libraries
 */
async function compileAll(libraries) {
  const modules = libraries.map(([, content]) => WebAssembly.compile(content));
  return new Map((await Promise.all(modules)).map((module, i) => [libraries[i][0], module]));
}

/**
 * Gives the import of an extension module the compiled one: Pyodide reads the file in order to
 * compile it there and then, but takes what is compiled already.
 *
 * @param {Pyodide["FS"]} FS
 * @param {Map<string, WebAssembly.Module>} compiled
 */
function lendLibraries(FS, compiled) {
  const { readFile } = FS;
  FS.readFile = (/** @type {string} */ path, /** @type {object} */ options) =>
    compiled.get(path) ?? readFile.call(FS, path, options);
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

/** @param {ReadableStream<Bytes>} stream */
function compile(stream) {
  const headers = { "Content-Type": "application/wasm" }; // without which it is refused
  return WebAssembly.compileStreaming(new Response(stream, { headers }));
}

/**
 * Splits an archive: a line of JSON, [[path, size], …], and then the files' bytes.
 *
 * @param {ReadableStream<Bytes>} stream
 * @returns {Promise<[string, Bytes][]>}
 */
async function split(stream) {
  const archive = await read(stream);
  let offset = archive.indexOf(10) + 1;
  /** @type {[string, number][]} */
  const index = JSON.parse(new TextDecoder().decode(archive.subarray(0, offset)));
  return index.map(([path, size]) => [path, archive.subarray(offset, (offset += size))]);
}

/** @type {<T>(file: string, step: Promise<T>) => Promise<T>} */
const named = (file, step) => about(`pyodide/${file}`, step);

/** @param {string} file */
function json(file) {
  const answer = open(new URL(file, BASE), { cache: "no-cache" });
  return named(file, answer.then((found) => found.json()));
}

/**
 * Imports one of Pyodide's modules. The browser does not say why an import failed; asking for the
 * file again does.
 *
 * @param {string} file
 */
function load(file) {
  const url = new URL(file, BASE);
  const module = import(url.href).catch((error) => open(url).then(() => Promise.reject(error)));
  return named(file, module);
}
