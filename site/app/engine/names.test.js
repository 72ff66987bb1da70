import { describe, expect, it } from "vitest";
import { settingIn } from "./names.js";

describe("the names of settings", () => {
  it("are found in what Python says", () => {
    expect(settingIn("batchSize is 0, expected 1 or more")).toEqual({
      name: "batchSize",
      why: "is 0, expected 1 or more",
      words: "Mini-batch is 0, expected 1 or more",
    });
    for (const message of ["the net is too large", "constructor is odd", "__proto__ is", ""])
      expect(settingIn(message)).toBeUndefined();
  });
});
