// The section "Inside .train()": one step of learning, stage by stage. Python computes every
// number (nets_core/trace.py, lesson.py); here they are shown beside equation and source.

import { make, part } from "./dom.js";
import { COMMANDS, STAGES, chain } from "./equations.js";
import { paintPixels, paintSigned, palette } from "./pictures.js";
import { whileSeen } from "./seen.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./training.js").Training} Training */
/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {{symbol: string, layer: number, values: Float32Array, largest: number}} Quantity */
/** @typedef {{file: string, begin: number, end: number, first: number, last: number}} Source */
/** @typedef {{equation: string, layer: number, source: Source, result: Quantity[]}} Stage */
/** @typedef {{examples: number, labels: ArrayLike<number>, images: Float32Array, sizes: number[], activations: string[], loss: string, optimizer: string, rate: number, stages: Stage[]}} Lesson */

/** How long a stage is shown while it plays, in milliseconds. */
const BEAT = 2500;
/** Entries of each array that the gradient check looks at. */
const ENTRIES = 60;

/**
 * @param {Engine} engine
 * @param {Training} training
 * @param {Sheet} sheet
 * @param {EventTarget} readings "reading" (detail: what the net reads in the drawing, or "")
 */
export function insideSection(engine, training, sheet, readings) {
  const section = part("section-inside", HTMLElement);
  const net = part("inside-net", HTMLSelectElement);
  const kind = part("inside-example", HTMLSelectElement);
  const another = part("inside-another", HTMLButtonElement);
  const batch = part("inside-batch", HTMLElement);
  const truth = part("inside-truth", HTMLSelectElement);
  const rate = part("inside-rate", HTMLInputElement);
  const body = part("inside-body", HTMLElement);
  const words = part("inside-words", HTMLElement);
  const steps = part("inside-steps", HTMLOListElement);
  const title = part("inside-title", HTMLElement);
  const equation = part("inside-equation", HTMLElement);
  const explained = part("inside-explained", HTMLElement);
  const code = part("inside-code", HTMLElement);
  const values = part("inside-values", HTMLElement);
  const chosen = part("inside-chain", HTMLElement);
  const play = part("inside-play", HTMLButtonElement);
  const check = part("inside-check", HTMLButtonElement);

  /** @type {Lesson | undefined} */
  let lesson;
  let at = 0;
  /** Which of MNIST's test images, or mini-batches, is learned from. */
  let lot = 0;
  /** Which example of a mini-batch is looked at. */
  let example = 0;
  /** Has the visitor said what the example should have been? Else it is what it is taken for. */
  let said = false;
  /** What the net reads in the drawing. */
  let reading = "";
  /** The weight that is followed, w^layer_{neuron source}; neuron and source count from 0. */
  let weight = { layer: 2, neuron: 0, source: 406 };
  /** @type {Map<string, Promise<string>>} */
  const sources = new Map();
  /** @type {Promise<typeof import("katex").default> | undefined} */
  let katex;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let playing;

  /** Set a formula; its symbols light up with what they stand for. @param {HTMLElement} element @param {string} tex */
  async function typeset(element, tex) {
    katex ??= load();
    const { render } = await katex;
    render(tex, element, {
      displayMode: true,
      macros: { ...COMMANDS },
      trust: ({ command }) => command === "\\htmlClass",
      strict: (/** @type {string} */ code) => (code === "htmlExtension" ? "ignore" : "warn"),
      throwOnError: false,
    });
  }

  /** KaTeX and its style sheet, when they are first needed. */
  async function load() {
    const style = make("link", { rel: "stylesheet", href: "vendor/katex/dist/katex.min.css" });
    document.head.append(style);
    return (await import("katex")).default;
  }

  const { request } = whileSeen(
    section,
    async () => {
      if (engine.state !== "ready") return;
      const given = kind.value === "drawing" ? drawn() : await taken();
      body.hidden = !given;
      if (!given) {
        lesson = undefined;
        return;
      }
      try {
        await engine.open(net.value);
        const asked = { model: net.value, rate: Number(rate.value), example, ...given };
        lesson = await engine.call("trace", asked);
      } catch (error) {
        body.hidden = true;
        words.textContent = /** @type {Error} */ (error).message;
        return;
      }
      showBatch();
      words.textContent = "";
      rate.disabled = net.value === "live";
      part("inside-verdict", HTMLElement).textContent = "";
      part("inside-histogram", HTMLElement).replaceChildren();
      outline();
      await show(Math.min(at, lessonNow().stages.length - 1));
    },
    100,
  );

  /** The drawing on the pad, and what it should have been. */
  function drawn() {
    const { drawing } = sheet;
    if (!drawing) {
      words.textContent = "Draw a digit above: it is the example that this step learns from. Or take a test image.";
      return undefined;
    }
    if (!said && reading) truth.value = reading;
    return { ...drawing, label: Number(truth.value) };
  }

  /** One of MNIST's images, or ten of them, once they are there. */
  async function taken() {
    try {
      words.textContent = "Fetching MNIST …";
      await training.load();
    } catch (error) {
      words.textContent = /** @type {Error} */ (error).message;
      return undefined;
    }
    if (kind.value === "batch") return { batch: lot };
    return said ? { test: lot, label: Number(truth.value) } : { test: lot };
  }

  /** The examples of the step, to choose the one whose numbers are shown. */
  function showBatch() {
    const { examples, labels, images } = lessonNow();
    const many = kind.value === "batch";
    batch.hidden = kind.value === "drawing";
    part("inside-truth-label", HTMLElement).hidden = many;
    if (kind.value === "test" && !said) truth.value = String(labels[0]);
    batch.replaceChildren(
      ...Array.from({ length: examples }, (_, i) => {
        const canvas = make("canvas");
        paintPixels(canvas, images.subarray(784 * i, 784 * (i + 1)));
        const button = make("button", { type: "button" }, [
          canvas,
          make("span", { textContent: String(labels[i]) }),
        ]);
        button.setAttribute("aria-label", `Example ${i + 1}, a ${labels[i]}`);
        button.setAttribute("aria-pressed", String(i === example));
        button.disabled = !many;
        button.addEventListener("click", () => void look(i));
        return button;
      }),
    );
  }

  /** Look at another example of the mini-batch. @param {number} i */
  async function look(i) {
    example = i;
    for (const [k, button] of [...batch.children].entries()) {
      button.setAttribute("aria-pressed", String(k === i));
    }
    lesson = { ...lessonNow(), ...(await engine.call("view_example", { example: i })) };
    await show(at);
  }

  function lessonNow() {
    if (!lesson) throw new Error("no step has been traced");
    return lesson;
  }

  /** The stages as a row of buttons. */
  function outline() {
    const { stages } = lessonNow();
    if (steps.children.length === stages.length) return;
    steps.replaceChildren(
      ...stages.map((stage, i) => {
        const button = make("button", { type: "button", textContent: STAGES[stage.equation].short(stage.layer) });
        button.addEventListener("click", () => {
          stop();
          void show(i);
        });
        return make("li", {}, [button]);
      }),
    );
    const { sizes } = lessonNow();
    weight.layer = Math.min(weight.layer, sizes.length);
  }

  /** Show a stage. @param {number} i */
  async function show(i) {
    const { stages, sizes, activations, loss, optimizer, examples } = lessonNow();
    at = i;
    const stage = stages[i];
    const text = STAGES[stage.equation];
    for (const [k, item] of [...steps.children].entries()) {
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      if (k === i) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    title.textContent = text.title(stage.layer);
    const facts = { layer: stage.layer, top: sizes.length, loss, optimizer, activation: activations[stage.layer - 2], examples };
    explained.textContent = text.words(facts);
    part("inside-back", HTMLButtonElement).disabled = i === 0;
    part("inside-next", HTMLButtonElement).disabled = i === stages.length - 1;
    await Promise.all([
      typeset(equation, text.tex(facts)),
      showCode(stage.source, text.tokens),
      showChain(),
    ]);
    showValues(stage);
  }

  /** The function that did it, its line marked. @param {Source} source @param {Record<string, string>} tokens */
  async function showCode({ file, begin, end, first, last }, tokens) {
    if (!sources.has(file)) sources.set(file, engine.call("source", { file }));
    const lines = (await /** @type {Promise<string>} */ (sources.get(file))).split("\n");
    const shown = lines.slice(begin - 1, end);
    const indent = Math.min(...shown.filter((line) => line.trim()).map((line) => line.search(/\S/)));
    part("inside-file", HTMLElement).textContent = `nets_core/${file}, line ${first}`;
    let quoted = false;
    code.replaceChildren(
      ...shown.map((line, k) => {
        const number = begin + k;
        const marked = number >= first && number <= last;
        const quotes = line.split('"""').length - 1;
        const comment = quoted || quotes > 0 || /^\s*#/.test(line);
        if (quotes === 1) quoted = !quoted;
        const element = make("span", { className: `line${comment ? " comment" : ""}` });
        if (marked) element.classList.add("now");
        element.append(...(marked ? lit(line.slice(indent), tokens) : [line.slice(indent)]), "\n");
        return element;
      }),
    );
    const line = code.querySelector(".now");
    const frame = code.parentElement;
    if (line instanceof HTMLElement && frame) {
      frame.scrollTop = line.offsetTop - frame.clientHeight / 2;
    }
  }

  /** A line with its symbols marked. @param {string} line @param {Record<string, string>} tokens @returns {(Node | string)[]} */
  function lit(line, tokens) {
    const names = Object.keys(tokens).sort((a, b) => b.length - a.length);
    if (!names.length) return [line];
    const pattern = new RegExp(
      `(?<![\\w.])(${names.map((name) => name.replaceAll(".", "\\.")).join("|")})(?!\\w)`,
    );
    return line.split(pattern).map((piece, i) =>
      i % 2 ? make("span", { className: `symbol sym-${tokens[piece]}`, textContent: piece }) : piece,
    );
  }

  /** What the stage made, and what it made it of. @param {Stage} stage */
  function showValues(stage) {
    const known = new Map();
    for (const { result } of lessonNow().stages) {
      for (const quantity of result) {
        const key = `${quantity.symbol}${quantity.layer}`;
        if (!known.has(key)) known.set(key, quantity);
      }
    }
    const before = STAGES[stage.equation].inputs(stage.layer).flatMap((key) => known.get(key) ?? []);
    values.replaceChildren(
      ...[...before.map((quantity) => figure(quantity)), ...stage.result.map((one) => figure(one, true))],
    );
  }

  /** One quantity as a picture, bars or a number. @param {Quantity} quantity @param {boolean} [made] */
  function figure({ symbol, layer, values: numbers, largest }, made = false) {
    const name = `${NAMES[symbol]}${SUPERSCRIPT[layer] ?? layer}`;
    const { sizes } = lessonNow();
    const caption = make("figcaption", {}, [
      make("span", { className: `symbol sym-${symbol}`, textContent: symbol === "C" ? "C" : name }),
      symbol === "C" ? ` = ${numbers[0].toPrecision(4)}` : `, largest ${largest.toPrecision(3)}`,
    ]);
    const element = make("figure", { className: made ? "quantity made" : "quantity" }, [caption]);
    if (symbol === "C") return element;
    if (symbol === "a" && layer === 1) element.append(picture(numbers, 0, largest));
    else if ((symbol === "dw" || symbol === "w") && sizes[layer - 2] === 784) {
      const box = make("div", { className: "weights" });
      const rows = Math.min(sizes[layer - 1], 60);
      for (let j = 0; j < rows; j++) {
        const button = make("button", { type: "button", title: `neuron ${j + 1}` }, [
          picture(numbers, j * 784, largest),
        ]);
        button.setAttribute("aria-label", `Follow a weight of neuron ${j + 1}`);
        button.setAttribute("aria-pressed", String(weight.layer === layer && weight.neuron === j));
        button.addEventListener("click", (event) => pick(layer, j, event, button));
        box.append(button);
      }
      element.append(box);
    } else if (symbol === "dw" || symbol === "w") {
      element.append(matrix(numbers, layer, sizes[layer - 1], sizes[layer - 2], largest));
    } else {
      element.append(bars(numbers, largest));
    }
    return element;
  }

  /** Follow the weight of the pixel that was pressed. @param {number} layer @param {number} neuron @param {MouseEvent} event @param {HTMLElement} button */
  function pick(layer, neuron, event, button) {
    const box = button.getBoundingClientRect();
    const inside = event.detail > 0; // by a pointer, not by the keyboard
    const column = inside ? Math.floor(((event.clientX - box.left) / box.width) * 28) : 14;
    const row = inside ? Math.floor(((event.clientY - box.top) / box.height) * 28) : 14;
    const limit = (/** @type {number} */ n) => Math.max(0, Math.min(27, n));
    weight = { layer, neuron, source: limit(row) * 28 + limit(column) };
    for (const other of values.querySelectorAll("[aria-pressed]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    void showChain();
  }

  /** @param {Float32Array} numbers @param {number} start @param {number} largest */
  function picture(numbers, start, largest) {
    const canvas = make("canvas");
    const scaled = Int8Array.from(
      numbers.subarray(start, start + 784),
      (value) => (value / (largest || 1)) * 127,
    );
    paintSigned(canvas, scaled, 28, palette());
    return canvas;
  }

  /** @param {Float32Array} numbers @param {number} largest */
  function bars(numbers, largest) {
    const list = make("ol", { className: "signed" });
    for (const [j, value] of numbers.entries()) {
      const bar = make("li", { title: `${j + 1}: ${value.toPrecision(4)}` });
      bar.style.setProperty("--share", String(Math.abs(value) / (largest || 1)));
      bar.classList.toggle("negative", value < 0);
      list.append(bar);
    }
    return list;
  }

  /** @param {Float32Array} numbers @param {number} layer @param {number} rows @param {number} columns @param {number} largest */
  function matrix(numbers, layer, rows, columns, largest) {
    const table = make("div", { className: "matrix" });
    table.style.setProperty("--columns", String(columns));
    for (let j = 0; j < rows; j++) {
      for (let k = 0; k < columns; k++) {
        const value = numbers[j * columns + k];
        const cell = make("button", { type: "button", title: `j = ${j + 1}, k = ${k + 1}: ${value.toPrecision(4)}` });
        cell.tabIndex = j === 0 && k === 0 ? 0 : -1;
        cell.setAttribute("aria-label", `Follow the weight from neuron ${k + 1} to neuron ${j + 1}`);
        cell.style.setProperty("--share", String(Math.abs(value) / (largest || 1)));
        cell.classList.toggle("negative", value < 0);
        cell.addEventListener("click", () => {
          weight = { layer, neuron: j, source: k };
          void showChain();
        });
        table.append(cell);
      }
    }
    table.addEventListener("keydown", (event) => {
      const cells = /** @type {HTMLElement[]} */ ([...table.children]);
      const now = cells.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      const move = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
      if (move === undefined || !cells[now + move]) return;
      event.preventDefault();
      cells[now].tabIndex = -1;
      cells[now + move].tabIndex = 0;
      cells[now + move].focus();
    });
    return table;
  }

  /** The picked weight through the whole step, with its numbers filled in. */
  async function showChain() {
    const { sizes, stages, optimizer } = lessonNow();
    const { layer } = weight;
    const neuron = Math.min(weight.neuron, sizes[layer - 1] - 1);
    const source = Math.min(weight.source, sizes[layer - 2] - 1);
    weight = { layer, neuron, source };
    const numbers = await engine.call("follow", { ...weight, example });
    const now = stages[at].equation;
    part("inside-weight", HTMLElement).textContent =
      `layer ${layer}, from ${layer === 2 ? `pixel ${source + 1}` : `neuron ${source + 1}`} to neuron ${neuron + 1}`;
    const rows = chain(numbers, { layer, j: neuron + 1, k: source + 1, top: sizes.length, optimizer });
    chosen.replaceChildren(
      ...(await Promise.all(
        rows.map(async ({ equation: name, tex, wide }) => {
          const item = make("li", { className: wide ? "wide" : "" });
          if (name === now || (name === "delta" && now === "delta_output")) item.classList.add("now");
          await typeset(item, tex);
          return item;
        }),
      )),
    );
  }

  function stop() {
    clearInterval(playing);
    playing = undefined;
    play.textContent = "Play";
  }

  part("inside-back", HTMLButtonElement).addEventListener("click", () => {
    stop();
    if (lesson) void show(Math.max(0, at - 1));
  });
  part("inside-next", HTMLButtonElement).addEventListener("click", () => {
    stop();
    if (lesson) void show(Math.min(lesson.stages.length - 1, at + 1));
  });
  play.addEventListener("click", () => {
    if (playing) return stop();
    play.textContent = "Stop";
    const next = () => {
      if (!lesson || at === lesson.stages.length - 1) return stop();
      return void show(at + 1);
    };
    if (lesson && at === lesson.stages.length - 1) void show(0);
    else next();
    playing = setInterval(next, BEAT);
  });

  check.addEventListener("click", async () => {
    const verdict = part("inside-verdict", HTMLElement);
    check.disabled = true;
    verdict.textContent = "Nudging weights one by one …";
    try {
      const { arrays, bins, right } = await engine.call("check_gradient", { entries: ENTRIES });
      const worst = Math.max(...arrays.map((/** @type {any} */ { error }) => error));
      verdict.textContent = right
        ? `Yes. Each checked weight was nudged up and down, and the cost changed as backward says: the largest relative difference is ${worst.toExponential(0)}, which is rounding.`
        : `No: in the worst place backward and the nudged cost differ by ${worst.toExponential(1)}, relative to the gradient.`;
      part("inside-histogram", HTMLElement).replaceChildren(
        ...arrays.map((/** @type {any} */ array) => histogram(array, bins)),
      );
    } catch (error) {
      verdict.textContent = /** @type {Error} */ (error).message;
    }
    check.disabled = false;
  });

  /** @param {{symbol: string, layer: number, checked: number, error: number, histogram: ArrayLike<number>}} array @param {ArrayLike<number>} bins */
  function histogram({ symbol, layer, checked, error, histogram: counts }, bins) {
    const most = Math.max(1, ...Array.from(counts));
    const list = make("ol", { className: "columns" });
    for (const [i, count] of Array.from(counts).entries()) {
      const bar = make("span", { className: "bar" });
      bar.style.setProperty("--share", String(count / most));
      const label = bins[i] % 4 === 0 ? `1e${bins[i]}` : " ";
      list.append(
        make("li", { title: `${count} with an error of about 1e${bins[i]}` }, [bar, make("span", { textContent: label })]),
      );
    }
    const caption = `${NAMES[symbol]}${SUPERSCRIPT[layer] ?? layer}: ${checked} checked, largest ${error.toExponential(0)}`;
    return make("figure", {}, [make("figcaption", { textContent: caption }), list]);
  }

  // A symbol under the pointer lights up wherever it stands: equation, code, values.
  section.addEventListener("pointerover", (event) => light(event.target));
  section.addEventListener("focusin", (event) => light(event.target));
  /** @param {EventTarget | null} target */
  function light(target) {
    const symbol = target instanceof Element ? target.closest("[class*='sym-']") : null;
    const name = symbol ? [...symbol.classList].find((one) => one.startsWith("sym-")) : undefined;
    for (const old of section.querySelectorAll(".lit")) old.classList.remove("lit");
    if (name) for (const same of section.querySelectorAll(`.${name}`)) same.classList.add("lit");
  }

  /** Another example: its truth is not known to have been said. */
  function renew() {
    said = false;
    example = 0;
    request();
  }
  for (const control of [net, rate]) control.addEventListener("change", request);
  truth.addEventListener("change", () => {
    said = true;
    request();
  });
  kind.addEventListener("change", () => {
    lot = 0;
    another.hidden = kind.value === "drawing";
    another.textContent = kind.value === "batch" ? "Another mini-batch" : "Another image";
    renew();
  });
  another.addEventListener("click", () => {
    lot++;
    renew();
  });
  sheet.addEventListener("change", () => {
    if (kind.value !== "drawing") return;
    if (sheet.empty) said = false;
    request();
  });
  readings.addEventListener("reading", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (detail === reading) return;
    reading = detail;
    if (!said && kind.value === "drawing") request();
  });
  engine.addEventListener("ready", request);
  training.addEventListener("state", () => {
    const option = [...net.options].find(({ value }) => value === "live");
    if (training.hasNet && !option) net.append(new Option("The net in training", "live"));
    if (!training.hasNet && option) {
      option.remove();
      request();
    }
  });
}

/** @type {Record<string, string>} */
const NAMES = { a: "a", z: "z", delta: "δ", w: "w", b: "b", dw: "∂C/∂w", db: "∂C/∂b", y: "y", C: "C" };
/** @type {Record<number, string>} */
const SUPERSCRIPT = { 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
