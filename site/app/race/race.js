// The view of a race: the gradient check, two curves, and how each side ended. It does not know
// where the changed code came from.

import { charting } from "../ui/charting.js";
import { make, percent, show } from "../ui/dom.js";

/** @typedef {import("../engine/sandboxMessages.js").Found} Found */
/** @typedef {import("../engine/sandboxMessages.js").Checked} Checked */
/** @typedef {import("../engine/sandboxMessages.js").State} State */
/** @typedef {import("../engine/sandboxMessages.js").Side} Side */
/** @typedef {import("../ui/charts.js").Chart} Chart */

const SIDES = /** @type {const} */ (["healthy", "changed"]);
/** Measures of each side: key in its results, label, format. */
const MEASURES = /** @type {const} */ ([
  ["cost", "Latest cost", (/** @type {number} */ value) => value.toPrecision(3)],
  ["testAccuracy", "Accuracy on held-out images", percent],
  ["fresh", "Accuracy on 1,000 new digits", percent],
  ["dead", "Hidden neurons always 0", String],
]);
/** Costs are drawn up to this multiple of the library's largest, so that the rest stays visible. */
const CEILING = 2;
/** Ratios that differ by less than this count as equal. */
const ALIKE = 0.01;
/** Errors below this are rounding; the same value as in nets_core/study/step_trace.py. */
const ROUNDING = 1e-6;

export class RaceView {
  #root;
  #name;
  #verdict = testable(make("p", { className: "verdict" }), "race-verdict");
  #cost = testable(make("div", { className: "chart" }), "race-cost");
  #accuracy = testable(make("div", { className: "chart" }), "race-accuracy");
  #figures;
  #table = testable(make("table", { className: "results" }), "race-table");
  #ended = testable(make("p", { className: "words" }), "race-ended");
  /** By side and measure. @type {Map<string, HTMLElement>} */
  #cells = new Map();
  /** @type {{cost: Chart, accuracy: Chart} | undefined} */
  #charts;
  /** The latest state to draw. @type {State | undefined} */
  #state;

  /**
   * @param {HTMLElement} root an empty element
   * @param {string} [name] name of the changed run
   */
  constructor(root, name = "yours") {
    this.#root = root;
    this.#name = name;
    for (const element of [this.#verdict, this.#ended]) element.setAttribute("role", "status");
    this.#figures = make("div", { className: "charts" }, [
      make("figure", {}, [
        make("figcaption", { textContent: "Cost on the mini-batches" }),
        this.#cost,
      ]),
      make("figure", {}, [
        make("figcaption", { textContent: "Accuracy on held-out images" }),
        this.#accuracy,
      ]),
    ]);
    const heads = SIDES.map((side) =>
      make("th", { scope: "col", className: side, textContent: this.#called(side) }),
    );
    this.#table.append(
      make("thead", {}, [make("tr", {}, [make("td"), ...heads])]),
      make(
        "tbody",
        {},
        MEASURES.map(([key, label]) => this.#row(key, label)),
      ),
    );
    root.replaceChildren(this.#verdict, this.#figures, this.#table, this.#ended);
    this.clear();
  }

  /** @param {(typeof SIDES)[number]} side */
  #called(side) {
    return side === "healthy" ? "the library’s" : this.#name;
  }

  /** @param {string} key @param {string} label */
  #row(key, label) {
    const cells = SIDES.map((side) => {
      const cell = testable(make("td"), `race-${side}-${key}`);
      this.#cells.set(`${side} ${key}`, cell);
      return cell;
    });
    return make("tr", {}, [make("th", { scope: "row", textContent: label }), ...cells]);
  }

  /** Remove all results. */
  clear() {
    this.#state = undefined;
    this.#root.hidden = this.#verdict.hidden = this.#figures.hidden = this.#table.hidden = true;
    this.#verdict.textContent = "";
    delete this.#verdict.dataset.right;
    this.#end("");
  }

  /** Show the result of the gradient check. @param {Found} found */
  verdict(found) {
    this.#root.hidden = false;
    this.#verdict.hidden = false;
    this.#verdict.dataset.right = found.right ? "yes" : "no";
    this.#verdict.replaceChildren(
      make("strong", {
        textContent: found.right ? "Gradient check: right. " : "Gradient check: wrong. ",
      }),
      judged(found),
    );
  }

  /** Show the state of the race. @param {State} state */
  draw(state) {
    this.#state = state;
    this.#root.hidden = this.#figures.hidden = false;
    this.#table.hidden = state.running;
    for (const side of SIDES) {
      for (const [key, , format] of MEASURES) show(this.#cell(side, key), state[side][key], format);
    }
    const { parentElement } = this.#cell("changed", "dead");
    if (parentElement) parentElement.hidden = !(state.healthy.dead || state.changed.dead);
    const ended = SIDES.flatMap((side) => {
      const { trouble } = state[side];
      return trouble ? [`Ended early (${this.#called(side)}). ${sentence(trouble)}`] : [];
    });
    this.#end(ended.join(" "), ended.length > 0);
    this.#redraw().catch(({ message }) =>
      this.trouble({ message: `The curves cannot be drawn: ${message}`, line: null }),
    );
  }

  /** @param {string} side @param {string} key */
  #cell(side, key) {
    return /** @type {HTMLElement} */ (this.#cells.get(`${side} ${key}`));
  }

  /** Show why the race failed. @param {{message: string, line: number | null}} trouble */
  trouble(trouble) {
    this.#root.hidden = false;
    this.#end(sentence(trouble), true);
  }

  /** @param {string} text @param {boolean} [bad] */
  #end(text, bad = false) {
    if (this.#ended.textContent !== text) this.#ended.textContent = text;
    this.#ended.dataset.kind = bad ? "trouble" : "quiet";
    this.#ended.hidden = text === "";
  }

  async #redraw() {
    const { Chart, aligned } = await charting();
    if (!this.#state) return;
    const lines = [
      { label: this.#called("healthy"), colour: "--positive" },
      { label: this.#called("changed"), colour: "--negative", dash: [6, 4] }, // dashed, so that both show where they agree
    ];
    this.#charts ??= {
      cost: new Chart(this.#cost, lines, (v) => String(Number(v.toPrecision(2))), { min: 0 }),
      accuracy: new Chart(this.#accuracy, lines, (v) => percent(v, 0), { min: 0, max: 1 }),
    };
    const { healthy, changed } = this.#state;
    const most = CEILING * Math.max(...healthy.curves.costs, 1e-6);
    const sides = [healthy.curves, changed.curves];
    this.#charts.cost.draw(aligned(sides.map(({ epochs, costs }) => ({ x: epochs, y: costs }))), {
      ceiling: most,
    });
    this.#charts.accuracy.draw(
      aligned(
        sides.map(({ testEpochs, testAccuracies }) => ({ x: testEpochs, y: testAccuracies })),
      ),
    );
  }
}

/** @template {HTMLElement} T @param {T} element @param {string} id @returns {T} */
function testable(element, id) {
  element.dataset.testid = id;
  return element;
}

/** @param {{message: string, line?: number | null}} trouble */
function sentence({ message, line }) {
  const text = line === null || line === undefined ? message : `Line ${line}: ${message}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The result of the gradient check in words. @param {Found} found */
function judged({ right, finite, examples, arrays }) {
  if (right) return "Nudging weights changes the cost as backward predicts, in every array.";
  if (!finite) return "The gradient that backward computes is infinite or NaN.";
  const ratio = common(arrays);
  if (ratio !== undefined) {
    const summed = Math.abs(ratio / examples - 1) < 1e-3;
    return (
      `backward’s gradient is ${plain(ratio)} times the right one, in every array, and the check ` +
      `used ${examples} examples${summed ? ": they are summed." : "."}`
    );
  }
  const wrong = arrays.filter(({ error }) => error >= ROUNDING);
  if (!wrong.length) return "backward and the nudged cost disagree."; // what a sandbox may say
  const good = arrays.filter(({ error }) => error < ROUNDING);
  const worst = wrong.reduce((a, b) => (b.error > a.error ? b : a), wrong[0]);
  const how =
    worst.error > 1
      ? "it even has the wrong sign"
      : `it is off by ${worst.error >= 0.0995 ? percent(worst.error, 0) : percent(worst.error, 2)}`;
  const rest = good.length
    ? ` ${listed(good.map(symbol))} ${good.length > 1 ? "are" : "is"} right.`
    : "";
  return (
    `backward and the nudged cost disagree in ${listed(wrong.map(symbol))}. In the worst place, ` +
    `in ${symbol(worst)}, ${how}.${rest}`
  );
}

/** The ratio that all arrays share, if it is not 1. @param {Checked[]} arrays */
function common(arrays) {
  const ratios = arrays.flatMap(({ ratio }) =>
    ratio === null || ratio === undefined ? [] : [ratio],
  );
  const [first] = ratios;
  if (!ratios.length || Math.abs(first - 1) < ALIKE) return undefined;
  const alike = ratios.every((ratio) => Math.abs(ratio - first) < ALIKE * Math.abs(first));
  return alike ? first : undefined;
}

/** 6.000001 → "6" @param {number} ratio */
const plain = (ratio) => String(Number(ratio.toPrecision(3))).replace("-", "−");

/** @param {Checked} array */
const symbol = ({ symbol: name, layer }) =>
  `∂C/∂${name === "db" ? "b" : "w"}${[...String(layer)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("")}`;

/** @param {string[]} names */
const listed = (names) =>
  names.length < 2
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
