// Gives the Lab the kernels that this browser can run: kernels/relaxed.wasm or kernels/simd.wasm.

import { load } from "../python/siteFiles.js";

/**
 * @typedef {{ kernels: "relaxed" | "simd" | "numpy", reason: string }} Computing
 *   what computes, and why it is NumPy if there is a reason
 */

/** The folder of the modules in Python's file system. */
const FOLDER = "/kernels";

/**
 * Fetches the kernels and makes the Lab use them. Never rejects: if they cannot be used, NumPy computes,
 * and the answer says why.
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
 * Which of the modules this browser can run. The probe is a minimal module with one function:
 * (v128.const 0), for relaxed SIMD multiplied and added to itself.
 *
 * @returns {"relaxed" | "simd" | undefined}
 */
function supported() {
  const zero = [0xfd, 12, ...Array(16).fill(0)];
  if (runs([...zero, ...zero, ...zero, 0xfd, 0x85, 2])) return "relaxed";
  return runs(zero) ? "simd" : undefined;
}

/**
 * Whether the browser supports these instructions, as the body of a function () -> v128.
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
