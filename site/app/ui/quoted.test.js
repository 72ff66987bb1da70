import { expect, it } from "vitest";
import { quoted } from "./quoted.js";

it.each([
  [5, "5"],
  [null, "null"],
  [["a", "b"], "a,b"],
  [Symbol("a"), "Symbol(a)"],
  ["x".repeat(60), "x".repeat(60)],
  ["x".repeat(61), `${"x".repeat(60)} …`],
  [[Object.create(null)], "an object that cannot be shown"],
])("quotes %#", (value, text) => {
  expect(quoted(value)).toBe(text);
});
