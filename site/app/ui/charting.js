// Loads the chart module when the first chart is drawn.

import { lazy } from "./lazy.js";

/** @typedef {typeof import("./charts.js")} Charts */

/** @type {Promise<Charts> | undefined} */
let library;

/** @returns {Promise<Charts>} rejects with an Error that says why; the next call tries again */
export function charting() {
  library ??= lazy("The charts", () => import("./charts.js")).catch((error) => {
    library = undefined;
    throw error;
  });
  return library;
}
