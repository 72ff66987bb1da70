import { describe, expect, it } from "vitest";
import { erase, packed } from "./strokes.js";

/** @typedef {import("./strokes.js").Stroke} Stroke */

/** @type {Stroke} */
const LINE = [
  [0, 0],
  [100, 0],
];

/** Distance from a point to the segment ab. @param {number[]} p @param {number[]} a @param {number[]} b */
function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(
    0,
    Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)),
  );
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

describe("erase", () => {
  it("returns strokes out of reach themselves", () => {
    const [left] = erase([LINE], [50, 20], [60, 20], 5);
    expect(left).toBe(LINE);
  });

  it("reaches no farther than the ends of its path", () => {
    expect(erase([LINE], [50, 40], [50, 20], 5)).toEqual([LINE]);
    expect(erase([LINE], [-40, 0], [-20, 0], 5)).toEqual([LINE]);
    const [before, after] = erase([LINE], [40, 0], [60, 0], 5); // along the stroke
    expect(before.at(-1)?.[0]).toBeGreaterThan(32);
    expect(after[0][0]).toBeLessThan(68);
  });

  it("cuts a stroke in two", () => {
    const [before, after, ...more] = erase([LINE], [50, -20], [50, 20], 6);
    expect(more).toEqual([]);
    expect(before[0]).toEqual([0, 0]);
    expect(after.at(-1)).toEqual([100, 0]);
    const [end, begin] = [before.at(-1)?.[0] ?? Number.NaN, after[0][0]];
    expect(end).toBeGreaterThan(41); // at most one step of radius / 3 from the eraser's edge
    expect(end).toBeLessThan(44);
    expect(begin).toBeGreaterThan(56);
    expect(begin).toBeLessThan(59);
  });

  it("leaves no point within the radius, and moves none off its line", () => {
    const [a, b] = [
      [20, -3],
      [70, 8],
    ];
    const left = erase([LINE], [20, -3], [70, 8], 5);
    for (const point of left.flat()) {
      expect(distance(point, a, b)).toBeGreaterThan(5);
      expect(point[1]).toBe(0);
    }
    expect(left.length).toBe(2);
  });

  it("erases between two points that are far apart", () => {
    expect(erase([LINE], [50, 0], [50, 0], 1)).toHaveLength(2);
  });

  it("removes what it covers whole, dots included", () => {
    expect(erase([[[5, 5]], LINE], [0, 0], [100, 0], 10)).toEqual([]);
  });

  it("keeps no single point of a longer stroke", () => {
    /** @type {Stroke} */
    const corner = [
      [0, 0],
      [3, 0],
    ];
    expect(erase([corner], [3, 0], [3, 0], 2.9)).toEqual([]);
  });

  it("handles no strokes and empty strokes", () => {
    expect(erase([], [0, 0], [1, 1], 5)).toEqual([]);
    expect(erase([[]], [0, 0], [1, 1], 5)).toEqual([[]]);
  });
});

describe("packed", () => {
  it("concatenates the points and counts them", () => {
    const { points, lengths } = packed([LINE, [[7, 8]]]);
    expect(points).toEqual(Float64Array.of(0, 0, 100, 0, 7, 8));
    expect(lengths).toEqual(Int32Array.of(2, 1));
  });

  it("skips empty strokes and what follows x and y", () => {
    const { points, lengths } = packed([[], [[1, 2, 0.5]], []]);
    expect(points).toEqual(Float64Array.of(1, 2));
    expect(lengths).toEqual(Int32Array.of(1));
  });

  it("takes typed arrays", () => {
    expect(packed([[Float32Array.of(0.5, 1)]]).points).toEqual(Float64Array.of(0.5, 1));
  });
});
