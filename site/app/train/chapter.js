// The chapter "Watch it learn": training, saved runs, files, and the choice of kernels.

import { computingSwitch } from "./computing.js";
import { filesSection } from "./files.js";
import { savedRunsSection } from "./savedRuns.js";
import { trainSection } from "./train.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */

/** @param {Engine} engine @param {Training} training */
export function trainChapter(engine, training) {
  trainSection(engine, training);
  savedRunsSection(engine, training);
  filesSection(engine, training);
  computingSwitch(engine, training);
}
