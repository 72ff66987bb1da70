// What draws curves comes when the first are to be drawn.

import { vouch } from "../../python/download.js";

/** @typedef {typeof import("./charts.js")} Charts */

/** @type {Promise<Charts> | undefined} */
let library;

/**
 * @returns {Promise<Charts>} rejects with an Error that names the file that did not load; another
 *   call asks for it again
 */
export function charting() {
  library ??= vouch("app/charts.js")
    .then(() => import("./charts.js"))
    .then(whenRun)
    .catch((error) => {
      library = undefined;
      throw error;
    });
  return library;
}

/**
 * WebKit may hand out a module that has not run yet, and answers with a ReferenceError what is asked
 * of it meanwhile.
 *
 * @param {Charts} module
 */
async function whenRun(module) {
  for (;;) {
    try {
      void module.Chart;
      return module;
    } catch {
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
