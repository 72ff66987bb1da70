// Starts Pyodide from what has been fetched and unpacked already. This module fetches and imports
// nothing: it is also handed, as text, to a worker that has no network (sandbox/worker.js).

/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/**
 * @typedef {{
 *   loadPyodide: (typeof import("pyodide"))["loadPyodide"],
 *   lockFileContents: any,
 *   module: WebAssembly.Module,
 *   stdlib: Bytes,
 *   files: [string, Bytes][],
 * }} Contents module: the engine, compiled; stdlib: a zip archive; files: by absolute path
 */

/**
 * Returns a running Pyodide with these files in its file system.
 *
 * @param {Contents} contents
 * @param {URL} base where Pyodide believes its own files to be
 * @param {object} [settings] more of loadPyodide's own
 * @returns {Promise<Pyodide>}
 */
export async function boot(contents, base, settings = {}) {
  const { loadPyodide, lockFileContents, module, stdlib, files } = contents;
  const lent = lend(module, stdlib, base);
  const compiled = compileAll(files.filter(([path]) => path.endsWith(".so")));
  try {
    const started = loadPyodide({
      indexURL: base.href,
      packageBaseUrl: base.href,
      lockFileContents,
      fsInit: async (/** @type {Pyodide["FS"]} */ FS) => {
        write(FS, files);
      },
      ...settings,
    });
    const pyodide = await Promise.race([started, lent.failure]);
    lendLibraries(pyodide.FS, await compiled);
    return pyodide;
  } finally {
    lent.restore();
  }
}

/** What Python has to be told when the rest of its libraries has come: that a part of some packages
 * lies beside the archive with their first part, and that what was not there may be there now. */
export const REST = `
import importlib, sys
for name, module in list(sys.modules.items()):
    path = getattr(module, "__path__", None)
    if isinstance(path, list) and any("python313.zip" in folder for folder in path):
        path.append("/lib/python3.13/" + name.replace(".", "/"))
importlib.invalidate_caches()
del importlib, sys, name, module, path
`;

/**
 * Writes files to Pyodide's file system.
 *
 * @param {Pyodide["FS"]} FS
 * @param {[string, Bytes][]} files
 */
export function write(FS, files) {
  for (const [path, content] of files) {
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, content, { canOwn: true });
  }
}

/**
 * Runs a module that came as a stream.
 *
 * @param {ReadableStream<Bytes>} stream
 * @returns {Promise<any>} what it exports
 */
export async function runModule(stream) {
  const text = new Blob([await read(stream)], { type: "text/javascript" });
  const url = URL.createObjectURL(text);
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Answers what Pyodide asks the network and the compiler for with what is here already; it has no
 * option for either. Where its engine cannot start it would wait for ever: `failure` rejects then.
 *
 * @param {WebAssembly.Module} module
 * @param {Bytes} stdlib
 * @param {URL} base
 */
function lend(module, stdlib, base) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  const here = new Map([
    [new URL("pyodide.asm.wasm", base).href, () => new Response()],
    [new URL("python_stdlib.zip", base).href, () => new Response(stdlib)],
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

/** @param {ReadableStream<Bytes>} stream */
export function compile(stream) {
  const headers = { "Content-Type": "application/wasm" }; // without which it is refused
  return WebAssembly.compileStreaming(new Response(stream, { headers }));
}

/**
 * Splits an archive: a line of JSON, [[path, size], …], and then the files' bytes.
 *
 * @param {ReadableStream<Bytes>} stream
 * @returns {Promise<[string, Bytes][]>}
 */
export async function split(stream) {
  const archive = await read(stream);
  let offset = archive.indexOf(10) + 1;
  /** @type {[string, number][]} */
  const index = JSON.parse(new TextDecoder().decode(archive.subarray(0, offset)));
  return index.map(([path, size]) => [path, archive.subarray(offset, (offset += size))]);
}

/**
 * @param {ReadableStream<Bytes>} stream
 * @returns {Promise<Bytes>} all of it
 */
export async function read(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
