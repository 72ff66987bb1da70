// Exports parts of the page, so that tests and the bench can call them directly. harness.py bundles
// them; they are served beside the page.

export { Measuring } from "../../site/bench/measuring.js";
export { BrotliClient, startBrotliWorker } from "../../site/python/brotliClient.js";
export { urlOf } from "../../site/python/siteFiles.js";
export { startPython } from "../../site/python/start.js";
export { trusted } from "../../site/python/trusted.js";

/** The page's engine: importing it starts its workers. */
export async function engine() {
  const { Engine } = await import("../../site/app/engine/engine.js");
  const { Training } = await import("../../site/app/engine/training.js");
  return { Engine, Training };
}
