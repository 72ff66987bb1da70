// A Python of its own for code that a visitor wrote or was sent. It runs in a frame of opaque
// origin whose policy allows no network, so everything it needs is handed to it, and all that
// leaves it are messages to the page, which takes them for what they are: from a stranger.
//
// The build makes one script of it and boot.js, which the page hands over as a text, as it does with
// Pyodide's own module.

import { boot, compileAll, REST, read, runModule, split, write } from "../python/boot.js";

/** The most memory that Python may have here: 512 MB, in WebAssembly's pages of 64 kB. */
const MOST_PAGES = 8192;
/** Lines, and characters of one, that are passed on of what the code prints. */
const MOST_LINES = 200;
const LONGEST_LINE = 500;

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/**
 * @typedef {{
 *   pyodide: string, lock: any, base: string, hashes: Record<string, string>,
 *   engine: Bytes, glue: Bytes, numpy: Bytes, snapshot: Bytes, rest: Bytes[],
 * }} Parts pyodide.mjs as a text; the start files, unpacked but for the rest, and their hashes as they
 *   were sent
 */

/** @param {Parts} parts @param {MessagePort} port */
async function start(parts, port) {
  limitMemory();
  const { loadPyodide } = await importText(parts.pyodide);
  const rest = Promise.all(parts.rest.map((archive) => read(unpacked(archive))));
  await runModule(parts.glue); // puts itself where loadPyodide looks for it
  const contents = {
    loadPyodide,
    lockFileContents: parts.lock,
    module: await WebAssembly.compile(parts.engine),
    libraries: await compileAll(split(parts.numpy)),
    snapshot: parts.snapshot,
    hashes: parts.hashes,
  };
  let lines = 0;
  const print = (/** @type {string} */ line) => {
    if (++lines > MOST_LINES) return;
    const last = lines === MOST_LINES;
    port.postMessage({
      print: last ? "… and more, which is not shown" : line.slice(0, LONGEST_LINE),
    });
  };
  const settings = { jsglobals: {}, stdout: print, stderr: print };
  const pyodide = await boot(contents, new URL(parts.base), settings);
  for (const archive of await rest) write(pyodide.FS, split(archive));
  pyodide.runPython(REST);
  const lab = pyodide.pyimport("nets_core.page.lab").Lab();

  port.onmessage = ({ data: { id, method, args, arrays } }) => {
    try {
      for (const [name, bytes] of Object.entries(arrays ?? {})) fill(lab, name, bytes);
      const given = pyodide.toPy(args);
      const answer = lab.call(method, given);
      given.destroy();
      const { value, error } = answer.toJs({ dict_converter: Object.fromEntries });
      answer.destroy();
      port.postMessage(error ? { id, error: error.message } : { id, value });
    } catch (error) {
      port.postMessage({ id, fatal: String(error) }); // Python itself has come to its end
    }
  };
  port.postMessage({ ready: true });
}

/** @param {any} lab @param {string} name @param {Uint8Array} bytes */
function fill(lab, name, bytes) {
  const mnist = lab.mnist;
  const buffer = mnist.buffer(name);
  const view = buffer.getBuffer("u8");
  view.data.set(bytes);
  view.release();
  buffer.destroy();
  mnist.destroy();
}

/** Python's memory, whoever makes it, cannot grow beyond MOST_PAGES. */
function limitMemory() {
  const { Memory } = WebAssembly;
  const limited = class extends Memory {
    /** @param {WebAssembly.MemoryDescriptor} descriptor */
    constructor(descriptor) {
      super({ ...descriptor, maximum: Math.min(descriptor.maximum ?? MOST_PAGES, MOST_PAGES) });
    }
  };
  Object.assign(WebAssembly, { Memory: limited });
}

/** @param {string} text @returns {Promise<any>} */
async function importText(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes gzipped, unless the browser has unpacked them already */
function unpacked(bytes) {
  const stream = new Blob([bytes]).stream();
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return gzipped ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
}

addEventListener(
  "message",
  ({ data, ports: [port] }) => {
    start(data, port).catch((error) => port.postMessage({ fatal: String(error) }));
  },
  { once: true },
);
