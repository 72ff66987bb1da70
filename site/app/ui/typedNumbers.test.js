import { describe, expect, it } from "vitest";
import {
  COUNT,
  DECAY,
  HIDDEN,
  numberKind,
  parseNumber,
  plain,
  RATE,
  SEED,
  stepBy,
} from "./typedNumbers.js";

/** @param {string} text */
const rate = (text) => RATE.parse(text).value;
/** @param {string} text */
const count = (text) => COUNT.parse(text).value;

describe("a number as people type it", () => {
  it.each([
    ["0,01", 0.01],
    ["0.01", 0.01],
    [".5", 0.5],
    [",5", 0.5],
    ["5,", 5],
    ["+0.1", 0.1],
    [" 0.1\u00a0", 0.1],
    ["1e-7", 1e-7],
    ["1E-3", 0.001],
    ["1e−3", 0.001],
    ["2,5e-3", 0.0025],
    ["10^-3", 0.001],
    ["10⁻³", 0.001],
    ["3×10^-3", 0.003],
    ["3 · 10⁻³", 0.003],
    ["０．０１", 0.01],
    ["０，０１", 0.01],
    ["٠٫٠١", 0.01],
    ["०.०१", 0.01],
    ["𝟎.𝟎𝟏", 0.01],
    ["\u200e0.01\ufeff", 0.01],
    ["1.125", 1.125],
    ["0,125", 0.125],
    ["1 000", 1000],
    ["1\u202f000,5", 1000.5],
    ["1\u2009000.5", 1000.5],
    ["1'000", 1000],
    ["1’000", 1000],
    ["1_000", 1000],
    ["1,000.5", 1000.5],
    ["1.000,5", 1000.5],
    ["1,234,567", 1_234_567],
    ["1.234.567", 1_234_567],
    ["12,34,567", 1_234_567],
    ["1٬234٫5", 1234.5],
  ])("%s", (text, value) => expect(rate(text)).toBe(value));

  it.each(["-0.75", "−0.75", "－０．７５", "–0,75", "‑0.75"])("below 0: %s", (text) =>
    expect(parseNumber(text)).toEqual({ value: -0.75 }),
  );

  it.each([
    ["60,000", 60_000],
    ["1.500", 1500],
    ["1,000", 1000],
    ["1 000", 1000],
    ["1e3", 1000],
    ["１０", 10],
    ["10,0", 10],
  ])("a count: %s", (text, value) => expect(count(text)).toBe(value));

  it("has no −0", () => expect(Object.is(SEED.parse("-0").value, 0)).toBe(true));

  it("reads the digits of every script that the browser writes", () => {
    let scripts = 0;
    for (const numberingSystem of Intl.supportedValuesOf("numberingSystem")) {
      const format = new Intl.NumberFormat("en", { numberingSystem, useGrouping: false });
      const written = format.format(1_234_567_890);
      if (!/^\p{Nd}+$/u.test(written)) continue; // not decimal digits
      expect(plain(written)).toBe("1234567890");
      scripts++;
    }
    expect(scripts).toBeGreaterThan(20);
  });

  it.each(
    ["en", "de", "fr", "de-CH", "sv", "hi", "pt", "ar-EG", "fa", "bn", "ru"].flatMap((locale) =>
      [0.01, 0.5, 12_345.5, 1_234_567.25].map((value) => /** @type {const} */ ([locale, value])),
    ),
  )("reads what the browser writes: %s %d", (locale, value) =>
    expect(rate(new Intl.NumberFormat(locale).format(value))).toBe(value),
  );

  it("reads what JavaScript writes", () => {
    for (const value of [1e-7, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 123456789.125])
      expect(rate(String(value))).toBe(value);
    expect(SEED.parse("9007199254740991").value).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("what is not taken", () => {
  it.each(["1,000", "1,125", "-1,125", "1,000e-3"])("asks what %s means", (text) => {
    const { value, trouble } = parseNumber(text);
    expect(value).toBeUndefined();
    expect(trouble).toMatch(/which can mean .+ or .+: type one of these/);
  });

  it("asks where a point may group thousands, and takes neither", () => {
    expect(COUNT.parse("1.000").trouble).toBe(
      "is '1.000', which can mean 1 or 1000: type one of these",
    );
  });

  it.each([
    "abc",
    "1/3",
    "50%",
    "1,2,3",
    "1..5",
    "1 2",
    "1,0000,000",
    "0x10",
    "NaN",
    "Infinity",
    "∞",
    "e5",
    "1e",
    "--1",
    "1-",
    ".",
    "-",
    "10²0",
    "½",
    "Ⅳ",
    "1e1.5",
    "[30]",
  ])("says that %s is no number", (text) => {
    const { value, trouble } = parseNumber(text);
    expect(value).toBeUndefined();
    expect(trouble).toBe(`is '${text}', expected a number`);
  });

  it("says what is beyond a float", () => {
    expect(parseNumber("1e999").trouble).toBe("is '1e999', which is too large");
    expect(parseNumber("1e-999").trouble).toBe("is '1e-999', which is too close to 0");
    expect(SEED.parse("9007199254740992").trouble).toContain("at most 9007199254740991");
  });

  it("says what is out of bounds, and keeps the number", () => {
    expect(RATE.parse("0")).toEqual({ value: 0, trouble: "is 0, expected a number above 0" });
    expect(DECAY.parse("-1")).toEqual({
      value: -1,
      trouble: "is -1, expected a number of 0 or more",
    });
    expect(COUNT.parse("0").trouble).toBe("is 0, expected a whole number of 1 or more");
    expect(COUNT.parse("1,5").trouble).toBe("is '1,5', expected a whole number");
    const share = numberKind({ least: 0.1, most: 0.9 });
    expect(share.parse("1").trouble).toBe("is 1, expected a number from 0.1 to 0.9");
  });

  it("repeats no long text", () => {
    expect(parseNumber("x".repeat(1e6)).trouble?.length).toBeLessThan(100);
    expect(HIDDEN.parse("x".repeat(1e6)).trouble?.length).toBeLessThan(150);
    expect(parseNumber(`${"1,".repeat(1e5)}x`).trouble?.length).toBeLessThan(100);
  });
});

describe("sizes of hidden layers", () => {
  it.each([
    ["30", [30]],
    ["[30]", [30]],
    ["(30,)", [30]],
    ["(100, 30)", [100, 30]],
    ["［１００，３０］", [100, 30]],
    ["100 30", [100, 30]],
    ["100;30", [100, 30]],
    ["100、30", [100, 30]],
    ["100-30", [100, 30]],
    ["100 × 30", [100, 30]],
    ["100 → 30", [100, 30]],
    ["30,100", [30, 100]],
    ["1,024", [1024]],
    ["1'024, 30", [1024, 30]],
    ["none", []],
    ["[]", []],
    ["0", []],
  ])("%s", (text, sizes) => expect(HIDDEN.parse(text)).toEqual({ value: sizes }));

  it.each([
    ["784, 30, 10", [30]],
    ["784-30-10", [30]],
    ["784‑100‑30‑10", [100, 30]],
    ["784, 30", [30]],
    ["784, 10", []],
    ["784, 784, 10", [784]],
    ["30, 10", [30, 10]],
    ["10", [10]],
    ["784", [784]],
  ])("says how it reads %s", (text, sizes) => {
    const { value, note, trouble } = HIDDEN.parse(text);
    expect(trouble).toBeUndefined();
    expect(value).toEqual(sizes);
    expect(note).toContain(`idden layers: ${sizes.join(", ") || "none"}`);
  });

  it.each([
    ["30, many", "is 'many', expected whole numbers"],
    ["-1", "is -1, expected"],
    ["30 -1", "is -1, expected"],
    ["30.5", "is '30.5', expected"],
    ["30, 0", "is 0, expected whole numbers from 1 to 2000"],
    ["2001", "is 2001, expected whole numbers from 1 to 2000"],
    ["1,500", "can mean 1500 or 1, 500"],
    ["1 500", "can mean 1500 or 1, 500"],
    ["[30", "expected whole numbers"],
  ])("refuses %s", (text, why) => {
    const { value, trouble } = HIDDEN.parse(text);
    expect(value).toBeUndefined();
    expect(trouble).toContain(why);
  });

  it("are read as they are written", () => {
    for (const sizes of [
      [],
      [30],
      [784],
      [784, 10],
      [784, 30],
      [30, 10],
      [1, 500],
      [10],
      [1500, 30],
    ])
      expect(HIDDEN.parse(HIDDEN.format(sizes)).value).toEqual(sizes);
  });
});

describe("the arrows", () => {
  /** @param {import("./typedNumbers.js").Kind} kind @param {number} from @param {(1 | -1)[]} moves */
  const walk = (kind, from, moves) =>
    moves.map((move) => (from = /** @type {any} */ (kind.step)(from, move)));

  it("go along 1, 2, 5 for rates", () => {
    expect(walk(RATE, 0.004, [1, 1, 1, 1])).toEqual([0.005, 0.01, 0.02, 0.05]);
    expect(walk(RATE, 0.004, [-1, -1, -1])).toEqual([0.002, 0.001, 0.0005]);
    expect(walk(RATE, 3, [1, 1])).toEqual([5, 10]);
    expect(walk(DECAY, 2e-5, [-1, -1, -1, 1, 1])).toEqual([1e-5, 0, 0, 1e-5, 2e-5]);
  });

  it("never leave what is allowed", () => {
    let low = 1;
    for (let i = 0; i < 100; i++) low = /** @type {any} */ (RATE.step)(low, -1);
    expect(low).toBeGreaterThan(0);
    expect(walk(COUNT, 2, [-1, -1])).toEqual([1, 1]);
    expect(walk(SEED, Number.MAX_SAFE_INTEGER - 1, [1, 1])).toEqual([
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it("count by one, and go to the next multiple of a step", () => {
    expect(walk(COUNT, 10, [1, -1, -1])).toEqual([11, 10, 9]);
    const noise = numberKind({ least: 0, most: 0.5, step: stepBy(0.05) });
    expect(walk(noise, 0.42, [1, 1, 1, 1])).toEqual([0.45, 0.5, 0.5, 0.5]);
    expect(walk(noise, 0.15, [-1, -1, -1, -1])).toEqual([0.1, 0.05, 0, 0]);
  });
});
