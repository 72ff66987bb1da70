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
 * A stream that unpacks; it fails where bytes are missing or wrong.
 *
 * @returns {TransformStream<Bytes, Bytes>}
 */
export function unpacking() {
  const decoder = new BrotliDecStream();
  /** @type {BrotliStreamResultCode} */
  let code = BrotliStreamResultCode.NeedsMoreInput;
  return new TransformStream({
    transform(chunk, stream) {
      let rest = chunk;
      do {
        const result = decoder.dec(rest, PIECE);
        const { buf, input_offset } = result;
        code = result.code;
        rest = rest.subarray(input_offset);
        result.free();
        if (buf.length) stream.enqueue(/** @type {Bytes} */ (buf));
      } while (code === BrotliStreamResultCode.NeedsMoreOutput);
    },
    flush() {
      decoder.free();
      if (code !== BrotliStreamResultCode.ResultSuccess) throw new Error("its end is missing");
    },
  });
}
