// The chapter "Your own backward": edit a function of the library, and run it in a sandbox.

import { SETTINGS, settingIn } from "../engine/names.js";
import { take, warm } from "../engine/sandbox.js";
import { foundOf, stateOf } from "../engine/sandboxMessages.js";
import { RaceView } from "../race/race.js";
import {
  addressOf,
  goToAddress,
  readAddress,
  visit,
  whenAddressChanges,
  writeAddress,
} from "../ui/address.js";
import { byTestId, say as put } from "../ui/dom.js";
import { lazy } from "../ui/lazy.js";
import { NumberField, wrongAmong } from "../ui/numberField.js";
import { waitingForSight, whileSeen } from "../ui/seen.js";
import { packed, packs, unpacked } from "../ui/share.js";
import { COUNT, HIDDEN, RATE, SEED } from "../ui/typedNumbers.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {{name: string, what: string, file: string, line: number, text: string, settings: Record<string, any>}} Target */

/** The function that the editor shows at first. */
const FIRST = "Dense.gradients";
/** MNIST for a race: rows of each array. @type {Record<string, number>} */
const ROWS = {
  "train-images": 10_000,
  "train-labels": 10_000,
  "test-images": 1_000,
  "test-labels": 1_000,
};
/** @type {Record<string, import("../ui/typedNumbers.js").Kind>} */
const KINDS = { learningRate: RATE, batchSize: COUNT, hidden: HIDDEN, seed: SEED };
/** How long Python trains between two reports, in milliseconds. */
const TURN = 80;
/** After this time without an answer, warn of an endless loop; in milliseconds. */
const PATIENCE = 4000;
/** The most characters of a setting that are read from the address. */
const LONGEST = 60;
/** Delay from the last key to the update of the address, in milliseconds. */
const REST = 800;

/**
 * @param {Engine} engine
 * @param {Training} training
 * @param {EventTarget} gallery "edit" (detail: {target, text, settings}) asks to show a text here
 */
export function ownSection(engine, training, gallery) {
  const section = byTestId("section-own", HTMLElement);
  const target = byTestId("own-target", HTMLSelectElement);
  const form = byTestId("own-settings", HTMLFormElement);
  const host = byTestId("own-editor", HTMLElement);
  const run = byTestId("own-run", HTMLButtonElement);
  const stop = byTestId("own-stop", HTMLButtonElement);
  const reset = byTestId("own-reset", HTMLButtonElement);
  const share = byTestId("own-share", HTMLButtonElement);
  const words = byTestId("own-words", HTMLElement);
  const output = byTestId("own-output", HTMLElement);
  const note = byTestId("own-note", HTMLElement);
  const view = new RaceView(byTestId("own-race", HTMLElement));

  /** @type {Target[]} */
  let targets = [];
  /** The visitor's version of each function. @type {Map<string, {text: string, settings: Record<string, any>}>} */
  const drafts = new Map();
  /** @type {import("../ui/editor.js").Editor | undefined} */
  let editor;
  /** True while a text is being set that the visitor has not typed. */
  let showing = false;
  /** @type {ReturnType<typeof take> | undefined} */
  let sandbox;
  /** @type {Promise<Record<string, Uint8Array>> | undefined} */
  let data;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;
  /** To call once the editor is ready. @type {(() => void) | undefined} */
  let asked;

  const sight = waitingForSight(section);
  const { request } = whileSeen(section, async () => {
    if (engine.state !== "ready" || editor) return;
    let Editor;
    try {
      [{ Editor }, targets] = await Promise.all([
        lazy("The editor", () => import("../ui/editor.js")),
        engine.call("workshop.targets"),
      ]);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      return say(message.replace(/Try again\.$/, "Reload the page to try again."), "trouble");
    }
    target.replaceChildren(
      ...targets.map(({ name, what }) => new Option(`${name}: ${what}`, name)),
    );
    editor = new Editor(host, "Python code of the function", edited);
    host.dataset.ready = "yes";
    if (asked) asked();
    else choose(FIRST);
    asked = undefined;
    controls();
    warm();
  });
  engine.addEventListener("ready", request);
  request();

  /** @param {string} name */
  const known = (name) => /** @type {Target} */ (targets.find((one) => one.name === name));
  /** The function that a text defines by its name alone, else the first. @param {string} text */
  function defining(text) {
    const name = /^\s*def (\w+)/m.exec(text)?.[1];
    return targets.find((one) => one.name.split(".").pop() === name) ?? known(FIRST);
  }
  const fields = new Map(
    Object.entries(KINDS).map(([name, kind]) => [
      name,
      new NumberField(/** @type {HTMLInputElement} */ (form.elements.namedItem(name)), kind, {
        label: SETTINGS[name],
        fallback: () => targets.find((one) => one.name === target.value)?.settings[name],
      }),
    ]),
  );

  /** Show the visitor's version of a function, or the library's. @param {string} name */
  function choose(name) {
    const { text, settings } = drafts.get(name) ?? known(name);
    show(name, text, settings);
  }

  /** @param {string} name @param {string} text @param {Record<string, any>} settings */
  function show(name, text, settings) {
    if (!editor) return;
    target.value = name;
    showing = true;
    editor.text = text;
    showing = false;
    for (const [name, field] of fields) field.set(settings[name]);
    const { file, line } = known(name);
    byTestId("own-place", HTMLElement).textContent = `nets_core/${file}, line ${line}`;
    drafts.set(name, { text, settings });
    controls();
  }

  /** The settings of the function or the address, overridden by the fields that are right. */
  function settings() {
    const typed = [...fields].filter(([, field]) => field.value !== undefined);
    return {
      ...drafts.get(target.value)?.settings,
      ...Object.fromEntries(typed.map(([name, field]) => [name, field.value])),
    };
  }

  function edited() {
    if (!editor) return;
    drafts.set(target.value, { text: editor.text, settings: settings() });
    if (!showing) remember();
    controls();
  }

  /** Write the code to the address, so that it survives a reload. */
  function remember() {
    clearTimeout(resting);
    if (!packs) return;
    resting = setTimeout(async () => writeAddress("own", await values()), REST);
  }

  async function values() {
    const chosen = Object.entries(settings()).map(([name, value]) => [
      name,
      KINDS[name]?.format(value) ?? String(value),
    ]);
    const code = await packed(editor?.text ?? "");
    return { target: target.value, code, ...Object.fromEntries(chosen) };
  }

  /** Show the code from the address. It is never run unasked. */
  async function open() {
    const { section: name, values: given } = readAddress();
    if (name !== "own" || !given.has("code")) return;
    goToAddress();
    try {
      const text = await unpacked(given.get("code") ?? "");
      whenReady(() => {
        const meant = known(given.get("target") ?? "");
        const chosen = meant ?? defining(text);
        const set = { ...chosen.settings };
        const wrong = [];
        for (const key of Object.keys(set)) {
          const value = given.get(key)?.slice(0, LONGEST);
          if (value === undefined) continue;
          const meaning = KINDS[key]?.parse(value) ?? { value };
          if (meaning.trouble) wrong.push(`${SETTINGS[key]} ${meaning.trouble}`);
          else set[key] = meaning.value;
        }
        show(chosen.name, text, set);
        const doubts = [];
        if (!meant) {
          doubts.push(
            "The link names a function that this page does not have: perhaps it was made with " +
              `another version. Its code is below; Run would put it in place of ${chosen.name}.`,
          );
        }
        if (wrong.length) doubts.push(`The link was not read whole. ${wrong.join(". ")}.`);
        if (doubts.length) say(doubts.join(" "), "trouble");
        if (text !== chosen.text) {
          note.textContent =
            "This code came with the link. It has not run yet: read it, then press Run. It runs in " +
            "a sandbox that reaches neither the network nor this page.";
        }
      });
    } catch (error) {
      say(/** @type {Error} */ (error).message, "trouble");
    }
  }

  /** @param {() => void} action */
  function whenReady(action) {
    if (editor) action();
    else asked = action;
  }

  /** @param {string} text @param {"quiet" | "trouble"} [kind] */
  const say = (text, kind) => put(words, text, { kind });

  function controls() {
    const running = sandbox !== undefined;
    run.disabled = !editor || running;
    stop.disabled = !running;
    reset.disabled = !editor || running || editor.text === known(target.value).text;
    share.disabled = !editor || !packs;
    target.disabled = !editor || running;
  }

  /** MNIST for the sandbox, from the page's Python. */
  function examples() {
    data ??= gather().catch((error) => {
      data = undefined;
      throw error;
    });
    return data;
  }

  async function gather() {
    await training.load();
    const names = Object.keys(ROWS);
    const arrays = await Promise.all(
      names.map((name) => engine.call("mnist.excerpt", { name, rows: ROWS[name] })),
    );
    return Object.fromEntries(names.map((name, i) => [name, arrays[i]]));
  }

  async function race() {
    if (!editor || sandbox) return;
    const wrong = wrongAmong(fields.values());
    if (wrong) return say(wrong, "trouble");
    const text = editor.text;
    const chosen = settings();
    view.clear();
    editor.unmark();
    note.textContent = "";
    output.textContent = "";
    byTestId("own-printed", HTMLElement).hidden = true;
    sandbox = take();
    controls();
    const mine = sandbox;
    mine.print = (line) => {
      byTestId("own-printed", HTMLElement).hidden = false;
      output.append(`${line}\n`);
    };
    let slow;
    try {
      say("Fetching MNIST …");
      const arrays = await examples();
      say("Starting a separate Python for your code …");
      await mine.ready;
      if (sandbox !== mine) return;
      await mine.call("mnist.allocate", {
        counts: { train: ROWS["train-labels"], test: ROWS["test-labels"] },
      });
      await mine.call("mnist.set_available", { images: ROWS["train-labels"] }, arrays);
      say("Checking the gradient …");
      slow = setTimeout(
        () => say("Your code is still running. If it should have ended by now, stop it."),
        PATIENCE,
      );
      const given = { target: target.value, text, settings: chosen };
      const found = foundOf(await mine.call("workshop.try_text", given));
      clearTimeout(slow);
      if ("trouble" in found) {
        tell(found.trouble);
        return;
      }
      view.verdict(found);
      say("Racing: the library’s code and yours, on the same digits …");
      for (let running = true; running; ) {
        await sight(); // pause while the chapter is out of sight
        slow = setTimeout(() => say("Your code is taking long. Press Stop to end it."), PATIENCE);
        const state = stateOf(await mine.call("workshop.advance", { milliseconds: TURN }));
        clearTimeout(slow);
        view.draw(state);
        running = state.running;
        if (state.changed.trouble && !state.changed.trouble.diverged) tell(state.changed.trouble);
        else if (!running) say("Done.");
      }
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const named = settingIn(message);
      if (named) fields.get(named.name)?.refuse(named.why);
      say(named?.words ?? message, "trouble");
    } finally {
      clearTimeout(slow);
      mine.stop();
      if (sandbox === mine) sandbox = undefined;
      controls();
    }
  }

  /** @param {import("../engine/sandboxMessages.js").Trouble} trouble */
  function tell({ message, line }) {
    if (line === null) return say(message, "trouble");
    editor?.mark(line, message);
    say(`Line ${line}: ${message}`, "trouble");
  }

  run.addEventListener("click", () => void race());
  stop.addEventListener("click", () => sandbox?.stop("Stopped. Your code is unchanged."));
  target.addEventListener("change", () => {
    view.clear();
    say("");
    note.textContent = "";
    choose(target.value);
  });
  reset.addEventListener("click", () => {
    const { name, text, settings: given } = known(target.value);
    show(name, text, given);
    say("This is the library’s code again. Undo in the editor brings yours back.");
    remember();
  });
  share.addEventListener("click", async () => {
    const link = addressOf("own", await values());
    try {
      await navigator.clipboard.writeText(link);
      say("The link is copied. Whoever opens it sees the code, and decides whether to run it.");
    } catch {
      byTestId("own-link", HTMLTextAreaElement).value = link;
      byTestId("own-link", HTMLTextAreaElement).hidden = false;
      byTestId("own-link", HTMLTextAreaElement).select();
    }
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", edited);
  gallery.addEventListener("edit", (event) => {
    const { target: name, text, settings: given } = /** @type {CustomEvent} */ (event).detail;
    visit("own");
    whenReady(() => {
      view.clear();
      show(name, text, given);
      note.textContent = "This is the code with the bug in it. Fix it, and press Run.";
    });
  });
  whenAddressChanges(() => void open());
  void open();
  controls();
}
