// The chapter "How good is it?": accuracy per digit, the confusion matrix, and the mistakes.

import { byTestId, make, percent, say, whole, withArticle } from "../ui/dom.js";
import { paintPixels } from "../ui/pictures.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {import("../ui/pad/sheet.js").Sheet} Sheet */

/** How long the net reads between two reports, in milliseconds. */
const TURN = 30;
const MOST = 24;

/** @param {Engine} engine @param {Training} training @param {Sheet} sheet @param {HTMLSelectElement} picker */
export function qualitySection(engine, training, sheet, picker) {
  const start = byTestId("examine", HTMLButtonElement);
  const bar = byTestId("examine-bar", HTMLProgressElement);
  const words = byTestId("examine-words", HTMLElement);
  const result = byTestId("examine-result", HTMLElement);
  const table = byTestId("confusion", HTMLTableElement);
  const gallery = byTestId("mistakes", HTMLElement);
  const caption = byTestId("mistakes-words", HTMLElement);
  /** The net that the table describes. */
  let model = "";
  let run = 0;

  const cells = Array.from({ length: 10 }, (_, label) => {
    const buttons = Array.from({ length: 10 }, (_, guess) => {
      const button = make("button", { type: "button" });
      button.addEventListener("click", () => look(label, guess).catch(fail));
      return button;
    });
    const share = make("td", { className: "share" });
    table.tBodies[0].append(
      make("tr", {}, [
        make("th", { scope: "row", textContent: `${label}` }),
        ...buttons.map((button) => make("td", {}, [button])),
        share,
      ]),
    );
    return { buttons, share };
  });

  start.addEventListener("click", async () => {
    const mine = ++run;
    model = picker.value;
    const name = picker.selectedOptions[0]?.text ?? model;
    start.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    say(words, "Fetching the test digits …");
    try {
      await training.load();
      await engine.open(model);
      for (let share = 0; share < 1 && mine === run; ) {
        const answer = await engine.call("examination.advance", { model, milliseconds: TURN });
        share = bar.value = answer.share;
        say(words, "Reading 10,000 test digits:", { share });
        if (share === 1) show(name, answer.confusion);
      }
      if (mine === run) await look();
    } catch (error) {
      fail(/** @type {Error} */ (error));
    }
    bar.hidden = true;
    start.disabled = engine.state !== "ready";
  });

  /** @param {Error} error */
  function fail({ message }) {
    say(words, message, { kind: "trouble" });
  }

  /** @param {string} name of the net @param {ArrayLike<number>} confusion a hundred counts */
  function show(name, confusion) {
    const rows = cells.map((_, label) =>
      Array.from({ length: 10 }, (_, i) => confusion[10 * label + i]),
    );
    const right = rows.reduce((sum, row, label) => sum + row[label], 0);
    const all = rows.flat().reduce((sum, count) => sum + count, 0);
    say(
      words,
      `${name} reads ${whole(right)} of ${whole(all)} test digits right: ${percent(right / all, 2)}.`,
    );
    const most = Math.max(1, ...rows.flatMap((row, label) => row.filter((_, i) => i !== label)));
    for (const [label, { buttons, share }] of cells.entries()) {
      const row = rows[label];
      share.textContent = percent(row[label] / row.reduce((sum, count) => sum + count, 0));
      for (const [guess, button] of buttons.entries()) {
        const count = row[guess];
        button.textContent = count ? String(count) : "·";
        button.disabled = !count;
        button.setAttribute(
          "aria-label",
          `${count} ${count === 1 ? "time" : "times"} ${withArticle(label)} was read as ${guess}`, // begins as the button's text
        );
        button.classList.toggle("right", label === guess);
        button.classList.toggle("long", count > 999);
        const strength = label === guess ? 0 : Math.sqrt(count / most);
        button.style.setProperty("--share", String(strength));
      }
    }
    result.hidden = false;
  }

  /** Show the digits behind a cell, or the worst mistakes. @param {number} [label] @param {number} [guess] */
  async function look(label, guess) {
    const cell = label === undefined ? {} : { label, guess };
    const found = await engine.call("examination.mistakes", { model, most: MOST, ...cell });
    const shown = Math.min(MOST, found.total);
    caption.textContent =
      label === undefined
        ? `The ${shown} mistakes (of ${found.total}) that it was most sure of. Press one to put it on the pad.`
        : `${times(found.total)} ${withArticle(label)} was read as ${guess}${found.total > shown ? `, ${shown} of them here` : ""}. Press one to put it on the pad.`;
    gallery.replaceChildren(
      ...Array.from(found.labels, (/** @type {number} */ is, /** @type {number} */ i) => {
        const pixels = Float32Array.from(
          found.images.subarray(784 * i, 784 * (i + 1)),
          (value) => value / 255,
        );
        const canvas = make("canvas");
        paintPixels(canvas, pixels);
        const button = make("button", { type: "button", className: "digit" }, [
          canvas,
          make("span", { textContent: `${is} → ${found.guesses[i]}` }),
        ]);
        button.setAttribute(
          "aria-label",
          `${is} → ${found.guesses[i]}, test digit ${found.indices[i]}: put it on the pad`,
        );
        button.addEventListener("click", () => {
          sheet.put(pixels);
          byTestId("section-draw", HTMLElement).scrollIntoView({ block: "start" });
        });
        return button;
      }),
    );
  }

  const ready = () => (start.disabled = engine.state !== "ready");
  engine.addEventListener("ready", ready);
  engine.addEventListener("failed", ready);
  ready();
}

/** How often, as a sentence begins. @param {number} count */
const times = (count) => (count === 1 ? "Once" : `${whole(count)} times`);
