// Starts Python in this worker: Pyodide, NumPy and nets_core, as fast as a browser can.
//
// Pyodide would fetch an engine of 9 MB and have Python unpack NumPy's wheel file by file. Here all
// comes gzipped and at the same time, the engine is compiled while it arrives, and the files are
// written from JavaScript before the interpreter looks for them. The build makes what is needed:
// `pyodide/start.json` lists it.

/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {"engine" | "numpy" | "library" | "ready"} Stage what is being waited for */
/** @typedef {{ stage: Stage, loaded: number, total: number }} Progress bytes as they are sent */
/** @typedef {{ file: string, stage: Stage, bytes: number, unpacked: number, sha256: string }} Part */

const BASE = new URL("./pyodide/", import.meta.url);

/**
 * Returns a running Pyodide in which `import numpy` and `import nets_core` work.
 *
 * Rejects with an Error that names the file that did not load and says why.
 *
 * @param {(progress: Progress) => void} report called often; with a total of 0 where it is unknown
 * @returns {Promise<Pyodide>}
 */
export async function startPython(report) {
  if (typeof WebAssembly !== "object") {
    throw new Error("This browser has no WebAssembly, which Python needs to run here.");
  }
  const pyodide =
    typeof DecompressionStream === "function"
      ? await startFromParts(report)
      : await startFromPackages(report);
  report({ stage: "ready", loaded: 1, total: 1 });
  return pyodide;
}

/** @param {(progress: Progress) => void} report */
async function startFromParts(report) {
  const script = load("pyodide.asm.js"); // defines what loadPyodide would otherwise load
  const loader = load("pyodide.mjs");
  const lock = open("pyodide-lock.json", { cache: "no-cache" }).then((answer) => answer.json());
  const failed = [script, loader, lock]; // waited for below, after what may fail before them
  failed.forEach((promise) => promise.catch(() => {}));

  /** @type {Part[]} */
  const parts = await (await open("start.json", { cache: "no-cache" })).json();
  const note = counter(parts, report);
  const [engine, stdlib, ...archives] = parts;
  const [module, library, trees, { loadPyodide }, lockFileContents] = await Promise.all([
    about(engine, async () => WebAssembly.compileStreaming(asWasm(await unpack(engine, note)))),
    about(stdlib, async () => bytes(await unpack(stdlib, note))),
    Promise.all(
      archives.map((part) => about(part, async () => files(await bytes(await unpack(part, note))))),
    ),
    loader,
    lock,
    script,
  ]);
  const lent = lend(module, library);
  try {
    const pyodide = loadPyodide({
      indexURL: BASE.href,
      packageBaseUrl: BASE.href,
      lockFileContents,
      fsInit: async (/** @type {Pyodide["FS"]} */ FS) => trees.flat().forEach(writer(FS)),
    });
    return await Promise.race([pyodide, lent.failure]);
  } finally {
    lent.restore();
  }
}

/**
 * The way for browsers that cannot unpack gzip: Pyodide's own, with the compiled wheels.
 *
 * @param {(progress: Progress) => void} report
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
 * @param {Uint8Array<ArrayBuffer>} stdlib
 */
function lend(module, stdlib) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  /** @type {Map<string, () => Response>} */
  const here = new Map([
    [new URL("pyodide.asm.wasm", BASE).href, () => new Response()],
    [new URL("python_stdlib.zip", BASE).href, () => new Response(stdlib)],
  ]);
  globalThis.fetch = async (input, init) =>
    here.get(String(input))?.() ?? fetch.call(globalThis, input, init);

  /** @type {(reason: Error) => void} */
  let fail;
  const failure = /** @type {Promise<never>} */ (new Promise((_, reject) => (fail = reject)));
  Object.assign(WebAssembly, {
    /** @type {(source: unknown, imports: WebAssembly.Imports) => Promise<object>} */
    async instantiateStreaming(_, imports) {
      try {
        return { module, instance: await WebAssembly.instantiate(module, imports) };
      } catch (error) {
        fail(new Error(`Python's engine could not start: ${reason(error)}`));
        throw error;
      }
    },
  });
  const restore = () => {
    globalThis.fetch = fetch;
    Object.assign(WebAssembly, { instantiateStreaming });
  };
  return { failure, restore };
}

/**
 * Returns a function to call with the bytes of each chunk that came, which reports the sum.
 *
 * @param {Part[]} parts
 * @param {(progress: Progress) => void} report
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

/**
 * Fetches a part and unpacks it as it comes. A server may have unpacked it already, by declaring
 * gzip as the way it was sent.
 *
 * @param {Part} part
 * @param {(part: Part, count: number) => void} note
 * @returns {Promise<ReadableStream<Uint8Array<ArrayBuffer>>>}
 */
async function unpack(part, note) {
  const answer = await open(`${part.file}?${part.sha256.slice(0, 12)}`);
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (answer.body).getReader();
  let chunk = await reader.read();
  const gzipped = chunk.value?.[0] === 0x1f && chunk.value[1] === 0x8b;
  const expected = gzipped ? part.bytes : part.unpacked;
  let received = 0;
  /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */
  const counted = new ReadableStream({
    async pull(stream) {
      if (chunk.value) {
        received += chunk.value.length;
        note(part, chunk.value.length);
        stream.enqueue(chunk.value);
        chunk = await reader.read();
      } else if (received === expected) {
        stream.close();
      } else {
        stream.error(new Error(`${received} bytes came instead of ${expected}`));
      }
    },
  });
  return gzipped ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
}

/**
 * Splits an archive: a line of JSON, [[path, size], …], and then the files' bytes.
 *
 * @param {Uint8Array<ArrayBuffer>} archive
 * @returns {[string, Uint8Array][]}
 */
function files(archive) {
  let offset = archive.indexOf(10) + 1;
  /** @type {[string, number][]} */
  const index = JSON.parse(new TextDecoder().decode(archive.subarray(0, offset)));
  return index.map(([path, size]) => [path, archive.subarray(offset, (offset += size))]);
}

/** @param {Pyodide["FS"]} FS */
function writer(FS) {
  return (/** @type {[string, Uint8Array]} */ [path, content]) => {
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, content, { canOwn: true });
  };
}

/** @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream */
const asWasm = (stream) => new Response(stream, { headers: { "Content-Type": "application/wasm" } });

/** @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream */
const bytes = async (stream) => new Uint8Array(await new Response(stream).arrayBuffer());

/** @param {unknown} error */
const reason = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Runs a step with a part; its error then names the part.
 *
 * @template T
 * @param {Part} part
 * @param {() => Promise<T>} step
 */
async function about(part, step) {
  try {
    return await step();
  } catch (error) {
    throw error instanceof LoadError ? error : new LoadError(part.file, reason(error));
  }
}

/**
 * @param {string} file
 * @param {RequestInit} [init]
 */
async function open(file, init) {
  const answer = await fetch(new URL(file, BASE), init).catch((error) => {
    throw new LoadError(file, reason(error));
  });
  if (!answer.ok) throw new LoadError(file, `HTTP status ${answer.status}`);
  return answer;
}

/**
 * Imports one of Pyodide's modules. The browser does not say why an import failed; asking for the
 * file again does.
 *
 * @param {string} file
 */
async function load(file) {
  try {
    return await import(new URL(file, BASE).href);
  } catch (error) {
    await open(file);
    throw new LoadError(file, reason(error));
  }
}

class LoadError extends Error {
  /**
   * @param {string} file
   * @param {string} why
   */
  constructor(file, why) {
    super(`pyodide/${file.split("?")[0]} did not load: ${why}`);
  }
}
