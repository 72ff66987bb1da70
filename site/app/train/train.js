// The chapter "Watch it learn": settings, buttons, curves, and the weights as pictures.

import { SETTINGS, settingIn, WORDS } from "../engine/names.js";
import { nowAndThen } from "../ui/announce.js";
import { charting } from "../ui/charting.js";
import { byTestId, duration, make, percent, say as put, show, whole } from "../ui/dom.js";
import { NumberField, wrongAmong } from "../ui/numberField.js";
import { paintSigned, palette } from "../ui/pictures.js";
import { Sight } from "../ui/seen.js";
import { COUNT, DECAY, HIDDEN, RATE, SEED } from "../ui/typedNumbers.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */

/** Settings that may change during training; the Lab refuses the others. */
const ADJUSTABLE = new Set(["learningRate", "l2", "batchSize"]);
/** @type {Record<string, import("../ui/typedNumbers.js").Kind>} */
const KINDS = {
  hidden: HIDDEN,
  learningRate: RATE,
  batchSize: COUNT,
  l2: DECAY,
  epochs: COUNT,
  seed: SEED,
};
/** Time between two updates of curves and pictures, in milliseconds. */
const REDRAW = 200;
/** Time between two announcements for screen readers, in milliseconds. */
const GAP = 5000;

/** @param {Engine} engine @param {Training} training */
export function trainSection(engine, training) {
  const section = byTestId("section-train", HTMLElement);
  const form = byTestId("settings", HTMLFormElement);
  const start = byTestId("train-start", HTMLButtonElement);
  const pause = byTestId("train-pause", HTMLButtonElement);
  const step = byTestId("train-step", HTMLButtonElement);
  const reset = byTestId("train-reset", HTMLButtonElement);
  const words = byTestId("train-words", HTMLElement);
  const restore = byTestId("train-restore", HTMLButtonElement);
  const doubt = byTestId("settings-trouble", HTMLElement);
  const announce = nowAndThen(byTestId("train-said", HTMLElement), GAP);
  const bar = byTestId("train-bar", HTMLProgressElement);
  const gallery = byTestId("weights", HTMLElement);
  byTestId("settings-fold", HTMLDetailsElement).open = !matchMedia("(max-width: 56rem)").matches;
  const field = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name));
  const fields = () =>
    /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ (
      [...form.elements].filter((element) => "name" in element && element.name)
    );

  /** @type {Record<string, Record<string, unknown>>} */
  let defaults = {};
  const numbers = new Map(
    Object.entries(KINDS).map(([name, kind]) => [
      name,
      new NumberField(/** @type {HTMLInputElement} */ (field(name)), kind, {
        label: SETTINGS[name],
        fallback: () => defaults[field("recipe").value]?.[name],
        live: false, // the form tells of trouble
      }),
    ]),
  );
  engine.addEventListener("ready", async () => {
    const choices = await engine.call("training.choices").catch(() => undefined);
    if (!choices || form.dataset.filled) return;
    form.dataset.filled = "yes";
    defaults = choices.recipes;
    fill("recipe", Object.keys(choices.recipes), choices.names);
    fill("activation", choices.activations);
    fill("output", choices.outputs);
    fill("loss", choices.losses);
    fill("optimizer", choices.optimizers);
    fill("initializer", choices.initializers);
    follow(defaults[choices.recipe], true);
    controls();
  });

  /** @param {string} name @param {string[]} values @param {Record<string, string>} [labels] */
  function fill(name, values, labels = WORDS) {
    const chosen = field(name).value;
    field(name).replaceChildren(
      ...values.map((value) => new Option(labels[value] ?? value, value)),
    );
    if (values.includes(chosen)) field(name).value = chosen;
  }

  /**
   * Show these settings in the controls.
   * @param {Record<string, any>} settings
   * @param {boolean} [typed] also in place of what the visitor is typing
   */
  function follow(settings, typed = false) {
    for (const [name, value] of Object.entries(settings)) {
      const number = numbers.get(name);
      const control = field(name);
      if (number && typed) number.set(value);
      else if (number) number.follow(value);
      else if (control instanceof HTMLInputElement) control.checked = value;
      else if (control) control.value = value;
    }
  }

  /** @param {HTMLInputElement | HTMLSelectElement} element @returns {unknown} */
  function settingOf(element) {
    const number = numbers.get(element.name);
    if (number) return number.value;
    return element instanceof HTMLSelectElement ? element.value : element.checked;
  }
  const settings = () =>
    Object.fromEntries(fields().map((element) => [element.name, settingOf(element)]));

  /** @param {string} text @param {"quiet" | "trouble"} [kind] @param {number} [share] */
  const say = (text, kind, share) => put(words, text, { kind, share });

  /** Mark the setting that Python refused; returns the message with the setting's label. @param {Error} error */
  function refused({ message }) {
    const found = settingIn(message);
    if (!found || !field(found.name)) return message;
    const number = numbers.get(found.name);
    if (number) number.refuse(found.why);
    else field(found.name).ariaInvalid = "true";
    return found.words;
  }

  /** Tell of trouble with the settings, once: a number field also shows its own. @param {string} message */
  function complain(message) {
    if (doubt.textContent !== message) doubt.textContent = message;
    doubt.hidden = !message;
    doubt.classList.toggle(
      "unseen",
      [...numbers.values()].some(({ trouble }) => trouble),
    );
  }

  /** Remove the marks of refused settings. */
  function accept() {
    for (const element of fields()) {
      const number = numbers.get(element.name);
      if (number) number.accept();
      else element.ariaInvalid = null;
    }
    complain([...numbers.values()].find(({ trouble }) => trouble)?.trouble ?? "");
  }

  /** Whether a run may begin with what the fields say; if not, tell why. */
  function mayStart() {
    accept();
    const wrong = wrongAmong(numbers.values());
    say(wrong, wrong ? "trouble" : "quiet");
    complain(wrong);
    return !wrong;
  }

  function controls() {
    const { state } = training;
    const ready = engine.state === "ready" && form.dataset.filled === "yes";
    const active = state === "training" || state === "paused" || state === "loading";
    start.disabled = !ready || active;
    start.textContent = state === "done" || state === "diverged" ? "Train again" : "Train";
    pause.disabled = state !== "training" && state !== "paused";
    pause.textContent = state === "paused" ? "Resume" : "Pause";
    step.disabled = !ready || state === "loading";
    reset.disabled = state === "idle" && !training.hasNet;
    for (const element of fields()) {
      const fixed = active && !ADJUSTABLE.has(element.name);
      element.disabled = !ready || fixed || state === "loading";
    }
    section.dataset.state = state;
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", async (event) => {
    const element = /** @type {HTMLInputElement} */ (event.target);
    accept();
    if (element.name === "recipe") {
      follow(defaults[element.value], true);
      accept();
    } else if (numbers.get(element.name)?.trouble) {
      return;
    } else if (training.state === "training" || training.state === "paused") {
      const { value } = element;
      try {
        await training.adjust({ [element.name]: settingOf(element) });
        say("");
      } catch (error) {
        if (element.value !== value) return; // changed again before the answer
        complain(refused(/** @type {Error} */ (error)));
      }
    } else if (element.name === "output" && element.value === "softmax") {
      field("loss").value = "cross_entropy"; // mse does not work with softmax
    }
  });

  start.addEventListener("click", () => {
    if (!mayStart()) return;
    training.train(settings()).catch(() => {}); // "trouble" reports it
  });
  pause.addEventListener("click", () =>
    training.state === "paused" ? training.resume() : void training.pause(),
  );
  /** Take one step and report it: it may change nothing else on the page. */
  const single = async () => {
    await training.step();
    if (training.state === "paused") {
      say(
        `One update of every weight, by mini-batch ${whole(training.progress.step)} of this run.`,
      );
    }
  };
  step.addEventListener("click", async () => {
    if (training.running) {
      say("");
      await single();
    } else if (mayStart()) {
      training.train(settings(), { paused: true }).catch(() => {});
      training.addEventListener("state", function once() {
        if (training.state === "loading") return;
        training.removeEventListener("state", once);
        void single();
      });
    }
  });
  reset.addEventListener("click", () => {
    say("");
    accept();
    void training.reset();
  });
  restore.addEventListener("click", () => {
    follow(training.progress.outcome.restore);
    accept();
    restore.hidden = true;
    say("The settings are restored. Press Train again to begin anew.");
    start.focus();
  });

  // Fetch MNIST as soon as the visitor uses the chapter, unless the browser saves data.
  for (const type of ["click", "focusin"]) {
    section.addEventListener(type, () => {
      const saving = /** @type {any} */ (navigator).connection?.saveData;
      if (!saving && engine.state === "ready") training.load().catch(() => {});
    });
  }

  let before = training.state;
  training.addEventListener("state", () => {
    controls();
    if (training.state === "loading") say("Fetching MNIST, 70,000 handwritten digits …");
    if (training.state === "training") {
      say("");
      announce("Training.");
    }
    if (training.state === "paused") {
      if (before === "loading") say("");
      announce(`Paused. ${standing(training.progress)}`);
    }
    if (training.state === "idle" && words.dataset.kind !== "trouble") say("");
    const { outcome, testAccuracy } = training.progress;
    restore.hidden = !outcome || training.running;
    restore.textContent = outcome?.offer ?? "";
    if (training.state === "done" && before !== "done") {
      if (outcome) say(outcome.message, "trouble");
      else say(`Done: it reads ${percent(testAccuracy, 2)} of the test digits.`);
    }
    before = training.state;
    void redraw();
  });
  /** The epoch announced last. */
  let told = 0;
  training.addEventListener("settings", (event) =>
    follow(/** @type {CustomEvent} */ (event).detail),
  );
  training.addEventListener("data", (event) => {
    const { loaded, total } = /** @type {CustomEvent} */ (event).detail;
    if (training.state !== "loading") return;
    say("Fetching MNIST, 70,000 handwritten digits:", "quiet", loaded / total);
    bar.value = loaded / total;
  });
  training.addEventListener("trouble", (event) =>
    say(refused(/** @type {CustomEvent} */ (event).detail), "trouble"),
  );
  /** Whether the last report said that the training waits. */
  let stalled = false;
  training.addEventListener("progress", (event) => {
    const progress = /** @type {CustomEvent} */ (event).detail;
    show(byTestId("epoch", HTMLElement), progress.epoch, (n) => `${n} of ${progress.epochs}`);
    show(byTestId("cost", HTMLElement), progress.cost, (value) => value.toPrecision(3));
    show(byTestId("train-accuracy", HTMLElement), progress.trainAccuracy, percent);
    show(byTestId("test-accuracy", HTMLElement), progress.testAccuracy, (v) => percent(v, 2));
    show(byTestId("throughput", HTMLElement), progress.examplesPerSecond || null, whole);
    const goesOn = progress.state === "training" || progress.state === "waiting";
    const rate = goesOn ? progress.examplesPerSecond : 0;
    const left = rate ? progress.examples / rate : null;
    show(byTestId("remaining", HTMLElement), left, duration);
    bar.value = progress.share ?? 0;
    if (progress.epoch !== told && training.state === "training" && !document.hidden) {
      told = progress.epoch;
      announce(standing(progress));
    }
    if (progress.state === "waiting") say("Waiting for the rest of MNIST …");
    else if (stalled) say("");
    stalled = progress.state === "waiting";
    void redraw();
  });
  engine.addEventListener("ready", controls);
  engine.addEventListener("failed", controls);

  /** The weight to watch, counted from 0. @type {{neuron: number, source: number, side: number} | undefined} */
  let watched;
  const which = {
    neuron: new NumberField(byTestId("weight-neuron", HTMLInputElement), COUNT, {
      label: "The neuron",
    }),
    source: new NumberField(byTestId("weight-source", HTMLInputElement), COUNT, {
      label: "The input",
    }),
  };
  for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
    gallery.addEventListener(type, (event) => {
      if (!(event.target instanceof HTMLCanvasElement)) return;
      const box = event.target.getBoundingClientRect();
      const side = event.target.width;
      const place = (/** @type {number} */ share) =>
        Math.max(0, Math.min(side - 1, Math.floor(share * side)));
      const column = place((event.clientX - box.left) / box.width);
      const row = place((event.clientY - box.top) / box.height);
      const neuron = [...gallery.children].indexOf(event.target);
      watched = { neuron, source: row * side + column, side };
      which.neuron.set(neuron + 1);
      which.source.set(watched.source + 1);
      void showWeight();
    });
  }
  for (const { input } of Object.values(which)) {
    input.addEventListener("change", () => {
      const side = gallery.querySelector("canvas")?.width ?? 0;
      const [neuron, source] = [which.neuron.value - 1, which.source.value - 1];
      const most = { neuron: gallery.children.length, source: side * side };
      for (const [name, index] of /** @type {const} */ ([
        ["neuron", neuron],
        ["source", source],
      ])) {
        if (index >= most[name]) which[name].refuse(`is ${index + 1}, expected 1 to ${most[name]}`);
      }
      if (!gallery.children[neuron] || !(source >= 0 && source < side * side)) return;
      watched = { neuron, source, side };
      void showWeight();
    });
  }

  /** Show the watched weight's value, and the formula that uses it. */
  async function showWeight() {
    if (!watched || !training.hasNet) return;
    const { neuron, source, side } = watched;
    try {
      const value = await engine.call("models.weight", { neuron, source });
      const [j, k] = [neuron + 1, source + 1];
      show(byTestId("weight", HTMLElement), value, (w) => {
        const sign = w < 0 ? "−" : "";
        const what = side === 28 ? `a¹ of pixel ${k}` : `the window’s entry ${k}`;
        return `w² from ${k} to ${j} = ${sign}${Math.abs(w).toFixed(5)}, in z² of neuron ${j} = … + w² · ${what} + …`;
      });
    } catch {
      watched = undefined; // this net has no such weight
    }
  }

  /** @type {{cost: import("../ui/charts.js").Chart, accuracy: import("../ui/charts.js").Chart} | undefined} */
  let charts;
  let drawing = false;
  let late = false;
  const sight = new Sight(section, () => late && void redraw());

  /** Draw curves and weights, at most every REDRAW milliseconds and only while visible. */
  async function redraw() {
    if (drawing || !sight.seen || engine.state !== "ready") {
      late = true;
      return;
    }
    drawing = true;
    late = false;
    try {
      await drawCurves();
      await drawWeights();
      await showWeight();
    } catch {
      // The net was reset or the worker died: there is nothing to draw.
    }
    await new Promise((resolve) => setTimeout(resolve, REDRAW));
    drawing = false;
    if (late) void redraw();
  }

  async function drawCurves() {
    const curves = await engine.call("training.curves");
    if (!charts && !curves.epochs.length) return;
    const { Chart, aligned } = await charting().catch((error) => {
      byTestId("chart-hint", HTMLElement).textContent = error.message;
      throw error; // the next redraw tries again
    });
    const lines = [
      { label: "training", colour: "--positive" },
      { label: "test", colour: "--negative", dash: [6, 3] },
    ];
    byTestId("chart-hint", HTMLElement).hidden = true;
    byTestId("chart-words", HTMLElement).hidden = false;
    charts ??= {
      cost: new Chart(byTestId("cost-chart", HTMLElement), lines, (v) => v.toPrecision(2), {
        min: 0,
      }),
      accuracy: new Chart(byTestId("accuracy-chart", HTMLElement), lines, (v) => percent(v, 0), {
        max: 1,
      }),
    };
    const { epochs, testEpochs } = curves;
    /** @type {(chart: import("../ui/charts.js").Chart, ...ys: ArrayLike<number>[]) => void} */
    const draw = (chart, train, test, least, greatest) => {
      const [x, one, other, low, high] = aligned([
        { x: epochs, y: train },
        { x: testEpochs, y: test },
        { x: epochs, y: least },
        { x: epochs, y: greatest },
      ]);
      chart.draw([x, one, other], { shade: { low, high } });
    };
    const { costs, accuracies, testCosts, testAccuracies } = curves;
    draw(charts.cost, costs, testCosts, curves.leastCosts, curves.greatestCosts);
    draw(
      charts.accuracy,
      accuracies,
      testAccuracies,
      curves.leastAccuracies,
      curves.greatestAccuracies,
    );
  }

  async function drawWeights() {
    if (!training.hasNet) {
      gallery.replaceChildren();
      byTestId("weights-figure", HTMLElement).hidden = true;
      return;
    }
    byTestId("weights-figure", HTMLElement).hidden = false;
    const { count, side, values } = await engine.call("models.pictures");
    while (gallery.children.length > count) gallery.lastElementChild?.remove();
    while (gallery.children.length < count) {
      const canvas = make("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Weights into neuron ${gallery.children.length + 1}`);
      gallery.append(canvas);
    }
    const colours = palette();
    for (const [i, canvas] of [...gallery.children].entries()) {
      const start = i * side * side;
      paintSigned(/** @type {HTMLCanvasElement} */ (canvas), values, side, colours, start);
    }
  }

  controls();
}

/** The progress of a run, in a sentence. @param {any} progress the Lab's */
function standing({ epoch, epochs, testAccuracy }) {
  const right =
    testAccuracy === null || testAccuracy === undefined
      ? ""
      : `: ${percent(testAccuracy)} of the test digits right`;
  return `Epoch ${epoch} of ${epochs}${right}.`;
}
