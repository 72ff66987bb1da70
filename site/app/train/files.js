// Save the net in training as a file, and open one: by the button or by drag and drop.

import { byTestId, percent } from "../ui/dom.js";
import { takeDrops, whenDragged } from "../ui/drops.js";

/** @typedef {import("../engine/engine.js").Engine} Engine */
/** @typedef {import("../engine/training.js").Training} Training */

/** @param {Engine} engine @param {Training} training */
export function filesSection(engine, training) {
  const section = byTestId("section-train", HTMLElement);
  const format = byTestId("save-format", HTMLSelectElement);
  const save = byTestId("save", HTMLButtonElement);
  const open = byTestId("open", HTMLButtonElement);
  const input = byTestId("open-file", HTMLInputElement);
  const words = byTestId("file-words", HTMLElement);
  let mostBytes = 0;

  engine.addEventListener("ready", async () => {
    const choices = await engine.call("training.choices").catch(() => undefined);
    if (choices && !mostBytes) {
      mostBytes = choices.mostBytes;
      const { formats } = choices;
      format.append(...Object.entries(formats).map(([name, label]) => new Option(label, name)));
      input.accept = Object.keys(formats)
        .map((name) => `.${name}`)
        .join();
    }
    controls();
  });
  engine.addEventListener("failed", controls);
  training.addEventListener("state", () => {
    controls();
    if (training.state === "training" || training.state === "idle") say("");
  });

  function controls() {
    const ready = engine.state === "ready" && mostBytes > 0;
    save.disabled = !ready || !training.hasNet;
    format.disabled = !ready;
    open.disabled = !ready;
  }

  /** @param {string} text @param {boolean} [trouble] */
  function say(text, trouble = false) {
    words.textContent = text;
    words.classList.toggle("trouble", trouble);
  }

  save.addEventListener("click", async () => {
    try {
      const chosen = { format: format.value };
      const name = await engine.call("runs.file_name", chosen);
      download(name, await engine.call("runs.save", chosen));
      say(`Saved as ${name}. Open it here to go on training.`);
    } catch (error) {
      say(/** @type {Error} */ (error).message, true);
    }
  });

  open.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const [file] = input.files ?? [];
    input.value = ""; // allow choosing the same file again
    if (file) await takeAll([file]);
  });

  whenDragged((over) => section.classList.toggle("over", over));
  takeDrops((files) => void takeAll(files));

  /** Open the first file that is a net, and answer for each. @param {File[]} files */
  async function takeAll(files) {
    let opened = "";
    /** @type {string[]} */
    const answers = [];
    for (const file of files) {
      const answer = opened
        ? { text: `${file.name}: not opened, as ${opened} is open now.`, trouble: true }
        : await take(file);
      if (!answer.trouble) opened = file.name;
      answers.push(answer.text);
      say(answers.join(" "), !opened);
    }
    words.scrollIntoView({ block: "nearest" }); // they may have been dropped elsewhere
  }

  /** @param {File} file @returns {Promise<{ text: string, trouble: boolean }>} what to say of it */
  async function take(file) {
    try {
      if (engine.state !== "ready" || !mostBytes)
        throw new Error("Python is still loading: wait a moment.");
      if (training.running) {
        throw new Error("A net is in training: reset it before you open a file.");
      }
      if (file.size > mostBytes) {
        const [size, most] = [file.size, mostBytes].map(
          (bytes) => `${Math.ceil(bytes / 2 ** 20)} MB`,
        );
        throw new Error(`${file.name} has ${size}; files of more than ${most} cannot be opened.`);
      }
      say(`Opening ${file.name} …`);
      const data = new Uint8Array(await file.arrayBuffer());
      const { title } = await engine.call("runs.inspect", { data });
      let remark = "";
      await training.reopen(async () => {
        const opened = await engine.call("runs.reopen", { data });
        remark = opened.remark && `; ${opened.remark}`;
        return opened;
      });
      const net = `${file.name}: a ${title} net${stand(training.progress)}${remark}`;
      return { text: `${net}. Press Resume to train it.`, trouble: false };
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const text = message.replace(/\.?$/, ".");
      return { text: text.includes(file.name) ? text : `${file.name}: ${text}`, trouble: true };
    }
  }
}

/** The progress of a run, if it has begun. @param {any} progress the Lab's */
function stand({ step, epoch, epochs, testAccuracy }) {
  if (!step) return "";
  const reads = !Number.isFinite(testAccuracy)
    ? ""
    : `, reads ${percent(testAccuracy, 2)} of the test digits`;
  return `, in epoch ${epoch} of ${epochs}${reads}`;
}

/** @param {string} name @param {Uint8Array<ArrayBuffer>} data */
function download(name, data) {
  const address = URL.createObjectURL(new Blob([data]));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // some browsers read it late
}
