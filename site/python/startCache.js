// Caches decompressed start files for the next start, in the service worker's cache of the same version
// (sw.js). Like all files, they are compared with their hashes when they are used.

import { files } from "virtual:files";
import { read } from "./boot.js";
import { decompress, useDecoder } from "./brotli.js";
import { hash, loadUnpacked, SITE, urlOf } from "./siteFiles.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** The beginning of the names of the service worker's caches. */
const PREFIX = `nets ${SITE.pathname} `;
const DECODER = "pyodide/brotli.wasm.gz";

/**
 * @param {string[]} addresses of files packed with Brotli
 * @returns {Promise<Bytes[] | undefined>} their decompressed content, if all are cached
 */
export async function findUnpacked(addresses) {
  if (typeof caches !== "object") return undefined;
  try {
    return await Promise.all(
      addresses.map(async (address) => {
        const bytes = await bytesOf(await caches.match(placeOf(address)));
        if (!(await isRight(address, bytes))) throw new Error("It differs.");
        return bytes;
      }),
    );
  } catch {
    return undefined; // not cached, or of another version
  }
}

/** Caches decompressed copies of the service worker's packed start files: runs in startCacheWorker.js. */
export async function cacheUnpacked() {
  const addresses = Object.keys(files).filter((address) => address.endsWith(".br"));
  if (!addresses.length) return;
  /** @type {Promise<void> | undefined} fetched where there is something to unpack */
  let decoder;
  for (const name of (await caches.keys()).filter((name) => name.startsWith(PREFIX))) {
    const cache = await caches.open(name);
    for (const address of addresses) {
      const packed = await cache.match(urlOf(address));
      const there = await cache.match(placeOf(address));
      if (!packed || (there && (await isRight(address, await bytesOf(there))))) continue;
      decoder ??= loadUnpacked(DECODER, () => {})
        .then(WebAssembly.compile)
        .then(useDecoder);
      await decoder;
      const bytes = await decompress(/** @type {ReadableStream<Bytes>} */ (packed.body), read);
      if (await isRight(address, bytes)) await cache.put(placeOf(address), new Response(bytes));
    }
  }
}

/** The address of a packed file's decompressed copy. @param {string} address */
const placeOf = (address) => new URL(urlOf(address).href.replace(/\.br$/, ""));

/** @param {Response | undefined} answer @returns {Promise<Bytes>} */
const bytesOf = async (answer) =>
  new Uint8Array(await /** @type {Response} */ (answer).arrayBuffer());

/** @param {string} address of a packed file @param {Bytes} bytes what is in it */
const isRight = async (address, bytes) => (await hash(bytes)) === files[address].unpacked?.sha256;
