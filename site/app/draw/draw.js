// The chapter "Draw a digit": the pad, what the net sees, and what it reads.

import { models } from "../engine/engine.js";
import { onceSettled } from "../ui/announce.js";
import { byTestId, make, percent, show, withArticle } from "../ui/dom.js";
import { Sheet } from "../ui/pad/sheet.js";
import { paintPixels } from "../ui/pictures.js";
import { whileSeen } from "../ui/seen.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */

const LIVE = "live";
/** How long a prediction must stand before it is announced, in milliseconds. */
const REST = 900;

/** @param {Engine} engine @param {Training} training */
export function drawSection(engine, training) {
  const sheet = new Sheet();
  const picker = byTestId("model-picker", HTMLSelectElement);
  const guess = byTestId("guess", HTMLElement);
  const sees = byTestId("net-sees", HTMLCanvasElement);
  const trouble = byTestId("draw-trouble", HTMLElement);
  const unsure = byTestId("unsure", HTMLElement);
  const announce = onceSettled(byTestId("guess-said", HTMLElement), REST);
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const number = byTestId(`probability-${digit}`, HTMLElement);
    return { number, row: /** @type {HTMLElement} */ (number.closest("li")) };
  });
  const corrections = Array.from({ length: 10 }, (_, digit) =>
    make("button", { type: "button", textContent: String(digit), disabled: true }),
  );
  byTestId("correct", HTMLElement).append(...corrections);
  for (const [digit, button] of corrections.entries()) {
    button.setAttribute("aria-label", `It was ${withArticle(digit)}`);
    button.addEventListener("click", () => correct(digit));
  }

  for (const { id, name } of models()) picker.append(new Option(name, id));

  /** The net picked last, other than the live one. */
  let chosen = "";
  /** Whether the page has picked the live net, to show what a drawing has taught it. */
  let lent = false;
  let wanted = false;
  let busy = false;
  /** Predict the digit; if a prediction is running, do it again afterwards. */
  async function read() {
    wanted = true;
    if (busy || engine.state !== "ready") return;
    busy = true;
    while (wanted && engine.state === "ready") {
      wanted = false;
      const drawing = sheet.drawing;
      if (!drawing) {
        display(undefined);
        continue;
      }
      try {
        await engine.open(picker.value);
        const answer = await engine.call("reading.predict", { model: picker.value, ...drawing });
        trouble.hidden = true;
        if (!sheet.empty) display(answer);
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
    byTestId("corner", HTMLElement).textContent = digit;
    unsure.textContent = doubt(answer);
    announce(
      answer
        ? `It reads ${digit}, with ${percent(answer.probabilities[answer.digit], 0)} of its output. ${doubt(answer)}`.trim()
        : "",
    );
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
    const drawing = sheet.drawing;
    if (!drawing || engine.state !== "ready") return;
    try {
      const before = Number(bars[label].number.dataset.value);
      const picked = picker.value;
      const copied = picked !== LIVE && training.state === "idle";
      const other = picked !== LIVE && !copied;
      const { probabilities } = await training.correct(picked, label, drawing);
      offerLive(true);
      if (picker.value === picked && picked !== LIVE) {
        picker.value = LIVE; // unless the visitor has picked another
        lent = true;
      }
      const went = [before, probabilities[label]].map(finely).join(" to ");
      byTestId("corrected", HTMLElement).textContent =
        `One step of learning: this was ${withArticle(label)}. Its ${label} went from ${went}. ` +
        "Press again for another." +
        (copied ? " A copy of the net learns; Train starts a new net." : "") +
        (other ? " The net in training learned." : "");
      await read();
    } catch (error) {
      complain(/** @type {Error} */ (error));
    }
  }

  /** Add the live net to the picker, or remove it. @param {boolean} there */
  function offerLive(there) {
    const option = [...picker.options].find(({ value }) => value === LIVE);
    if (there && !option) picker.append(new Option(training.netName, LIVE));
    if (there && option) option.textContent = training.netName;
    if (!there && option) {
      const live = option.selected;
      option.remove();
      if (live) giveBack();
    }
  }

  /** Pick the net that the visitor picked last. */
  function giveBack() {
    picker.value = chosen || picker.options[0].value;
    lent = false;
  }

  function changed() {
    byTestId("corrected", HTMLElement).textContent = "";
    if (sheet.empty && lent) giveBack();
    if (sheet.empty) display(undefined);
    void read();
  }

  sheet.addEventListener("change", changed);
  picker.addEventListener("change", () => {
    if (picker.value !== LIVE) chosen = picker.value;
    lent = false;
    byTestId("corrected", HTMLElement).textContent = ""; // it was about another net
    void read();
  });
  engine.addEventListener("ready", () => void read());
  engine.addEventListener("failed", () => offerLive(false));
  training.addEventListener("state", () => {
    if (!training.hasNet || training.state === "loading") {
      byTestId("corrected", HTMLElement).textContent = ""; // its net is gone
    }
    offerLive(training.hasNet || (training.state === "loading" && picker.value === LIVE));
    void read();
  });
  const again = whileSeen(byTestId("section-draw", HTMLElement), read);
  training.addEventListener("progress", () => {
    if (picker.value === LIVE && !sheet.empty) again.request();
  });
  changed();
  return { sheet, picker };
}

/** A word of doubt where two digits are close. @param {any} answer the Lab's, or undefined */
function doubt(answer) {
  const rival = answer?.rival ?? null;
  if (rival === null) return "";
  return `Not sure: it could also be ${withArticle(rival)}.`;
}

/** A percentage precise enough to show the effect of one step. @param {number} share */
const finely = (share) => percent(share, share < 0.01 || share > 0.99 ? 3 : 1);
