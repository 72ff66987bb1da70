// MNIST, shard by shard, from gzipped files into the Lab's arrays.

import { loadJson, loadUnpacked } from "../python/siteFiles.js";

/** @typedef {{file: string, count: number, bytes: number, sha256: string}} Shard */
/** @typedef {{loaded: number, total: number} | {waiting: string}} Report bytes of the first
 *   shards; then why a later shard has not arrived yet, "" once it has */

const CANNOT_UNPACK =
  "This browser cannot unpack MNIST’s images (it has no DecompressionStream), so no net can be trained " +
  "here. The trained nets still work. Firefox, Chrome, Edge and Safari have it since 2023.";

/** @type {Promise<void> | undefined} */
let begun;

/**
 * Fetch MNIST once. Resolves when the labels, the first training shard and the test set have arrived.
 * The other shards follow; the Lab is informed of each.
 * @param {any} lab the Lab's proxy, for its buffers
 * @param {(method: string, args?: Record<string, unknown>) => any} call
 * @param {(progress: Report) => void} report
 * @returns {Promise<void>} rejects with an Error that names the file that failed
 */
export function loadMnist(lab, call, report) {
  if (typeof DecompressionStream !== "function") return Promise.reject(new Error(CANNOT_UNPACK));
  begun ??= load(lab, call, report).catch((error) => {
    begun = undefined;
    throw error;
  });
  return begun;
}

/** @type {typeof loadMnist} */
async function load(lab, call, report) {
  /** @type {{shards: Shard[]}} */
  const { shards } = await loadJson("mnist/mnist.json");
  const named = (/** @type {RegExp} */ pattern) => shards.filter(({ file }) => pattern.test(file));
  const train = named(/^train-images/);
  const first = [...named(/labels/), train[0], ...named(/^test-images/)];
  const total = first.reduce((sum, shard) => sum + shard.bytes, 0);
  const count = (/** @type {Shard[]} */ list) => list.reduce((sum, shard) => sum + shard.count, 0);
  call("mnist.allocate", { counts: { train: count(train), test: count(named(/^test-images/)) } });

  let loaded = 0;
  const got = (/** @type {number} */ bytes) => {
    loaded += bytes;
    report({ loaded, total });
  };
  await Promise.all(first.map((shard) => fill(lab, shard, 0, got)));
  const images = train[0].count;
  call("mnist.set_available", { images });
  void rest(lab, call, train.slice(1), images, (waiting) => report({ waiting }));
}

/**
 * @param {any} lab
 * @param {(method: string, args?: Record<string, unknown>) => any} call
 * @param {Shard[]} shards fetched one after the other; one that fails is retried, as training can wait
 *   for it
 * @param {number} images how many have arrived already
 * @param {(why: string) => void} tell called with the reason whenever one fails, with "" once it has arrived
 */
async function rest(lab, call, shards, images, tell) {
  for (const shard of shards) {
    for (let pause = 1000; ; pause = Math.min(2 * pause, 15_000)) {
      try {
        await fill(lab, shard, images, () => {});
        tell("");
        break;
      } catch (error) {
        tell(/** @type {Error} */ (error).message);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    images += shard.count;
    call("mnist.set_available", { images });
  }
}

/**
 * Unpack one shard into its buffer.
 * @param {any} lab
 * @param {Shard} shard
 * @param {number} start the first image's number
 * @param {(bytes: number) => void} got called with the length of each chunk that arrives
 */
async function fill(lab, shard, start, got) {
  const bytes = await loadUnpacked(`mnist/${shard.file}`, got);
  const name = shard.file.replace(/(-\d+)?\.gz$/, "");
  const size = name.endsWith("images") ? 784 : 1;
  const mnist = lab.mnist;
  const buffer = mnist.buffer(name);
  const view = buffer.getBuffer("u8");
  view.data.set(bytes, start * size);
  view.release();
  buffer.destroy();
  mnist.destroy();
}
