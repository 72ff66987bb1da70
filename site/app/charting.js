// What draws curves comes when the first are to be drawn.

import { vouch } from "../download.js";

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
    .catch((error) => {
      library = undefined;
      throw error;
    });
  return library;
}
