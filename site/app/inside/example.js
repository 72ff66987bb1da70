// The example of the step inside .train(): the drawing, an MNIST image, or a mini-batch.

import { byTestId, make, withArticle } from "../ui/dom.js";
import { paintPixels } from "../ui/pictures.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */
/** @typedef {import("../ui/pad/sheet.js").Sheet} Sheet */
/** @typedef {{indices: Int32Array | number[], labels: Uint8Array, images: Uint8Array}} Taken */
/** @typedef {{name: string, count: number, another: string, words: string}} Kind */

/** Which MNIST images make an example, and how many. @type {Record<string, Kind>} */
const KINDS = {
  test: {
    name: "test",
    count: 1,
    another: "Another image",
    words: "One of the 10,000 images that MNIST keeps for testing. Its label says what it is.",
  },
  batch: {
    name: "train",
    count: 10,
    another: "Another mini-batch",
    words:
      "Ten training images take one step together: the cost and the gradients are means over the " +
      "ten. Each has its own a, z, δ and y: shown are those of the image that is pressed here.",
  },
};
const EMPTY = "Draw a digit above, or choose “A test image”: this step learns from it.";

/** Events: "change" (another example), "pick" (another image of the mini-batch). */
export class Example extends EventTarget {
  /** The selected image of the mini-batch, from 0. */
  picked = 0;
  #kind = byTestId("inside-example", HTMLSelectElement);
  #another = byTestId("inside-another", HTMLButtonElement);
  #truth = byTestId("inside-truth", HTMLSelectElement);
  #row = byTestId("inside-batch", HTMLElement);
  #guess = byTestId("guess", HTMLElement);
  /** Whether the visitor has labelled the drawing; until then, the prediction is the label. */
  #said = false;
  /** The images taken of each kind. @type {Map<string, Taken>} */
  #taken = new Map();
  #seeds = { test: 0, batch: 0 };
  /** @type {"" | "loading" | "there"} */
  #mnist = "";
  /** Shown while there is no example. */
  #words = "";
  /** The share of MNIST that has been downloaded. @type {number | undefined} */
  #share;
  #engine;
  #training;
  #sheet;

  /** @param {Engine} engine @param {Training} training @param {Sheet} sheet */
  constructor(engine, training, sheet) {
    super();
    this.#engine = engine;
    this.#training = training;
    this.#sheet = sheet;
    this.#kind.value = "drawing"; // browsers restore form values on reload
    this.#kind.addEventListener("change", () => this.#turned());
    this.#another.addEventListener("click", () => {
      const kind = this.#kind.value === "batch" ? "batch" : "test";
      if (this.#mnist === "there") {
        this.#seeds[kind]++;
        this.#taken.delete(kind);
      }
      this.#turned();
    });
    this.#truth.addEventListener("change", () => {
      this.#said ||= this.#kind.value === "drawing";
      this.#changed();
    });
    new MutationObserver(() => this.#follow()).observe(this.#guess, {
      attributeFilter: ["data-value"],
    });
    sheet.addEventListener("change", () => {
      if (sheet.empty) this.#said = false; // the next drawing may be another digit
      if (this.#kind.value === "drawing") this.#changed();
    });
    training.addEventListener("data", (event) => {
      const { loaded, total } = /** @type {CustomEvent} */ (event).detail;
      if (this.#mnist !== "loading") return;
      this.#words = "Fetching MNIST, 70,000 handwritten digits:";
      this.#share = loaded / total;
      this.#changed();
    });
    engine.addEventListener("failed", () => {
      this.#mnist = ""; // a new worker has no data
      this.#taken.clear();
    });
    this.#dress();
  }

  /**
   * The example; downloads MNIST if needed.
   * @returns {Promise<{args: Record<string, unknown>} | {words: string, share?: number}>} args of
   *   the Lab's `trace`, or why there is no example
   */
  async take() {
    const kind = this.#kind.value;
    if (kind === "drawing") {
      const drawing = this.#sheet.drawing;
      return drawing
        ? { args: { labels: [Number(this.#truth.value)], ...drawing } }
        : { words: EMPTY };
    }
    if (this.#mnist !== "there") {
      if (!this.#mnist && !this.#words) void this.#load();
      return { words: this.#words, share: this.#share };
    }
    const { name, count } = KINDS[kind];
    let taken = this.#taken.get(kind);
    if (!taken) {
      const seed = this.#seeds[/** @type {"test" | "batch"} */ (kind)];
      const fresh = /** @type {Taken} */ (
        await this.#engine.call("mnist.sample", { name, count, seed })
      );
      if (this.#kind.value !== kind) return this.take();
      this.#taken.set(kind, fresh);
      taken = fresh;
      if (kind === "test") this.#truth.value = String(fresh.labels[0]);
    }
    this.#show(taken);
    const labels = kind === "test" ? [Number(this.#truth.value)] : Array.from(taken.labels);
    return { args: { labels, name, indices: Array.from(taken.indices, Number) } };
  }

  async #load() {
    this.#mnist = "loading";
    this.#share = undefined;
    this.#words = "Fetching MNIST, 70,000 handwritten digits …";
    try {
      await this.#training.load();
      this.#mnist = "there";
      this.#words = "";
    } catch (error) {
      this.#mnist = "";
      this.#share = undefined;
      this.#words = /** @type {Error} */ (error).message;
      if (this.#engine.state !== "ready") this.#words = ""; // the next worker downloads it again
    }
    this.#dress();
    this.#changed();
  }

  /** The visitor has chosen another kind of example. */
  #turned() {
    const taken = this.#taken.get(this.#kind.value);
    this.picked = 0;
    if (!this.#mnist) this.#words = ""; // try again
    if (this.#kind.value === "test" && taken) this.#truth.value = String(taken.labels[0]);
    this.#dress();
    this.#follow();
    this.#changed();
  }

  /** Show the controls for this kind of example. */
  #dress() {
    const kind = this.#kind.value;
    const failed = !this.#mnist && this.#words !== "";
    const drawing = kind === "drawing";
    byTestId("inside-source", HTMLElement).hidden = drawing;
    byTestId("inside-truth-field", HTMLElement).hidden = kind === "batch";
    byTestId("inside-truth-words", HTMLElement).textContent = drawing
      ? "Your drawing should have been"
      : "It should have been";
    this.#row.replaceChildren();
    if (drawing) return;
    byTestId("inside-source-words", HTMLElement).textContent = KINDS[kind].words;
    this.#another.textContent = failed ? "Try again" : KINDS[kind].another;
    this.#another.disabled = this.#mnist === "loading";
  }

  /** Show the images to pick from. @param {Taken} taken */
  #show({ images, labels, indices }) {
    const shown = Array.from(indices).join();
    if (this.#row.dataset.indices === shown && this.#row.children.length) return;
    this.#row.dataset.indices = shown;
    this.#row.replaceChildren(
      ...Array.from(labels, (label, i) => {
        const canvas = make("canvas");
        paintPixels(
          canvas,
          Float32Array.from(images.subarray(784 * i, 784 * (i + 1)), (v) => v / 255),
        );
        const button = make("button", { type: "button" }, [
          canvas,
          make("span", { textContent: `${label}` }),
        ]);
        button.setAttribute("aria-label", `Example ${i + 1}, ${withArticle(label)}`);
        button.setAttribute("aria-pressed", String(i === this.picked));
        button.addEventListener("click", () => {
          this.picked = i;
          for (const [k, item] of [...this.#row.children].entries()) {
            item.firstElementChild?.setAttribute("aria-pressed", String(k === i));
          }
          this.dispatchEvent(new Event("pick"));
        });
        return make("li", {}, [button]);
      }),
    );
  }

  /** Until the visitor labels the drawing, use the prediction as its label. */
  #follow() {
    const { value } = this.#guess.dataset;
    if (this.#said || this.#kind.value !== "drawing" || !value || value === this.#truth.value)
      return;
    this.#truth.value = value;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
