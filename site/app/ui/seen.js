// Work only for elements that the visitor can see.

/** Elements this close to the window count as seen, so that they are ready in time. */
const MARGIN = "200px";

/** Whether an element is seen: in or near the window, in a visible tab. */
export class Sight {
  #inside = false;
  #listener;

  /** @param {HTMLElement} element @param {() => void} [listener] called when the element comes into view */
  constructor(element, listener = () => {}) {
    this.#listener = listener;
    const look = () => this.seen && this.#listener();
    new IntersectionObserver(
      (entries) => {
        this.#inside = entries[entries.length - 1].isIntersecting; // a busy page gets several at once
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
 * A function whose promise resolves once the element is seen.
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
 * Run `work` on request while the element is seen, one run at a time. Requests in between are merged
 * into one run, afterwards or when the element comes into view.
 * @param {HTMLElement} element
 * @param {() => Promise<void>} work its errors are ignored: they mean that its subject is gone
 * @param {number} [pause] between two runs, in milliseconds
 * @returns {{request: () => void, seen: () => boolean, settled: () => Promise<void>}} `settled`
 * resolves once no run is in progress
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
