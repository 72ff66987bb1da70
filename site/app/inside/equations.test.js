import katex from "katex";
import { describe, expect, it } from "vitest";
import { COMMANDS, plain, STAGES } from "./equations.js";

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
        [1, 10].flatMap((examples) =>
          [false, true].map((decays) => ({
            layer,
            top: 3,
            loss,
            optimizer,
            activation,
            examples,
            decays,
          })),
        ),
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

  it("never says that the code divides: a bug may not", () => {
    for (const { words } of Object.values(STAGES)) {
      for (const facts of FACTS) expect(words(facts)).not.toMatch(/code (divides|sums)/);
    }
  });

  it("has the weight decay only where there is some", () => {
    const [none, some] = [false, true].map((decays) => ({ ...FACTS[0], decays }));
    expect(symbols(STAGES.update.tex(none))).not.toContain("lambda");
    expect(symbols(STAGES.update.tex(some))).toContain("lambda");
  });

  it("divides by the mini-batch's size only where there is one", () => {
    const [one, ten] = [1, 10].map((examples) => ({ ...FACTS[0], examples }));
    for (const name of ["cost", "db", "dw"]) {
      expect(symbols(STAGES[name].tex(one))).not.toContain("n");
      expect(symbols(STAGES[name].tex(ten))).toContain("n");
    }
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
