// The panel with a Python script that trains the same net on the same data.

import { make } from "../ui/dom.js";

/** @typedef {import("./world.js").World} World */

const FILE = "playground.py";

/** @param {World} world @returns {{button: HTMLButtonElement, panel: HTMLElement}} */
export function scriptPanel(world) {
  const button = make("button", { type: "button", textContent: "Export as Python" });
  button.dataset.testid = "playground-export";
  button.setAttribute("aria-expanded", "false");
  const code = make("code");
  code.dataset.testid = "playground-script";
  const shown = make("pre", { className: "code", tabIndex: 0 }, [code]);
  shown.setAttribute("aria-label", "The script");
  const copy = make("button", { type: "button", textContent: "Copy" });
  copy.dataset.testid = "playground-script-copy";
  const download = make("a", { className: "button", textContent: "Download", download: FILE });
  download.dataset.testid = "playground-script-download";
  const costs = make("code");
  costs.dataset.testid = "playground-first-costs";
  const compare = make("details", { className: "folded" }, [
    make("summary", { textContent: "The first costs here, to compare" }),
    make("pre", { className: "code", tabIndex: 0 }, [costs]),
  ]);
  const panel = make("div", { className: "script", hidden: true }, [
    make("p", {
      textContent:
        "This script trains the same net on the same points with nets_core, the library that runs " +
        "here, and follows the same curve. It prints the costs of the first 100 updates, then " +
        "those after each epoch.",
    }),
    shown,
    make("div", { className: "buttons" }, [copy, download]),
    compare,
  ]);

  /** Show the script for the current world. */
  async function write() {
    code.textContent = await world.ask("export").catch((error) => error.message);
    URL.revokeObjectURL(download.href);
    const file = new Blob([code.textContent ?? ""], { type: "text/x-python" });
    download.href = URL.createObjectURL(file);
    /** @type {Float64Array} */
    const first = await world.ask("costs").catch(() => new Float64Array());
    costs.textContent = Array.from(
      first,
      (cost, i) => `update ${i + 1}: cost ${cost.toPrecision(12)}`,
    ).join("\n");
    compare.hidden = !first.length;
  }

  button.addEventListener("click", async () => {
    if (panel.hidden) await write();
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.scrollIntoView({ block: "nearest" });
  });
  copy.addEventListener("click", () => copyText(copy, code.textContent ?? "", code));
  world.addEventListener("settings", () => {
    if (!panel.hidden) void write();
  });
  return { button, panel };
}

/**
 * Copy a text, and confirm it on the button; if copying is not allowed, select the text.
 * @param {HTMLButtonElement} button @param {string} text @param {HTMLElement} [shown]
 */
export async function copyText(button, text, shown) {
  const label = button.dataset.label ?? button.textContent ?? "";
  button.dataset.label = label;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    button.textContent = shown ? "Selected: copy it now" : "Copy the address above";
  }
  setTimeout(() => (button.textContent = label), 2000);
}
