// A visitor's code in a link: deflated, then base64 with characters that URLs allow.

/** The most characters of code in a link; the library's functions have a tenth of that. */
const LONGEST = 20_000;

/** Whether this browser can pack and unpack. */
export const packs =
  typeof CompressionStream === "function" && typeof DecompressionStream === "function";

/** @param {string} text @returns {Promise<string>} */
export async function packed(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const letters = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} letters
 * @returns {Promise<string>} rejects with an Error if `packed` did not make it, or if it is too long
 */
export async function unpacked(letters) {
  if (!packs) {
    throw new Error(
      "This browser cannot unpack the code in this link: it has no DecompressionStream.",
    );
  }
  const damaged = new Error("The code in this link is damaged: perhaps the link was cut off.");
  try {
    const bytes = Uint8Array.from(
      atob(letters.replaceAll("-", "+").replaceAll("_", "/")),
      (letter) => letter.charCodeAt(0),
    );
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const reader = stream.pipeThrough(new TextDecoderStream("utf-8", { fatal: true })).getReader();
    let text = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      text += piece.value;
      if (text.length > LONGEST) {
        void reader.cancel();
        throw new RangeError(`The code in this link has more than ${LONGEST} characters.`);
      }
    }
    return text;
  } catch (error) {
    throw error instanceof RangeError ? error : damaged;
  }
}
