// Work that is done only for what the visitor can see.

/**
 * Run `work` when it is asked for and the element is seen, never twice at a time; what was asked
 * for meanwhile is done once, afterwards or when the element comes into view.
 * @param {HTMLElement} element
 * @param {() => Promise<void>} work an error in it means that its subject is gone: it is dropped
 * @param {number} [pause] milliseconds between two runs
 * @returns {{request: () => void, seen: () => boolean}}
 */
export function whileSeen(element, work, pause = 0) {
  let seen = false;
  let wanted = false;
  let busy = false;
  async function run() {
    if (busy) return;
    busy = true;
    while (wanted && seen) {
      wanted = false;
      await work().catch(() => {});
      if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    busy = false;
  }
  new IntersectionObserver(
    (entries) => {
      seen = entries[entries.length - 1].isIntersecting; // several are told late on a busy page
      void run();
    },
    { rootMargin: "200px" },
  ).observe(element);
  return {
    request() {
      wanted = true;
      void run();
    },
    seen: () => seen,
  };
}
