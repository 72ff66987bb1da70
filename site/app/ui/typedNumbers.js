// Numbers as people type them: with a comma or a point, grouped thousands, the digits of any script.
// What can be read in two ways is not guessed.

/**
 * What a text means. `value` is also there if it is a number that the field does not take; `note`
 * says how a text was read that could be taken for something else.
 * @typedef {{value?: any, trouble?: string, note?: string}} Meaning
 */
/**
 * One kind of numbers. `parse` gets a text that is not blank; `step` is the next value up (1) or
 * down (-1).
 * @typedef {{
 *   parse: (text: string) => Meaning, format: (value: any) => string,
 *   step?: (value: number, direction: 1 | -1) => number, least?: number, most?: number,
 *   keys: "decimal" | "numeric" | "text",
 * }} Kind
 */

/** The longest part of a text that a message repeats. */
const LONGEST = 40;
/** The longest text that can be a number or a list. */
const MOST_CHARACTERS = 400;
/** Minus signs and the hyphens that are typed for them. */
const MINUS = /[−‐‑‒–﹣－]/gu;
/** Other writings of the point, of the comma, of the mark between groups, and of brackets. */
const WRITINGS = /** @type {const} */ ([
  [/[．。٫]/gu, "."],
  [/[，、﹐]/gu, ","],
  [/[’ʼ＇_٬]/gu, "'"],
  [/；/gu, ";"],
  [/[（]/gu, "("],
  [/[）]/gu, ")"],
  [/[［]/gu, "["],
  [/[］]/gu, "]"],
  [/＋/gu, "+"],
  [/[ｅＥ]/gu, "e"],
  [MINUS, "-"],
]);
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const GROUPED = /^\d{1,3}(?:([,.' ])\d{3})(?:\1\d{3})*$/;
/** As in India: 12,34,567. */
const LAKHS = /^\d{1,2}(?:,\d{2})+,\d{3}$/;

/**
 * The text in ASCII: digits of other scripts, other commas, minus signs, brackets and spaces.
 * @param {string} text
 */
export function plain(text) {
  let result = text.replace(/\p{Cf}/gu, "").replace(/\p{Nd}/gu, digit);
  for (const [writing, sign] of WRITINGS) result = result.replace(writing, sign);
  return result.replace(/\s/gu, " ").trim();
}

/** The value of a decimal digit: Unicode has the ten of each script in order. @param {string} sign */
function digit(sign) {
  let code = /** @type {number} */ (sign.codePointAt(0));
  let value = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(--code))) value++;
  return String(value % 10);
}

/** A text in a message. @param {string} text */
const quoted = (text) => `'${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}'`;

/**
 * A number in decimal notation, with an exponent or without.
 * @param {string} typed
 * @param {{whole?: boolean}} [kind] whole: a comma before three digits groups thousands
 * @returns {Meaning}
 */
export function parseNumber(typed, { whole = false } = {}) {
  const expected = whole ? "a whole number" : "a number";
  const no = { trouble: `is ${quoted(typed.trim())}, expected ${expected}` };
  if (typed.length > MOST_CHARACTERS) return no;
  const text = plain(typed);
  const parts = scientific(text);
  if (!parts) return no;
  const { sign, digits, exponent } = parts;
  const readings = decimals(digits, whole);
  if (!readings.length) return no;
  let values = readings.map((reading) => Number(`${sign}${reading}${exponent}`));
  if (whole && values.length > 1) values = values.filter(Number.isInteger);
  if (values.length > 1) {
    const [one, other] = values;
    return {
      trouble: `is ${quoted(typed.trim())}, which can mean ${one} or ${other}: type one of these`,
    };
  }
  const [value] = values;
  if (!Number.isFinite(value)) return { trouble: `is ${quoted(typed.trim())}, which is too large` };
  if (value === 0 && /[1-9]/.test(digits))
    return { trouble: `is ${quoted(typed.trim())}, which is too close to 0` };
  if (whole && !Number.isInteger(value)) return { ...no, value };
  return { value: value === 0 ? 0 : value }; // no −0
}

/**
 * Sign, digits and exponent: of "-1e-3", "1×10^-3", "10⁻³".
 * @param {string} text
 */
function scientific(text) {
  const flat = text.replace(/[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+$/u, (power) =>
    [...power].reduce((all, sign) => {
      const at = SUPERSCRIPTS.indexOf(sign);
      return all + (at < 0 ? (sign === "⁻" ? "-" : "+") : at);
    }, "^"),
  );
  const power = /^([-+]?) ?(?:(.*\d.*?) ?[×x*·⋅] ?)?10 ?\^ ?([-+]?\d+)$/u.exec(flat);
  if (power) return { sign: power[1], digits: power[2] ?? "1", exponent: `e${power[3]}` };
  const usual = /^([-+]?) ?([\d,.' ]*?\d[,.]?)(?: ?e ?([-+]?\d+))?$/i.exec(flat);
  if (!usual) return undefined;
  return { sign: usual[1], digits: usual[2], exponent: usual[3] ? `e${usual[3]}` : "" };
}

/**
 * The decimals that the digits can mean, as Number() takes them: none, one, or two.
 * @param {string} digits with commas, points and marks between groups
 * @param {boolean} whole
 * @returns {string[]}
 */
function decimals(digits, whole) {
  const last = Math.max(digits.lastIndexOf(","), digits.lastIndexOf("."));
  if (last < 0) return grouped(digits);
  const [mark, before, after] = [digits[last], digits.slice(0, last), digits.slice(last + 1)];
  const asGroups = grouped(digits).filter(() => !/^0/.test(digits));
  const asDecimal =
    /^\d*$/.test(after) && !before.includes(mark)
      ? grouped(before || "0").map((integer) => `${integer}.${after || "0"}`)
      : [];
  if (!asGroups.length || !asDecimal.length) return [...asGroups, ...asDecimal];
  if (mark === "," && whole) return asGroups; // nobody counts in thousandths
  if (mark === "." && !whole) return asDecimal; // as the page itself writes numbers
  return [...asDecimal, ...asGroups];
}

/** The digits without the marks between groups of thousands; none if they are no such groups. @param {string} digits */
function grouped(digits) {
  if (/^\d+$/.test(digits)) return [digits];
  return GROUPED.test(digits) || LAKHS.test(digits) ? [digits.replace(/\D/g, "")] : [];
}

/**
 * A number between bounds.
 * @param {{
 *   whole?: boolean, above?: number, least?: number, most?: number,
 *   step?: Kind["step"],
 * }} bounds
 * @returns {Kind}
 */
export function numberKind({ whole = false, above, least, most, step }) {
  const ends = [
    above !== undefined && `above ${above}`,
    least !== undefined && most === undefined && `of ${least} or more`,
    least === undefined && most !== undefined && `at most ${most}`,
    least !== undefined && most !== undefined && `from ${least} to ${most}`,
  ].filter(Boolean);
  const expected = `${whole ? "a whole number" : "a number"} ${ends.join(" and ")}`.trim();
  const outside = (/** @type {number} */ value) =>
    (above !== undefined && value <= above) ||
    (least !== undefined && value < least) ||
    (most !== undefined && value > most);
  return {
    parse(text) {
      const meaning = parseNumber(text, { whole });
      if (meaning.trouble || meaning.value === undefined) return meaning;
      const { value } = meaning;
      if (outside(value)) return { value, trouble: `is ${value}, expected ${expected}` };
      if (whole && !Number.isSafeInteger(value))
        return { trouble: `is too large, expected at most ${Number.MAX_SAFE_INTEGER}` };
      return meaning;
    },
    format: String,
    step:
      step &&
      ((value, direction) => {
        const next = Math.min(
          most ?? Infinity,
          Math.max(least ?? -Infinity, step(value, direction)),
        );
        return outside(next) || (whole && !Number.isSafeInteger(next)) ? value : next;
      }),
    least: least ?? above,
    most,
    keys: whole ? "numeric" : (least ?? above ?? -1) < 0 ? "text" : "decimal", // phones' keys for numbers have no minus
  };
}

/** The smallest step from 0. */
const SMALLEST = 1e-5;
/** Where the steps down to 0 end if 0 is not reached. */
const TINIEST = 1e-12;

/** The next of …, 0.1, 0.2, 0.5, 1, 2, 5, … @param {number} value @param {1 | -1} direction */
export function step125(value, direction) {
  if (value <= 0) return direction > 0 ? SMALLEST : value;
  const power = Math.floor(Math.log10(value));
  const ladder = [-1, 0, 1].flatMap((more) => [1, 2, 5].map((n) => Number(`${n}e${power + more}`)));
  const next =
    direction > 0
      ? ladder.find((rung) => rung > value * (1 + 1e-9))
      : ladder.findLast((rung) => rung < value * (1 - 1e-9));
  return next ?? value;
}

/** The next multiple of `size`. @param {number} size @returns {NonNullable<Kind["step"]>} */
export const stepBy = (size) => (value, direction) => {
  const count = value / size;
  const near = Math.round(count);
  const on = Math.abs(count - near) < 1e-9;
  const next = on ? near + direction : direction > 0 ? Math.ceil(count) : Math.floor(count);
  return Number.isInteger(size) ? next * size : Number((next * size).toPrecision(12));
};

/** A learning rate: above 0. */
export const RATE = numberKind({
  above: 0,
  step: (value, direction) => Math.max(TINIEST, step125(value, direction)),
});
/** A weight decay: 0 or more. */
export const DECAY = numberKind({
  least: 0,
  step: (value, direction) => (direction < 0 && value <= SMALLEST ? 0 : step125(value, direction)),
});
export const COUNT = numberKind({ whole: true, least: 1, step: stepBy(1) });
export const SEED = numberKind({ whole: true, least: 0, step: stepBy(1) });

/**
 * The sizes of a net's hidden layers, as a list or as those of the whole net.
 * @param {{inputs: number, outputs: number, most: number}} net most: the largest layer
 * @returns {Kind}
 */
export function sizesKind({ inputs, outputs, most }) {
  /** @param {string} typed @returns {Meaning} */
  function list(typed) {
    if (typed.length > MOST_CHARACTERS) return { trouble: "is too long, expected a few sizes" };
    const inner = /^\[(.*)\]$|^\((.*)\)$/.exec(plain(typed));
    const text = (inner ? (inner[1] ?? inner[2]) : plain(typed)).trim();
    if (/^(?:|0|none)$/i.test(text)) return { value: [] };
    const together = /\b(\d{1,3})[, ](\d{3})(?!\d)/.exec(text);
    const one = together ? Number(together[1] + together[2]) : Infinity;
    if (together && one <= most && !together[2].startsWith("0")) {
      const two = `${together[1]}, ${together[2]}`;
      return {
        trouble: `is ${quoted(together[0])}, which can mean ${one} or ${two}: type “${one}” or “${two}”`,
      };
    }
    const parts = text
      .replace(/\b(\d{1,3})[, '](0\d\d)(?!\d)/g, "$1$2")
      .replace(/(\d)(?:[-x×→/]| [-x×→/] )(?=\d)/gu, "$1 ")
      .split(/[ ,;]+/)
      .filter(Boolean);
    const wrong = parts.find((part) => !/^\d+$/.test(part));
    if (wrong !== undefined) {
      const shown = /^-\d+$/.test(wrong) ? wrong : quoted(wrong);
      return { trouble: `is ${shown}, expected whole numbers of 1 or more such as 30, 10` };
    }
    return { value: parts.map(Number) };
  }

  /** @param {number[]} sizes @returns {Meaning} */
  function hidden(sizes) {
    const whole = `${inputs} inputs and ${outputs} outputs`;
    const listed = (/** @type {number[]} */ inner) => inner.join(", ") || "none";
    if (sizes.length > 1 && sizes[0] === inputs) {
      const all = sizes.at(-1) === outputs;
      const value = all ? sizes.slice(1, -1) : sizes.slice(1);
      const ends = all ? whole : `${inputs} inputs`;
      return { value, note: `Read as a net with ${ends}; hidden layers: ${listed(value)}.` };
    }
    if (sizes.at(-1) === outputs || sizes[0] === inputs)
      return { value: sizes, note: `Hidden layers: ${listed(sizes)}, between ${whole}.` };
    return { value: sizes };
  }

  return {
    parse(text) {
      const { value, trouble } = list(text);
      if (trouble || !value) return { trouble };
      const bad = value.find((/** @type {number} */ size) => size < 1 || size > most);
      if (bad !== undefined)
        return { trouble: `is ${bad}, expected whole numbers from 1 to ${most}` };
      return hidden(value);
    },
    format: (/** @type {number[]} */ sizes) =>
      (sizes[0] === inputs ? [inputs, ...sizes, outputs] : sizes).join(", ") || "none",
    keys: "text", // phones' keys for numbers have no comma
  };
}

/** The hidden layers of a net that reads MNIST's digits. */
export const HIDDEN = sizesKind({ inputs: 784, outputs: 10, most: 2000 });
