// Decompresses Brotli for a BrotliClient.

import { read } from "./boot.js";
import { decompress, useDecoder } from "./brotli.js";

/** @param {MessagePort} client receives the answers */
function serve(client) {
  client.onmessage = async ({ data: { port, decoder, end, id, packed } }) => {
    try {
      if (port) return serve(port);
      if (decoder) return useDecoder(decoder);
      if (end) return close();
      const bytes = await decompress(new Blob([packed]).stream(), read);
      client.postMessage({ id, bytes }, { transfer: [bytes.buffer] });
    } catch (error) {
      client.postMessage({ id, error: /** @type {Error} */ (error).message });
    }
  };
}

serve(/** @type {any} */ (self));
