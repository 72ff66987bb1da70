// What a start has to unpack, kept unpacked for the next one in the service worker's cache (sw.js),
// with whose version it goes. What comes out of it is compared with the manifest like all else.

import { files } from "virtual:files";
import { read } from "./boot.js";
import { decompress, useDecoder } from "./brotli.js";
import { hash, loadUnpacked, SITE, urlOf } from "./siteFiles.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** How the service worker's caches begin. */
const PREFIX = `nets ${SITE.pathname} `;
const DECODER = "pyodide/brotli.wasm.gz";

/**
 * @param {string[]} addresses of files packed with Brotli
 * @returns {Promise<Bytes[] | undefined>} them unpacked, if an earlier visit has kept them all
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
    return undefined; // not kept, or of another version: then it is unpacked anew
  }
}

/** Unpacks what the service worker has kept packed for a start: in unpacked-worker.js. */
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

/** Where a packed file lies unpacked. @param {string} address */
const placeOf = (address) => new URL(urlOf(address).href.replace(/\.br$/, ""));

/** @param {Response | undefined} answer @returns {Promise<Bytes>} */
const bytesOf = async (answer) =>
  new Uint8Array(await /** @type {Response} */ (answer).arrayBuffer());

/** @param {string} address of a packed file @param {Bytes} bytes what is in it */
const isRight = async (address, bytes) => (await hash(bytes)) === files[address].unpacked?.sha256;
