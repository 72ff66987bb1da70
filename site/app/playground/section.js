// The section "Playground", as long as it has not been seen: nothing of it is fetched or computed.

import { vouch } from "../../python/download.js";
import { goToAddress, readAddress } from "../ui/address.js";
import { make, part } from "../ui/dom.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */

/** @param {Engine} engine */
export function playgroundSection(engine) {
  const section = part("section-playground", HTMLElement);
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
    part("playground-words", HTMLElement).replaceChildren();
    const module = vouch("app/playground/playground.js").then(() => import("./playground.js"));
    module.then(
      ({ showPlayground }) => showPlayground(engine),
      ({ message }) => {
        const words = part("playground-words", HTMLElement);
        words.dataset.kind = "trouble";
        words.textContent = `The playground could not be loaded: ${message.replace(/ Try again\.$/, "")}`;
        words.append(" ", make("button", { type: "button", textContent: "Try again", onclick: open }));
      },
    );
  }
}
