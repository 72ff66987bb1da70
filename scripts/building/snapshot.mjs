// Starts Python in Node, imports what the first prediction needs, and writes a snapshot of its memory,
// which site/python/boot.js restores in a browser. The same files give the same bytes: clock and random
// numbers are fixed.
//
// Arguments: a folder with the engine, boot.mjs and files/, which becomes Python's file system; the
// program to run; the output file. Libraries under files/ are loaded in the order of their names.
import nodeCrypto from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, program, output] = process.argv.slice(2).map((path) => resolve(path));
/** Memory is compared and saved in blocks of this many bytes. */
const BLOCK = 256;

Date.now = () => 315532800000;
performance.now = () => 0;
Object.assign(nodeCrypto, { randomFillSync: (/** @type {Uint8Array} */ view) => view.fill(7) });

const load = (/** @type {string} */ name) => import(pathToFileURL(join(folder, name)).href);
const { hookEngine, places, trampoline } = await load("boot.mjs");
const { loadPyodide } = await load("pyodide.mjs");
await load("pyodide.asm.js");

const files = readdirSync(join(folder, "files"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort();
const place = (/** @type {string} */ file) => file.slice(join(folder, "files").length).replaceAll("\\", "/");
const libraries = files
  .filter((file) => file.endsWith(".so"))
  .map((file) => [place(file), new WebAssembly.Module(readFileSync(file))]);

const settings = {
  indexURL: `${folder}/`,
  lockFileContents: JSON.parse(readFileSync(join(folder, "pyodide-lock.json"), "utf8")),
  env: { PYTHONHASHSEED: "0", LANG: "C.UTF-8", HOME: "/home/pyodide" },
};

/** Start Python and run the program. @returns {Promise<any>} */
async function run() {
  const hook = hookEngine(undefined, libraries, () => ({}));
  const pyodide = await loadPyodide({
    ...settings,
    _makeSnapshot: true,
    fsInit: async (/** @type {any} */ FS) => {
      for (const file of files) {
        FS.mkdirTree(dirname(place(file)));
        // Not the whole file: Python would copy it into memory, though it is loaded already.
        FS.writeFile(place(file), file.endsWith(".so") ? new Uint8Array(8) : readFileSync(file));
      }
    },
  });
  hook.end();
  pyodide.runPython(readFileSync(program, "utf8"));
  return pyodide;
}

/** The memory of a new engine, into which a snapshot will be copied. @returns {Promise<Uint8Array>} */
function untouched() {
  return new Promise((done) => {
    const hook = hookEngine(undefined, libraries, (/** @type {any} */ engine) => {
      hook.end();
      done(engine.HEAPU8.slice());
      throw new Error("Stop here: the memory has been copied.");
    });
    loadPyodide({ ...settings, _loadSnapshot: new Uint8Array(20 * 2 ** 20) }).catch(() => {});
  });
}

/**
 * Fills unused memory with zeros: the unused part of the stack, and the free chunks of Emscripten's
 * malloc (Doug Lea's), except for their links.
 *
 * @param {any} engine
 */
function scrub(engine) {
  const { HEAPU8: bytes, HEAPU32: words } = engine;
  const [USED, FLAGS, FOOT] = [2, 7, 40];
  bytes.fill(0, engine._emscripten_stack_get_end() >>> 0, engine._emscripten_stack_get_current() >>> 0);
  const end = engine._sbrk(0) >>> 0;
  let chunk = (engine.GOT.__heap_base.value + 7) & ~7;
  while (words[(chunk + 4) / 4] !== FOOT) {
    const head = words[(chunk + 4) / 4];
    const size = head & ~FLAGS;
    if (size < 16 || chunk + size > end) throw new Error(`the heap has an unexpected chunk at ${chunk}`);
    const links = size < 256 ? 16 : 32;
    if (!(head & USED) && size > links) bytes.fill(0, chunk + links, chunk + size);
    chunk += size;
  }
  if (chunk + FOOT !== end) throw new Error(`the heap ends at ${chunk + FOOT}, not at ${end}`);
}

/**
 * @param {Uint8Array} before memory that has not grown yet
 * @param {Uint8Array} after
 * @returns {[number, number][]} address and length of each run of blocks that differ
 */
function differences(before, after) {
  const old = Buffer.alloc(after.length);
  old.set(before);
  const now = Buffer.from(after.buffer);
  /** @type {[number, number][]} */
  const runs = [];
  for (let at = 0; at < now.length; at += BLOCK) {
    if (!now.compare(old, at, at + BLOCK, at, at + BLOCK)) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === at) last[1] += BLOCK;
    else runs.push([at, BLOCK]);
  }
  return runs;
}

const pyodide = await run();
const engine = pyodide._module;
scrub(engine);
engine.HEAP32[trampoline(engine) / 4] = 0; // depends on the engine: Node's value may be wrong in a browser
const references = pyodide._api.serializeHiwireState();
const memory = engine.HEAPU8.slice();
const handles = Object.entries(engine.LDSO.loadedLibsByHandle)
  .filter(([handle]) => handle !== "0")
  .map(([handle, { name }]) => [name, Number(handle)]);
const runs = differences(await untouched(), memory);
const header = {
  memory: memory.length,
  functions: places(engine),
  libraries: handles,
  references,
  runs,
};
const kept = runs.map(([address, length]) => memory.subarray(address, address + length));
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...kept]));
process.exit(0); // Python would keep Node running
