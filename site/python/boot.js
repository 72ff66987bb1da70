// Starts Pyodide from files that have been fetched and decompressed. This module fetches and imports
// nothing: the sandbox, whose worker has no network, gets it as text (sandbox/worker.js), and Node runs
// it when the site is built (scripts/building/snapshot.mjs).
//
// Python is restored from a snapshot: the build started it once, imported NumPy and nets_core, and
// saved its memory. Here the same engine gets the same libraries at the same addresses, and then that
// memory.

/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {[path: string, module: WebAssembly.Module]} Library */
/**
 * @typedef {{
 *   files: Record<string, string>,
 *   memory: number,
 *   functions: number,
 *   libraries: [path: string, handle: number][],
 *   references: object,
 *   runs: [address: number, length: number][],
 * }} Header the first line of a snapshot, JSON; the bytes of the runs follow.
 *   files: the hashes of the files that it fits; memory: its size in bytes; functions: the size of the
 *   engine's function table; libraries: in the order in which they were loaded, with Python's handle of
 *   each; references: Pyodide's records of JavaScript objects
 */
/**
 * @typedef {{
 *   loadPyodide: (typeof import("pyodide"))["loadPyodide"],
 *   lockFileContents: any,
 *   module: WebAssembly.Module,
 *   libraries: Library[],
 *   snapshot: Bytes,
 *   hashes: Record<string, string>,
 * }} Contents module: the engine, compiled; libraries: NumPy's, also compiled; hashes: of the
 *   compressed start files
 */

/** The engine itself cannot start, so no other way of starting Python can work either. */
export class EngineError extends Error {}

/** Python code after the restore: randomness must differ from tab to tab. */
const WAKE = "import random; random.seed(); del random";
/** Python code to run when the rest of its libraries has been written. */
export const REST = "import importlib; importlib.invalidate_caches(); del importlib";

/**
 * Returns a running Pyodide in which NumPy and nets_core have been imported.
 *
 * @param {Contents} contents
 * @param {URL} base the folder that Pyodide takes its own files to be in
 * @param {object} [settings] more settings for loadPyodide
 * @returns {Promise<Pyodide>} rejects with an EngineError, or an Error that says what is wrong with the
 *   snapshot
 */
export async function boot(contents, base, settings = {}) {
  const { loadPyodide, lockFileContents, module, libraries, snapshot, hashes } = contents;
  const end = snapshot.indexOf(10) + 1;
  /** @type {Header} */
  const header = JSON.parse(new TextDecoder().decode(snapshot.subarray(0, end)));
  const other = Object.keys(header.files).find((file) => header.files[file] !== hashes[file]);
  if (other) throw new Error(`It was made with another ${other}.`);
  const requests = interceptRequests(module, base);
  const hook = hookEngine(header.memory, libraries, (engine) => {
    restore(engine, header, snapshot.subarray(end));
    return header.references;
  });
  try {
    const started = loadPyodide({
      indexURL: base.href,
      packageBaseUrl: base.href,
      lockFileContents,
      _loadSnapshot: snapshot, // only its presence counts: hookEngine() restores it
      ...settings,
    });
    const pyodide = await Promise.race([started, requests.failure]);
    pyodide.runPython(WAKE);
    return pyodide;
  } finally {
    hook.end();
    requests.restore();
  }
}

/**
 * Hooks into the creation of Pyodide's next engine. Loads libraries before the engine runs, so that they
 * are at the same addresses each time.
 *
 * @param {number | undefined} memory its size in bytes, if not Pyodide's default
 * @param {Library[]} libraries
 * @param {(engine: any) => object} restoreSnapshot replaces Pyodide's own function: restores the
 *   engine's memory and returns the references
 */
export function hookEngine(memory, libraries, restoreSnapshot) {
  const scope = /** @type {any} */ (globalThis);
  const { _createPyodideModule: create } = scope;
  scope._createPyodideModule = async (/** @type {any} */ settings) => {
    if (memory) settings.INITIAL_MEMORY = memory;
    settings.thisProgram = "./this.program"; // as in a browser
    /** @type {unknown} */
    let failure;
    settings.preRun.push((/** @type {any} */ engine) => {
      try {
        for (const [path, module] of libraries) loadLibrary(engine, path, module);
      } catch (error) {
        failure = error; // the engine would not pass it on
      }
    });
    const engine = await create(settings);
    if (failure) throw failure;
    settings.API.restoreSnapshot = () => restoreSnapshot(engine);
    return engine;
  };
  return { end: () => (scope._createPyodideModule = create) };
}

/** @param {any} engine @param {string} path @param {WebAssembly.Module} module */
function loadLibrary(engine, path, module) {
  const library = engine.newDSO(path, undefined, "loading");
  library.global = false; // as Python's import loads them
  library.exports = engine.loadWebAssemblyModule(module, {}, path, {});
}

/** @param {any} engine @param {Header} header @param {Bytes} bytes of the runs */
function restore(engine, { functions, libraries, runs }, bytes) {
  if (places(engine) !== functions)
    throw new Error("Functions have other addresses in this browser.");
  let offset = 0;
  for (const [address, length] of runs) {
    engine.HEAPU8.set(bytes.subarray(offset, offset + length), address);
    offset += length;
  }
  if (offset !== bytes.length) throw new Error("It is damaged.");
  for (const [path, handle] of libraries) {
    engine.LDSO.loadedLibsByHandle[handle] = engine.LDSO.loadedLibsByName[path];
  }
  // The browser determines how functions of unknown type are called.
  engine.HEAP32[trampoline(engine) / 4] = engine._PyEM_CountArgsPtr;
}

/** @param {any} engine @returns {number} the size of its function table, without the entry that only some browsers have */
export function places(engine) {
  return engine.wasmTable.length - (engine._PyEM_CountArgsPtr ? 1 : 0);
}

/** @param {any} engine @returns {number} the address of the pointer to the browser's way of calling functions */
export function trampoline(engine) {
  return engine.__PyRuntime + engine.HEAP32[engine.__PyEM_EMSCRIPTEN_COUNT_ARGS_OFFSET / 4];
}

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
 * Runs a module that came as bytes.
 *
 * @param {Bytes} bytes
 * @returns {Promise<any>} what it exports
 */
export async function runModule(bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  try {
    return await import(/* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Answers Pyodide's requests to the network and the compiler with what has been loaded already, as
 * Pyodide has no options for that. If the engine cannot start, Pyodide would wait for ever; `failure`
 * rejects then.
 *
 * @param {WebAssembly.Module} module
 * @param {URL} base
 */
function interceptRequests(module, base) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  const here = new Map([
    [new URL("pyodide.asm.wasm", base).href, () => new Response()],
    [new URL("python_stdlib.zip", base).href, () => new Response()], // its modules are in the snapshot
  ]);
  globalThis.fetch = async (input, init) =>
    here.get(String(input))?.() ?? fetch.call(globalThis, input, init);
  /** @type {Promise<never>} */
  const failure = new Promise((_, reject) => {
    /** @type {(source: unknown, imports: WebAssembly.Imports) => Promise<object>} */
    const instantiate = async (_, imports) => {
      try {
        const instance = await WebAssembly.instantiate(module, imports);
        return { module, instance: { exports: identified(instance.exports, imports) } };
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        reject(new EngineError(`Python's engine could not start: ${message}`));
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
 * Pyodide looks up an exported function in the engine's table by identity, and adds it if it is not
 * found. In WebKit the two are different objects, so later entries would have other indices than in the
 * snapshot. Their names are equal, though: they are the functions' numbers in the module.
 *
 * @param {WebAssembly.Exports} exports
 * @param {WebAssembly.Imports} imports
 * @returns {WebAssembly.Exports} the exports, with the table's functions where it has them
 */
function identified(exports, imports) {
  const table = /** @type {WebAssembly.Table} */ (imports.env.__indirect_function_table);
  /** @type {Map<string, WebAssembly.ExportValue>} */
  const known = new Map();
  for (let i = 0; i < table.length; i++) {
    const entry = table.get(i);
    if (entry) known.set(entry.name, entry);
  }
  const one = (/** @type {WebAssembly.ExportValue} */ value) => {
    if (typeof value !== "function") return value;
    if (!known.has(value.name)) known.set(value.name, value);
    return /** @type {WebAssembly.ExportValue} */ (known.get(value.name));
  };
  return Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, one(value)]));
}

/**
 * Compiles NumPy's extension modules.
 *
 * @param {[path: string, content: Bytes][]} files
 * @returns {Promise<Library[]>}
 */
export function compileAll(files) {
  return Promise.all(
    files.map(async ([path, content]) => [path, await WebAssembly.compile(content)]),
  );
}

/** @param {ReadableStream<Bytes>} stream */
export function compile(stream) {
  const headers = { "Content-Type": "application/wasm" }; // else the browser refuses it
  return WebAssembly.compileStreaming(new Response(stream, { headers }));
}

/**
 * Splits an archive: a line of JSON, [[path, size], …], and then the files' bytes.
 *
 * @param {Bytes} archive
 * @returns {[string, Bytes][]}
 */
export function split(archive) {
  let offset = archive.indexOf(10) + 1;
  /** @type {[string, number][]} */
  const index = JSON.parse(new TextDecoder().decode(archive.subarray(0, offset)));
  return index.map(([path, size]) => {
    const begun = offset;
    offset += size;
    return [path, archive.subarray(begun, offset)];
  });
}

/**
 * @param {ReadableStream<Bytes>} stream
 * @returns {Promise<Bytes>} all of it
 */
export async function read(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
