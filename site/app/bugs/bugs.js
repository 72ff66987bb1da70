// The chapter "Break it": guess what a bug does, try it, fix it. Python patches the code and runs
// the races (nets_core/page/bugs.py, workshop.py).

import { RaceView } from "../race/race.js";
import { showPatch } from "../ui/diff.js";
import { byTestId, make, say } from "../ui/dom.js";
import { waitingForSight, whileSeen } from "../ui/seen.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {import("../ui/diff.js").Patch} Patch */
/** @typedef {import("../engine/sandboxMessages.js").State} State */
/**
 * @typedef {Patch & {
 *   id: string, name: string, story: string, target: string | undefined, run: string,
 *   epochs: number, outcome: string, checkSees: boolean, lesson: string, editable: boolean, settings: Record<string, unknown>,
 * }} Bug
 */
/** @typedef {{outcome: string, sees: string}} Guess */

/** How long Python trains between two reports, in milliseconds. */
const TURN = 30;

/**
 * @param {Engine} engine
 * @param {Training} training
 * @param {EventTarget} gallery "edit" (detail: {target, text, settings}) asks to open the patched function in
 *   the editor
 */
export function bugsSection(engine, training, gallery) {
  const section = byTestId("section-bugs", HTMLElement);
  const list = byTestId("bugs-list", HTMLOListElement);
  const form = byTestId("bugs-guess", HTMLFormElement);
  const outcomes = byTestId("bugs-outcomes", HTMLFieldSetElement);
  const sees = byTestId("bugs-sees", HTMLFieldSetElement);
  const run = byTestId("bugs-run", HTMLButtonElement);
  const mend = byTestId("bugs-mend", HTMLButtonElement);
  const edit = byTestId("bugs-edit", HTMLButtonElement);
  const hint = byTestId("bugs-hint", HTMLElement);
  const bar = byTestId("bugs-bar", HTMLProgressElement);
  const words = byTestId("bugs-words", HTMLElement);
  const mendedWords = byTestId("bugs-mended-words", HTMLElement);
  const evidence = byTestId("bugs-evidence", HTMLElement);
  const broken = new RaceView(byTestId("bugs-race", HTMLElement), "patched");
  const mended = new RaceView(byTestId("bugs-mended-race", HTMLElement), "fixed");

  /** @type {Bug[]} */
  let bugs = [];
  /** Possible outcomes of a bug, in words. @type {Record<string, string>} */
  let answers = {};
  /** @type {Bug | undefined} */
  let bug;
  /** The guesses about the bugs that were tried. @type {Map<string, Guess>} */
  const tried = new Map();
  /** Counts races; the loop of an earlier race stops. */
  let latest = 0;
  let racing = false;

  const sight = waitingForSight(section);
  const { request } = whileSeen(section, async () => {
    if (engine.state !== "ready" || bugs.length) return;
    ({ bugs, outcomes: answers } = await engine.call("workshop.bugs"));
    outcomes.append(
      ...Object.entries(answers).map(([value, text]) =>
        make("label", {}, [make("input", { type: "radio", name: "outcome", value }), ` ${text}`]),
      ),
    );
    list.replaceChildren(
      ...bugs.map((one) => {
        const button = make("button", { type: "button", textContent: one.name });
        button.dataset.testid = `bug-${one.id}`;
        button.addEventListener("click", () => choose(one));
        return make("li", {}, [button]);
      }),
    );
    byTestId("bugs-waiting", HTMLElement).hidden = true;
    byTestId("bugs-card", HTMLElement).hidden = false;
    choose(bugs[0]);
  });

  /** Show a bug, and stop the race of another one. @param {Bug} one */
  function choose(one) {
    stop();
    bug = one;
    for (const [i, item] of [...list.children].entries()) {
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      if (bugs[i] === one) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    byTestId("bugs-name", HTMLElement).textContent = one.name;
    byTestId("bugs-story", HTMLElement).textContent = one.story;
    byTestId("bugs-setting", HTMLElement).textContent = one.run;
    byTestId("bugs-diff", HTMLElement).replaceChildren(showPatch(one));
    byTestId("bugs-fix", HTMLElement).replaceChildren(showPatch(one, true));
    byTestId("bugs-lesson", HTMLElement).textContent = one.lesson;
    edit.hidden = !one.editable;
    form.reset();
    const before = tried.get(one.id);
    if (before) for (const input of inputs()) input.checked = input.value === before[field(input)];
    clear();
    controls();
  }

  const inputs = () => /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input")]);
  const field = (/** @type {HTMLInputElement} */ { name }) => /** @type {keyof Guess} */ (name);

  /** @returns {Guess | undefined} */
  function guess() {
    const { outcome, sees: seen } = Object.fromEntries(
      inputs().flatMap(({ name, value, checked }) => (checked ? [[name, value]] : [])),
    );
    return outcome && seen ? { outcome, sees: seen } : undefined;
  }

  /** Remove the results of an earlier race. */
  function clear() {
    broken.clear();
    mended.clear();
    evidence.hidden = true;
    say(words, "");
    say(mendedWords, "");
  }

  function stop() {
    latest++;
    racing = false;
    bar.hidden = true;
  }

  function controls() {
    const done = bug !== undefined && tried.has(bug.id);
    const ready = engine.state === "ready" && !racing;
    run.disabled = !ready || !guess();
    run.textContent = done ? "Try it again" : "Try it";
    mend.disabled = !ready;
    outcomes.disabled = sees.disabled = racing || done;
    hint.hidden = done || racing;
    hint.textContent = guess() ? "Your guesses are in." : "Guess both first, then try it.";
    for (const [i, item] of [...list.children].entries()) {
      item.classList.toggle("tried", tried.has(bugs[i].id));
    }
    const right = bugs.filter((one) => foreseen(one)).length;
    byTestId("bugs-tally", HTMLElement).textContent = tried.size
      ? `${tried.size} of ${bugs.length} tried, ${right} guessed right.`
      : "";
  }

  /** Were both guesses about a bug right? @param {Bug} one */
  function foreseen({ id, outcome, checkSees }) {
    const said = tried.get(id);
    return said?.outcome === outcome && said.sees === (checkSees ? "yes" : "no");
  }

  /**
   * Race the patched function, or its fix, against the library's.
   * @param {Bug} one @param {boolean} fixed @param {RaceView} view @param {HTMLElement} told
   * @returns {Promise<State | undefined>} its last state, undefined if it was stopped or failed
   */
  async function race(one, fixed, view, told) {
    stop();
    const mine = latest;
    racing = true;
    controls();
    view.clear();
    const loading = (/** @type {Event} */ event) => {
      const { loaded, total } = /** @type {CustomEvent} */ (event).detail;
      if (mine === latest) say(told, "Fetching MNIST:", { share: loaded / total });
    };
    training.addEventListener("data", loading);
    try {
      say(told, "Fetching MNIST …");
      await training.load();
      if (mine !== latest) return undefined;
      say(told, "Checking the gradient …");
      const found = await engine.call("workshop.try_bug", { bug: one.id, mended: fixed });
      if (mine !== latest) return undefined;
      view.verdict(found);
      say(
        told,
        fixed
          ? "Racing: the library’s code and the fixed code."
          : "Racing: the library’s code and the patched code.",
      );
      bar.hidden = fixed;
      for (;;) {
        await sight(); // pause while the chapter is out of sight
        if (mine !== latest) return undefined;
        const state = await engine.call("workshop.advance", { milliseconds: TURN });
        if (mine !== latest) return undefined;
        view.draw(state);
        const { epochs } = state.healthy.curves;
        bar.value = (epochs[epochs.length - 1] ?? 0) / one.epochs;
        if (!state.running) {
          say(told, "");
          return state;
        }
      }
    } catch (error) {
      if (mine !== latest) return undefined;
      const { message } = /** @type {Error} */ (error);
      const way =
        engine.state === "failed" ? " Restart Python at the top of the page, then try again." : "";
      say(told, `${message}${way}`, { kind: "trouble" });
      return undefined;
    } finally {
      training.removeEventListener("data", loading);
      if (mine === latest) {
        stop();
        controls();
      }
    }
  }

  run.addEventListener("click", async () => {
    const said = guess();
    const one = bug;
    if (!one || !said) return;
    clear();
    run.scrollIntoView({ block: "start" }); // the result appears below
    if (!(await race(one, false, broken, words))) return;
    tried.set(one.id, said);
    answer(one, said);
    controls();
  });

  mend.addEventListener("click", async () => {
    if (!bug) return;
    mend.scrollIntoView({ block: "start" });
    const state = await race(bug, true, mended, mendedWords);
    if (!state) return;
    const same = alike(state.healthy.curves.costs, state.changed.curves.costs);
    say(
      mendedWords,
      same ? "Fixed: the two curves are the same, to the last digit." : "The curves still differ.",
      { kind: same ? "quiet" : "trouble" },
    );
  });

  edit.addEventListener("click", () => {
    if (!bug) return;
    const { target, after, settings } = bug;
    const detail = { target, text: `${after.join("\n")}\n`, settings };
    gallery.dispatchEvent(new CustomEvent("edit", { detail }));
  });

  /** Show the outcome beside the guess. @param {Bug} one @param {Guess} said */
  function answer(one, said) {
    const seen = (/** @type {boolean} */ yes) =>
      yes ? "The gradient check sees it" : "The gradient check does not see it";
    byTestId("bugs-answers", HTMLElement).replaceChildren(
      line(answers[one.outcome], answers[said.outcome], one.outcome === said.outcome),
      line(seen(one.checkSees), seen(said.sees === "yes"), one.checkSees === (said.sees === "yes")),
    );
    evidence.hidden = false;
  }

  /** @param {string} what @param {string} said @param {boolean} right */
  function line(what, said, right) {
    const item = make("li", { className: right ? "right" : "" }, [
      make("strong", { textContent: `${what}.` }),
      right ? " As you guessed." : ` You guessed: ${said[0].toLowerCase()}${said.slice(1)}.`,
    ]);
    item.dataset.right = right ? "yes" : "no";
    return item;
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", controls);
  engine.addEventListener("ready", () => {
    request();
    controls();
  });
  engine.addEventListener("failed", controls);
  request();
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
const alike = (a, b) => a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
