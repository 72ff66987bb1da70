// The playground, built when it is first seen: controls, data, net, plane.

import { settingIn, WORDS } from "../engine/names.js";
import {
  addressOf,
  goToAddress,
  readAddress,
  whenAddressChanges,
  writeAddress,
} from "../ui/address.js";
import { nowAndThen } from "../ui/announce.js";
import { byTestId, make, percent, say } from "../ui/dom.js";
import { numberFieldsIn, wrongAmong } from "../ui/numberField.js";
import { Sight } from "../ui/seen.js";
import { COUNT, DECAY, RATE, SEED } from "../ui/typedNumbers.js";
import { Attention } from "./attention.js";
import { choice, stops, tuned } from "./controls.js";
import { course } from "./course.js";
import { dataControls } from "./data.js";
import { initializerFold } from "./initial.js";
import { inspector } from "./inspector.js";
import { netPicture } from "./net.js";
import { planePicture } from "./plane.js";
import { copyText, scriptPanel } from "./script.js";
import { read, written } from "./state.js";
import { World } from "./world.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("./world.js").Choices} Choices */
/** @typedef {import("./world.js").Settings} Settings */

/** Epochs per frame. */
const SPEEDS = [0.1, 0.2, 0.5, 1, 2, 5, 10];
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const DECAYS = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
/** Time between two announcements for screen readers, in milliseconds. */
const GAP = 10_000;
const PROBLEMS = { classification: "Classification", regression: "Regression" };
const SEEN = {
  activations:
    "Each square is a neuron’s picture of the plane: blue where its activation is high, orange " +
    "where it is low. A line is a weight: blue is positive, orange negative, wider is larger.",
  gradient:
    "What flows back: each dot is a training point in the colour of the neuron’s error δ there. " +
    "A line is ∂C/∂w: blue where a larger weight would cost more, orange where it would cost less.",
};

/** @param {Engine} engine */
export async function showPlayground(engine) {
  const words = byTestId("playground-words", HTMLElement);
  /** @type {World | undefined} */
  let world;
  const start = async () => {
    say(words, "Setting up the points and the net …");
    try {
      if (world) {
        await world.begin();
        say(words, "");
      } else world = await open(engine);
    } catch (error) {
      say(words, told(/** @type {Error} */ (error).message), { kind: "trouble" });
    }
  };
  const failed = (/** @type {Error} */ { message }) => {
    world?.pause();
    say(words, `${told(message)} Try again at the top of the page.`, { kind: "trouble" });
  };
  engine.addEventListener("ready", start);
  engine.addEventListener("failed", (event) => failed(/** @type {CustomEvent} */ (event).detail));
  if (engine.state === "ready") await start();
  else if (engine.state === "failed") engine.ready.catch(failed);
  else say(words, "Waiting for Python …");
}

/** The message as a sentence with a full stop. @param {string} message */
const told = (message) => message.replace(/\.?$/, ".");

/** @param {Engine} engine @returns {Promise<World>} */
async function open(engine) {
  const section = byTestId("section-playground", HTMLElement);
  const words = byTestId("playground-words", HTMLElement);
  const body = byTestId("playground-body", HTMLElement);
  /** @type {Choices} */
  const choices = await engine.call("playground.choices");
  const world = new World(engine, choices, choices.defaults);
  const attention = new Attention();
  const data = dataControls(world);
  const net = netPicture(world, attention);
  const weight = inspector(world, attention);
  net.addEventListener("edit", weight.edit);
  const { figures, chart } = course(world);
  const { button: script, panel } = scriptPanel(world);
  const sees = make("p", { className: "quiet", textContent: SEEN[world.mode] });
  sees.dataset.testid = "playground-sees";

  const button = (
    /** @type {string} */ testid,
    /** @type {string} */ text,
    /** @type {() => void} */ work,
  ) => {
    const made = make("button", { type: "button", textContent: text });
    made.dataset.testid = `playground-${testid}`;
    made.addEventListener("click", work);
    return made;
  };
  /** Whether the net may learn with what the fields say; if not, tell why. */
  const mayLearn = () => {
    const wrong = wrongAmong(numberFieldsIn(body));
    if (wrong) say(words, wrong, { kind: "trouble" });
    return !wrong;
  };
  const play = button("play", "Play", () => {
    if (world.playing) world.pause();
    else if (mayLearn()) world.play();
  });
  play.className = "primary";
  const step = button("step", "One step", () => {
    if (mayLearn()) void world.step();
  });
  const reset = button("reset", "Reset", () => void world.reset());
  const mode = button(
    "mode",
    "Gradient",
    () => void world.show(world.mode === "gradient" ? "activations" : "gradient"),
  );
  const link = button("link", "Copy link", () => {
    writeAddress(section.id, written(world));
    void copyText(link, addressOf(section.id, written(world)));
  });
  const speed = choice("playground-speed", "Epochs a frame", SPEEDS.map(String), {}, (value) =>
    world.pace(Number(value)),
  );
  const depth = depthControls(world);

  const settings = settingsControls(world);
  body.replaceChildren(
    make("div", { className: "buttons" }, [play, step, reset, mode, speed.element, link, script]),
    figures,
    make("div", { className: "world" }, [
      data.element,
      make("div", { className: "structure" }, [
        depth,
        make("div", { className: "scroll" }, [net]),
        weight.element,
        sees,
      ]),
      make("div", { className: "result" }, [planePicture(world, attention), chart]),
    ]),
    settings,
    panel,
    initializerFold(world),
  );

  world.addEventListener("state", () => {
    play.textContent = world.playing ? "Pause" : "Play";
    mode.ariaPressed = String(world.mode === "gradient");
    sees.textContent = SEEN[world.mode];
    speed.select.value = String(world.speed);
    section.dataset.state = world.playing ? "playing" : "paused";
  });
  world.addEventListener("trouble", (event) => {
    const { message, names } = /** @type {CustomEvent} */ (event).detail;
    const said = settingIn(message)?.words ?? message;
    if (!names.includes("formula")) say(words, said && told(said), { kind: "trouble" });
  });
  world.addEventListener("touched", () => writeAddress(section.id, written(world)));
  const sight = new Sight(section, () => world.appear());
  world.sight = () => sight.seen;
  spoken(world);

  const needPoints = [play, step, reset];
  for (const control of needPoints) control.disabled = true;
  await data.sketch();
  await take(world, words);
  for (const control of needPoints) control.disabled = false;
  whenAddressChanges(() => {
    const { section: named, values } = readAddress();
    if (named === section.id && values.size) void take(world, words).then(goToAddress);
  });
  if (readAddress().section === section.id) goToAddress(); // the content above has grown since
  return world;
}

/**
 * Create the world that the address describes; report and ignore invalid settings.
 * @param {World} world @param {HTMLElement} words
 */
async function take(world, words) {
  const address = readAddress();
  const values = address.section === "playground" ? address.values : new URLSearchParams();
  const { settings, mode, speed, wrong } = read(values, SPEEDS);
  world.pause();
  world.mode = mode;
  world.speed = speed;
  const { defaults } = world.choices;
  world.settings = { ...defaults, ...settings };
  try {
    await world.begin();
  } catch {
    world.settings = await allowed(world, settings, wrong);
    await world.begin();
  }
  world.dispatchEvent(new Event("state"));
  const names = wrong.map((name) => `“${name}”`).join(", ");
  const left = `The address has invalid settings, which were ignored: ${names}.`;
  say(words, wrong.length ? left : "", { kind: "trouble" });
}

/**
 * The settings that Python accepts; the names of the others are added to `wrong`.
 * @param {World} world @param {Partial<Settings>} settings @param {string[]} wrong
 * @returns {Promise<Settings>}
 */
async function allowed(world, settings, wrong) {
  let kept = world.choices.defaults;
  const { problem, data, edits, ...others } = settings;
  const groups = [
    { ...(problem && { problem }), ...(data && { data }) },
    ...Object.entries(others).map(([name, value]) => ({ [name]: value })),
    { ...(edits && { edits }) }, // these depend on the layers
  ];
  for (const group of groups) {
    try {
      kept = await world.ask("make", { settings: { ...kept, ...group } });
    } catch {
      wrong.push(...Object.keys(group));
    }
  }
  return kept;
}

/** Announce the progress for screen readers: on start, on pause, and from time to time. @param {World} world */
function spoken(world) {
  const announce = nowAndThen(byTestId("playground-said", HTMLElement), GAP);
  const standing = () => {
    const { epoch, cost, testAccuracy } = world.view;
    const right =
      testAccuracy === null ? "" : `, ${percent(testAccuracy, 0)} of the test points right`;
    return `epoch ${Math.round(epoch)}, cost ${Number.isFinite(cost) ? Number(cost).toPrecision(2) : "not finite"}${right}.`;
  };
  let playing = false;
  world.addEventListener("state", () => {
    if (world.playing !== playing) announce(world.playing ? "Playing." : `Paused at ${standing()}`);
    playing = world.playing;
  });
  world.addEventListener("view", () => {
    if (playing) announce(`Playing, ${standing()}`);
  });
}

/** Buttons to add and remove layers. @param {World} world */
function depthControls(world) {
  const fewer = make("button", { type: "button", textContent: "−" });
  fewer.dataset.testid = "playground-layers-fewer";
  fewer.setAttribute("aria-label", "Fewer hidden layers");
  const more = make("button", { type: "button", textContent: "+" });
  more.dataset.testid = "playground-layers-more";
  more.setAttribute("aria-label", "More hidden layers");
  const said = make("span");
  said.dataset.testid = "playground-layers";
  fewer.addEventListener(
    "click",
    () => void world.change({ layers: world.intended.layers.slice(0, -1) }),
  );
  more.addEventListener("click", () => {
    const { layers } = world.intended;
    if (layers.length === world.choices.limits.layers) return;
    const { activation } = layers.at(-1) ?? world.choices.defaults.layers[0];
    void world.change({ layers: [...layers, { neurons: 4, activation, dropout: 0 }] });
  });
  const follow = () => {
    const count = world.settings.layers.length;
    said.textContent = count === 1 ? "1 hidden layer" : `${count || "No"} hidden layers`;
    fewer.disabled = count === 0;
    more.disabled = count === world.choices.limits.layers;
  };
  world.addEventListener("settings", follow);
  follow();
  return make("div", { className: "depth" }, [fewer, said, more]);
}

/** The settings of initializer and training. @param {World} world */
function settingsControls(world) {
  const { choices } = world;
  const pick = (
    /** @type {"initializer" | "optimizer"} */ name,
    /** @type {string} */ label,
    /** @type {string[]} */ values,
  ) => {
    const { element, select } = choice(
      `playground-${name}`,
      label,
      values,
      WORDS,
      (value) => void world.change({ [name]: value }),
    );
    world.addEventListener("settings", () => (select.value = world.settings[name]));
    return element;
  };
  const problem = choice(
    "playground-problem",
    "Problem",
    Object.keys(PROBLEMS),
    PROBLEMS,
    (value) => {
      const { data } = world.settings;
      const sets = choices.data[value];
      // Both problems may have this data set, but its targets would not mean the same.
      void world.change({ problem: value, data: sets.includes(data) ? data : sets[0], points: [] });
    },
  );
  world.addEventListener("settings", () => (problem.select.value = world.settings.problem));
  return make("div", { className: "settings" }, [
    problem.element,
    pick("initializer", "Initializer", choices.initializers),
    pick("optimizer", "Optimizer", choices.optimizers),
    tuned(world, "seed", "Seed", SEED, stops(0, 30, 1)),
    tuned(world, "batchSize", "Mini-batch", COUNT, stops(1, 50, 1)),
    tuned(world, "learningRate", "Learning rate", RATE, RATES),
    tuned(world, "l1", "L1", DECAY, DECAYS),
    tuned(world, "l2", "L2", DECAY, DECAYS),
  ]);
}
