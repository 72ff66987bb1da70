// Files dropped on the page, wherever they fall: without this, the browser would leave the page for them.

/** @typedef {(files: File[]) => void} Taker */

/** @type {Taker | undefined} */
let taker;
/** What was dropped before anything could take it. @type {File[]} */
let waiting = [];

for (const type of /** @type {const} */ (["dragover", "drop"])) {
  addEventListener(type, (event) => {
    const { dataTransfer } = event;
    if (!dataTransfer?.types.includes("Files") || event.defaultPrevented) return;
    event.preventDefault();
    if (type === "dragover") dataTransfer.dropEffect = "copy";
    else give([...dataTransfer.files]);
  });
}

/** @param {File[]} files */
function give(files) {
  if (!files.length) return;
  if (taker) taker(files);
  else waiting.push(...files);
}

/** Call the taker with all files that are dropped, and with those that have been. @param {Taker} takes */
export function takeDrops(takes) {
  taker = takes;
  give(waiting);
  waiting = [];
}

/** Whether files are being dragged over the page. @param {(over: boolean) => void} listener */
export function whenDragged(listener) {
  addEventListener("dragover", ({ dataTransfer }) => {
    if (dataTransfer?.types.includes("Files")) listener(true);
  });
  addEventListener("drop", () => listener(false));
  addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? listener(false)); // the window
}
