// bench.html: runs the measurements, shows the results, and copies them as text.

import { report } from "../app/ui/diagnostics.js";
import { byTestId, make, show, whole } from "../app/ui/dom.js";
import { Measuring } from "./measuring.js";
import { MODELS, measure, NETS, netName } from "./plan.js";

/** @typedef {import("./plan.js").Figure} Figure */
/** @typedef {(value: number) => string} Format */

const start = byTestId("bench-start", HTMLButtonElement);
const stop = byTestId("bench-stop", HTMLButtonElement);
const copy = byTestId("bench-copy", HTMLButtonElement);
const bar = byTestId("bench-bar", HTMLProgressElement);
const words = byTestId("bench-words", HTMLElement);
const text = byTestId("bench-text", HTMLTextAreaElement);

/** Three digits: samples are not more precise. @type {Format} */
const three = (value) => Number(value.toPrecision(3)).toLocaleString("en");
/** @type {Format} */
const rate = (value) => whole(Number(value.toPrecision(3)));
/** @type {Format} */
const times = (value) => `${value.toFixed(1)} ×`;
/** @type {Format} */
const share = (value) => `${Math.round(100 * value)} %`;

const median = (/** @type {number[]} */ samples) =>
  [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)];

/** The elements for a figure: its median and, below it, its range. @typedef {{number: HTMLElement, range: HTMLElement, format: Format}} Place */

/** The elements for each figure, by name. @type {Map<string, Place>} */
const places = new Map();
/** The samples of each figure, by name. @type {Map<string, number[]>} */
const results = new Map();

/** @param {string} name @param {Format} format */
function place(name, format) {
  const number = make("span", {
    className: name.startsWith("gain") ? "best" : "",
    textContent: "–",
  });
  const range = make("span", { className: "range" });
  const cell = make("td", {}, [number, range]);
  number.dataset.testid = `figure ${name}`;
  number.dataset.value = "";
  places.set(name, { number, range, format });
  return cell;
}

/** @param {string} words @param {string} [below] */
const heading = (words, below = "") =>
  make("th", { scope: "row" }, [words, ...(below ? [make("small", { textContent: below })] : [])]);

/** @param {string} table @param {HTMLElement[][]} rows */
function fill(table, rows) {
  byTestId(table, HTMLTableElement).tBodies[0].append(
    ...rows.map((cells) => make("tr", {}, cells)),
  );
}

fill(
  "bench-training",
  NETS.map((net, i) => [
    heading(netName(net), `mini-batch ${net.batchSize}`),
    ...["blog", "numpy", "kernels"].map((way) => place(`${way} ${i}`, rate)),
    place(`gain ${i}`, times),
  ]),
);
fill("bench-products", [
  [heading("NumPy"), place("products numpy", three), place("share numpy", share)],
  [heading("Kernels"), place("products kernels", three), place("share kernels", share)],
  [heading("The core’s peak"), place("peak", three), make("td")],
]);
fill("bench-rest", [
  [heading("Start to the first prediction"), place("start", (ms) => `${(ms / 1000).toFixed(2)} s`)],
  ...MODELS.map((model) => [
    heading(`One prediction, ${model}`),
    place(`predict ${model}`, (ms) => `${three(ms)} ms`),
  ]),
  [heading("WebAssembly memory"), place("memory", (bytes) => `${Math.round(bytes / 1e6)} MB`)],
]);

/** Shows a figure, and the quotients computed from it. @param {Figure} figure */
function found({ name, samples }) {
  results.set(name, samples);
  const { number, range, format } = /** @type {Place} */ (places.get(name));
  show(number, median(samples), format);
  const [low, high] = [Math.min(...samples), Math.max(...samples)].map(format);
  range.textContent = low === high ? "" : `${low.replace(/ \D+$/, "")}–${high}`;
  for (const i of NETS.keys()) quotient(name, `gain ${i}`, `kernels ${i}`, `blog ${i}`);
  quotient(name, "share numpy", "products numpy", "peak");
  quotient(name, "share kernels", "products kernels", "peak");
}

/** @param {string} latest @param {string} name @param {string} above @param {string} below */
function quotient(latest, name, above, below) {
  const [ours, theirs] = [results.get(above), results.get(below)];
  if (!ours || !theirs || (latest !== above && latest !== below)) return;
  found({ name, samples: ours.map((value, i) => value / theirs[i]) });
}

function forget() {
  results.clear();
  for (const { number, range, format } of places.values()) {
    show(number, undefined, format);
    range.textContent = "";
  }
}

/** The result as text. */
function asText() {
  const figures = [...results].map(([name, samples]) => {
    const net = NETS[Number(name.split(" ")[1])];
    const label = net
      ? `${name.split(" ")[0]}, ${netName(net)}, mini-batch ${net.batchSize}`
      : name;
    const { format } = /** @type {Place} */ (places.get(name));
    const [low, high] = [Math.min(...samples), Math.max(...samples)].map(format);
    return [label, format(median(samples)) + (low === high ? "" : ` (${low} to ${high})`)];
  });
  return report(Object.fromEntries(figures));
}

/** @type {Measuring | undefined} */
let measuring;

start.addEventListener("click", async () => {
  const mine = new Measuring();
  measuring = mine;
  forget();
  start.disabled = true;
  stop.disabled = false;
  copy.disabled = true;
  text.hidden = true;
  bar.hidden = false;
  delete words.dataset.kind;
  try {
    const computing = await measure(mine, found, ({ done, all, words: now }) => {
      bar.value = done / all;
      if (words.textContent !== now) words.textContent = now;
    });
    words.textContent = computing.reason
      ? `Measured, without kernels: ${computing.reason}.`
      : "Measured.";
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    const stopped = name === "AbortError";
    if (!stopped) words.dataset.kind = "trouble";
    words.textContent = stopped ? "Stopped. The results so far are below." : message;
  }
  mine.stop();
  bar.hidden = true;
  stop.disabled = true;
  start.disabled = false;
  start.textContent = "Measure again";
  copy.disabled = results.size === 0;
});

stop.addEventListener("click", () => measuring?.stop());

copy.addEventListener("click", async () => {
  const label = copy.textContent;
  try {
    await navigator.clipboard.writeText(asText());
    copy.textContent = "Copied";
  } catch {
    text.value = asText();
    text.hidden = false;
    text.select();
  }
  setTimeout(() => (copy.textContent = label), 2000);
});
