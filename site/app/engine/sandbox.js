// The page's end of sandbox/: separate Pythons for untrusted code. Each is a worker in a frame of opaque
// origin, inside sandbox/frame.html, without network access. Whatever it sends is untrusted.

import { files } from "virtual:files";
import code from "virtual:sandbox";
import { BrotliClient, startBrotliWorker } from "../../python/brotliClient.js";
import { load as fetchFile, urlOf } from "../../python/siteFiles.js";
import { cut } from "../../sandbox/bounds.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {(line: string) => void} Print */

/** How long a sandbox may take to start, in milliseconds. */
const PATIENCE = 90_000;
/** The most messages that a sandbox may send. */
const MOST_MESSAGES = 5000;

/** One Python. It is used for one run and then discarded, so that no run sees traces of another. */
class Sandbox {
  /** Resolves when it can be called; rejects with an Error if it cannot start. @type {Promise<void>} */
  ready;
  /** @type {Print} */
  print = () => {};
  #frame = document.createElement("iframe");
  /** @type {MessagePort | undefined} */
  #port;
  /** @type {Map<number, {resolve: (value: unknown) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #calls = 0;
  #messages = 0;
  /** @type {(error: Error) => void} */
  #end = () => {};
  /** Why it was stopped. @type {Error | undefined} */
  #over;
  #listening = new AbortController();

  constructor() {
    this.#frame.hidden = true;
    this.#frame.title = "Where your code runs";
    this.ready = this.#start();
    this.ready.catch(() => this.stop());
  }

  /**
   * Call a method of its Lab.
   * @param {string} method
   * @param {Record<string, unknown>} [args]
   * @param {Record<string, Uint8Array>} [arrays] MNIST's arrays, filled before the call
   * @returns {Promise<unknown>} whatever it sends: untrusted
   */
  call(method, args = {}, arrays = undefined) {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      if (!this.#port) return reject(new Error("It has not started yet."));
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ id, method, args, arrays });
    });
  }

  /** Stop it at once, whatever it is doing. @param {string} [why] */
  stop(why = "It has been stopped.") {
    if (this.#over) return;
    const error = new Error(why);
    this.#over = error;
    this.#listening.abort();
    this.#frame.remove(); // which also ends its worker
    this.#port?.close();
    this.#end(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #start() {
    /** @type {Promise<never>} */
    const ended = new Promise((_, reject) => (this.#end = reject));
    ended.catch(() => {});
    const loaded = new Promise((resolve) => {
      const heard = (/** @type {MessageEvent} */ { source, data }) => {
        if (source !== this.#frame.contentWindow) return;
        if (data?.loaded === true) resolve(undefined);
        if (data?.died === true) this.stop("The Python that runs your code has crashed.");
      };
      addEventListener("message", heard, { signal: this.#listening.signal });
    });
    this.#frame.src = urlOf("sandbox/frame.html").href;
    document.body.append(this.#frame);
    const late = setTimeout(
      () => this.stop("The Python that runs your code did not start."),
      PATIENCE,
    );
    try {
      const [{ code, parts }] = await Promise.race([Promise.all([contents(), loaded]), ended]);
      const { port1, port2 } = new MessageChannel();
      const begun = new Promise((resolve) => {
        port1.onmessage = ({ data }) => this.#hear(data, () => resolve(undefined));
      });
      this.#port = port1;
      this.#frame.contentWindow?.postMessage({ code, parts }, "*", [port2]);
      await Promise.race([begun, ended]);
    } finally {
      clearTimeout(late);
    }
  }

  /** @param {any} data @param {() => void} begun */
  #hear(data, begun) {
    if (++this.#messages > MOST_MESSAGES) return this.stop("Your code sent too many messages.");
    if (typeof data !== "object" || data === null) return;
    if (data.ready === true) begun();
    if (typeof data.print === "string") this.print(cut(data.print));
    if (typeof data.fatal === "string") {
      return this.stop(`Python has crashed: ${cut(data.fatal, 200).split("\n")[0]}`);
    }
    const waiting = this.#waiting.get(data.id);
    if (!waiting) return;
    this.#waiting.delete(data.id);
    if (typeof data.error === "string") waiting.reject(new Error(cut(data.error)));
    else waiting.resolve(data.value);
  }
}

/** @type {Sandbox | undefined} */
let spare;

/** Start a sandbox in advance for the next `take`. */
export function warm() {
  if (spare) return;
  const begun = new Sandbox();
  spare = begun;
  begun.ready.catch(() => {
    if (spare === begun) spare = undefined;
  });
}

/** A new sandbox; the next one then starts in advance. @returns {Sandbox} */
export function take() {
  warm();
  const taken = /** @type {Sandbox} */ (spare);
  spare = undefined;
  taken.ready.then(warm, () => {});
  return taken;
}

/** @type {Promise<{code: string, parts: object}> | undefined} */
let fetched;

/** The files that a sandbox needs. They are in the browser's cache: the page's worker has fetched them. */
function contents() {
  fetched ??= load().catch((error) => {
    fetched = undefined;
    throw error;
  });
  return fetched;
}

/** Decompressed for a sandbox: the engine, its JavaScript, NumPy's libraries, Python's memory. */
const PACKED = ["pyodide.asm.wasm.br", "pyodide.asm.js.br", "numpy.files.br", "snapshot.br"];

async function load() {
  const fetchPart = (/** @type {string} */ file) => fetchFile(`pyodide/${file}`);
  const text = async (/** @type {string} */ file) =>
    new TextDecoder().decode(await fetchPart(file));
  const [pyodide, lock, decoder, later, own, packed] = await Promise.all([
    text("pyodide.mjs"),
    text("pyodide-lock.json").then(JSON.parse),
    fetchPart("brotli.wasm.gz"),
    fetchPart("later.files.gz"),
    fetchPart("nets_core.files.gz"),
    Promise.all(PACKED.map(fetchPart)),
  ]);
  const [engine, glue, numpy, snapshot] = await unpackAll(decoder, packed);
  const hashes = Object.fromEntries(PACKED.map((file) => [file, files[`pyodide/${file}`].sha256]));
  const parts = { engine, glue, numpy, snapshot, rest: [later, own] };
  const base = new URL("./", urlOf("pyodide/pyodide.mjs")).href;
  return { code, parts: { pyodide, lock, base, hashes, ...parts } };
}

/**
 * Decompress the files that all sandboxes need.
 *
 * @param {Bytes} decoder gzipped, unless the browser has unpacked it already
 * @param {Bytes[]} files
 */
async function unpackAll(decoder, files) {
  const stream = new Blob([decoder]).stream();
  const gzipped = decoder[0] === 0x1f;
  const plain = gzipped ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
  const brotli = new BrotliClient(startBrotliWorker());
  try {
    brotli.use(await WebAssembly.compile(await new Response(plain).arrayBuffer()));
    return await Promise.all(files.map((file) => brotli.unpack(file)));
  } finally {
    brotli.end();
  }
}
