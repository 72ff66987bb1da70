// A chart's numbers as a table and as a CSV file, and the chart as a PNG file.

import { make } from "./dom.js";

/** @typedef {{label: string, colour: string, dash?: number[]}} Line a curve; colour: as CSS has it */
/** @typedef {{name: string, heads: string[], columns: ArrayLike<number | null | undefined>[]}} Sheet the first column is x */

/** Time between two updates of an open table, in milliseconds. */
const RENEW = 2000;
/** Significant digits in the table. */
const DIGITS = 5;

/** @param {number | null | undefined} value */
const there = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** Comma-separated values in full precision; a field is empty if there is no number. @param {Sheet} sheet */
export function csv({ heads, columns }) {
  const quoted = heads.map((head) =>
    /[",\n]/.test(head) ? `"${head.replaceAll('"', '""')}"` : head,
  );
  const rows = Array.from(columns[0], (_, i) =>
    columns.map((column) => (there(column[i]) ? String(column[i]) : "")).join(","),
  );
  return `${[quoted.join(","), ...rows].join("\r\n")}\r\n`;
}

/**
 * A chart as a picture of its own, with a background, its name and a legend.
 * @param {HTMLCanvasElement} plot
 * @param {string} name
 * @param {Line[]} lines
 * @param {{paper: string, ink: string}} colours
 * @returns {Promise<Blob>} a PNG
 */
export function png(plot, name, lines, { paper, ink }) {
  const em = 14 * devicePixelRatio;
  const canvas = make("canvas", { width: plot.width + 2 * em, height: plot.height + 4.5 * em });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(plot, em, 4 * em);
  context.fillStyle = ink;
  context.textBaseline = "middle";
  context.font = `600 ${em}px system-ui, sans-serif`;
  context.fillText(name, em, 1.3 * em);
  context.font = `${em}px system-ui, sans-serif`;
  let x = em;
  for (const { label, colour, dash } of lines) {
    context.strokeStyle = colour;
    context.lineWidth = em / 7;
    context.setLineDash((dash ?? []).map((length) => length * devicePixelRatio));
    context.beginPath();
    context.moveTo(x, 2.9 * em);
    context.lineTo(x + 2 * em, 2.9 * em);
    context.stroke();
    context.fillText(label, x + 2.4 * em, 2.9 * em);
    x += 4 * em + context.measureText(label).width;
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error("The browser made no picture.")),
    ),
  );
}

/** Download a file. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href)); // after the click
}

/**
 * The panel below a chart: a table to unfold, and buttons to save the chart.
 * @param {() => Sheet} sheet
 * @param {() => Promise<Blob>} picture
 * @returns {{element: HTMLElement, renew: () => void}} renew: call it when the chart changes
 */
export function numbersBelow(sheet, picture) {
  const table = make("table", { className: "numbers" });
  const frame = make("div", { className: "scroll", tabIndex: 0, role: "region" }, [table]);
  const fold = make("details", {}, [make("summary", { textContent: "Numbers" }), frame]);
  const file = (/** @type {string} */ ending) =>
    `nets-${sheet()
      .name.toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")}.${ending}`;
  const button = (/** @type {string} */ kind, /** @type {() => Promise<void> | void} */ work) => {
    const made = make("button", { type: "button", className: "plain", textContent: kind });
    made.setAttribute("aria-label", `${sheet().name}: save as ${kind}`);
    made.addEventListener("click", work);
    return made;
  };
  const element = make("div", { className: "chart-numbers" }, [
    fold,
    make("div", { className: "save-buttons" }, [
      button("PNG", async () => download(await picture(), file("png"))),
      button("CSV", () => download(new Blob([csv(sheet())], { type: "text/csv" }), file("csv"))),
    ]),
  ]);
  let resting = false;
  let stale = false;

  function fill() {
    const { name, heads, columns } = sheet();
    frame.setAttribute("aria-label", `${name}, numbers`);
    const head = make(
      "tr",
      {},
      heads.map((text) => make("th", { scope: "col", textContent: text })),
    );
    const rows = Array.from(columns[0], (_, i) =>
      make(
        "tr",
        {},
        columns.map((column) => make("td", { textContent: short(column[i]) })),
      ),
    );
    table.replaceChildren(
      make("caption", { className: "unseen", textContent: name }),
      make("thead", {}, [head]),
      make("tbody", {}, rows),
    );
  }

  function renew() {
    stale = fold.open;
    if (!stale || resting) return;
    stale = false;
    fill();
    resting = true;
    setTimeout(() => {
      resting = false;
      if (stale) renew();
    }, RENEW);
  }
  fold.addEventListener("toggle", renew);
  return { element, renew };
}

/** @param {number | null | undefined} value */
const short = (value) => (there(value) ? String(Number(Number(value).toPrecision(DIGITS))) : "–");
