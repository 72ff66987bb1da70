import { describe, expect, it } from "vitest";
import { described } from "./runWords.js";

const SETTINGS = { activation: "relu", optimizer: "sgd", learningRate: 0.5 };
const ABOUT = { title: "784-30-10", settings: SETTINGS, state: "training", epoch: 2, epochs: 9 };
const now = Date.now();

describe("described", () => {
  it("says what a run is", () => {
    expect(described({ about: ABOUT, when: now })).toMatch(
      /^A 784-30-10 net \(ReLU, gradient descent at 0\.5\), in epoch 2 of 9\. Saved today at \d\d:\d\d\.$/,
    );
    const done = { ...ABOUT, state: "done", testAccuracy: 0.95 };
    expect(described({ about: done, when: Number.NaN })).toBe(
      "A 784-30-10 net (ReLU, gradient descent at 0.5), all 9 epochs trained: " +
        "it reads 95.00 % of the test digits.",
    );
    const corrected = { title: "784-10" };
    expect(described({ about: corrected, when: Number.NaN })).toBe(
      "A 784-10 net that you corrected.",
    );
  });

  it("finds no word for the name of a prototype's property", () => {
    const about = { ...ABOUT, settings: { ...SETTINGS, activation: "constructor" } };
    expect(described({ about, when: now })).toContain("(constructor, gradient descent at 0.5)");
  });

  it.each([
    [{}],
    [{ title: 5 }],
    [{ settings: "text" }],
    [{ ...ABOUT, title: undefined }],
    [{ ...ABOUT, settings: {} }],
    [{ ...ABOUT, settings: { ...SETTINGS, optimizer: 5n } }],
    [{ ...ABOUT, settings: { ...SETTINGS, learningRate: 5n } }],
    [{ ...ABOUT, epoch: 2n }],
    [{ ...ABOUT, epochs: undefined }],
  ])("says that it does not know a malformed one %#", (about) => {
    expect(described({ about, when: Number.NaN })).toBe("A net that this page cannot describe.");
  });
});
