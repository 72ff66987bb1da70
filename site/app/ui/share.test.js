import { describe, expect, it, vi } from "vitest";
import { packed, unpacked } from "./share.js";

/** Any bytes as a link has them. @param {Uint8Array} bytes */
const letters = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

describe("code in a link", () => {
  it.each([
    ["nothing", ""],
    ["code", "def backward(self, delta):\n    return delta @ self.weights\n"],
    ["letters beyond ASCII", "δ = σ′(z) ⊙ ∇C  # 数字 🙂"],
    ["the longest that is taken", "x".repeat(20_000)],
  ])("comes back as it was: %s", async (_, text) => {
    expect(await unpacked(await packed(text))).toBe(text);
  });

  it("needs no escapes in an address", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const text = Array.from({ length: 30 + seed }, (_, i) =>
        String.fromCharCode(33 + ((seed * 7919 + i * i) % 90)),
      );
      expect(await packed(text.join(""))).toMatch(/^[\w-]*$/);
    }
  });
});

describe("links that are refused", () => {
  const damaged = "The code in this link is damaged: perhaps the link was cut off.";

  it("one that was cut off", async () => {
    const whole = await packed("self.weights -= rate * gradient\n".repeat(20));
    for (const length of [1, 5, whole.length >> 1, whole.length - 2]) {
      await expect(unpacked(whole.slice(0, length))).rejects.toThrow(damaged);
    }
  });

  it.each([
    ["letters that base64 does not have", "%%%"],
    ["no deflated data", letters(Uint8Array.of(255, 255, 255, 255))],
    ["a script", "<script>alert(1)</script>"],
  ])("%s", async (_, text) => {
    await expect(unpacked(text)).rejects.toThrow(damaged);
  });

  it("bytes that are no UTF-8", async () => {
    const bytes = await deflated(Uint8Array.of(0xc3, 0x28));
    await expect(unpacked(letters(bytes))).rejects.toThrow(damaged);
  });

  it("one character too many", async () => {
    await expect(unpacked(await packed("x".repeat(20_001)))).rejects.toThrow("more than 20000");
  });

  it("20 MB from 20 kB, without unpacking all of it", async () => {
    const bomb = letters(await deflated(new Uint8Array(20_000_000).fill(120)));
    const read = vi.spyOn(ReadableStreamDefaultReader.prototype, "read");
    await expect(unpacked(bomb)).rejects.toThrow("more than 20000");
    expect(read.mock.calls.length).toBeLessThan(10);
    read.mockRestore();
  });
});
