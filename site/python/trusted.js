// The one place that says which scripts may become workers: the site's own. Where the browser has
// Trusted Types, the page's policy takes such an address from nobody else.

import { SITE } from "./siteFiles.js";

/** @param {string} address @returns {string} the same; throws a TypeError unless it is a script of the site */
function own(address) {
  const { href, pathname } = new URL(address);
  if (href.startsWith(SITE.href) && pathname.endsWith(".js")) return href;
  throw new TypeError(`${address} is no script of this site.`);
}

/** @type {{createScriptURL: (address: string) => any}} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("nets", {
  createScriptURL: own,
}) ?? { createScriptURL: own };

/**
 * The address of a script of the site, as `new Worker` and the like take it.
 * @param {URL} url
 * @returns {any} a TrustedScriptURL, or a string where there are none
 */
export function trusted(url) {
  return policy.createScriptURL(url.href);
}
