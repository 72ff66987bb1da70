// Files of the site, fetched, checked against the build's manifest, and unpacked as they come. What
// goes wrong is told by the file's name.

import manifest from "../manifest.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const SITE = new URL("./", import.meta.url);
/** How long a file may stand still before it is given up, in milliseconds. */
const PATIENCE = 20_000;
/** Has the hashes of all but itself: its own stands in the page's HTML. */
const LIST = "manifest.js";
const WRONG = "what came is not the file that belongs here";
const RENEWED = "the site has been renewed since this page was opened";

/** Why streams failed, by address: who reads one as a Response is only told that it did. @type {Map<string, unknown>} */
const reasons = new Map();

/** Can hashes be compared here? Browsers have them on https and on localhost alone. */
export const checksHashes = typeof globalThis.crypto?.subtle === "object";

/**
 * @param {URL | string} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} rejects unless the server has the file
 */
export async function open(url, options) {
  const answer = await fetch(url, options).catch((error) => {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(options?.integrity && navigator.onLine ? WRONG : "there is no network");
  });
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  return answer;
}

/**
 * Fetches a file of the site. It is what the build made, or the promise rejects with a sentence that
 * names it and says what to do.
 *
 * @param {string} address within the site
 * @returns {Promise<Bytes>}
 */
export function load(address) {
  return explained(address, content(urlOf(address)));
}

/**
 * The same for a step that has more to do with the file, and tells its name itself. What an earlier
 * visit has left in the browser's cache may be of an earlier build: then the server is asked.
 *
 * @param {URL} url
 * @returns {Promise<Bytes>}
 */
export async function content(url) {
  const cached = await whole(url);
  try {
    await check(url, cached);
    return cached;
  } catch {
    const served = await whole(url, { cache: "reload" });
    await check(url, served);
    return served;
  }
}

/** @param {URL} url @param {RequestInit} [options] */
async function whole(url, options) {
  const chunks = [];
  for await (const chunk of coming(url, options)) chunks.push(chunk);
  return joined(chunks);
}

/**
 * Fetches and unpacks a gzipped file of the site, as `load` does.
 *
 * @param {string} address
 * @param {(count: number) => void} arrived called with the length of each chunk that came
 * @returns {Promise<Bytes>}
 */
export function loadUnpacked(address, arrived) {
  const stream = unpack(urlOf(address), arrived);
  const all = stream.then((unpacked) => new Response(unpacked).arrayBuffer());
  return explained(address, all.then((buffer) => new Uint8Array(buffer)));
}

/** @param {string} address @returns {Promise<any>} what a JSON file of the site says */
export async function loadJson(address) {
  return JSON.parse(new TextDecoder().decode(await load(address)));
}

/**
 * Looks at a module, and at all that it imports, before it is imported: neither `import` nor a
 * worker can be told which hash to expect. What the page's HTML has named was looked at then.
 *
 * @param {string} entry a module that is imported when it is needed, or a worker's
 */
export async function vouch(entry) {
  /** @type {NodeListOf<HTMLLinkElement>} */
  const links = document.querySelectorAll('link[rel="modulepreload"]');
  const named = new Map([...links].map((link) => [link.href, link.integrity]));
  const inWorker = entry.endsWith("worker.js"); // which fetches all of it again
  await Promise.all(
    manifest.imports[entry].map(async (file) => {
      const { href } = new URL(file, SITE);
      if (named.has(href) && !inWorker) return;
      if (file === LIST) await about(file, open(href, { integrity: named.get(href) }));
      else await load(file);
    }),
  );
}

/**
 * Fetches a gzipped file and unpacks it as it comes, unless it has been unpacked already: by the
 * browser, where the server declares gzip as the way in which it was sent, or by the service worker.
 * The stream fails at its end where it is not what the build made.
 *
 * @param {URL} url
 * @param {(count: number) => void} arrived called with the length of each chunk that came
 * @returns {Promise<ReadableStream<Bytes>>}
 */
export async function unpack(url, arrived) {
  const source = coming(url);
  let next = await source.next();
  const gzipped = isGzipped(next.value);
  /** @type {Bytes[]} */
  const chunks = [];
  /** @type {ReadableStream<Bytes>} */
  const counted = new ReadableStream({
    async pull(stream) {
      try {
        if (next.done) {
          await check(url, joined(chunks.splice(0)));
          return stream.close();
        }
        arrived(next.value.length);
        chunks.push(next.value);
        stream.enqueue(next.value);
        next = await source.next();
      } catch (error) {
        reasons.set(addressOf(url), error);
        throw error;
      }
    },
  });
  return gzipped ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
}

/**
 * Names the file in the error of a step that has to do with it.
 *
 * @template T
 * @param {string} file
 * @param {Promise<T>} step
 * @returns {Promise<T>}
 */
export async function about(file, step) {
  try {
    return await step;
  } catch (error) {
    const why = reasons.get(file) ?? error;
    reasons.delete(file);
    throw new Error(`${file} did not load: ${why instanceof Error ? why.message : why}`);
  }
}

/** @type {typeof about} */
function explained(file, step) {
  return about(file, step).catch(({ message }) => {
    throw new Error(`${message}. ${message.endsWith(RENEWED) ? "Reload it" : "Try again"}.`);
  });
}

/**
 * A file in the pieces in which it comes.
 *
 * @param {URL} url
 * @param {RequestInit} [options]
 * @returns {AsyncGenerator<Bytes, undefined>}
 */
async function* coming(url, options) {
  const patience = new AbortController();
  let came = 0;
  /** @template T @param {Promise<T>} step @returns {Promise<T>} */
  const soon = async (step) => {
    const tooLate = () => patience.abort(new Error(`nothing more came after ${came} bytes`));
    const timer = setTimeout(tooLate, PATIENCE);
    return step.finally(() => clearTimeout(timer));
  };
  const { body } = await soon(open(url, { ...options, signal: patience.signal }));
  const reader = /** @type {ReadableStream<Bytes>} */ (body).getReader();
  for (;;) {
    const piece = await soon(reader.read()).catch((error) => {
      throw error instanceof TypeError ? new Error(`only ${came} bytes of it came`) : error;
    });
    if (piece.done) return;
    came += piece.value.length;
    yield piece.value;
  }
}

/** Where a file lies within the site, whatever its query. @param {URL} url */
const addressOf = ({ pathname }) => decodeURI(pathname.slice(SITE.pathname.length));

/** With the query by which archives of two builds are told apart in caches. @param {string} address */
function urlOf(address) {
  const query = /\.(gz|br)$/.test(address) ? `?${manifest.files[address].sha256.slice(0, 12)}` : "";
  return new URL(`${address}${query}`, SITE);
}

/** @param {Bytes | undefined} bytes the first ones suffice */
const isGzipped = (bytes) => bytes?.[0] === 0x1f && bytes[1] === 0x8b;

/**
 * @param {URL} url
 * @param {Bytes} bytes as they were sent, or unpacked
 */
async function check(url, bytes) {
  const { files, unpacked } = manifest;
  const address = addressOf(url);
  const plain = address.endsWith(".gz") && !isGzipped(bytes);
  const expected = plain ? unpacked[address] : files[address];
  const right = bytes.length === expected.bytes;
  if (right && !checksHashes) return;
  const found = checksHashes ? await hash(bytes) : "";
  if (found === expected.sha256) return;
  if (found && (await isNewer(address, found))) {
    throw new Error(RENEWED);
  }
  if (!right) throw new Error(`${bytes.length} bytes came instead of ${expected.bytes}`);
  throw new Error(WRONG);
}

/**
 * Does the site that is served now have this file, though the page's build has not?
 *
 * @param {string} address
 * @param {string} found its hash
 */
async function isNewer(address, found) {
  try {
    const served = await open(new URL("manifest.json", SITE), { cache: "no-store" });
    return (await served.json()).files[address].sha256 === found;
  } catch {
    return false;
  }
}

/** @param {Bytes} bytes @returns {Promise<string>} their SHA-256, in hexadecimal digits */
export async function hash(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Bytes[]} chunks @returns {Bytes} */
function joined(chunks) {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
