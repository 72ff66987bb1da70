// What is said to those who hear the page: in good measure, not at every change.

/**
 * Says what has stood for `rest` milliseconds; what changes sooner is not worth hearing.
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
 * Says the first thing at once, and then the latest, not more often than every `gap` milliseconds.
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
