// Brotli, which no browser that matters here unpacks for a page: by a decoder in WebAssembly.

import { BrotliDecStream, BrotliStreamResultCode, initSync } from "brotli-dec-wasm/web";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** How much is unpacked at a time, in bytes. */
const PIECE = 1 << 20;

/** @param {WebAssembly.Module} module the decoder, to be given before anything is unpacked */
export function useDecoder(module) {
  initSync({ module });
}

/**
 * Unpacks a stream for what uses it. Where bytes are missing or wrong, or the memory does not suffice,
 * it rejects and says so: who reads a stream as a Response is only told that it failed.
 *
 * @template T
 * @param {ReadableStream<Bytes>} packed
 * @param {(unpacked: ReadableStream<Bytes>) => Promise<T>} use
 * @returns {Promise<T>} what that returns
 */
export async function decompress(packed, use) {
  /** @type {unknown} */
  let why;
  try {
    return await use(packed.pipeThrough(unpacking((error) => (why = error))));
  } catch (error) {
    throw why ?? error;
  }
}

/**
 * @param {(error: unknown) => void} failed told why it fails
 * @returns {TransformStream<Bytes, Bytes>}
 */
function unpacking(failed) {
  const decoder = new BrotliDecStream();
  /** @type {BrotliStreamResultCode} */
  let code = BrotliStreamResultCode.NeedsMoreInput;
  const decoded = (/** @type {Bytes} */ packed) => {
    try {
      return decoder.dec(packed, PIECE);
    } catch (error) {
      const traps = error instanceof WebAssembly.RuntimeError; // which is how it runs out of memory
      const why = traps ? new Error("there is not enough memory to unpack it") : error;
      failed(why);
      throw why;
    }
  };
  return new TransformStream({
    transform(chunk, stream) {
      let rest = chunk;
      do {
        const result = decoded(rest);
        const { buf, input_offset } = result;
        code = result.code;
        rest = rest.subarray(input_offset);
        result.free();
        if (buf.length) stream.enqueue(/** @type {Bytes} */ (buf));
      } while (code === BrotliStreamResultCode.NeedsMoreOutput);
    },
    flush() {
      decoder.free();
      if (code === BrotliStreamResultCode.ResultSuccess) return;
      const why = new Error("its end is missing");
      failed(why);
      throw why;
    },
  });
}
