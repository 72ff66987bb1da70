// Starts Python in Node, imports what the first prediction needs and writes its memory down, for
// site/boot.js to restore in a browser. Same files, same bytes: time stands still here, and chance is
// none.
//
// Arguments: a folder with the engine, boot.mjs and files/, the file system that Python is to see;
// the code to run; where to write. Libraries under files/ are loaded in the order of their names.
import nodeCrypto from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, program, output] = process.argv.slice(2).map((path) => resolve(path));
/** The least part of memory that is kept or left out, in bytes. */
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

/** Start Python anew and let it run the program. @returns {Promise<any>} */
async function run() {
  const hook = hookEngine(undefined, libraries, () => ({}));
  const pyodide = await loadPyodide({
    ...settings,
    _makeSnapshot: true,
    fsInit: async (/** @type {any} */ FS) => {
      for (const file of files) {
        FS.mkdirTree(dirname(place(file)));
        // Python copies a library's file into its memory, though it has been loaded already.
        FS.writeFile(place(file), file.endsWith(".so") ? new Uint8Array(8) : readFileSync(file));
      }
    },
  });
  hook.end();
  pyodide.runPython(readFileSync(program, "utf8"));
  return pyodide;
}

/** The memory over which a snapshot will be laid. @returns {Promise<Uint8Array>} */
function untouched() {
  return new Promise((done) => {
    const hook = hookEngine(undefined, libraries, (/** @type {any} */ engine) => {
      hook.end();
      done(engine.HEAPU8.slice());
      throw new Error("This is all that was wanted.");
    });
    loadPyodide({ ...settings, _loadSnapshot: new Uint8Array(20 * 2 ** 20) }).catch(() => {});
  });
}

/**
 * Fills with zeros what belongs to nobody: the unused part of the stack, and the chunks that
 * Emscripten's malloc (Doug Lea's) has free, but for their links.
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
    if (size < 16 || chunk + size > end) throw new Error(`the heap is not understood at ${chunk}`);
    const links = size < 256 ? 16 : 32;
    if (!(head & USED) && size > links) bytes.fill(0, chunk + links, chunk + size);
    chunk += size;
  }
  if (chunk + FOOT !== end) throw new Error(`the heap ends at ${chunk + FOOT}, not at ${end}`);
}

/**
 * @param {Uint8Array} before memory that has not grown yet
 * @param {Uint8Array} after
 * @returns {[number, number][]} where they differ: address and length, in whole blocks
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
engine.HEAP32[trampoline(engine) / 4] = 0; // what this Node can do is not what a browser can
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
process.exit(0); // Python would keep Node waiting
