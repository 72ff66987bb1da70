// A race as it is seen: what the gradient check says, two curves, and how each side ended. It
// knows nothing of where the changed code came from.

import { make, percent, show } from "./dom.js";

/** @typedef {import("./stranger.js").Found} Found */
/** @typedef {import("./stranger.js").Checked} Checked */
/** @typedef {import("./stranger.js").State} State */
/** @typedef {import("./stranger.js").Side} Side */
/** @typedef {import("./charts.js").Chart} Chart */

const SIDES = /** @type {const} */ (["healthy", "changed"]);
/** Ratios so near to each other are taken for one. */
const ALIKE = 0.01;
/** An error below this is rounding (as nets_core/lesson.py has it). */
const ROUNDING = 1e-6;

export class RaceView {
  /**
   * @param {HTMLElement} root an empty element
   * @param {string} changed what the code is called that races the library's
   */
  constructor(root, changed = "changed") {
    this.root = root;
    this.names = { healthy: "The library’s code", changed: `The ${changed} code` };
    this.lines = [
      { label: "library", colour: "--positive" },
      { label: changed, colour: "--negative", dash: [6, 3] },
    ];
    this.verdictWords = testable(make("p", { className: "verdict" }), "race-verdict");
    this.verdictWords.setAttribute("role", "status");
    const cost = testable(make("div"), "race-cost");
    const accuracy = testable(make("div"), "race-accuracy");
    this.places = { cost, accuracy };
    this.figures = make("div", { className: "charts" }, [
      make("figure", {}, [make("figcaption", { textContent: "Cost" }), cost]),
      make("figure", {}, [
        make("figcaption", { textContent: "Accuracy on images held back" }),
        accuracy,
      ]),
    ]);
    this.rows = {
      healthy: new Row("healthy", this.names.healthy),
      changed: new Row("changed", this.names.changed),
    };
    this.dead = make("th", { scope: "col", textContent: "Dead neurons" });
    this.table = testable(
      make("table", { className: "results" }, [
        make("thead", {}, [
          make("tr", {}, [
            make("td"),
            make("th", { scope: "col", textContent: "Images held back" }),
            make("th", { scope: "col", textContent: "1,000 fresh digits" }),
            this.dead,
          ]),
        ]),
        make("tbody", {}, [this.rows.healthy.element, this.rows.changed.element]),
      ]),
      "race-table",
    );
    this.ends = testable(make("p", { className: "words" }), "race-end");
    this.ends.setAttribute("role", "status");
    /** @type {Promise<typeof import("./charts.js")> | undefined} */
    this.library = undefined;
    /** @type {{cost: Chart, accuracy: Chart} | undefined} */
    this.charts = undefined;
    /** The newest that is to be drawn. @type {State | undefined} */
    this.state = undefined;
    root.replaceChildren(this.verdictWords, this.figures, this.table, this.ends);
    this.clear();
  }

  /** Show nothing. */
  clear() {
    this.state = undefined;
    this.root.hidden = true;
    this.verdictWords.textContent = "";
    this.verdictWords.hidden = true;
    delete this.verdictWords.dataset.right;
    this.figures.hidden = true;
    this.table.hidden = true;
    this.#end("");
  }

  /** What the gradient check says. @param {Found} found */
  verdict(found) {
    this.root.hidden = false;
    this.verdictWords.hidden = false;
    this.verdictWords.dataset.right = found.right ? "yes" : "no";
    this.verdictWords.replaceChildren(
      make("strong", { textContent: found.right ? "Gradient check: right. " : "Gradient check: wrong. " }),
      judged(found),
    );
  }

  /** How the race stands. @param {State} state */
  draw(state) {
    this.root.hidden = false;
    this.figures.hidden = false;
    this.state = state;
    this.table.hidden = state.running;
    const dead = SIDES.some((name) => (state[name].dead ?? 0) > 0);
    this.dead.hidden = !dead;
    for (const name of SIDES) this.rows[name].show(state[name], dead);
    const ended = SIDES.flatMap((name) => {
      const { trouble } = state[name];
      return trouble ? [`${this.names[name]} ended early. ${sentence(trouble)}`] : [];
    });
    this.#end(ended.join(" "), ended.length > 0);
    void this.#redraw();
  }

  /** Why there is no race. @param {{message: string, line: number | null}} trouble */
  trouble(trouble) {
    this.root.hidden = false;
    this.#end(sentence(trouble), true);
  }

  /** @param {string} text @param {boolean} [bad] */
  #end(text, bad = false) {
    if (this.ends.textContent !== text) this.ends.textContent = text;
    this.ends.dataset.kind = bad ? "trouble" : "quiet";
    this.ends.hidden = text === "";
  }

  async #redraw() {
    this.library ??= import("./charts.js");
    const { Chart, aligned } = await this.library.catch((error) => {
      this.library = undefined;
      this.trouble({ message: `The curves cannot be drawn: ${error.message}`, line: null });
      throw error;
    });
    if (!this.state) return;
    this.charts ??= {
      cost: new Chart(this.places.cost, this.lines, (v) => v.toPrecision(2), { min: 0 }),
      accuracy: new Chart(this.places.accuracy, this.lines, (v) => percent(v, 0), { min: 0, max: 1 }),
    };
    const [a, b] = SIDES.map((name) => /** @type {State} */ (this.state)[name].curves);
    this.charts.cost.draw(aligned([a, b].map(({ epochs, costs }) => ({ x: epochs, y: costs }))));
    this.charts.accuracy.draw(
      aligned([a, b].map(({ testEpochs, testAccuracies }) => ({ x: testEpochs, y: testAccuracies }))),
    );
  }
}

/** A side's line of the table. */
class Row {
  /** @param {"healthy" | "changed"} name @param {string} title */
  constructor(name, title) {
    this.held = testable(make("td"), `race-${name}-held`);
    this.fresh = testable(make("td"), `race-${name}-fresh`);
    this.dead = testable(make("td"), `race-${name}-dead`);
    this.element = make("tr", {}, [
      make("th", { scope: "row", className: name, textContent: title }),
      this.held,
      this.fresh,
      this.dead,
    ]);
  }

  /** @param {Side} side @param {boolean} hasDead is the column of the dead shown? */
  show({ testAccuracy, fresh, dead }, hasDead) {
    show(this.held, testAccuracy, percent);
    show(this.fresh, fresh, percent);
    show(this.dead, dead, String);
    this.dead.hidden = !hasDead;
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

/** The verdict in words. @param {Found} found */
function judged({ right, finite, examples, arrays }) {
  if (right) return "Nudging weights changes the cost as backward says, in every array.";
  if (!finite) return "The gradient that backward computes is infinite or NaN.";
  const ratio = common(arrays);
  if (ratio !== undefined) {
    return (
      `backward’s answer is ${plain(ratio)} times the right one, in every array, and the check ` +
      `looked at ${examples} examples.`
    );
  }
  const wrong = arrays.filter(({ error }) => error >= ROUNDING);
  const good = arrays.filter(({ error }) => error < ROUNDING);
  const worst = wrong.reduce((a, b) => (b.error > a.error ? b : a), wrong[0]);
  const how =
    worst.error > 1
      ? "it even has the wrong sign"
      : `it is off by ${worst.error >= 0.0995 ? percent(worst.error, 0) : percent(worst.error, 2)}`;
  const rest = good.length ? ` Right are ${listed(good.map(symbol))}.` : "";
  return (
    `backward and the nudged cost disagree in ${listed(wrong.map(symbol))}. In the worst place, ` +
    `a weight of ${symbol(worst)}, ${how}.${rest}`
  );
}

/** The one ratio of all arrays, if there is one that is not 1. @param {Checked[]} arrays */
function common(arrays) {
  const ratios = arrays.flatMap(({ ratio }) => (ratio === null || ratio === undefined ? [] : [ratio]));
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
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
