import { describe, expect, it } from "vitest";
import { csv } from "./numbers.js";

describe("csv", () => {
  it("has a line for each row, in full precision", () => {
    const columns = [Float64Array.of(0, 1), [0.1 + 0.2, 1e-300]];
    expect(csv({ name: "Cost", heads: ["epoch", "cost"], columns })).toBe(
      "epoch,cost\r\n0,0.30000000000000004\r\n1,1e-300\r\n",
    );
  });

  it("has an empty field where there is no number", () => {
    const columns = [
      [1, 2, 3, 4],
      [null, undefined, Number.NaN, Number.POSITIVE_INFINITY],
    ];
    expect(csv({ name: "", heads: ["a", "b"], columns })).toBe("a,b\r\n1,\r\n2,\r\n3,\r\n4,\r\n");
  });

  it("fills up columns that are shorter than the first", () => {
    expect(csv({ name: "", heads: ["a", "b"], columns: [[1, 2], [5]] })).toBe(
      "a,b\r\n1,5\r\n2,\r\n",
    );
  });

  it("quotes commas, quotes and line breaks", () => {
    const heads = ["a,b", 'say "cost"', "two\nlines", "plain"];
    expect(csv({ name: "", heads, columns: [[], [], [], []] })).toBe(
      '"a,b","say ""cost""","two\nlines",plain\r\n',
    );
  });
});
