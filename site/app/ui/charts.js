// Learning curves, drawn by uPlot. It knows no nets.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { position } from "./dom.js";
import { numbersBelow, png } from "./numbers.js";
import { whenThemeChanges } from "./theme.js";

/** @typedef {import("./numbers.js").Line} Line */

const HEIGHT = 180;
/** How opaque a shade is. */
const SHADE = 0.16;
/** A pointer that has rested for this long, in milliseconds, no longer holds the legend while new
 * values arrive. */
const REST = 3000;

/** @typedef {ArrayLike<number | null | undefined>} Column */

/** A chart of lines over epochs, as wide as its element, with its numbers below. */
export class Chart {
  /** The data before the ceiling is applied. @type {uPlot.AlignedData} */
  #data;
  #lines;
  /** The range behind the first line. @type {{low: Column, high: Column}} */
  #shade = { low: [], high: [] };
  /** When the pointer last moved on the chart. */
  #pointed = 0;

  /**
   * @param {HTMLElement} element in a figure whose caption is the chart's name
   * @param {Line[]} lines colours: names of custom properties in the style sheet
   * @param {(value: number) => string} format of the y values
   * @param {{min?: number, max?: number}} range the least range of the y axis
   */
  constructor(element, lines, format, range) {
    this.element = element;
    this.#lines = lines;
    this.#data = [[], ...lines.map(() => [])];
    const style = () => getComputedStyle(document.documentElement);
    const axis = {
      stroke: () => style().getPropertyValue("--quiet"),
      grid: { stroke: () => style().getPropertyValue("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    /** @type {uPlot.Options} */
    const options = {
      width: this.#width(),
      height: HEIGHT,
      cursor: {
        drag: { x: false, y: false },
        y: false,
        dataIdx: (plot, line, hovered) => nearest(plot.data[line], hovered),
      },
      legend: {
        markers: { dash: (_, i) => (lines[i - 1]?.dash ? "dashed" : "solid") },
      },
      scales: {
        x: {
          time: false,
          range: (_, low, high) => (low === null ? [0, 1] : [low, Math.max(high, low + 0.01)]),
        },
        y: {
          range: (_, low, high) => [
            Math.min(range.min ?? low, low, ...present(this.#shade.low)),
            Math.max(range.max ?? high, high ?? 1, 1e-6, ...present(this.#shade.high)),
          ],
        },
      },
      axes: [
        {
          ...axis,
          size: 30,
          label: "epochs",
          labelSize: 18,
          labelFont: axis.font,
          values: (_, ticks) => ticks.map((tick) => String(Number(tick.toFixed(3)))),
        },
        { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => format(tick)) },
      ],
      series: [
        { label: "epoch", value: this.#told(position) },
        ...lines.map(({ label, colour, dash }) => ({
          label,
          stroke: () => style().getPropertyValue(colour),
          width: 2,
          dash,
          spanGaps: true,
          points: { show: isAlone },
          value: this.#told(format),
        })),
      ],
    };
    options.hooks = { drawAxes: [() => this.#paintShade()] };
    this.plot = new uPlot(options, this.#data, element);
    this.plot.over.addEventListener("pointermove", () => (this.#pointed = performance.now()));
    this.picture = /** @type {HTMLElement} */ (element.querySelector(".u-wrap"));
    this.picture.setAttribute("role", "img");
    this.below = numbersBelow(
      () => ({
        name: this.name,
        heads: ["epoch", ...lines.map(({ label }) => label)],
        columns: /** @type {any} */ (this.#data),
      }),
      () => this.#png(),
    );
    element.after(this.below.element);
    this.#describe();
    new ResizeObserver(() => this.plot.setSize({ width: this.#width(), height: HEIGHT })).observe(
      element,
    );
    whenThemeChanges(() => this.plot.redraw());
  }

  /**
   * A line's value in the legend: the one under the pointer, or the last.
   * @param {(value: number) => string} format
   * @returns {uPlot.Series.Value}
   */
  #told(format) {
    return (_plot, _drawn, line, place) => {
      const values = this.#data[line];
      const value = values[place ?? nearest(values, values.length - 1)];
      return value == null ? "–" : format(value);
    };
  }

  #width() {
    return Math.max(200, this.element.clientWidth);
  }

  get name() {
    return this.element.closest("figure")?.querySelector("figcaption")?.textContent ?? "Chart";
  }

  /**
   * @param {uPlot.AlignedData} data x values, then one array for each line
   * @param {object} [how]
   * @param {number} [how.ceiling] larger values are drawn at the ceiling, so that the rest stays visible
   * @param {{low: Column, high: Column}} [how.shade] a range to shade behind the first line
   */
  draw(data, { ceiling = Infinity, shade } = {}) {
    const [x, ...lines] = data;
    const low = lines.map((line) =>
      Array.from(line, (y) => (y == null ? y : Math.min(y, ceiling))),
    );
    this.#data = data;
    if (shade) this.#shade = shade;
    if (performance.now() - this.#pointed > REST) this.plot.setCursor({ left: -10, top: -10 });
    this.plot.setData([x, ...low]);
    this.below.renew();
    this.#describe();
  }

  /** Shade from the least to the greatest of what each point of the first line stands for. */
  #paintShade() {
    const { ctx, bbox } = this.plot;
    const { low, high } = this.#shade;
    const [x] = this.#data;
    const there = Array.from(x.keys()).filter((i) => low[i] != null && high[i] != null);
    const place = (/** @type {number} */ i, /** @type {Column} */ y) =>
      /** @type {const} */ ([
        this.plot.valToPos(x[i], "x", true),
        this.plot.valToPos(Number(y[i]), "y", true),
      ]);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.beginPath();
    for (const i of there) ctx.lineTo(...place(i, high));
    for (const i of there.reverse()) ctx.lineTo(...place(i, low));
    ctx.globalAlpha = SHADE;
    ctx.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(
      this.#lines[0].colour,
    );
    ctx.fill();
    ctx.restore();
  }

  /** Describe the chart for screen readers: where each line begins and ends. */
  #describe() {
    const [, ...columns] = this.#data;
    const courses = this.#lines.map(({ label }, i) => {
      const values = Array.from(columns[i]).filter((y) => y != null && Number.isFinite(y));
      if (!values.length) return `${label}: nothing yet`;
      const [first, last] = [values[0], values[values.length - 1]].map((y) =>
        Number(y).toPrecision(3),
      );
      return `${label}: from ${first} to ${last}`;
    });
    this.picture.setAttribute("aria-label", `${this.name} over epochs. ${courses.join("; ")}.`);
  }

  #png() {
    const style = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const lines = this.#lines.map((line) => ({ ...line, colour: colour(line.colour) }));
    const paper = { paper: colour("--paper"), ink: colour("--ink") };
    return png(this.plot.ctx.canvas, this.name, lines, paper);
  }
}

/** The numbers in a column. @param {Column} column */
const present = (column) => Array.from(column, (y) => y ?? Number.NaN).filter(Number.isFinite);

/** True if a line has only one value, so that it needs a point. @param {uPlot} plot @param {number} line */
function isAlone(plot, line) {
  return Array.from(plot.data[line]).filter((y) => y != null).length === 1;
}

/**
 * The index of the value nearest to a place: not every line has a value there.
 * @param {ArrayLike<number | null | undefined>} values
 * @param {number} place
 */
function nearest(values, place) {
  for (let far = 0; far < values.length; far++) {
    if (values[place - far] != null) return place - far;
    if (values[place + far] != null) return place + far;
  }
  return place;
}

/**
 * Curves with separate x values on one common axis.
 * @param {{x: ArrayLike<number>, y: ArrayLike<number>}[]} curves
 * @returns {uPlot.AlignedData}
 */
export function aligned(curves) {
  const places = [...new Set(curves.flatMap(({ x }) => Array.from(x)))].sort((a, b) => a - b);
  const columns = curves.map(({ x, y }) => {
    const at = new Map(Array.from(x, (place, i) => [place, y[i]]));
    return places.map((place) => at.get(place) ?? null);
  });
  return /** @type {uPlot.AlignedData} */ ([places, ...columns]);
}
