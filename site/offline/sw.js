// Caches the site for offline visits, and makes later visits fast. A version is cached completely or not
// at all: each file is compared with the manifest, and the manifest with the hash that the build writes
// into this file. An open page keeps the version that it was opened with.
//
// Workbox would be less code, but it checks no hashes, caches nothing unpacked, and cannot add a second
// set of files to the same version later (MNIST, once the visitor has stayed for a while).
//
// `scripts/build.py --no-service-worker` deploys sw.off.js under this file's name, which removes this
// service worker and its caches from visitors' browsers.

/** @typedef {{ bytes: number, sha256: string }} Entry */
/**
 * @typedef {{
 *   files: Record<string, Entry>,
 *   unpacked: Record<string, Entry>,
 *   kept: { page: string[], data: string[] },
 * }} Manifest as scripts/building/manifest.py writes it
 */
/** @typedef {{ page: boolean, data: boolean, trouble?: string }} CacheState what is cached */

/** The parts of a service worker's scope that TypeScript's DOM library lacks.
 * @typedef {{
 *   registration: ServiceWorkerRegistration,
 *   clients: { matchAll: (options: object) => Promise<{ url: string, postMessage: (message: object) => void }[]> },
 *   skipWaiting: () => Promise<void>,
 *   addEventListener: (type: string, listener: (event: any) => void) => void,
 * }} Scope
 */
const worker = /** @type {Scope} */ (/** @type {unknown} */ (self));

const BUILD = "the hash of this build";
const SITE = new URL("./", worker.registration.scope);
/** Several copies of the site may be on one origin; each has its own caches. */
const PREFIX = `nets ${SITE.pathname} `;
const CACHE = PREFIX + BUILD;
/** How many files are fetched in parallel. */
const LANES = 4;

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(deleteOtherVersions()));

worker.addEventListener("fetch", (event) => {
  /** @type {Request} */
  const request = event.request;
  if (request.method !== "GET" || request.cache === "no-store") return;
  const url = new URL(request.url);
  if (!url.href.startsWith(SITE.href)) return;
  event.respondWith(answer(request, addressOf(url)));
});

worker.addEventListener("message", (event) => {
  const [port] = event.ports;
  if (event.data === "take over") event.waitUntil(takeOver());
  if (event.data === "what is kept")
    event.waitUntil(cacheState().then((found) => port.postMessage(found)));
  if (event.data === "keep the page")
    event.waitUntil(cacheMore("page").then((found) => port.postMessage(found)));
  if (event.data === "keep the data")
    event.waitUntil(cacheMore("data").then((found) => port.postMessage(found)));
});

async function install() {
  try {
    const manifest = await ownManifest();
    const cache = await caches.open(CACHE);
    await cacheAll(cache, manifest, manifest.kept.page);
    await copyUnchanged(cache, manifest, manifest.kept.data);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    for (const client of await worker.clients.matchAll({ includeUncontrolled: true })) {
      client.postMessage({ notKept: message });
    }
    throw error; // the next attempt uses the files that have been cached
  }
}

/** @returns {Promise<Manifest>} the manifest of this build; rejects if the server has another */
async function ownManifest() {
  const served = await fetch(new URL("manifest.json", SITE), { cache: "no-store" });
  if (!served.ok) throw new Error(`manifest.json: the server answered ${served.status}`);
  const text = await served.text();
  const manifest = /** @type {Manifest} */ (JSON.parse(text));
  const lines = Object.entries(manifest.files)
    .filter(([address]) => address !== "sw.js")
    .map(([address, { sha256 }]) => `${address} ${sha256}\n`);
  if ((await hash(new TextEncoder().encode(lines.join("")))) !== BUILD) {
    throw new Error("manifest.json is of another build");
  }
  const cache = await caches.open(CACHE);
  await cache.put(new URL("manifest.json", SITE), new Response(text));
  return manifest;
}

/**
 * Puts files into the cache. Files that are there, or unchanged in another version's cache, are not
 * fetched.
 *
 * @param {Cache} cache
 * @param {Manifest} manifest
 * @param {string[]} addresses
 */
async function cacheAll(cache, manifest, addresses) {
  await copyUnchanged(cache, manifest, addresses);
  const there = await addressesIn(cache);
  const missing = addresses.filter((address) => !there.has(address));
  const lane = async () => {
    for (let address = missing.shift(); address; address = missing.shift()) {
      await cache.put(new URL(address, SITE), await fetched(address, manifest));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/**
 * Copies unchanged files from the caches of other versions.
 *
 * @param {Cache} cache
 * @param {Manifest} manifest
 * @param {string[]} addresses
 */
async function copyUnchanged(cache, manifest, addresses) {
  const there = await addressesIn(cache);
  for (const name of await versions()) {
    if (name === CACHE) continue;
    const other = await caches.open(name);
    const listed = await other.match(new URL("manifest.json", SITE));
    if (!listed) continue;
    const { files } = /** @type {Manifest} */ (await listed.json());
    for (const address of addresses) {
      if (there.has(address) || files[address]?.sha256 !== manifest.files[address].sha256) continue;
      const same = await other.match(new URL(address, SITE));
      if (same) await cache.put(new URL(address, SITE), same);
    }
  }
}

/** @param {Cache} cache @returns {Promise<Set<string>>} */
async function addressesIn(cache) {
  return new Set((await cache.keys()).map(({ url }) => addressOf(new URL(url))));
}

/**
 * A file as the build made it; Python's files unpacked, to save time at the next start. The browser's
 * cache comes first, as the page has just filled it; if its copy is outdated, the server is asked.
 *
 * @param {string} address
 * @param {Manifest} manifest
 * @returns {Promise<Response>} rejects with an Error that names the file
 */
async function fetched(address, manifest) {
  let why = "";
  for (const cache of /** @type {RequestCache[]} */ (["default", "reload"])) {
    const answer = await fetch(new URL(address, SITE), { cache }).catch(() => undefined);
    if (!answer?.ok) {
      why = answer ? `the server answered ${answer.status}` : "there is no network";
      continue;
    }
    const bytes = await answer.arrayBuffer().catch(() => new ArrayBuffer(0));
    if (await agrees(address, bytes, manifest)) return responseOf(address, bytes, answer);
    why = "it is not the file that belongs here";
  }
  throw new Error(`${address}: ${why}`);
}

/** @param {string} address @param {ArrayBuffer} bytes @param {Manifest} manifest */
async function agrees(address, bytes, manifest) {
  const found = await hash(bytes);
  return found === manifest.files[address].sha256 || found === manifest.unpacked[address]?.sha256;
}

/**
 * @param {string} address
 * @param {ArrayBuffer} bytes
 * @param {Response} answer the response that had them
 */
function responseOf(address, bytes, answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  const unpacks = typeof DecompressionStream === "function";
  const python = address.startsWith("pyodide/") && first === 0x1f && second === 0x8b;
  if (!python || !unpacks) return new Response(bytes, { headers: { "Content-Type": type } });
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const headers = { "Content-Type": address.includes(".wasm") ? "application/wasm" : type };
  return new Response(unpacked, { headers });
}

/**
 * From the cache; from the network what it lacks, and what the page asks to have anew because the copy
 * it got is damaged.
 *
 * @param {Request} request @param {string} address @returns {Promise<Response>}
 */
async function answer(request, address) {
  const cache = await caches.open(CACHE);
  const place = new URL(address, SITE);
  const cached = request.cache === "reload" ? undefined : await cache.match(place);
  if (cached) return cached;
  const served = await fetch(request);
  const listed = await cache.match(new URL("manifest.json", SITE));
  if (!listed) return served;
  const manifest = /** @type {Manifest} */ (await listed.json());
  const { page, data } = manifest.kept;
  if (!page.includes(address) && !data.includes(address)) return served;
  const bytes = await served.clone().arrayBuffer();
  if (served.ok && (await agrees(address, bytes, manifest))) {
    await cache.put(place, responseOf(address, bytes, served));
  } else if (page.includes(address) && served.status < 500) {
    await giveUp(cache);
  }
  return served;
}

/**
 * Leave the visits to the network: a file of this version is lost, and the server has another version.
 * All other files have names that change with their content, so those that are the same still serve.
 *
 * @param {Cache} cache
 */
async function giveUp(cache) {
  for (const address of await addressesIn(cache)) {
    if (address.endsWith(".html")) await cache.delete(new URL(address, SITE));
  }
}

/** @returns {Promise<CacheState>} */
async function cacheState() {
  const cache = await caches.open(CACHE);
  const listed = await cache.match(new URL("manifest.json", SITE));
  if (!listed) return { page: false, data: false };
  const { kept: wanted } = /** @type {Manifest} */ (await listed.json());
  const there = await addressesIn(cache);
  const all = (/** @type {string[]} */ addresses) => addresses.every((one) => there.has(one));
  return { page: all(wanted.page), data: all(wanted.data) };
}

/** @param {"page" | "data"} what @returns {Promise<CacheState>} */
async function cacheMore(what) {
  try {
    const cache = await caches.open(CACHE);
    const listed = await cache.match(new URL("manifest.json", SITE));
    /** @type {Manifest} */
    const manifest = listed ? await listed.json() : await ownManifest();
    await cacheAll(cache, manifest, manifest.kept[what]);
    return cacheState();
  } catch (error) {
    return { ...(await cacheState()), trouble: /** @type {Error} */ (error).message };
  }
}

/** A page asks this waiting version to take over: do so unless another page needs the older version. */
async function takeOver() {
  const pages = await worker.clients.matchAll({ includeUncontrolled: true, type: "window" });
  const ours = pages.filter(({ url }) => url.startsWith(SITE.href));
  if (ours.length <= 1) await worker.skipWaiting();
}

async function deleteOtherVersions() {
  for (const name of await versions()) if (name !== CACHE) await caches.delete(name);
}

/** @returns {Promise<string[]>} the caches of all versions of this copy of the site */
async function versions() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** @param {URL} url */
function addressOf({ pathname }) {
  return decodeURI(pathname.slice(SITE.pathname.length)) || "index.html";
}

/** @param {BufferSource} bytes */
async function hash(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
