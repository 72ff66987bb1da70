// The page: an engine, a training run, and the chapters that show them. The first screen's code is part
// of this bundle; each other chapter is fetched separately while Python loads.

import { drawSection } from "./draw/draw.js";
import { showSectionAlone } from "./embedded.js";
import { sharedEngine } from "./engine/sharedEngine.js";
import { makeNets } from "./nets.js";
import { offlineWords } from "./offline.js";
import { showStatus } from "./status.js";
import { byTestId, make } from "./ui/dom.js";
import "./ui/drops.js"; // from the first moment on
import { lazy } from "./ui/lazy.js";

if ("embedded" in document.documentElement.dataset) showSectionAlone();
document.documentElement.dataset.running = "yes"; // tells guard.js that all modules have loaded
document.querySelector(".unstarted")?.remove(); // what guard.js has said instead stays

/** Passes functions to edit from "Break it" to "Your own backward". */
const gallery = new EventTarget();

/**
 * The chapters by the id of their section: how to fetch and show each.
 * @typedef {Awaited<ReturnType<typeof sharedEngine>> & ReturnType<typeof drawSection>} Page
 * @type {Record<string, () => Promise<(page: Page) => void>>}
 */
const CHAPTERS = {
  train: async () => {
    const { trainChapter } = await import("./train/chapter.js");
    return ({ engine, training }) => trainChapter(engine, training);
  },
  inside: async () => {
    const { insideSection } = await import("./inside/inside.js");
    return ({ engine, training, sheet }) => insideSection(engine, training, sheet);
  },
  bugs: async () => {
    const { bugsSection } = await import("./bugs/bugs.js");
    return ({ engine, training }) => bugsSection(engine, training, gallery);
  },
  own: async () => {
    const { ownSection } = await import("./own/own.js");
    return ({ engine, training }) => ownSection(engine, training, gallery);
  },
  playground: async () => {
    const { playgroundSection } = await import("./playground/section.js");
    return ({ engine }) => playgroundSection(engine);
  },
  compare: async () => {
    const { compareSection } = await import("./compare/compare.js");
    return ({ engine, training, sheet }) => compareSection(engine, training, sheet);
  },
  layers: async () => {
    const { layersSection } = await import("./layers/layers.js");
    return ({ engine, training, sheet, picker }) => layersSection(engine, training, sheet, picker);
  },
  quality: async () => {
    const { qualitySection } = await import("./quality/quality.js");
    return ({ engine, training, sheet, picker }) => qualitySection(engine, training, sheet, picker);
  },
};

/** Fetch a chapter; if that fails, show why in its section. @param {string} id @returns {Promise<(page: Page) => void>} */
async function chapter(id) {
  try {
    return await lazy("This chapter", CHAPTERS[id]);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const textContent = message.replace(/Try again\.$/, "Reload the page to try again.");
    const words = make("p", { className: "failure", textContent });
    return () => byTestId(`section-${id}`, HTMLElement).querySelector("h2")?.after(words);
  }
}

const chapters = Promise.all(Object.keys(CHAPTERS).map(chapter));
sharedEngine().then(async (shared) => {
  const { engine, training, start } = shared;
  /** @type {any} */ (window).nets = makeNets(engine, training);
  const page = { ...shared, ...drawSection(engine, training) };
  showStatus(engine, training, page.sheet);
  offlineWords(engine, training);
  for (const show of await chapters) show(page);
  start();
});
