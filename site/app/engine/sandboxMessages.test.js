import { describe, expect, it } from "vitest";
import { foundOf, stateOf } from "./sandboxMessages.js";

const REFUSED = "What came back is no result";
const CHECKED = { symbol: "dw", layer: 2, error: 1e-9, ratio: null };
const FOUND = { right: true, finite: true, examples: 10, arrays: [CHECKED] };

const curves = {
  epochs: Float64Array.of(0.1, 0.2),
  costs: [0.5, 0.25],
  accuracies: [],
  testEpochs: [],
  testCosts: [],
  testAccuracies: [],
};
const SIDE = { curves, cost: 0.25, accuracy: 0.9, testAccuracy: null, trouble: null };
const STATE = { running: true, healthy: SIDE, changed: { ...SIDE, fresh: 0.1, dead: 3 } };

const NONSENSE = [undefined, null, 1, "text", true, Symbol.iterator, () => FOUND, [], {}];

describe("foundOf", () => {
  it("passes a result on", () => {
    expect(foundOf(FOUND)).toEqual(FOUND);
  });

  it("passes an error of the code on, without what else came", () => {
    const trouble = { message: "x".repeat(5000), line: 3, diverged: false, html: "<b>" };
    expect(foundOf({ ...FOUND, trouble })).toEqual({
      trouble: { message: "x".repeat(2000), line: 3, diverged: false },
    });
  });

  it("passes on only known properties", () => {
    const found = foundOf({ ...FOUND, extra: "x", arrays: [{ ...CHECKED, onclick: "x" }] });
    expect(found).toEqual(FOUND);
  });

  it("takes nothing for right but true", () => {
    expect(foundOf({ ...FOUND, right: "yes", finite: 1 })).toMatchObject({
      right: false,
      finite: false,
    });
  });

  it("knows two symbols", () => {
    const found = foundOf({ ...FOUND, arrays: [{ ...CHECKED, symbol: "<img src=x>" }] });
    expect(found).toMatchObject({ arrays: [{ symbol: "dw" }] });
  });

  it.each([
    ...NONSENSE,
    { ...FOUND, examples: "10" },
    { ...FOUND, arrays: { length: 1, 0: CHECKED } },
    { ...FOUND, arrays: Array(101).fill(CHECKED) },
    { ...FOUND, arrays: [null] },
    { ...FOUND, examples: 0.5 },
    { ...FOUND, arrays: [{ ...CHECKED, layer: "2" }] },
    { ...FOUND, arrays: [{ ...CHECKED, layer: -1 }] },
    { ...FOUND, arrays: [{ ...CHECKED, ratio: "1" }] },
    { trouble: "failed" },
    { trouble: { message: 1, line: null } },
    { trouble: { message: "", line: "3" } },
    { trouble: { message: "", line: -1.5 } },
    { trouble: { message: "", line: 0 } },
    { trouble: { message: "", line: Number.NaN } },
    { trouble: { message: "", line: 1e300 } },
  ])("refuses nonsense %#", (value) => {
    expect(() => foundOf(value)).toThrow(REFUSED);
  });
});

describe("stateOf", () => {
  it("passes a race on, its curves as Float64Arrays", () => {
    const { running, healthy, changed } = stateOf(STATE);
    expect(running).toBe(true);
    expect(healthy.curves.costs).toEqual(Float64Array.of(0.5, 0.25));
    expect(healthy).toMatchObject({ fresh: null, dead: null, testAccuracy: null });
    expect(changed).toMatchObject({ cost: 0.25, fresh: 0.1, dead: 3 });
  });

  it("copies the curves", () => {
    expect(stateOf(STATE).healthy.curves.epochs).not.toBe(curves.epochs);
  });

  it("passes on only known properties", () => {
    const changed = { ...SIDE, curves: { ...curves, html: ["<b>"] }, html: "<b>" };
    const state = stateOf({ ...STATE, changed, html: "<b>" });
    expect(JSON.stringify(state)).not.toContain("html");
  });

  it.each([
    ...NONSENSE,
    { ...STATE, healthy: undefined },
    { ...STATE, changed: { ...SIDE, cost: "0.1" } },
    { ...STATE, changed: { ...SIDE, trouble: true } },
    { ...STATE, changed: { ...SIDE, curves: null } },
    { ...STATE, changed: { ...SIDE, curves: { ...curves, costs: undefined } } },
    { ...STATE, changed: { ...SIDE, curves: { ...curves, costs: "0.5" } } },
    { ...STATE, changed: { ...SIDE, curves: { ...curves, costs: [0.5, "0.25"] } } },
    { ...STATE, changed: { ...SIDE, curves: { ...curves, costs: [null] } } },
    { ...STATE, changed: { ...SIDE, curves: { ...curves, costs: { length: 1e9 } } } },
    { ...STATE, changed: { ...SIDE, curves: { ...curves, costs: new Float64Array(2001) } } },
    { ...STATE, changed: { ...SIDE, curves: { ...curves, costs: new BigInt64Array(1) } } },
  ])("refuses nonsense %#", (value) => {
    expect(() => stateOf(value)).toThrow(REFUSED);
  });
});
