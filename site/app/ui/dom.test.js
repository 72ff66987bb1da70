import { describe, expect, it } from "vitest";
import { position, withArticle } from "./dom.js";

describe("withArticle", () => {
  it.each(["a 0", "a 1", "a 7", "an 8", "a 9", "a 10", "an 11", "a 12", "an 18", "an 80", "a 110"])(
    "%s",
    (text) => {
      expect(withArticle(Number(text.split(" ")[1]))).toBe(text);
    },
  );

  it("reads thousands as they are said", () => {
    expect([8000, 11_000, 18_500, 110_000, 800_000].map(withArticle)).toEqual([
      "an 8000",
      "an 11000",
      "an 18500",
      "a 110000",
      "an 800000",
    ]);
  });
});

describe("position", () => {
  it.each([
    [0, "0"],
    [5 / 1875, "0.0027"],
    [0.25, "0.25"],
    [1.996, "2"],
    [2.5, "2.5"],
    [40, "40"],
  ])("%d epochs are %s", (epochs, text) => {
    expect(position(epochs)).toBe(text);
  });
});
