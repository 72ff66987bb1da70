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

/** Passes functions to edit from "Break it" to "Your own backward". */
const gallery = new EventTarget();

/** @typedef {Awaited<ReturnType<typeof sharedEngine>> & ReturnType<typeof drawSection>} Page */

/**
 * A chapter: how to fetch its module, and how to show it.
 * @template M
 * @param {() => Promise<M>} load
 * @param {(module: M, page: Page) => void} show
 * @returns {() => Promise<(page: Page) => void>}
 */
function chapterOf(load, show) {
  return async () => {
    const module = await lazy("This chapter", load);
    return (page) => show(module, page);
  };
}

/** The chapters by the id of their section. */
const CHAPTERS = {
  train: chapterOf(
    () => import("./train/chapter.js"),
    ({ trainChapter }, { engine, training }) => trainChapter(engine, training),
  ),
  inside: chapterOf(
    () => import("./inside/inside.js"),
    ({ insideSection }, { engine, training, sheet }) => insideSection(engine, training, sheet),
  ),
  bugs: chapterOf(
    () => import("./bugs/bugs.js"),
    ({ bugsSection }, { engine, training }) => bugsSection(engine, training, gallery),
  ),
  own: chapterOf(
    () => import("./own/own.js"),
    ({ ownSection }, { engine, training }) => ownSection(engine, training, gallery),
  ),
  playground: chapterOf(
    () => import("./playground/section.js"),
    ({ playgroundSection }, { engine }) => playgroundSection(engine),
  ),
  compare: chapterOf(
    () => import("./compare/compare.js"),
    ({ compareSection }, { engine, training, sheet }) => compareSection(engine, training, sheet),
  ),
  layers: chapterOf(
    () => import("./layers/layers.js"),
    ({ layersSection }, { engine, training, sheet, picker }) =>
      layersSection(engine, training, sheet, picker),
  ),
  quality: chapterOf(
    () => import("./quality/quality.js"),
    ({ qualitySection }, { engine, training, sheet, picker }) =>
      qualitySection(engine, training, sheet, picker),
  ),
};

/**
 * Show a chapter once the page is there; where it cannot be, its section says why, and the others work.
 * @param {keyof typeof CHAPTERS} id
 * @returns {Promise<(page: Page) => void>}
 */
async function chapter(id) {
  const tell = (/** @type {string} */ textContent) =>
    byTestId(`section-${id}`, HTMLElement)
      .querySelector("h2")
      ?.after(make("p", { className: "failure", textContent }));
  try {
    const show = await CHAPTERS[id]();
    return (page) => {
      try {
        show(page);
      } catch (error) {
        reportError(error);
        tell(`This chapter could not start: ${/** @type {Error} */ (error).message}.`);
      }
    };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return () => tell(message.replace(/Try again\.$/, "Reload the page to try again."));
  }
}

const ids = /** @type {(keyof typeof CHAPTERS)[]} */ (Object.keys(CHAPTERS));
const chapters = Promise.all(ids.map(chapter));
sharedEngine().then(async (shared) => {
  const { engine, training, start } = shared;
  /** @type {any} */ (window).nets = makeNets(engine, training);
  const page = { ...shared, ...drawSection(engine, training) };
  showStatus(engine, training, page.sheet);
  offlineWords(engine, training);
  for (const show of await chapters) show(page);
  start();
});

document.documentElement.dataset.running = "yes"; // tells guard.js that all modules have loaded
document.querySelector(".unstarted")?.remove(); // what guard.js has said instead stays
