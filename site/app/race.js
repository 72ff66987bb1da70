// How a changed function fared: the gradient check's verdict, both cost curves, and the results.
// It knows neither the gallery nor the editor, which both show it.

import { make, percent, show } from "./dom.js";

/** @typedef {import("./stranger.js").Found} Found */
/** @typedef {import("./stranger.js").State} State */
/** @typedef {import("./stranger.js").Side} Side */

const SIDES = /** @type {const} */ (["healthy", "changed"]);
const ROWS = /** @type {const} */ ([
  ["cost", "Cost, latest", (/** @type {number} */ value) => value.toPrecision(3)],
  ["testAccuracy", "Right, of images held back", percent],
  ["fresh", "Right, of 1,000 that neither has seen", percent],
  ["dead", "Hidden neurons that are always 0", String],
]);
/** Ratios of an array that differ from each other by less are one ratio. */
const ALIKE = 1e-3;

export class RaceView {
  #root;
  #verdict = make("p", { className: "verdict" });
  #figure = make("figure");
  #plot = make("div");
  #table = make("table", { className: "results" });
  #ended = make("p", { className: "words" });
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();
  /** @type {Promise<import("./charts.js").Chart> | undefined} */
  #chart;
  #name;

  /**
   * @param {HTMLElement} root
   * @param {string} [name] what the changed run is called
   */
  constructor(root, name = "yours") {
    this.#root = root;
    this.#name = name;
    this.#verdict.dataset.testid = "race-verdict";
    this.#verdict.setAttribute("role", "status");
    this.#ended.dataset.testid = "race-ended";
    const caption = make("figcaption", { textContent: "Cost on the mini-batches" });
    this.#figure.append(caption, this.#plot);
    this.#table.append(
      make("thead", {}, [
        make("tr", {}, [make("td"), this.#head("the library’s"), this.#head(name)]),
      ]),
      make("tbody", {}, ROWS.map(([key, label]) => this.#row(key, label))),
    );
    root.append(this.#verdict, this.#figure, this.#table, this.#ended);
    this.clear();
  }

  /** @param {string} text */
  #head(text) {
    return make("th", { scope: "col", textContent: text });
  }

  /** @param {string} key @param {string} label */
  #row(key, label) {
    const cells = SIDES.map((side) => {
      const cell = make("td");
      cell.dataset.testid = `race-${side}-${key}`;
      this.#cells.set(`${side} ${key}`, cell);
      return cell;
    });
    return make("tr", {}, [make("th", { scope: "row", textContent: label }), ...cells]);
  }

  /** Nothing has been run. */
  clear() {
    this.#root.hidden = true;
    this.#verdict.textContent = this.#ended.textContent = "";
    delete this.#verdict.dataset.right;
  }

  /** Show what the gradient check found. @param {Found} found */
  verdict(found) {
    this.#root.hidden = false;
    this.#figure.hidden = this.#table.hidden = true;
    this.#verdict.dataset.right = found.right ? "yes" : "no";
    this.#verdict.textContent = inWords(found);
  }

  /** Show how the race stands. @param {State} state */
  draw(state) {
    this.#figure.hidden = this.#table.hidden = false;
    for (const side of SIDES) {
      for (const [key, , format] of ROWS) {
        const cell = /** @type {HTMLElement} */ (this.#cells.get(`${side} ${key}`));
        show(cell, state[side][key], format);
      }
    }
    const dead = /** @type {HTMLElement} */ (this.#cells.get("changed dead")).parentElement;
    if (dead) dead.hidden = !(state.healthy.dead || state.changed.dead);
    const { trouble } = state.changed;
    this.#ended.textContent = trouble?.diverged ? `Ended early: ${trouble.message}.` : "";
    void this.#curves(state);
  }

  /** @param {State} state */
  async #curves({ healthy, changed }) {
    this.#chart ??= import("./charts.js").then(
      ({ Chart }) =>
        new Chart(
          this.#plot,
          [
            { label: this.#name, colour: "--negative" },
            { label: "the library’s", colour: "--positive", dash: [6, 4] }, // seen where they agree
          ],
          (value) => value.toPrecision(2),
          { min: 0 },
        ),
    );
    const [chart, { aligned }] = await Promise.all([this.#chart, import("./charts.js")]);
    const ceiling = 2 * Math.max(...healthy.curves.costs, 1e-6);
    const curves = [changed, healthy].map(({ curves: { epochs, costs } }) => ({
      x: epochs,
      y: Array.from(costs, (cost) => Math.min(cost, ceiling)), // a run that explodes hides the other
    }));
    chart.draw(aligned(curves));
  }
}

/** @param {Found} found */
function inWords({ right, finite, examples, arrays }) {
  if (right) {
    return "The gradient check finds nothing wrong: nudging weights one by one changes the cost as backward says.";
  }
  if (!finite) return "The gradient check fails: backward’s answer holds infinity or NaN.";
  const wrong = arrays.filter(({ error }) => error > 1e-6);
  const worst = wrong.reduce((a, b) => (b.error > a.error ? b : a));
  const place = `∂C/∂${worst.symbol === "db" ? "b" : "w"} of layer ${worst.layer}`;
  const { ratio } = worst;
  if (ratio && wrong.every((one) => one.ratio && Math.abs(one.ratio / ratio - 1) < ALIKE)) {
    const times = Number(ratio.toPrecision(3));
    const mean = times === examples ? ` It looked at ${examples} examples together.` : "";
    return `The gradient check sees it: backward’s answer is ${times} times the right one.${mean}`;
  }
  return (
    `The gradient check sees it: ${place} differs from what nudging the weights says by ` +
    `${(100 * worst.error).toPrecision(2)} %.`
  );
}
