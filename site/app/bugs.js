// The section "Break it": bugs that people really make, one by one: what changes in the code, a
// prediction, the evidence, the lesson, and the mended code.

import { make, part } from "./dom.js";
import { RaceView } from "./race.js";
import { whileSeen } from "./seen.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./training.js").Training} Training */
/**
 * @typedef {{
 *   id: string, name: string, story: string, target?: string, file: string, line: number,
 *   before: string[], after: string[], outcome: string, checkSees: boolean, lesson: string,
 *   editable: boolean,
 * }} Bug
 */

/** How long Python races before it tells how it stands, in milliseconds. */
const TURN = 30;
/** Unchanged lines that are shown around a change. */
const CONTEXT = 3;

/**
 * @param {Engine} engine
 * @param {Training} training
 * @returns {EventTarget} event "edit" (detail: {target, text}): the visitor wants to mend it by hand
 */
export function bugsSection(engine, training) {
  const section = part("section-bugs", HTMLElement);
  const list = part("bugs-list", HTMLElement);
  const body = part("bugs-body", HTMLElement);
  const run = part("bugs-run", HTMLButtonElement);
  const mend = part("bugs-mend", HTMLButtonElement);
  const edit = part("bugs-edit", HTMLButtonElement);
  const words = part("bugs-words", HTMLElement);
  const verdict = part("bugs-verdict", HTMLElement);
  const evidence = part("bugs-evidence", HTMLElement);
  const form = part("bugs-predictions", HTMLFormElement);
  const view = new RaceView(part("bugs-race", HTMLElement), "with the bug");
  const mended = new RaceView(part("bugs-mended", HTMLElement), "mended");
  const events = new EventTarget();

  /** @type {Bug[]} */
  let bugs = [];
  /** @type {Record<string, string>} */
  let outcomes = {};
  /** @type {Bug | undefined} */
  let bug;
  /** What has been predicted rightly, by the bug's id. @type {Map<string, boolean>} */
  const guessed = new Map();
  /** Counts races, so that one that was left is not drawn. */
  let races = 0;
  let racing = false;

  const { request } = whileSeen(section, async () => {
    if (engine.state !== "ready" || bugs.length) return;
    ({ bugs, outcomes } = await engine.call("workshop.bugs"));
    list.replaceChildren(
      ...bugs.map((one) => {
        const button = make("button", { type: "button", textContent: one.name });
        button.addEventListener("click", () => choose(one));
        return make("li", {}, [button]);
      }),
    );
    part("bugs-outcomes", HTMLElement).replaceChildren(
      ...Object.entries(outcomes).map(([value, label]) => choice("outcome", value, label)),
    );
    part("bugs-checks", HTMLElement).replaceChildren(
      choice("check", "yes", "Yes, it will see it"),
      choice("check", "no", "No, it cannot see it"),
    );
    choose(bugs[0]);
  });
  engine.addEventListener("ready", request);
  request();

  /** @param {string} name @param {string} value @param {string} label */
  function choice(name, value, label) {
    return make("label", {}, [make("input", { type: "radio", name, value }), ` ${label}`]);
  }

  /** @param {Bug} chosen */
  function choose(chosen) {
    races++;
    racing = false;
    bug = chosen;
    body.hidden = false;
    for (const [i, item] of [...list.children].entries()) {
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      button.setAttribute("aria-pressed", String(bugs[i] === chosen));
    }
    part("bugs-title", HTMLElement).textContent = chosen.name;
    part("bugs-story", HTMLElement).textContent = chosen.story;
    part("bugs-diff", HTMLElement).replaceChildren(...diff(chosen.before, chosen.after, chosen));
    part("bugs-fix", HTMLElement).replaceChildren(...diff(chosen.after, chosen.before, chosen));
    const place = chosen.target ? `nets_core/${chosen.file}, in ${chosen.target}` : chosen.file;
    for (const name of ["bugs-place", "bugs-fix-place"]) part(name, HTMLElement).textContent = place;
    part("bugs-lesson", HTMLElement).textContent = chosen.lesson;
    edit.hidden = !chosen.editable;
    form.reset();
    evidence.hidden = true;
    view.clear();
    mended.clear();
    say("");
    controls();
  }

  const prediction = () => new FormData(form);

  function controls() {
    const made = prediction();
    const ready = made.has("outcome") && made.has("check");
    run.disabled = racing || !bug || !ready;
    mend.disabled = racing;
    part("bugs-ask", HTMLElement).hidden = ready;
  }

  /** @param {string} text @param {"quiet" | "trouble"} [kind] */
  function say(text, kind = "quiet") {
    words.textContent = text;
    words.dataset.kind = kind;
  }

  /** Race the bug, or its mended code, against the library's. @param {RaceView} shown @param {boolean} repaired */
  async function race(shown, repaired) {
    if (!bug || racing) return;
    const chosen = bug;
    const mine = ++races;
    racing = true;
    shown.clear();
    controls();
    try {
      say("Fetching MNIST …");
      await training.load();
      if (mine !== races) return;
      say("Nudging weights, to check the gradient …");
      const found = await engine.call("workshop.try_bug", { bug: chosen.id, mended: repaired });
      if (mine !== races) return;
      shown.verdict(found);
      say("Racing: the library’s code and the changed one, on the same digits …");
      for (let running = true; running; ) {
        const state = await engine.call("workshop.advance", { milliseconds: TURN });
        if (mine !== races) return;
        shown.draw(state);
        running = state.running;
      }
      say("");
      if (!repaired) judge(chosen);
    } catch (error) {
      if (mine === races) say(/** @type {Error} */ (error).message, "trouble");
    } finally {
      if (mine === races) {
        racing = false;
        controls();
      }
    }
  }

  /** Set the prediction beside the evidence. @param {Bug} chosen */
  function judge(chosen) {
    const made = prediction();
    const right = made.get("outcome") === chosen.outcome;
    const seen = (made.get("check") === "yes") === chosen.checkSees;
    verdict.replaceChildren(
      told(right, "What came of it", `${small(outcomes[chosen.outcome])}`),
      told(seen, "The gradient check", chosen.checkSees ? "it sees it" : "it cannot see it"),
    );
    evidence.hidden = false;
    if (!guessed.has(chosen.id)) guessed.set(chosen.id, right && seen);
    const rightly = [...guessed.values()].filter(Boolean).length;
    part("bugs-tally", HTMLElement).textContent =
      `${guessed.size} of ${bugs.length} tried, ${rightly} foreseen.`;
    for (const [i, item] of [...list.children].entries()) {
      item.classList.toggle("tried", guessed.has(bugs[i].id));
    }
  }

  form.addEventListener("change", controls);
  form.addEventListener("submit", (event) => event.preventDefault());
  run.addEventListener("click", () => void race(view, false));
  mend.addEventListener("click", () => void race(mended, true));
  edit.addEventListener("click", () => {
    if (!bug?.target) return;
    const detail = { target: bug.target, text: `${bug.after.join("\n")}\n` };
    events.dispatchEvent(new CustomEvent("edit", { detail }));
  });
  controls();
  return events;
}

/** A prediction beside what was found. @param {boolean} right @param {string} what @param {string} found */
function told(right, what, found) {
  const element = make("li", { className: "verdict", textContent: `${what}: ${found}${right ? ", as you said" : ""}.` });
  element.dataset.right = right ? "yes" : "no";
  return element;
}

/** A sentence's beginning within another one. @param {string} text */
const small = (text) => text[0].toLowerCase() + text.slice(1);

/**
 * The lines around a change, those that go and those that come marked.
 * @param {string[]} before
 * @param {string[]} after
 * @param {{line: number, target?: string}} place
 * @returns {HTMLElement[]}
 */
function diff(before, after, { line, target }) {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let rest = 0;
  while (
    rest < Math.min(before.length, after.length) - start &&
    before[before.length - 1 - rest] === after[after.length - 1 - rest]
  ) {
    rest++;
  }
  const from = Math.max(0, start - CONTEXT);
  const row = (/** @type {string} */ sign, /** @type {string} */ text, /** @type {number} */ i) => {
    const number = target && i >= 0 ? String(line + i) : "";
    const kind = sign === "−" ? "goes" : sign === "+" ? "comes" : "";
    return make("span", { className: `line ${kind}` }, [
      make("span", { className: "number", textContent: number }),
      make("span", { className: "sign", textContent: sign }),
      `${text}\n`,
    ]);
  };
  const end = before.length - rest;
  return [
    ...before.slice(from, start).map((text, i) => row(" ", text, from + i)),
    ...before.slice(start, end).map((text, i) => row("−", text, start + i)),
    ...after.slice(start, after.length - rest).map((text) => row("+", text, -1)),
    ...before.slice(end, end + CONTEXT).map((text, i) => row(" ", text, end + i)),
  ];
}
