// Work that is done only for what the visitor can see.

/** So far outside the window something is taken for seen: it should be there when it is reached. */
const MARGIN = "200px";

/** Whether an element is seen: it is in the window, or nearly, and the tab is in front. */
export class Sight {
  #inside = false;
  #listener;

  /** @param {HTMLElement} element @param {() => void} [listener] called when it comes into sight */
  constructor(element, listener = () => {}) {
    this.#listener = listener;
    const look = () => this.seen && this.#listener();
    new IntersectionObserver(
      (entries) => {
        this.#inside = entries[entries.length - 1].isIntersecting; // several are told late on a busy page
        look();
      },
      { rootMargin: MARGIN },
    ).observe(element);
    document.addEventListener("visibilitychange", look);
  }

  get seen() {
    return this.#inside && !document.hidden;
  }
}

/**
 * Resolves once the element is seen, at once if it is.
 * @param {HTMLElement} element
 * @returns {() => Promise<void>}
 */
export function waitingForSight(element) {
  /** @type {(() => void)[]} */
  const waiting = [];
  const sight = new Sight(element, () => {
    for (const go of waiting.splice(0)) go();
  });
  return () => (sight.seen ? Promise.resolve() : new Promise((go) => waiting.push(go)));
}

/**
 * Run `work` when it is asked for and the element is seen, never twice at a time; what was asked
 * for meanwhile is done once, afterwards or when the element comes into view.
 * @param {HTMLElement} element
 * @param {() => Promise<void>} work an error in it means that its subject is gone: it is dropped
 * @param {number} [pause] milliseconds between two runs
 * @returns {{request: () => void, seen: () => boolean, settled: () => Promise<void>}} `settled`
 * resolves once nothing that was asked for is under way
 */
export function whileSeen(element, work, pause = 0) {
  let wanted = false;
  let busy = false;
  let running = Promise.resolve();
  const run = () => {
    if (!busy) running = runs();
  };
  const sight = new Sight(element, run);
  async function runs() {
    busy = true;
    while (wanted && sight.seen) {
      wanted = false;
      await work().catch(() => {});
      if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    busy = false;
  }
  return {
    request() {
      wanted = true;
      run();
    },
    seen: () => sight.seen,
    settled: () => running,
  };
}
