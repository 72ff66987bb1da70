// The chapter "Playground": it is fetched and computed only once it is in view.

import { goToAddress, readAddress } from "../ui/address.js";
import { byTestId, make } from "../ui/dom.js";
import { lazy } from "../ui/lazy.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */

/** @param {Engine} engine */
export function playgroundSection(engine) {
  const section = byTestId("section-playground", HTMLElement);
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      open();
    },
    { rootMargin: "200px" },
  );
  observer.observe(section);
  if (readAddress().section === section.id) goToAddress();

  function open() {
    byTestId("playground-words", HTMLElement).replaceChildren();
    const module = lazy("The playground", () => import("./playground.js"));
    module.then(
      ({ showPlayground }) => showPlayground(engine),
      ({ message }) => {
        const words = byTestId("playground-words", HTMLElement);
        words.dataset.kind = "trouble";
        words.textContent = message.replace(/ Try again\.$/, "");
        if (message === words.textContent) return; // what helps is to reload the page
        words.append(
          " ",
          make("button", { type: "button", textContent: "Try again", onclick: open }),
        );
      },
    );
  }
}
