// Unpacks what it is sent, so that whoever sends it can do something else meanwhile.

import { read } from "./boot.js";
import { unpacking, useDecoder } from "./brotli.js";

addEventListener("message", async ({ data: { decoder, id, packed } }) => {
  try {
    if (decoder) return useDecoder(decoder);
    const bytes = await read(new Blob([packed]).stream().pipeThrough(unpacking()));
    postMessage({ id, bytes }, { transfer: [bytes.buffer] });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
});
