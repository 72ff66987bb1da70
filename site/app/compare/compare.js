// The chapter "Compare": every net reads the drawing at once.

import { models } from "../engine/engine.js";
import { byTestId, make, percent, whole, withArticle } from "../ui/dom.js";
import { whileSeen } from "../ui/seen.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {import("../ui/pad/sheet.js").Sheet} Sheet */
/** @typedef {{card: HTMLElement, guess: HTMLElement, votes: HTMLElement, bars: HTMLElement[], time: HTMLElement}} Card */

const LIVE = "live";

/** @param {Engine} engine @param {Training} training @param {Sheet} sheet */
export function compareSection(engine, training, sheet) {
  const section = byTestId("section-compare", HTMLElement);
  const list = byTestId("compare-cards", HTMLElement);
  const verdict = byTestId("compare-verdict", HTMLElement);
  /** @type {Map<string, Card>} */
  const cards = new Map();

  for (const { id, name, parameters, bytes, mnist_test_accuracy: accuracy } of models()) {
    addCard(id, name, [
      `${whole(parameters)} parameters`,
      `${Math.ceil(bytes / 1000)} kB`,
      `${percent(accuracy, 2)} on MNIST`,
    ]);
  }

  /** @param {string} id @param {string} name @param {string[]} facts */
  function addCard(id, name, facts) {
    const guess = make("div", { className: "guess" });
    guess.dataset.testid = `compare-guess-${id}`;
    const votes = make("p", { className: "quiet" });
    const bars = Array.from({ length: 10 }, (_, digit) =>
      make("li", {}, [
        make("span", { className: "bar" }),
        make("span", { textContent: `${digit}` }),
        make("span", { className: "unseen" }),
      ]),
    );
    const time = make("li", { className: "time" });
    const lines = facts.map((textContent) => make("li", { textContent }));
    const card = make("li", { className: "card" }, [
      make("h3", { textContent: name }),
      make("div", { className: "reading" }, [guess, votes]),
      make("ol", { className: "columns" }, bars),
      make("ul", { className: "quiet facts" }, [...lines, time]),
    ]);
    card.dataset.testid = `compare-${id}`;
    list.append(card);
    cards.set(id, { card, guess, votes, bars, time });
  }

  const { request, seen } = whileSeen(section, async () => {
    const drawing = sheet.drawing;
    if (engine.state !== "ready") return;
    if (!drawing) {
      for (const card of cards.values()) show(card, undefined);
      verdict.textContent = "Draw something above, and each net reads it.";
      return;
    }
    await Promise.all(
      [...cards].map(async ([id, card]) => {
        try {
          await engine.open(id);
        } catch (error) {
          card.card.dataset.failed = "yes";
          card.time.textContent = /** @type {Error} */ (error).message;
          throw error;
        }
        delete card.card.dataset.failed;
      }),
    ).catch(() => {});
    const working = [...cards].filter(([, { card }]) => !card.dataset.failed);
    const readings = await engine.call("reading.compare", {
      models: working.map(([id]) => id),
      ...drawing,
    });
    for (const [i, [, card]] of working.entries()) show(card, readings[i]);
    judge(readings.map((/** @type {any} */ { digit }) => digit));
  });

  /** @param {Card} card @param {any} reading */
  function show({ card, guess, votes, bars, time }, reading) {
    const counts = reading?.votes;
    guess.textContent = reading ? String(reading.digit) : "";
    votes.textContent = counts ? `${counts[reading.digit]} of 9 votes` : "";
    if (!card.dataset.failed) {
      time.textContent = reading ? `${reading.milliseconds.toFixed(2)}\u00a0ms` : "";
    }
    for (const [digit, bar] of bars.entries()) {
      const share = reading ? (counts ? counts[digit] / 9 : reading.probabilities[digit]) : 0;
      bar.style.setProperty("--share", String(share));
      bar.classList.toggle("best", reading?.digit === digit);
      const said = counts ? `${counts[digit]} of 9 votes` : percent(share);
      bar.title = reading ? `${said} for ${digit}` : "";
      /** @type {HTMLElement} */ (bar.lastElementChild).textContent = reading ? `: ${said}` : "";
    }
  }

  /** Say who disagrees, and mark them. @param {number[]} digits */
  function judge(digits) {
    const counts = new Map();
    for (const digit of digits) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    const [[common, most]] = [...counts].sort((a, b) => b[1] - a[1]);
    for (const { card, guess } of cards.values()) {
      card.classList.toggle(
        "differs",
        guess.textContent !== "" && guess.textContent !== `${common}`,
      );
    }
    verdict.textContent =
      most === digits.length
        ? `All ${most} read ${withArticle(common)}.`
        : `${most} of ${digits.length} read ${withArticle(common)}. The marked ones disagree.`;
  }

  sheet.addEventListener("change", request);
  engine.addEventListener("ready", request);
  // Add the card at once, not when it comes into view, so that the layout does not shift then.
  training.addEventListener("state", () => {
    if (training.hasNet && !cards.has(LIVE)) addCard(LIVE, training.netName, ["live"]);
    const title = cards.get(LIVE)?.card.querySelector("h3");
    if (title) title.textContent = training.netName;
    if (!training.hasNet) {
      cards.get(LIVE)?.card.remove();
      cards.delete(LIVE);
    }
    request();
  });
  training.addEventListener("progress", () => training.hasNet && seen() && request());
}
