import katex from "katex";
import { describe, expect, it } from "vitest";
import { COMMANDS, chain, plain, STAGES } from "./equations.js";

/** TeX as HTML; throws where KaTeX would complain. @param {string} tex */
const rendered = (tex) =>
  katex.renderToString(tex, {
    macros: { ...COMMANDS },
    trust: ({ command }) => command === "\\htmlClass",
    strict: (/** @type {string} */ code) => (code === "htmlExtension" ? "ignore" : "error"),
    throwOnError: true,
  });

/** The symbols that light up in some TeX. @param {string} tex */
const symbols = (tex) =>
  new Set(Array.from(rendered(tex).matchAll(/symbol sym-([\w-]+)/g), ([, name]) => name));

/** Every net, loss, optimizer and mini-batch that a stage can be shown for. */
const FACTS = [2, 3].flatMap((layer) =>
  ["mse", "cross_entropy"].flatMap((loss) =>
    ["sgd", "adam"].flatMap((optimizer) =>
      ["sigmoid", "softmax"].flatMap((activation) =>
        [1, 10].map((examples) => ({ layer, top: 3, loss, optimizer, activation, examples })),
      ),
    ),
  ),
);

describe("stages", () => {
  it.each(Object.entries(STAGES))("%s can be typeset, whatever the net", (_, stage) => {
    for (const facts of FACTS) {
      expect(() => rendered(stage.tex(facts))).not.toThrow();
      expect(stage.words(facts)).toMatch(/^[A-Z0-9].*[.]$|^[yδ].*[.]$/s);
      expect(stage.words(facts)).not.toMatch(/undefined|NaN|\\/);
    }
  });

  it.each(Object.entries(STAGES))("%s marks only symbols that light up", (name, stage) => {
    const shown = new Set(FACTS.flatMap((facts) => [...symbols(stage.tex(facts))]));
    const unexplained = Object.values(stage.tokens).filter((symbol) => !shown.has(symbol));
    // Cross-entropy computes from z, which its equation does not show.
    expect(unexplained).toEqual(name === "cost" ? ["z"] : []);
  });

  it("divides by the mini-batch's size only where there is one", () => {
    const [one, ten] = [1, 10].map((examples) => ({ ...FACTS[0], examples }));
    for (const name of ["cost", "db", "dw"]) {
      expect(symbols(STAGES[name].tex(one))).not.toContain("n");
      expect(symbols(STAGES[name].tex(ten))).toContain("n");
    }
  });
});

describe("chain", () => {
  const NUMBERS = {
    w: -0.5,
    a_in: 0.25,
    z: 1.5,
    a: 0.8176,
    delta: -0.0000123,
    error: 2,
    slope: 0.149,
    total: 3,
    dw: -0.3,
    rate: 3,
    w_new: 0.4,
  };
  const PLACE = { layer: 2, j: 7, k: 400, top: 3, examples: 1, optimizer: "sgd" };

  /** @param {string} equation @param {object} [numbers] @param {object} [place] */
  const row = (equation, numbers, place) => {
    const rows = chain({ ...NUMBERS, ...numbers }, { ...PLACE, ...place });
    return rows.find((one) => one.equation === equation)?.tex ?? "";
  };

  it("has the equations in their order", () => {
    const order = chain(NUMBERS, PLACE).map(({ equation }) => equation);
    expect(order).toEqual(["z", "a", "delta", "dw", "update"]);
  });

  it("can be typeset, whatever the numbers", () => {
    for (const value of [0, -0, 1e-30, -1e-30, 123456, -123456, 0.001, 9999.9, Number.NaN]) {
      const numbers = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, value]));
      for (const examples of [1, 10]) {
        for (const optimizer of ["sgd", "adam"]) {
          for (const { tex } of chain(numbers, { ...PLACE, examples, optimizer })) {
            expect(() => rendered(tex)).not.toThrow();
          }
        }
      }
    }
  });

  it("puts negative factors, and only those, in brackets", () => {
    expect(row("z")).toContain("\\underbrace{(-0.5000)}");
    expect(row("z")).toContain("\\underbrace{0.2500}");
  });

  it("writes tiny numbers as powers of ten", () => {
    expect(row("delta")).toContain("= -1.23 \\cdot 10^{-5}");
  });

  it("names the weight by its neurons, counted from 1", () => {
    expect(row("dw")).toContain("w^{2}_{7,400}");
  });

  it("sums over the next layer only below the output", () => {
    expect(row("delta")).toContain("\\sum_i \\symW{3}{i,7} \\symD{3}{i}");
    expect(row("delta", {}, { layer: 3 })).toContain("\\nabla_a C");
  });

  it("has no σ′ where the cost cancels it", () => {
    const tex = row("delta", { slope: Number.NaN }, { layer: 3 });
    expect(tex).not.toContain("\\sigma'");
    expect(tex).toContain("\\symA{3}{7} - \\symY_{7}");
  });

  it("divides the sum by the mini-batch's size", () => {
    expect(row("dw", {}, { examples: 10 })).toContain("\\frac{3.000}{10} = -0.3000");
  });

  it("shows the step of SGD, and only the result of Adam's", () => {
    expect(row("update")).toContain("-0.5000 - 3.000 \\cdot (-0.3000)");
    expect(row("update", {}, { optimizer: "adam" })).toMatch(/-0\.5000 \\to 0\.4000$/);
  });
});

describe("plain", () => {
  it.each([
    [0, "0"],
    [1, "1"],
    [-0.12345, "−0.123"],
    [0.001, "0.001"],
    [0.00012345, "1.2e-4"],
    [-0.00012345, "−1.2e-4"],
    [123456, "123000"],
  ])("%d is %s", (value, text) => {
    expect(plain(value)).toBe(text);
  });
});
