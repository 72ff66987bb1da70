// "Continue where you left off": offers saved runs, and reports each save.

import { newestFirst } from "../../storage/entries.js";
import { claim, find, left, list, NEWER, read, remove, restore } from "../../storage/runStore.js";
import { byTestId, make } from "../ui/dom.js";
import { clock, described } from "./runWords.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {import("../../storage/runStore.js").Entry} Entry */

/** The most saved runs; older ones are deleted, unless a tab trains them. */
const MOST = 3;
/** States in which a run does not resume by itself. */
const OVER = new Set(["done", "diverged"]);

/** @param {Engine} engine @param {Training} training */
export function savedRunsSection(engine, training) {
  const box = byTestId("kept", HTMLElement);
  const rows = byTestId("kept-runs", HTMLUListElement);
  const trouble = byTestId("kept-trouble", HTMLElement);
  const words = byTestId("kept-words", HTMLElement);
  /** Aborts the current search. */
  let looking = new AbortController();
  /** The runs on offer, the newest first. @type {{entry: Entry, row: HTMLLIElement}[]} */
  let offers = [];

  engine.addEventListener("ready", () => engine.autosave());
  engine.addEventListener("saved", (event) => hear(/** @type {CustomEvent} */ (event).detail));
  engine.addEventListener("failed", look);
  training.addEventListener("state", () => {
    box.hidden = !rows.childElementCount || (training.running && training.state !== "loading");
    if (training.state === "idle") words.textContent = "";
    for (const button of rows.querySelectorAll("button")) button.disabled = training.running;
  });

  /** @param {import("../engine/engine.js").SaveReport} report */
  function hear(report) {
    if (training.state === "idle" && !training.hasNet) return; // reset during the save
    if ("trouble" in report) tell(report.trouble, true);
    else tell(`Saved in this browser at ${clock(report.when)}: you can continue after a reload.`);
  }

  /** @param {string} text @param {boolean} [failed] */
  function tell(text, failed = false) {
    words.classList.toggle("trouble", failed);
    words.textContent = text;
  }

  /** Offer each saved run that no other tab trains, now or once that tab is closed. */
  async function look() {
    looking.abort();
    looking = new AbortController();
    const { signal } = looking;
    rows.replaceChildren();
    offers = [];
    box.hidden = true;
    const entries = await list().catch((error) => {
      if (error?.name === "VersionError") tell(NEWER, true);
      return []; // without storage there are none
    });
    for (const { id } of entries) {
      void free(id, signal)
        .then((isFree) => (isFree ? find(id) : undefined)) // the other tab may have changed it
        .then(
          (entry) => entry && !signal.aborted && offer(entry),
          () => {},
        );
    }
  }

  /** Offer a run; delete the oldest if there are too many. @param {Entry} entry */
  function offer(entry) {
    const go = make("button", { type: "button", className: "primary", textContent: "Continue" });
    const away = make("button", { type: "button", textContent: "Discard" });
    const buttons = make("div", { className: "buttons" }, [go, away]);
    const row = make("li", {}, [make("p", { textContent: described(entry) }), buttons]);
    go.addEventListener("click", () => proceed(entry, row));
    away.addEventListener("click", () => discard(entry, row));
    const later = offers.findIndex((other) => newestFirst(entry, other.entry) < 0);
    const place = later < 0 ? offers.length : later;
    rows.insertBefore(row, offers[place]?.row ?? null);
    offers.splice(place, 0, { entry, row });
    for (const { entry, row } of offers.splice(MOST)) {
      row.remove();
      void alone(entry.id, () => remove(entry.id)).catch(() => {}); // it is offered again on the next visit
    }
    box.hidden = training.running;
  }

  /** No longer offer a run. @param {Entry} entry */
  function withdraw(entry) {
    offers = offers.filter((one) => one.entry !== entry);
  }

  /** @param {Entry} entry @param {HTMLLIElement} row */
  async function proceed(entry, row) {
    complain();
    try {
      if (engine.state === "failed") engine.start().catch(() => {}); // the status reports it
      await training.reopen(() => engine.invoke("continueRun", entry.id));
      withdraw(entry);
      row.remove();
      box.hidden = true;
      if (entry.about.settings && !OVER.has(entry.about.state)) training.resume();
    } catch (error) {
      const { name } = /** @type {Error} */ (error);
      const reset = name === "AbortError" && !training.running;
      if (reset)
        void look(); // the reset deleted the run
      else complain(/** @type {Error} */ (error));
    }
  }

  /** @param {Entry} entry @param {HTMLLIElement} row */
  async function discard(entry, row) {
    complain();
    try {
      const data = await alone(entry.id, async () => {
        const file = await read(entry.id);
        await remove(entry.id);
        return file;
      });
      withdraw(entry);
      if (!data) return row.remove(); // another tab has deleted it
      const back = make("button", { type: "button", textContent: "Undo" });
      back.addEventListener("click", async () => {
        complain();
        try {
          await alone(entry.id, () => restore(entry, data));
          row.remove();
          offer(entry);
        } catch (error) {
          complain(/** @type {Error} */ (error)); // the visitor can press Undo again
        }
      });
      const buttons = make("div", { className: "buttons" }, [back]);
      row.replaceChildren(make("p", { textContent: "Discarded." }), buttons);
      back.focus();
    } catch (error) {
      complain(/** @type {Error} */ (error));
    }
  }

  /** @param {Error} [error] without one, the message is removed */
  function complain(error) {
    trouble.hidden = !error;
    trouble.textContent = error?.message ?? "";
  }

  void look();
}

/**
 * Work on a run while holding its lock.
 * @template T
 * @param {string} id
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} rejects with a sentence if another tab holds it
 */
async function alone(id, work) {
  const release = await claim(id);
  try {
    return await work();
  } finally {
    release();
  }
}

/** Wait until no tab trains this run; resolves to false if the search was aborted. @param {string} id @param {AbortSignal} signal */
async function free(id, signal) {
  try {
    await left(id, signal);
    return !signal.aborted;
  } catch {
    return false; // aborted, or a browser without locks, where nothing is saved
  }
}
