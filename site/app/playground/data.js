// The data: data sets as small pictures, the visitor's formula, noise and shares.

import { make } from "../ui/dom.js";
import { numberKind, stepBy } from "../ui/typedNumbers.js";
import { stops, tuned } from "./controls.js";
import { colours, paintOf, REACH, whenColoursChange } from "./heat.js";
import { DATA } from "./words.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").Points} Points */

/** A small picture's side in pixels, and its number of points. */
const SIDE = 64;
const SAMPLES = 120;

/**
 * @param {World} world
 * @returns {{element: HTMLElement, sketch: () => Promise<void>}} sketch: draw the small pictures
 */
export function dataControls(world) {
  const sets = make("div", { className: "sets" });
  sets.setAttribute("role", "group");
  sets.setAttribute("aria-label", "Points");
  const formula = make("input", {
    type: "text",
    spellcheck: false,
    autocomplete: "off",
    maxLength: 200,
  });
  formula.dataset.testid = "playground-formula";
  const asked = make("span");
  const error = make("p", { className: "trouble", hidden: true });
  error.dataset.testid = "playground-formula-error";
  error.setAttribute("role", "alert");
  const own = make("div", { className: "own-formula" }, [
    make("label", {}, [asked, formula]),
    error,
  ]);
  const { samples } = world.choices.limits;
  const points = numberKind({ whole: true, least: 2, most: samples, step: stepBy(1) });
  const noise = numberKind({ least: 0, most: 0.5, step: stepBy(0.05) });
  const share = numberKind({ least: 0.1, most: 0.9, step: stepBy(0.1) });
  const numbers = [
    tuned(world, "samples", "Points", points, stops(10, samples, 10)),
    tuned(world, "noise", "Noise", noise, stops(0, 0.5, 0.05)),
    tuned(world, "share", "For training", share, stops(0.1, 0.9, 0.1)),
  ];
  /** The small pictures' points, by problem and data set. @type {Map<string, Points>} */
  const pictures = new Map();
  let problem = "";

  function fill() {
    problem = world.settings.problem;
    sets.replaceChildren(
      ...world.choices.data[problem].map((name) => {
        const canvas = make("canvas", { width: SIDE, height: SIDE });
        const button = make("button", { type: "button", className: "set" }, [
          canvas,
          make("span", { textContent: DATA[name] ?? name }),
        ]);
        button.dataset.testid = `playground-data-${name}`;
        button.addEventListener("click", () => void world.change({ data: name }));
        paint(canvas, pictures.get(`${problem} ${name}`));
        return button;
      }),
    );
  }

  /** @param {HTMLCanvasElement} canvas @param {Points | undefined} points */
  function paint(canvas, points) {
    const context = canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, SIDE, SIDE);
    if (!points) return plus(context);
    const place = (/** @type {number} */ x) => ((x + REACH) / (2 * REACH)) * SIDE;
    for (const [i, target] of points.trainTargets.entries()) {
      context.fillStyle = paintOf(problem === "classification" ? 2 * target - 1 : target);
      context.fillRect(
        place(points.train[2 * i]) - 1.5,
        SIDE - place(points.train[2 * i + 1]) - 1.5,
        3,
        3,
      );
    }
  }

  /** The picture of points set by hand. @param {CanvasRenderingContext2D} context */
  function plus(context) {
    context.fillStyle = colours.ink;
    context.fillRect(SIDE / 2 - 1.5, SIDE / 4, 3, SIDE / 2);
    context.fillRect(SIDE / 4, SIDE / 2 - 1.5, SIDE / 2, 3);
  }

  function follow() {
    const { settings } = world;
    if (settings.problem !== problem) fill();
    for (const button of sets.children) {
      const on = button.getAttribute("data-testid") === `playground-data-${settings.data}`;
      button.setAttribute("aria-pressed", String(on));
    }
    own.hidden = settings.data !== "formula";
    asked.textContent =
      problem === "classification" ? "Class 1 is above (x is x₁)" : "Value at x, y (x₁, x₂)";
    if (document.activeElement !== formula && error.hidden) formula.value = settings.formula;
    for (const field of numbers) field.hidden = settings.data === "points";
  }

  formula.addEventListener("change", () => void world.change({ formula: formula.value }));
  world.addEventListener("trouble", (event) => {
    const { message, names } = /** @type {CustomEvent} */ (event).detail;
    const mine = names.includes("formula");
    error.hidden = !mine;
    error.textContent = mine ? `${message}.` : "";
  });
  world.addEventListener("settings", follow);
  whenColoursChange(() => {
    fill();
    follow();
  });
  follow();
  const element = make("div", { className: "data" }, [
    make("h3", { textContent: "Data" }),
    sets,
    own,
    ...numbers,
  ]);

  return {
    element,
    /** Make the data of the small pictures, before the visitor's world exists. */
    async sketch() {
      for (const [problem, names] of Object.entries(world.choices.data)) {
        for (const name of names) {
          if (name === "points") continue;
          const settings = { problem, data: name, samples: SAMPLES, share: 0.9 };
          await world.ask("make", { settings });
          pictures.set(`${problem} ${name}`, await world.ask("points"));
        }
      }
      fill();
    },
  };
}
