// Gives the Lab the kernels that this browser can run: kernels/relaxed.wasm or kernels/simd.wasm.

import { load } from "../python/siteFiles.js";

/**
 * @typedef {{ kernels: "relaxed" | "simd" | "numpy", reason: string }} Computing
 *   what computes, and why it is NumPy if there is a reason
 */

/** Where Python finds a module. */
const FOLDER = "/kernels";

/**
 * Fetches the kernels and has the Lab use them. Never rejects: NumPy goes on where they cannot be
 * used, and the answer says why.
 *
 * @param {any} pyodide
 * @param {(method: string, args?: Record<string, unknown>) => any} call
 * @returns {Promise<Computing>}
 */
export async function loadKernels(pyodide, call) {
  const name = supported();
  if (!name)
    return call("computing.use_numpy", { reason: "this browser's WebAssembly has no SIMD" });
  const file = `kernels/${name}.wasm`;
  const path = `${FOLDER}/${name}.wasm`;
  try {
    const bytes = await load(file);
    pyodide.FS.mkdirTree(FOLDER);
    pyodide.FS.writeFile(path, bytes);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return call("computing.use_numpy", { reason: message.replace(/\. Try again\.$/, "") });
  }
  return call("computing.use_kernels", { path, name });
}

/**
 * Which of the modules this browser can run. It is asked about the smallest module that has one
 * function with one instruction: (v128.const 0), multiplied and added to itself in relaxed SIMD.
 *
 * @returns {"relaxed" | "simd" | undefined}
 */
function supported() {
  const zero = [0xfd, 12, ...Array(16).fill(0)];
  if (runs([...zero, ...zero, ...zero, 0xfd, 0x85, 2])) return "relaxed";
  return runs(zero) ? "simd" : undefined;
}

/**
 * Whether the browser knows the instructions of a function that has no parameters and returns a
 * v128.
 *
 * @param {number[]} instructions
 */
function runs(instructions) {
  const body = [0, ...instructions, 11];
  const module = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]; // "\0asm", version 1
  const type = [1, 5, 1, 0x60, 0, 1, 0x7b]; // () -> v128
  const functions = [3, 2, 1, 0];
  const code = [10, body.length + 2, 1, body.length, ...body];
  return WebAssembly.validate(new Uint8Array([...module, ...type, ...functions, ...code]));
}
