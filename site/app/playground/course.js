// The progress of learning: epoch and costs as numbers, and the costs as curves.

import { charting } from "../ui/charting.js";
import { make, percent, show } from "../ui/dom.js";

/** @typedef {import("./world.js").World} World */

/** Time between two updates of the curves, in milliseconds. */
const REDRAW = 400;

/** @param {World} world @returns {{figures: HTMLElement, chart: HTMLElement}} */
export function course(world) {
  const figure = (/** @type {string} */ testid, /** @type {string} */ name) => {
    const value = make("dd", { textContent: "–" });
    value.dataset.testid = `playground-${testid}`;
    value.dataset.value = "";
    return { value, element: make("div", {}, [make("dt", { textContent: name }), value]) };
  };
  const epoch = figure("epoch", "Epoch");
  const cost = figure("cost", "Cost, training data");
  const testCost = figure("test-cost", "Cost, test data");
  const accuracy = figure("test-accuracy", "Right, test data");
  const figures = make("dl", { className: "figures" }, [
    epoch.element,
    cost.element,
    testCost.element,
    accuracy.element,
  ]);
  const holder = make("div", { className: "chart" });
  holder.dataset.testid = "playground-chart";
  const chart = make("figure", { className: "course-of" }, [
    make("figcaption", { textContent: "Cost after each epoch" }),
    holder,
  ]);
  /** @type {import("../ui/charts.js").Chart | undefined} */
  let curves;
  let waiting = false;

  world.addEventListener("view", () => {
    const { view } = world;
    show(epoch.value, view.epoch, (n) => (Number.isInteger(n) ? String(n) : n.toFixed(2)));
    for (const [at, value] of /** @type {const} */ ([
      [cost, view.cost],
      [testCost, view.testCost],
    ])) {
      show(at.value, value, (n) => (n && n < 1e-3 ? n.toExponential(2) : n.toPrecision(3)));
    }
    accuracy.element.hidden = world.settings.problem === "regression";
    show(accuracy.value, view.testAccuracy, percent);
    void draw();
  });

  async function draw() {
    if (waiting) return;
    waiting = true;
    await new Promise((done) => setTimeout(done, REDRAW));
    waiting = false;
    const data = await world.ask("curves").catch(() => undefined); // the world reports it
    const library = await charting().catch((error) => {
      holder.textContent = error.message;
    });
    if (!data || !library) return; // the next view tries again
    if (!curves) holder.textContent = "";
    curves ??= new library.Chart(
      holder,
      [
        { label: "training", colour: "--positive" },
        { label: "test", colour: "--negative", dash: [6, 3] },
      ],
      (value) => value.toPrecision(2),
      { min: 0 },
    );
    const gaps = (/** @type {ArrayLike<number>} */ values) =>
      Array.from(values, (value) => (Number.isFinite(value) ? value : null));
    curves.draw([Array.from(data.epochs), gaps(data.costs), gaps(data.testCosts)]);
  }

  return { figures, chart };
}
