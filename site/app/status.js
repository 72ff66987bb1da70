// The status line, and what to do after a failure.

import { SITE } from "../python/siteFiles.js";
import { report } from "./ui/diagnostics.js";
import { byTestId, make } from "./ui/dom.js";
import { whenPointerIdle } from "./ui/pointerIdle.js";

/** @typedef {import("./engine/engine.js").Engine} Engine */
/** @typedef {import("./ui/pad/sheet.js").Sheet} Sheet */
/** @typedef {import("./engine/training.js").Training} Training */

/** How long loading may stall before the status says so, in milliseconds. */
const PATIENCE = 10_000;
/** @type {Record<string, string>} */
const STAGES = {
  engine: "Fetching Python …",
  numpy: "Fetching NumPy …",
  library: "Starting Python …",
  ready: "Opening the net …",
};
/** @type {Record<string, string>} */
const WORDS = {
  loading: "Loading Python …",
  ready: "Ready",
  training: "Training",
  paused: "Paused",
  failed: "Not working",
};

/** The build of the site, as the hash of its manifest. @returns {Promise<string>} */
async function build() {
  try {
    const manifest = await fetch(new URL("manifest.json", SITE));
    const hash = await crypto.subtle.digest("SHA-256", await manifest.arrayBuffer());
    return Array.from(new Uint8Array(hash).slice(0, 6), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  } catch {
    return "unknown";
  }
}

/** @param {Engine} engine @param {Training} training @param {Sheet} sheet */
export function showStatus(engine, training, sheet) {
  const status = byTestId("status", HTMLElement);
  const words = byTestId("status-words", HTMLElement);
  const bar = byTestId("loading-bar", HTMLProgressElement);
  const failure = byTestId("failure", HTMLElement);
  const copy = byTestId("copy-diagnostics", HTMLButtonElement);
  const lost = make("p", { className: "words", role: "status" });
  lost.dataset.testid = "lost";

  const update = () => {
    const state =
      engine.state === "ready" && (training.state === "training" || training.state === "paused")
        ? training.state
        : engine.state;
    status.dataset.state = state;
    words.textContent = WORDS[state];
    bar.hidden = state !== "loading";
    if (state !== "failed") failure.hidden = true;
    else void whenPointerIdle().then(() => (failure.hidden = engine.state !== "failed"));
    document.documentElement.dataset.engine = engine.state;
  };

  let why = "";
  const tellWhy = () => {
    const told = why + (why && !sheet.empty ? " Your drawing is still here." : "");
    const alert = byTestId("failure-words", HTMLElement);
    if (alert.textContent !== told) alert.textContent = told; // else it would be announced again
  };
  sheet.addEventListener("change", tellWhy);

  let farthest = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const wait = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (engine.state !== "loading") return;
      words.textContent =
        "Still waiting for the server. You can draw meanwhile; reload if it takes too long.";
    }, PATIENCE);
  };
  engine.addEventListener("loading", (event) => {
    if (engine.state !== "loading") return; // a late report, after the failure
    wait();
    const { stage, loaded, total } = /** @type {CustomEvent} */ (event).detail;
    farthest = Math.max(farthest, total ? loaded / total : 0);
    bar.value = farthest;
    words.textContent = STAGES[stage] ?? WORDS.loading;
  });
  engine.addEventListener("starting", () => {
    farthest = 0;
    wait();
    update();
  });
  engine.addEventListener("ready", update);
  engine.addEventListener("failed", (event) => {
    const { message } = /** @type {CustomEvent} */ (event).detail;
    why = message.replace(/( Try again)?\.?$/, ".").replace("..", ".");
    tellWhy();
    update();
  });
  engine.addEventListener("lost", (event) => {
    lost.textContent = /** @type {CustomEvent} */ (event).detail.message;
    void whenPointerIdle().then(() => training.running || status.after(lost));
  });
  training.addEventListener("state", () => {
    if (training.running) lost.remove();
    update();
  });
  byTestId("retry", HTMLButtonElement).addEventListener("click", () => {
    engine.start().catch(() => {});
  });

  const label = copy.textContent;
  copy.addEventListener("click", async () => {
    const text = report({
      build: await build(),
      engine: engine.state,
      training: training.state,
    });
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      byTestId("diagnostics", HTMLTextAreaElement).value = text;
      byTestId("diagnostics", HTMLTextAreaElement).hidden = false;
      byTestId("diagnostics", HTMLTextAreaElement).select();
    }
    setTimeout(() => (copy.textContent = label), 2000);
  });
  update();
}
