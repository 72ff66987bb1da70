// The page: an engine, a training run, and the sections that show them.

import { bugsSection } from "./bugs/bugs.js";
import { compareSection } from "./compare/compare.js";
import { computingSwitch } from "./computing.js";
import { drawSection } from "./draw/draw.js";
import { filesSection } from "./train/files.js";
import { insideSection } from "./inside/inside.js";
import { keepingSection } from "./train/savedRuns.js";
import { layersSection } from "./layers/layers.js";
import { makeNets } from "./nets.js";
import { offlineWords } from "./offline.js";
import { ownSection } from "./own/own.js";
import { playgroundSection } from "./playground/section.js";
import { qualitySection } from "./quality/quality.js";
import { showStatus } from "./status.js";
import { together } from "./engine/sharedEngine.js";
import { trainSection } from "./train/train.js";

document.documentElement.dataset.running = "yes"; // all modules are there: guard.js looks for it

together().then(({ engine, training, start }) => {
  /** @type {any} */ (window).nets = makeNets(engine, training);
  const { sheet, picker } = drawSection(engine, training);
  showStatus(engine, training, sheet);
  compareSection(engine, training, sheet);
  layersSection(engine, training, sheet, picker);
  qualitySection(engine, training, sheet, picker);
  trainSection(engine, training);
  keepingSection(engine, training);
  filesSection(engine, training);
  computingSwitch(engine, training);
  insideSection(engine, training, sheet);
  ownSection(engine, training, bugsSection(engine, training));
  playgroundSection(engine);
  offlineWords(engine, training);

  start();
});
