// A separate Python for code that a visitor wrote or received. It runs in a frame of opaque origin whose
// policy allows no network. The page sends it everything it needs, and it can only send messages to the
// page, which are cut here and which the page treats as untrusted.
//
// The build bundles this file and boot.js into one script, which the page sends as text, like Pyodide's
// own module.

import { boot, compileAll, REST, read, runModule, split, write } from "../python/boot.js";
import { bounded, cut, DEEPEST } from "./bounds.js";

const { apply } = Reflect;
const { postMessage } = MessagePort.prototype;

/**
 * The most memory that Python may use: 512 MB, in WebAssembly's pages of 64 kB. What its code makes of
 * JavaScript's objects through Pyodide is not limited.
 */
const MOST_PAGES = 8192;
/** How many lines of output are passed on, and how many characters of each. */
const MOST_LINES = 200;
const LONGEST_LINE = 500;

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/**
 * @typedef {{
 *   pyodide: string, lock: any, base: string, hashes: Record<string, string>,
 *   engine: Bytes, glue: Bytes, numpy: Bytes, snapshot: Bytes, rest: Bytes[],
 * }} Parts pyodide: pyodide.mjs as text; hashes: of the compressed start files; the others: the start
 *   files, decompressed except for the rest
 */

/** @param {Parts} parts @param {MessagePort} port */
async function start(parts, port) {
  const send = (/** @type {object} */ message) => apply(postMessage, port, [message]);
  limitMemory();
  const { loadPyodide } = await importText(parts.pyodide);
  const rest = Promise.all(parts.rest.map((archive) => read(unpacked(archive))));
  await runModule(parts.glue); // registers itself where loadPyodide looks for it
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
    send({ print: last ? "… and more, which is not shown" : cut(line, LONGEST_LINE) });
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
      const { value, error } = answer.toJs({
        dict_converter: Object.fromEntries,
        depth: DEEPEST + 1, // of a level, the answer itself
      });
      answer.destroy();
      send(error ? { id, error: cut(error.message) } : { id, value: bounded(value) });
    } catch (error) {
      send({ id, fatal: cut(`${error}`) }); // Python itself has crashed
    }
  };
  send({ ready: true });
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

/** Limit every WebAssembly memory, and so Python's, to MOST_PAGES. */
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
    start(data, port).catch((error) => port.postMessage({ fatal: cut(`${error}`) }));
  },
  { once: true },
);
