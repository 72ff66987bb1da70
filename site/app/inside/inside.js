// The chapter "Inside .train()": one step of learning, stage by stage. Python computes every number
// (nets_core/study/step_trace.py); this module shows them beside equation and source.

import { SETTINGS } from "../engine/names.js";
import { byTestId, make, say } from "../ui/dom.js";
import { lazy } from "../ui/lazy.js";
import { NumberField } from "../ui/numberField.js";
import { whileSeen } from "../ui/seen.js";
import { COUNT, RATE } from "../ui/typedNumbers.js";
import { COMMANDS, plain, STAGES } from "./equations.js";
import { Example } from "./example.js";
import { figure, legend, nameOf, scalar } from "./quantities.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {import("../ui/pad/sheet.js").Sheet} Sheet */
/** @typedef {import("./quantities.js").Quantity} Quantity */
/** @typedef {{file: string, begin: number, end: number, first: number, last: number}} Source */
/** @typedef {{equation: string, layer: number, source: Source, result: Quantity[], note: string, over: string}} Stage note: what the code does instead of the equation; over: "mean" or "sum" over the mini-batch */
/** @typedef {{rows: {equation: string, tex: string, note: string}[], blank: boolean, products: Float64Array, words: string, dw: number}} Path */
/** @typedef {{sizes: number[], activations: string[], loss: string, optimizer: string, rate: number, l2: number, examples: number, telling: number[], parameters: Quantity[], stages: Stage[]}} StepTrace */

/** How long Play shows each stage, in milliseconds. */
const BEAT = 2500;
/** Entries of each array that the gradient check compares. */
const ENTRIES = 60;

/** @param {Engine} engine @param {Training} training @param {Sheet} sheet */
export function insideSection(engine, training, sheet) {
  const section = byTestId("section-inside", HTMLElement);
  const net = byTestId("inside-net", HTMLSelectElement);
  const example = new Example(engine, training, sheet);
  const rate = new NumberField(byTestId("inside-rate", HTMLInputElement), RATE, {
    label: SETTINGS.learningRate,
    fallback: () => 1,
    live: false, // the chapter says why there is no step
  });
  const bug = byTestId("inside-bug", HTMLSelectElement);
  const body = byTestId("inside-body", HTMLElement);
  const words = byTestId("inside-words", HTMLElement);
  const steps = byTestId("inside-steps", HTMLOListElement);
  /** One for each stage. @type {HTMLButtonElement[]} */
  let buttons = [];
  const title = byTestId("inside-title", HTMLElement);
  const equation = byTestId("inside-equation", HTMLElement);
  const explained = byTestId("inside-explained", HTMLElement);
  const departs = byTestId("inside-departs", HTMLElement);
  const code = byTestId("inside-code", HTMLElement);
  const values = byTestId("inside-values", HTMLElement);
  const chosen = byTestId("inside-chain", HTMLElement);
  const play = byTestId("inside-play", HTMLButtonElement);
  const check = byTestId("inside-check", HTMLButtonElement);

  const index = (/** @type {string} */ testid, /** @type {string} */ label) =>
    new NumberField(byTestId(testid, HTMLInputElement), COUNT, { label });
  const which = {
    layer: index("inside-weight-layer", "The layer"),
    source: index("inside-weight-source", "Where the weight comes from"),
    neuron: index("inside-weight-neuron", "Where the weight goes to"),
  };

  /** @type {StepTrace | undefined} */
  let traced;
  let at = 0;
  /** The weight to follow, w^layer_{neuron source}; neuron and source count from 0. */
  let weight = { layer: 2, neuron: 0, source: 406 };
  /** Whether the visitor picked it; otherwise it is the weight that the step changes most. */
  let chose = false;
  /** The highlighted symbol, or "". */
  let bright = "";
  /** Count requests, so that only the latest is shown. */
  let turns = 0;
  let chains = 0;
  /** @type {Map<string, Promise<string>>} */
  const sources = new Map();
  /** @type {Promise<typeof import("katex").default> | undefined} */
  let katex;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let playing;

  /** Typeset a formula. @param {HTMLElement} element @param {string} tex */
  async function typeset(element, tex) {
    katex ??= load();
    let render;
    try {
      ({ render } = await katex);
    } catch (error) {
      katex = undefined; // the next stage tries again
      element.textContent = tex;
      words.textContent = `Formulas are shown as TeX: ${/** @type {Error} */ (error).message}`;
      return;
    }
    render(tex, element, {
      displayMode: true,
      macros: { ...COMMANDS },
      trust: ({ command }) => command === "\\htmlClass",
      strict: (/** @type {string} */ code) => (code === "htmlExtension" ? "ignore" : "warn"),
      throwOnError: false,
    });
  }

  /** Load KaTeX and its style sheet. */
  async function load() {
    return (await lazy("KaTeX", () => import("./formulas.js"))).katex;
  }

  const { request, seen, settled } = whileSeen(
    section,
    async () => {
      if (engine.state !== "ready") return;
      try {
        const taken = await example.take();
        if ("words" in taken) return withdraw(taken.words, taken.share);
        if (rate.trouble && net.value !== "live") return withdraw(rate.trouble);
        await engine.open(net.value);
        traced = await engine.call("steps.trace", {
          model: net.value,
          rate: rate.value ?? 1, // the net in training has its own
          bug: bug.value || undefined,
          ...taken.args,
        });
      } catch (error) {
        if (engine.state === "ready") withdraw(/** @type {Error} */ (error).message);
        return;
      }
      body.classList.toggle("rendering", Boolean(body.hidden)); // invisible until complete
      body.hidden = false;
      say(words, "");
      rate.input.disabled = net.value === "live";
      byTestId("inside-verdict", HTMLElement).textContent = "";
      byTestId("inside-histogram", HTMLElement).replaceChildren();
      choose();
      outline();
      await show(Math.min(at, lessonNow().stages.length - 1));
      body.classList.remove("rendering");
    },
    100,
  );

  /** Show why there is no step. @param {string} why @param {number} [share] progress of the download */
  function withdraw(why, share) {
    stop();
    traced = undefined;
    body.hidden = true;
    say(words, why, { share });
  }

  /** Ignore the error: the worker died, or another step has been traced since. */
  function gone() {
    sources.clear();
  }

  function lessonNow() {
    if (!traced) throw new Error("no step has been traced");
    return traced;
  }

  /** Make sure that the weight to follow exists in this net. */
  function choose() {
    const { sizes, telling } = lessonNow();
    if (!chose) weight = { layer: 2, neuron: telling[0], source: telling[1] };
    const layer = Math.min(weight.layer, sizes.length);
    const neuron = Math.min(weight.neuron, sizes[layer - 1] - 1);
    const source = Math.min(weight.source, sizes[layer - 2] - 1);
    weight = { layer, neuron, source };
  }

  /** Show the stages as buttons, grouped by phase. */
  function outline() {
    const { stages } = lessonNow();
    if (buttons.length === stages.length) return;
    buttons = stages.map(({ equation, layer }, i) => {
      const button = make("button", { type: "button", textContent: STAGES[equation].short(layer) });
      button.addEventListener("click", () => {
        stop();
        show(i).catch(gone);
      });
      return button;
    });
    /** @type {Map<string, HTMLElement>} */
    const phases = new Map();
    for (const [i, { equation }] of stages.entries()) {
      const { phase } = STAGES[equation];
      const list = phases.get(phase) ?? make("ol");
      phases.set(phase, list);
      list.append(make("li", {}, [buttons[i]]));
    }
    const groups = [...phases].map(([phase, list]) => make("li", {}, [phase, list]));
    steps.replaceChildren(...groups);
  }

  /** Show a stage. @param {number} i */
  async function show(i) {
    const { stages, sizes, activations, loss, optimizer, examples, l2 } = lessonNow();
    at = i;
    const mine = ++turns;
    const stage = stages[i];
    const text = STAGES[stage.equation];
    for (const [k, button] of buttons.entries()) {
      if (k === i) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    title.textContent = text.title(stage.layer);
    const facts = {
      layer: stage.layer,
      top: sizes.length,
      loss,
      optimizer,
      examples,
      activation: activations[stage.layer - 2],
      decays: l2 > 0,
    };
    explained.textContent = text.words(facts);
    departs.textContent = stage.note;
    departs.hidden = !stage.note;
    byTestId("inside-back", HTMLButtonElement).disabled = i === 0;
    byTestId("inside-next", HTMLButtonElement).disabled = i === stages.length - 1;
    await typeset(equation, text.tex(facts));
    if (mine !== turns) return; // another stage or step has been requested since
    showLegend();
    showValues(stage);
    relight();
    await Promise.all([showCode(stage.source, text.tokens, mine), showChain()]);
    if (mine === turns) relight();
  }

  /** Explain the equation's symbols. If they are the same, keep the buttons and their focus. */
  function showLegend() {
    const list = byTestId("inside-legend", HTMLElement);
    const symbols = new Set([...equation.querySelectorAll(".katex-html .symbol")].map(symbolOf));
    const shown = [...list.querySelectorAll(".symbol")].map(symbolOf);
    if (shown.join() === [...symbols].join()) return;
    list.replaceChildren(...legend(symbols));
  }

  /** Show the function that computes the stage, with its line marked. @param {Source} source @param {Record<string, string>} tokens @param {number} mine */
  async function showCode({ file, begin, end, first, last }, tokens, mine) {
    if (!sources.has(file) || file.startsWith("<"))
      sources.set(file, engine.call("steps.source", { file }));
    const lines = (await /** @type {Promise<string>} */ (sources.get(file))).split("\n");
    if (mine !== turns) return;
    const shown = lines.slice(begin - 1, end);
    const indent = Math.min(
      ...shown.filter((line) => line.trim()).map((line) => line.search(/\S/)),
    );
    const changed = file.startsWith("<");
    const place = changed ? "A changed function of nets_core" : `nets_core/${file}`;
    byTestId("inside-file", HTMLElement).textContent = `${place}, line ${first}`;
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
    const marked = /** @type {HTMLElement[]} */ ([...code.querySelectorAll(".now")]);
    const frame = code.parentElement;
    if (marked.length && frame) {
      const [top, bottom] = [marked[0].offsetTop, marked[marked.length - 1].offsetTop];
      frame.scrollTop = Math.min(top - 12, (top + bottom - frame.clientHeight) / 2);
    }
  }

  /** A line with its symbols marked. @param {string} line @param {Record<string, string>} tokens @returns {(Node | string)[]} */
  function lit(line, tokens) {
    const names = Object.keys(tokens).sort((a, b) => b.length - a.length);
    if (!names.length) return [line];
    const pattern = new RegExp(
      `(?<![\\w.])(${names.map((name) => name.replace(/[.()]/g, "\\$&")).join("|")})(?!\\w)`,
    );
    return line
      .split(pattern)
      .map((piece, i) =>
        i % 2
          ? make("span", { className: `symbol sym-${tokens[piece]}`, textContent: piece })
          : piece,
      );
  }

  /** Show the inputs and results of a stage. @param {Stage} stage */
  function showValues(stage) {
    const { stages, parameters, sizes, examples, rate: eta, l2 } = lessonNow();
    const known = new Map();
    /** @type {Map<Quantity, string>} */
    const over = new Map();
    for (const one of stages) for (const quantity of one.result) over.set(quantity, one.over);
    for (const quantity of [...parameters, ...over.keys()]) {
      const key = `${quantity.symbol}${quantity.layer}`;
      if (!known.has(key)) known.set(key, quantity);
    }
    const facts = { sizes, example: example.picked, examples, weight };
    const moves = stage.equation === "update";
    const before = STAGES[stage.equation]
      .inputs(stage.layer)
      .flatMap((key) => known.get(key) ?? []);
    const given = before.map((quantity) => {
      const when = moves && quantity.symbol === "w" ? "before" : undefined;
      return figure(quantity, { ...facts, when, over: over.get(quantity) }, follow);
    });
    const results = stage.result.map((quantity) => {
      const when = moves ? "after" : undefined;
      return figure(quantity, { ...facts, when, over: over.get(quantity) }, follow);
    });
    for (const element of results) element.classList.add("result");
    if (equation.querySelector(".sym-n")) given.push(scalar("n", examples));
    if (moves) given.push(scalar("eta", eta));
    if (moves && l2) given.push(scalar("lambda", l2));
    values.replaceChildren(...given, ...results);
  }

  /** Follow another weight. @param {typeof weight} pressed */
  function follow(pressed) {
    weight = pressed;
    chose = true;
    const now = document.activeElement?.closest(".weights button");
    for (const other of values.querySelectorAll(".weights [aria-pressed]")) {
      other.setAttribute("aria-pressed", String(other === now));
    }
    showChain().catch(gone);
  }

  for (const [name, field] of Object.entries(which)) {
    field.input.addEventListener("change", () => {
      const { value } = field;
      if (!traced || value === undefined) return;
      const { sizes } = traced;
      /** @type {Record<string, [number, number]>} */
      const bounds = {
        layer: [2, sizes.length],
        source: [1, sizes[weight.layer - 2]],
        neuron: [1, sizes[weight.layer - 1]],
      };
      const [least, most] = bounds[name];
      if (value < least || value > most)
        return field.refuse(`is ${value}, expected ${least} to ${most}`);
      weight = { ...weight, [name]: name === "layer" ? value : value - 1 };
      chose = true;
      choose(); // the layer may have fewer neurons
      show(at).catch(gone);
    });
  }

  /** Show the weight's path through the whole step, with its numbers. */
  async function showChain() {
    const { stages, examples } = lessonNow();
    const { layer, neuron, source } = weight;
    const mine = ++chains;
    const path = /** @type {Path} */ (
      await engine.call("steps.follow", { ...weight, example: example.picked })
    );
    const now = stages[at].layer === layer ? stages[at].equation : "";
    const items = await Promise.all(
      path.rows.map(async ({ equation: name, tex, note }) => {
        const formula = make("div");
        const item = make("li", {}, [formula]);
        if (name === now || (name === "delta" && now === "delta_output")) item.classList.add("now");
        await typeset(formula, tex);
        if (note) item.append(make("p", { className: "trouble", textContent: note }));
        if (name === "dw" && examples > 1) item.append(...mean(path));
        return item;
      }),
    );
    if (mine !== chains) return; // another weight, example or stage has been requested since
    byTestId("inside-weight", HTMLElement).textContent =
      `layer ${layer}, from ${layer === 2 ? `pixel ${source + 1}` : `neuron ${source + 1}`} to neuron ${neuron + 1}` +
      (examples > 1 ? `, in example ${example.picked + 1}` : "");
    for (const [field, value] of /** @type {[NumberField, number][]} */ ([
      [which.layer, layer],
      [which.source, source + 1],
      [which.neuron, neuron + 1],
    ])) {
      if (field.input === document.activeElement) field.follow(value);
      else field.set(value);
    }
    byTestId("inside-paper", HTMLElement).hidden = layer > 2 || !path.blank;
    chosen.replaceChildren(...items);
    relight();
  }

  /** Each example's gradient for the weight, and how they become the weight's. @param {Path} path */
  function mean({ products, words: how, dw }) {
    const list = make("ol", { className: "products" });
    for (const [i, product] of products.entries()) {
      const item = make("li", { textContent: plain(product) });
      item.dataset.value = String(product);
      item.classList.toggle("picked", i === example.picked);
      list.append(item);
    }
    list.dataset.testid = "inside-products";
    list.setAttribute("aria-label", "a times δ of each example");
    const sentence = make("p", { textContent: how });
    sentence.dataset.testid = "inside-mean";
    sentence.dataset.value = String(dw);
    return [list, sentence];
  }

  function stop() {
    clearInterval(playing);
    playing = undefined;
    play.textContent = "Play";
  }

  byTestId("inside-back", HTMLButtonElement).addEventListener("click", () => {
    stop();
    if (traced) show(Math.max(0, at - 1)).catch(gone);
  });
  byTestId("inside-next", HTMLButtonElement).addEventListener("click", () => {
    stop();
    if (traced) show(Math.min(traced.stages.length - 1, at + 1)).catch(gone);
  });
  play.addEventListener("click", () => {
    if (playing) return stop();
    play.textContent = "Stop";
    const next = () => {
      if (!seen()) return;
      if (!traced || at === traced.stages.length - 1) return stop();
      show(at + 1).catch(gone);
    };
    if (traced && at === traced.stages.length - 1) show(0).catch(gone);
    else next();
    playing = setInterval(next, BEAT);
  });

  check.addEventListener("click", async () => {
    const verdict = byTestId("inside-verdict", HTMLElement);
    check.disabled = true;
    await settled(); // check the step requested last
    verdict.textContent = "Nudging weights one by one …";
    try {
      const { arrays, bins, right } = await engine.call("steps.check_gradient", {
        entries: ENTRIES,
      });
      const worst = Math.max(...arrays.map((/** @type {any} */ { error }) => error));
      verdict.textContent = right
        ? `Yes. Each checked weight was nudged up and down, and the cost changed as backward predicts: the largest relative difference is ${worst.toExponential(0)}, which is rounding.${unseen()}`
        : `No: in the worst place backward and the nudged cost differ by ${worst.toExponential(1)}, relative to the gradient.`;
      byTestId("inside-histogram", HTMLElement).replaceChildren(
        ...arrays.map((/** @type {any} */ array) => histogram(array, bins)),
      );
    } catch (error) {
      verdict.textContent = /** @type {Error} */ (error).message;
    }
    check.disabled = false;
  });

  /** Why the check may not see the chosen bug. */
  function unseen() {
    if (!byTestId("inside-bug", HTMLSelectElement).value) return "";
    if (lessonNow().examples > 1) return " The bug does not show in this step.";
    return " With one example the bug does not show: choose “A mini-batch of 10”.";
  }

  /** @param {{symbol: string, layer: number, checked: number, error: number, histogram: ArrayLike<number>}} array @param {ArrayLike<number>} bins */
  function histogram({ symbol, layer, checked, error, histogram: counts }, bins) {
    const most = Math.max(1, ...Array.from(counts));
    const caption = `${nameOf(symbol, layer)}: ${checked} checked, largest ${error.toExponential(0).replace("-", "\u2011")}`; // no line break
    const list = make("div", {
      className: "columns",
      role: "img",
      ariaLabel: `Errors of ${caption}`,
    });
    for (const [i, count] of Array.from(counts).entries()) {
      const bar = make("span", { className: "bar" });
      bar.style.setProperty("--share", String(count / most));
      const label = bins[i] % 4 === 0 ? `1e${bins[i]}` : " ";
      list.append(
        make("div", { title: `${count} with an error of about 1e${bins[i]}` }, [
          bar,
          make("span", { textContent: label }),
        ]),
      );
    }
    return make("figure", {}, [make("figcaption", { textContent: caption }), list]);
  }

  // A symbol under the pointer or with the focus is highlighted wherever it appears: equation, code,
  // values, legend. Only moves of the pointer count, not what scrolls past below it.
  for (const type of ["pointermove", "pointerdown", "pointerleave", "focusin", "focusout"]) {
    section.addEventListener(type, (event) => light(type === "focusout" ? null : event.target));
  }
  /** @param {EventTarget | null} target under the pointer or with the focus */
  function light(target) {
    const places = [target, document.activeElement].filter((place) => place instanceof Element);
    const [symbol] = places.flatMap((place) => place.closest(".symbol, [data-symbol]") ?? []);
    const name = symbol && section.contains(symbol) ? symbolOf(symbol) : "";
    if (name === bright) return;
    bright = name;
    relight();
  }
  /** Highlight the symbol in everything that is shown now. */
  function relight() {
    for (const old of section.querySelectorAll(".lit")) old.classList.remove("lit");
    if (!bright) return;
    for (const same of section.querySelectorAll(`.sym-${bright}`)) same.classList.add("lit");
  }

  for (const control of [net, bug, rate.input]) control.addEventListener("change", request);
  example.addEventListener("change", request);
  example.addEventListener("pick", () => {
    if (traced) show(at).catch(gone);
  });
  sheet.addEventListener("change", () => (section.dataset.reserve = sheet.empty ? "no" : "yes"));
  engine.addEventListener("ready", request);
  engine.addEventListener("failed", () => {
    sources.clear();
    withdraw("Python has stopped. This step comes back when Python runs again.");
  });
  training.addEventListener("state", () => {
    const option = [...net.options].find(({ value }) => value === "live");
    if (training.hasNet && !option) net.append(new Option(training.netName, "live"));
    if (option) option.textContent = training.netName;
    if (!training.hasNet && option) {
      const chosen = option.selected;
      option.remove();
      if (chosen) request();
    } else if (net.value === "live") request(); // it has changed since
  });
}

/** The symbol that an element stands for. @param {Element} element @returns {string} */
function symbolOf(element) {
  if (element instanceof HTMLElement && element.dataset.symbol) return element.dataset.symbol;
  return [...element.classList].find((name) => name.startsWith("sym-"))?.slice(4) ?? "";
}
