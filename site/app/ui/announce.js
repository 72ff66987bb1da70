// Announcements for screen readers, at a reasonable rate.

/**
 * Announce a text once it has not changed for `rest` milliseconds.
 * @param {HTMLElement} element a live region
 * @param {number} rest
 * @returns {(text: string) => void}
 */
export function onceSettled(element, rest) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (element.textContent !== text) element.textContent = text;
    }, rest);
  };
}

/**
 * Announce the first text at once, then the latest, at most every `gap` milliseconds.
 * @param {HTMLElement} element a live region
 * @param {number} gap
 * @returns {(text: string) => void}
 */
export function nowAndThen(element, gap) {
  let silent = false;
  /** @type {string | undefined} */
  let latest;
  /** @param {string} text */
  function tell(text) {
    if (element.textContent !== text) element.textContent = text;
    silent = true;
    setTimeout(() => {
      silent = false;
      const next = latest;
      latest = undefined;
      if (next !== undefined) tell(next);
    }, gap);
  }
  return (text) => {
    if (silent) latest = text;
    else tell(text);
  };
}
