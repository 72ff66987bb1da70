import { describe, expect, it, vi } from "vitest";
import { bounded, cut, DEEPEST, LONGEST, MOST } from "./bounds.js";

/** How many values and characters there are. @param {any} value @returns {number} */
function size(value) {
  if (typeof value === "string") return 1 + value.length;
  if (typeof value !== "object" || value === null) return 1;
  if (ArrayBuffer.isView(value)) return 1 + /** @type {Float64Array} */ (value).length;
  const keys = Array.isArray(value) ? "" : Object.keys(value).join("");
  return Object.values(value).reduce((sum, one) => sum + size(one), 1 + keys.length);
}

/** @param {number} depth */
function nested(depth) {
  /** @type {unknown} */
  let value = 1;
  for (let i = 0; i < depth; i++) value = { in: value };
  return value;
}

describe("bounded", () => {
  it("passes on what a race answers", () => {
    const side = { curves: { costs: new Float64Array(2000).fill(0.5) }, cost: 1, trouble: null };
    const state = { running: true, healthy: side, changed: { ...side, names: ["dw", "δ"] } };
    expect(structuredClone(bounded(state))).toEqual(state);
  });

  it.each([
    ["a text", "x".repeat(60_000_000)],
    ["a key", { ["x".repeat(1_000_000)]: 1 }],
    ["many keys", Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`key ${i}`, i]))],
    ["a list", new Array(10_000_000).fill(1)],
    ["a list of holes", new Array(4_294_967_295)],
    ["texts", new Array(1000).fill("x".repeat(LONGEST))],
    ["numbers", new Float64Array(10_000_000)],
    ["lists in lists", new Array(1000).fill(new Array(1000).fill([1, 2]))],
    ["bytes", new Uint8Array(10_000_000)],
  ])("cuts %s", (_, value) => {
    const copied = structuredClone(bounded({ value }));
    expect(size(copied)).toBeGreaterThan(1);
    expect(size(copied)).toBeLessThanOrEqual(MOST + 10);
    if (typeof value === "string") expect(copied).toEqual({ value: "x".repeat(LONGEST) });
  });

  it("ends what is deep or circular", () => {
    const circle = { self: {} };
    circle.self = circle;
    for (const value of [nested(100_000), circle]) {
      let copied = /** @type {any} */ (structuredClone(bounded(value)));
      let depth = 0;
      for (; copied !== undefined; depth++) copied = Object.values(copied)[0];
      expect(depth).toBe(DEEPEST);
    }
  });

  it("leaves out other types", () => {
    const value = { a: () => 1, b: Symbol.iterator, c: 5n, d: undefined, e: new Map([[1, 2]]) };
    expect(structuredClone(bounded(value))).toEqual({ e: {} });
  });

  it("takes the names of a prototype's properties for keys", () => {
    const value = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}');
    const copied = /** @type {any} */ (bounded(value));
    expect(copied.polluted).toBeUndefined();
    expect(Object.keys(copied)).toEqual(["__proto__", "constructor"]);
  });

  it("uses no method that was replaced since", () => {
    const long = "x".repeat(5000);
    const replaced = [
      vi.spyOn(String.prototype, "slice").mockReturnValue(long),
      vi.spyOn(Object, "keys").mockReturnValue(["long"]),
      vi.spyOn(Array, "isArray").mockReturnValue(true),
      vi.spyOn(Reflect, "apply").mockReturnValue(long),
    ];
    const copied = bounded({ long, list: [1] });
    for (const one of replaced) one.mockRestore();
    expect(copied).toEqual({ long: "x".repeat(LONGEST), list: [1] });
  });

  it("calls no setter of a prototype", () => {
    const heard = vi.fn();
    Object.defineProperty(Array.prototype, 0, { set: heard, configurable: true });
    Object.defineProperty(Object.prototype, "get", { value: heard, configurable: true });
    const copied = bounded({ list: ["x"] });
    delete Array.prototype[0];
    delete (/** @type {any} */ (Object.prototype).get);
    expect(heard).not.toHaveBeenCalled();
    expect(copied).toEqual({ list: ["x"] });
  });
});

describe("cut", () => {
  it("cuts a text, and takes nothing else for one", () => {
    expect(cut("text")).toBe("text");
    expect(cut("text", 2)).toBe("te");
    for (const value of [undefined, null, 5, { slice: () => "out" }, ["text"]]) {
      expect(cut(value)).toBe("");
    }
  });
});
