// Fetches files while the page runs. Each is compared with its hash from the build, and unpacked as it
// arrives. Callers use names ("models/cnn.npz"); the addresses change with the content, so no cache can
// mix two builds. Errors name the file.

import { files } from "virtual:files";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** The site's address. The bundled modules are one folder below it, as this module is in the sources. */
export const SITE = new URL(/* @vite-ignore */ "../", import.meta.url);
/** How long a download may stall before it is aborted, in milliseconds. */
const PATIENCE = 20_000;
const WRONG = "it is not the file that belongs here";
const RENEWED = "the site has been renewed since this page was opened";

/** Why a stream failed, by file name: a Response made of the stream does not say. @type {Map<string, unknown>} */
const reasons = new Map();

/** Whether hashes can be computed: browsers allow it on https and localhost only. */
export const checksHashes = typeof globalThis.crypto?.subtle === "object";

/** @param {string} name @returns {URL} the address of a file */
export function urlOf(name) {
  return new URL(files[name].path, SITE);
}

/**
 * @param {URL | string} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} rejects unless the server has the file
 */
export async function open(url, options) {
  const answer = await fetch(url, options).catch((error) => {
    throw error instanceof TypeError ? new Error("there is no network") : error;
  });
  if (answer.status === 404 && (await isGone(url))) throw new Error(RENEWED);
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  return answer;
}

/**
 * Fetches a file. Rejects with a sentence that names the file and says what to do.
 *
 * @param {string} name
 * @returns {Promise<Bytes>}
 */
export function load(name) {
  return withAdvice(name, content(name));
}

/**
 * Fetches a file for a caller that adds its name to errors. If the copy in the browser's cache is
 * damaged, it is fetched from the server again.
 *
 * @param {string} name
 * @returns {Promise<Bytes>}
 */
export async function content(name) {
  const cached = await whole(name);
  try {
    await check(name, cached);
    return cached;
  } catch {
    const served = await whole(name, { cache: "reload" });
    await check(name, served);
    return served;
  }
}

/** Replace what caches have of a file, for the next attempt. @param {string} name */
async function renew(name) {
  await whole(name, { cache: "reload" }).catch(() => {});
}

/** @param {string} name @param {RequestInit} [options] */
async function whole(name, options) {
  const chunks = [];
  for await (const chunk of arriving(name, options)) chunks.push(chunk);
  return joined(chunks);
}

/**
 * Fetches and unpacks a gzipped file, as `load` does.
 *
 * @param {string} name
 * @param {(count: number) => void} arrived called with the length of each chunk
 * @returns {Promise<Bytes>}
 */
export function loadUnpacked(name, arrived) {
  const stream = unpack(name, arrived);
  const all = stream.then((unpacked) => new Response(unpacked).arrayBuffer());
  return withAdvice(
    name,
    all.then((buffer) => new Uint8Array(buffer)),
  );
}

/** @param {string} name @returns {Promise<any>} the content of a JSON file */
export async function loadJson(name) {
  return JSON.parse(new TextDecoder().decode(await load(name)));
}

/**
 * Fetches a gzipped file and unpacks it as it arrives, unless the service worker has unpacked it, or the
 * browser has, because the server declared gzip as the content encoding. The stream fails at its end if
 * the file is not what the build made.
 *
 * @param {string} name
 * @param {(count: number) => void} arrived called with the length of each chunk
 * @returns {Promise<ReadableStream<Bytes>>}
 */
export async function unpack(name, arrived) {
  const source = arriving(name);
  let next = await source.next();
  const gzipped = isGzipped(next.value);
  /** @type {Bytes[]} */
  const chunks = [];
  /** @type {ReadableStream<Bytes>} */
  const counted = new ReadableStream({
    async pull(stream) {
      try {
        if (next.done) {
          const all = joined(chunks.splice(0));
          await check(name, all).catch(async (error) => {
            await renew(name);
            throw error;
          });
          return stream.close();
        }
        arrived(next.value.length);
        chunks.push(next.value);
        stream.enqueue(next.value);
        next = await source.next();
      } catch (error) {
        reasons.set(name, error);
        throw error;
      }
    },
  });
  return gzipped ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
}

/**
 * Adds the file's name to the error of a step that depends on it.
 *
 * @template T
 * @param {string} name
 * @param {Promise<T>} step
 * @returns {Promise<T>}
 */
export async function naming(name, step) {
  try {
    return await step;
  } catch (error) {
    const why = reasons.get(name) ?? error;
    reasons.delete(name);
    throw new Error(`${name} did not load: ${why instanceof Error ? why.message : why}`);
  }
}

/** @type {typeof naming} */
function withAdvice(name, step) {
  return naming(name, step).catch(({ message }) => {
    throw new Error(`${message}. ${message.endsWith(RENEWED) ? "Reload the page" : "Try again"}.`);
  });
}

/**
 * The chunks of a file as they arrive.
 *
 * @param {string} name
 * @param {RequestInit} [options]
 * @returns {AsyncGenerator<Bytes, undefined>}
 */
async function* arriving(name, options) {
  const patience = new AbortController();
  let came = 0;
  /** @template T @param {Promise<T>} step @returns {Promise<T>} */
  const inTime = async (step) => {
    const tooLate = () => patience.abort(new Error(`nothing more came after ${came} bytes`));
    const timer = setTimeout(tooLate, PATIENCE);
    return step.finally(() => clearTimeout(timer));
  };
  const ask = (/** @type {RequestInit} */ how) =>
    inTime(open(urlOf(name), { ...how, signal: patience.signal }));
  // A server that has a deploy's files late refuses one, and caches keep its refusal for a while.
  const { body } = await ask({ ...options }).catch(() => ask({ cache: "reload" }));
  const reader = /** @type {ReadableStream<Bytes>} */ (body).getReader();
  for (;;) {
    const piece = await inTime(reader.read()).catch((error) => {
      throw error instanceof TypeError ? new Error(`only ${came} bytes of it came`) : error;
    });
    if (piece.done) return;
    came += piece.value.length;
    yield piece.value;
  }
}

/** @param {Bytes | undefined} bytes at least the first two of a file */
const isGzipped = (bytes) => bytes?.[0] === 0x1f && bytes[1] === 0x8b;

/**
 * @param {string} name
 * @param {Bytes} bytes the file, packed or unpacked
 */
async function check(name, bytes) {
  const entry = files[name];
  const plain = name.endsWith(".gz") && !isGzipped(bytes);
  const expected = (plain && entry.unpacked) || entry;
  const right = bytes.length === expected.bytes;
  if (right && (!checksHashes || (await hash(bytes)) === expected.sha256)) return;
  if (!right) throw new Error(`${bytes.length} bytes came instead of ${expected.bytes}`);
  throw new Error(WRONG);
}

/**
 * Whether the current build on the server no longer has this file.
 *
 * @param {URL | string} url
 */
async function isGone(url) {
  try {
    const served = await fetch(new URL("manifest.json", SITE), { cache: "no-store" });
    return !(await served.json()).files[new URL(url).pathname.slice(SITE.pathname.length)];
  } catch {
    return false;
  }
}

/** @param {Bytes} bytes @returns {Promise<string>} the SHA-256 hash in hexadecimal */
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
