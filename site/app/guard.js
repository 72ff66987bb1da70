// Tells when a part of the page itself did not come, or is not what the build made. It is no module
// and waits for none, since they are what may be missing; the hashes stand in the page's HTML, and
// what does not agree with its hash the browser has refused already, without a word to the visitor.

{
  /** How long the page may take to come before the visitor is told what for, in milliseconds. */
  const PATIENCE = 10_000;
  /** In this tab's storage while the page is opened anew because of a cache of an earlier build. */
  const RENEWED = "nets: the page has been opened anew";

  /** @typedef {HTMLLinkElement | HTMLScriptElement} Loader */

  /** Where a file lies, for people. @param {string} url */
  const nameOf = (url) => url.slice(new URL("./", document.baseURI).href.length).split("?")[0];
  /** @param {Loader} loader */
  const addressOf = (loader) => (loader instanceof HTMLLinkElement ? loader.href : loader.src);
  /** What the page loads and has a hash for. @returns {Loader[]} */
  const loaders = () =>
    [...document.querySelectorAll("link[integrity], script[integrity]")].filter(
      /** @returns {element is Loader} */
      (element) => element instanceof HTMLLinkElement || element instanceof HTMLScriptElement,
    );
  /** Has the page's own code run? */
  const running = () => document.documentElement.dataset.running === "yes";

  /** @param {Loader} loader @returns {Promise<string>} why it was refused, "" where it was not */
  async function fault(loader) {
    const url = addressOf(loader);
    try {
      // Past the browser's cache, which may hold an earlier build's; and puts the new one there.
      const answer = await fetch(url, { cache: "reload" });
      if (!answer.ok) return `the server answered ${answer.status}`;
      const type = answer.headers.get("Content-Type") ?? "";
      const content = await answer.arrayBuffer();
      if (!(await agrees(content, loader.integrity)))
        return "what came is not the file that belongs here";
      const wanted = url.endsWith(".css") ? /css/ : /javascript/;
      return wanted.test(type) ? "" : `it came as ${type || "nothing that has a name"}`;
    } catch {
      return "it did not come whole";
    }
  }

  /** @param {ArrayBuffer} content @param {string} integrity */
  async function agrees(content, integrity) {
    if (!crypto.subtle) return true; // without https it cannot be said
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    return integrity === `sha256-${btoa(String.fromCharCode(...digest))}`;
  }

  /** @param {string} text @param {string} [file] */
  function tell(text, file = "") {
    const box = document.querySelector("[data-testid=incomplete]") ?? document.createElement("div");
    if (!box.isConnected) {
      box.className = "failure";
      box.setAttribute("role", "alert");
      /** @type {HTMLElement} */ (box).dataset.testid = "incomplete";
      const again = document.createElement("button");
      again.type = "button";
      again.textContent = "Load the page again";
      again.addEventListener("click", () => location.reload());
      box.append(document.createElement("p"), again);
      const status = document.querySelector("[data-testid=status]");
      if (status) status.after(box);
      else document.body.prepend(box);
    }
    /** @type {HTMLElement} */ (box).dataset.file = file;
    /** @type {HTMLElement} */ (box.firstElementChild).textContent = text;
  }

  async function examine() {
    const styles = loaders().filter(
      (one) =>
        one instanceof HTMLLinkElement &&
        one.rel === "stylesheet" &&
        !one.sheet &&
        matchMedia(one.media).matches,
    );
    if (running() && !styles.length) return sessionStorageOf((kept) => kept.removeItem(RENEWED));
    const suspects = running() ? styles : loaders();
    const found = await Promise.all(suspects.map(async (one) => ({ one, why: await fault(one) })));
    if (running() && !styles.length) return;
    const faults = found.filter(({ why }) => why);
    if (!faults.length) return reopen();
    const names = faults.map(({ one }) => nameOf(addressOf(one)));
    const told = faults.slice(0, 3).map(({ why }, i) => `${names[i]} did not load: ${why}.`);
    if (faults.length > 3) told.push(`So did ${faults.length - 3} others not.`);
    if (running()) told.push("Everything works, but it does not look as it should.");
    else stop();
    tell(told.join(" "), names.join(" "));
  }

  /** All is there now: only the browser's cache was of an earlier build, or the network was gone. */
  function reopen() {
    const again = sessionStorageOf((kept) => {
      if (kept.getItem(RENEWED)) return false;
      kept.setItem(RENEWED, "yes");
      return true;
    });
    if (again) return location.reload();
    stop();
    tell("A part of the page did not load, and has come since.");
  }

  /** @template T @param {(kept: Storage) => T} use @returns {T | undefined} nothing where it is denied */
  function sessionStorageOf(use) {
    try {
      return use(sessionStorage);
    } catch {
      return undefined;
    }
  }

  function stop() {
    const status = document.querySelector("[data-testid=status]");
    const words = document.querySelector("[data-testid=status-words]");
    if (status instanceof HTMLElement) status.dataset.state = "failed";
    if (words) words.textContent = "Not working";
    document.querySelector("[data-testid=loading-bar]")?.setAttribute("hidden", "");
  }

  /** The page has not come yet: name what it waits for. A style sheet that does not come hides all. */
  function hurry() {
    if (document.readyState === "complete") return;
    const come = new Set(performance.getEntriesByType("resource").map(({ name }) => name));
    const late = loaders().filter((one) => !come.has(addressOf(one)));
    for (const one of late)
      if (one.matches("[rel=stylesheet]")) one.setAttribute("media", "not all");
    const names = late.map((one) => nameOf(addressOf(one)));
    if (document.body && names.length) {
      tell(`Still waiting for the server: ${names.slice(0, 3).join(", ")}.`, names.join(" "));
    }
    addEventListener("load", () => document.querySelector("[data-testid=incomplete]")?.remove(), {
      once: true,
    });
  }

  setTimeout(hurry, PATIENCE);
  if (document.readyState === "complete") void examine();
  else addEventListener("load", () => void examine());
}
