// Starts Python with Pyodide and NumPy from a public host. `scripts/build.py --from-cdn` makes a site
// that uses this instead of start.js. The host has the files as published, so Python starts more slowly
// than from the files that the build prepares.
//
// The host is not trusted: the browser compares each file with its hash, and no file is used before all
// of them have been checked.

import { cdn as listed } from "virtual:files";
import { runModule } from "./boot.js";
import { content, naming, urlOf } from "./siteFiles.js";

/** @typedef {(progress: { stage: "engine" | "library" | "ready", loaded: number, total: number }) => void} Report */

const BASE = new URL("./", urlOf("pyodide/pyodide.mjs"));
const PACKAGES = new URL("../", BASE);
const cdn = /** @type {NonNullable<typeof listed>} */ (listed);
const GLUE = "pyodide.asm.js";

/**
 * Returns a running Pyodide with NumPy and nets_core, as start.js does.
 *
 * @param {Report} report
 * @param {import("./brotliClient.js").BrotliClient} brotli not needed here: the browser decompresses
 * @returns {Promise<import("./start.js").Started>}
 */
export async function startPython(report, brotli) {
  brotli.end();
  if (typeof WebAssembly !== "object") {
    throw new Error("This browser has no WebAssembly, which Python needs to run here.");
  }
  const module = naming("pyodide/pyodide.mjs", content("pyodide/pyodide.mjs").then(runModule));
  module.catch(() => {}); // awaited below
  const answers = await fetchAll(report);
  const glue = /** @type {Response} */ (answers.get(new URL(GLUE, BASE).href));
  await runModule(new Uint8Array(await glue.arrayBuffer())); // registers itself where loadPyodide looks
  const { loadPyodide } = await module;
  report({ stage: "library", loaded: 1, total: 1 });
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) =>
    answers.get(String(input)) ?? fetch.call(globalThis, input, init);
  try {
    const pyodide = await loadPyodide({
      indexURL: BASE.href,
      packageBaseUrl: PACKAGES.href,
      lockFileContents: cdn.lock,
    });
    await pyodide.loadPackage("nets-core", { messageCallback: () => {} });
    report({ stage: "ready", loaded: 1, total: 1 });
    return { pyodide, rest: async () => {}, trouble: "" };
  } finally {
    globalThis.fetch = fetch;
  }
}

/**
 * Fetch from the host the files that Pyodide will request, by the address that it uses.
 *
 * @param {Report} report
 * @returns {Promise<Map<string, Response>>}
 */
async function fetchAll(report) {
  const total = cdn.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let loaded = 0;
  report({ stage: "engine", loaded, total });
  const answers = await Promise.all(
    cdn.files.map(async ({ file, bytes, sha256 }) => {
      const answer = await checked(file, sha256);
      loaded += bytes;
      report({ stage: "engine", loaded, total });
      const folder = file.endsWith(".whl") ? PACKAGES : BASE;
      return /** @type {[string, Response]} */ ([new URL(file, folder).href, answer]);
    }),
  );
  return new Map(answers);
}

/**
 * @param {string} file
 * @param {string} sha256 its hash, in hexadecimal digits
 */
async function checked(file, sha256) {
  const { href, host } = new URL(file, cdn.host);
  const digest = (sha256.match(/../g) ?? []).map((byte) => String.fromCharCode(parseInt(byte, 16)));
  const integrity = `sha256-${btoa(digest.join(""))}`;
  const options = /** @type {const} */ ({
    integrity,
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  const answer = await fetch(href, options)
    .catch(() => fetch(href, { ...options, cache: "reload" })) // the cached file may be outdated
    .catch(() => undefined);
  if (answer?.ok) return answer;
  throw new Error(
    answer
      ? `${file} did not load: ${host} answered ${answer.status}.`
      : `${file} did not load: ${host} cannot be reached, or its file is not the file that belongs here.`,
  );
}
