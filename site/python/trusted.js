// The only place that decides which scripts may become workers: the site's own. In browsers with Trusted
// Types, the page's policy accepts worker addresses from here alone.

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
 * The address of one of the site's scripts, in the form that `new Worker` accepts.
 * @param {URL} url
 * @returns {any} a TrustedScriptURL, or a string in browsers without Trusted Types
 */
export function trusted(url) {
  return policy.createScriptURL(url.href);
}
