import { describe, expect, it } from "vitest";
import { position } from "./dom.js";

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
