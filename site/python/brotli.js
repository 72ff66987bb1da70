// Decompresses Brotli with a decoder in WebAssembly: browsers offer pages no such function.

import { BrotliDecStream, BrotliStreamResultCode, initSync } from "brotli-dec-wasm/web";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** How much is decompressed at a time, in bytes. */
const PIECE = 1 << 20;

/** @param {WebAssembly.Module} module the decoder; needed before `decompress` */
export function useDecoder(module) {
  initSync({ module });
}

/**
 * Decompresses a stream and passes it to `use`. Rejects with the reason if bytes are missing or wrong or
 * memory runs out; a Response made of the stream would only say that it failed.
 *
 * @template T
 * @param {ReadableStream<Bytes>} packed
 * @param {(unpacked: ReadableStream<Bytes>) => Promise<T>} use
 * @returns {Promise<T>} what `use` returns
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
 * @param {(error: unknown) => void} failed called with the reason if it fails
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
      const traps = error instanceof WebAssembly.RuntimeError; // so it does when memory runs out
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
