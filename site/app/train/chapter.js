// The chapter "Watch it learn": training, what is kept of it, its files, and what computes.

import { computingSwitch } from "./computing.js";
import { filesSection } from "./files.js";
import { keepingSection } from "./savedRuns.js";
import { trainSection } from "./train.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */

/** @param {Engine} engine @param {Training} training */
export function trainChapter(engine, training) {
  trainSection(engine, training);
  keepingSection(engine, training);
  filesSection(engine, training);
  computingSwitch(engine, training);
}
