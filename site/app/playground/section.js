// The section "Playground", as long as it has not been seen: nothing of it is fetched or computed.

import { goToAddress, readAddress } from "../address.js";
import { part } from "../dom.js";

/** @typedef {import("../engine.js").Engine} Engine */

/** @param {Engine} engine */
export function playgroundSection(engine) {
  const section = part("section-playground", HTMLElement);
  const observer = new IntersectionObserver(
    ([entry]) => {
      if (!entry.isIntersecting) return;
      observer.disconnect();
      open();
    },
    { rootMargin: "200px" },
  );
  observer.observe(section);
  if (readAddress().section === section.id) goToAddress();

  function open() {
    import("./playground.js").then(
      ({ showPlayground }) => showPlayground(engine),
      () => {
        const words = part("playground-words", HTMLElement);
        words.dataset.kind = "trouble";
        words.textContent = "The playground could not be loaded. Reload the page to try again.";
      },
    );
  }
}
