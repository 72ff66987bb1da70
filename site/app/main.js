// The page: an engine, a training run, and the sections that show them.

import { drawSection } from "./draw.js";
import { Engine } from "./engine.js";
import { makeNets } from "./nets.js";
import { showStatus } from "./status.js";
import { trainSection } from "./train.js";
import { Training } from "./training.js";

const engine = new Engine();
engine.start().catch(() => {}); // told by the status
const training = new Training(engine);

/** @type {any} */ (window).nets = makeNets(engine, training);
showStatus(engine, training);
drawSection(engine, training);
trainSection(engine, training);
