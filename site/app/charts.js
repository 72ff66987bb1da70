// Learning curves, drawn by uPlot. It knows no nets.

import uPlot from "uplot";

import { whenThemeChanges } from "./theme.js";

/** @typedef {{label: string, colour: string, dash?: number[]}} Line */

/** A chart of lines over epochs, as wide as its element. */
export class Chart {
  /**
   * @param {HTMLElement} element
   * @param {Line[]} lines the colours are names of custom properties of the style sheet
   * @param {(value: number) => string} format of the y values
   * @param {{min?: number, max?: number}} range what the y axis shows at least
   */
  constructor(element, lines, format, range) {
    this.element = element;
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
      height: 180,
      cursor: { drag: { x: false, y: false }, y: false },
      legend: { live: matchMedia("(hover: hover)").matches },
      scales: {
        x: { time: false },
        y: {
          range: (_, low, high) => [
            Math.min(range.min ?? low, low),
            Math.max(range.max ?? high, high ?? 1, 1e-6),
          ],
        },
      },
      axes: [
        { ...axis, label: "epochs", labelSize: 18, labelFont: axis.font, values: (_, ticks) => ticks.map((tick) => String(Number(tick.toFixed(3)))) },
        { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => format(tick)) },
      ],
      series: [
        { label: "epoch", value: (_, value) => (value == null ? "–" : value.toFixed(2)) },
        ...lines.map(({ label, colour, dash }) => ({
          label,
          stroke: () => style().getPropertyValue(colour),
          width: 2,
          dash,
          spanGaps: true,
          points: { show: false },
          value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) =>
            value == null ? "–" : format(value),
        })),
      ],
    };
    this.plot = new uPlot(options, [[], ...lines.map(() => [])], element);
    new ResizeObserver(() => this.plot.setSize({ width: this.#width(), height: 180 })).observe(
      element,
    );
    whenThemeChanges(() => this.plot.redraw());
  }

  #width() {
    return Math.max(200, this.element.clientWidth);
  }

  /** @param {uPlot.AlignedData} data x values, then one array for each line */
  draw(data) {
    this.plot.setData(data);
  }
}

/**
 * Curves with their own x values on one common axis.
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
