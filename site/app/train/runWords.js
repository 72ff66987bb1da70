// A saved run in words.

import { WORDS } from "../engine/names.js";
import { percent } from "../ui/dom.js";

/** @typedef {import("../../storage/entries.js").Entry} Entry */

/** Describe a saved run; another version of the page may have saved it. @param {Pick<Entry, "about" | "when">} entry */
export function described({ about, when }) {
  const saved = Number.isNaN(when) ? "" : ` Saved ${day(when)} at ${clock(when)}.`;
  return `${about.settings ? trained(about) : corrected(about)}.${saved}`;
}

/** @param {Record<string, any>} about */
function corrected({ title }) {
  return typeof title === "string" ? `A ${title} net that you corrected` : UNKNOWN;
}

const UNKNOWN = "A net that this page cannot describe";

/** @param {Record<string, any>} about */
function trained({ title, settings, state, epoch, epochs, testAccuracy }) {
  const { activation, optimizer, learningRate } = settings;
  const texts = [title, activation, optimizer].every((value) => typeof value === "string");
  if (!texts || ![learningRate, epoch, epochs].every(Number.isFinite)) return UNKNOWN;
  const [how, by] = [activation, optimizer].map((name) => WORDS[name] ?? name);
  const reads = Number.isFinite(testAccuracy)
    ? `: it reads ${percent(testAccuracy, 2)} of the test digits`
    : "";
  const stands = stand(state, epoch, epochs);
  return `A ${title} net (${how}, ${by} at ${learningRate}), ${stands}${reads}`;
}

/** @param {unknown} state @param {number} epoch @param {number} epochs */
function stand(state, epoch, epochs) {
  if (state === "done") return `all ${epochs} epochs trained`;
  if (state === "diverged") return `which diverged in epoch ${epoch}, as it was before`;
  return `in epoch ${epoch} of ${epochs}`;
}

/** "14:03" @param {number} when */
export function clock(when) {
  return new Date(when).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "today", "yesterday" or "on 3 November" @param {number} when */
function day(when) {
  const then = new Date(when).toDateString();
  const [today, yesterday] = [0, 1].map((days) => {
    const date = new Date();
    date.setDate(date.getDate() - days);
    return date.toDateString();
  });
  if (then === today) return "today";
  if (then === yesterday) return "yesterday";
  return `on ${new Date(when).toLocaleDateString("en-GB", { day: "numeric", month: "long" })}`;
}
