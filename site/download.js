// Files of the site, fetched and unpacked as they come. What goes wrong is told by the file's name.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * @param {URL} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} rejects unless the server has the file
 */
export async function open(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  return answer;
}

/**
 * Fetches a gzipped file and unpacks it as it comes, unless the server has the browser do so by
 * declaring gzip as the way in which it was sent. The stream fails where bytes are missing.
 *
 * @param {URL} url
 * @param {{ bytes: number, unpacked: number }} sizes of the file, and of what it holds
 * @param {(count: number) => void} arrived called with the length of each chunk that came
 * @returns {Promise<ReadableStream<Bytes>>}
 */
export async function unpack(url, sizes, arrived) {
  const answer = await open(url);
  const reader = /** @type {ReadableStream<Bytes>} */ (answer.body).getReader();
  let chunk = await reader.read();
  const gzipped = chunk.value?.[0] === 0x1f && chunk.value[1] === 0x8b;
  const expected = gzipped ? sizes.bytes : sizes.unpacked;
  let received = 0;
  /** @type {ReadableStream<Bytes>} */
  const counted = new ReadableStream({
    async pull(stream) {
      if (chunk.value) {
        arrived(chunk.value.length);
        received += chunk.value.length;
        stream.enqueue(chunk.value);
        chunk = await reader.read();
      } else if (received === expected) {
        stream.close();
      } else {
        stream.error(new Error(`${received} bytes came instead of ${expected}`));
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
    throw new Error(`${file} did not load: ${error instanceof Error ? error.message : error}`);
  }
}
