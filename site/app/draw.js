// The section "Draw a digit": the pad, what the net sees, and what it reads.

import { make, part, percent, show } from "./dom.js";
import { models } from "./engine.js";
import { Pad } from "./pad.js";
import { paintPixels } from "./pictures.js";
import { packed } from "./strokes.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./training.js").Training} Training */

const LIVE = "live";

/** @param {Engine} engine @param {Training} training */
export function drawSection(engine, training) {
  const pad = new Pad(part("draw-canvas", HTMLCanvasElement));
  const picker = part("model-picker", HTMLSelectElement);
  const guess = part("guess", HTMLElement);
  const sees = part("net-sees", HTMLCanvasElement);
  const hint = part("draw-hint", HTMLElement);
  const undo = part("undo", HTMLButtonElement);
  const eraser = part("erase", HTMLButtonElement);
  const clear = part("clear", HTMLButtonElement);
  const trouble = part("draw-trouble", HTMLElement);
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const number = part(`probability-${digit}`, HTMLElement);
    return { number, row: /** @type {HTMLElement} */ (number.closest("li")) };
  });
  const corrections = Array.from({ length: 10 }, (_, digit) =>
    make("button", { type: "button", textContent: String(digit), disabled: true }),
  );
  part("correct", HTMLElement).append(...corrections);
  for (const [digit, button] of corrections.entries()) {
    button.setAttribute("aria-label", `It was a ${digit}`);
    button.addEventListener("click", () => correct(digit));
  }

  for (const { id, name } of models()) picker.append(new Option(name, id));

  let wanted = false;
  let busy = false;
  /** Read the drawing; while a reading is under way, remember to read again. */
  async function read() {
    wanted = true;
    if (busy || engine.state !== "ready") return;
    busy = true;
    while (wanted && engine.state === "ready") {
      wanted = false;
      const strokes = pad.strokes.filter((stroke) => stroke.length);
      if (!strokes.length) {
        display(undefined);
        continue;
      }
      try {
        await engine.open(picker.value);
        const answer = await engine.call("predict", { model: picker.value, ...packed(strokes) });
        trouble.hidden = true;
        if (!pad.empty) display(answer);
      } catch (error) {
        if (engine.state === "ready") complain(/** @type {Error} */ (error));
      }
    }
    busy = false;
  }

  /** @param {Error} error */
  function complain(error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
    display(undefined);
  }

  /** @param {any} answer the Lab's, or undefined when there is nothing to read */
  function display(answer) {
    const digit = answer ? String(answer.digit) : "";
    if (guess.textContent !== digit) guess.textContent = digit;
    guess.dataset.value = digit;
    for (const [i, { number, row }] of bars.entries()) {
      const share = answer?.probabilities[i];
      show(number, share, (value) => percent(value, value > 0.9995 || value < 0.0005 ? 0 : 1));
      row.style.setProperty("--share", String(share ?? 0));
      row.classList.toggle("best", answer?.digit === i);
    }
    paintPixels(sees, answer?.image ?? new Float32Array(784));
    for (const button of corrections) button.disabled = !answer;
  }

  /** @param {number} label */
  async function correct(label) {
    const strokes = pad.strokes.filter((stroke) => stroke.length);
    if (!strokes.length || engine.state !== "ready") return;
    try {
      const model = picker.value;
      await engine.call("correct", { label, model, ...packed(strokes) });
      offerLive(true);
      picker.value = LIVE;
      part("corrected", HTMLElement).textContent =
        `One step of learning: this was a ${label}. Press again for another.`;
      await read();
    } catch (error) {
      complain(/** @type {Error} */ (error));
    }
  }

  /** Is there a live net to pick? @param {boolean} there */
  function offerLive(there) {
    const option = [...picker.options].find(({ value }) => value === LIVE);
    if (there && !option) picker.append(new Option("The net in training (live)", LIVE));
    if (!there && option) {
      const chosen = option.selected;
      option.remove();
      if (chosen) picker.selectedIndex = 0;
    }
  }

  function changed() {
    hint.hidden = !pad.empty;
    undo.disabled = !pad.undoable;
    clear.disabled = pad.empty;
    part("corrected", HTMLElement).textContent = "";
    if (pad.empty) display(undefined);
    void read();
  }

  pad.addEventListener("change", changed);
  undo.addEventListener("click", () => pad.undo());
  clear.addEventListener("click", () => pad.clear());
  eraser.addEventListener("click", () => {
    pad.erasing = !pad.erasing;
    eraser.setAttribute("aria-pressed", String(pad.erasing));
  });
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea");
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || typing) return;
    event.preventDefault();
    pad.undo();
  });
  picker.addEventListener("change", () => void read());
  engine.addEventListener("ready", () => void read());
  engine.addEventListener("failed", () => offerLive(false));
  training.addEventListener("state", () => {
    offerLive(training.hasNet || (training.state === "loading" && picker.value === LIVE));
    void read();
  });
  training.addEventListener("progress", () => {
    if (picker.value === LIVE && !pad.empty) void read();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void read());
  changed();
  return pad;
}
