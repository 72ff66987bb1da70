// The last errors, and a report for whoever fixes them.

/** The most characters of an error. */
const LONGEST = 2000;

/** @type {string[]} */
const errors = [];

/** Record an error for the report. @param {unknown} error */
export function note(error) {
  const whole =
    error instanceof Error ? `${error.name}: ${error.message}${place(error)}` : String(error);
  const text = whole.slice(0, LONGEST);
  if (errors[errors.length - 1]?.endsWith(` ${text}`)) return; // several callers got the same error
  errors.push(`${new Date().toISOString()} ${text}`);
  errors.splice(0, errors.length - 10);
}

/** The line that threw it, if the browser says. @param {Error} error */
function place({ stack }) {
  const line = stack?.split("\n").find((one) => /:\d+:\d+\)?$/.test(one));
  return line ? ` (${line.trim()})` : "";
}

addEventListener("error", (event) => note(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => note(event.reason));

/**
 * The report as text.
 * @param {Record<string, unknown>} facts about the page
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
