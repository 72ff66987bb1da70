// The last errors, and what a report about one should say.

/** @type {string[]} */
const errors = [];

/** Keep an error for the report. @param {unknown} error */
export function note(error) {
  const text = error instanceof Error ? `${error.name}: ${error.message}${place(error)}` : String(error);
  if (errors[errors.length - 1]?.endsWith(` ${text}`)) return; // one that several waited for
  errors.push(`${new Date().toISOString()} ${text}`);
  errors.splice(0, errors.length - 10);
}

/** The line it comes from, where the browser tells. @param {Error} error */
function place({ stack }) {
  const line = stack?.split("\n").find((one) => /:\d+:\d+\)?$/.test(one));
  return line ? ` (${line.trim()})` : "";
}

addEventListener("error", (event) => note(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => note(event.reason));

/**
 * What a report needs, as text.
 * @param {Record<string, unknown>} facts what the page knows of itself
 * @returns {string}
 */
export function report(facts) {
  const lines = Object.entries({
    page: location.origin + location.pathname,
    browser: navigator.userAgent,
    window: `${innerWidth} × ${innerHeight}, ratio ${devicePixelRatio}`,
    cores: navigator.hardwareConcurrency,
    ...facts,
  }).map(([name, value]) => `${name}: ${value}`);
  return [...lines, "errors:", ...(errors.length ? errors : ["none"])].join("\n");
}
