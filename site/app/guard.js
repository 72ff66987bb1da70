// Tells the visitor when a part of the page itself did not load or is not what the build made. This is
// no module and needs none, since modules are what may be missing. The page's HTML has the hashes; the
// browser refuses a file with another hash, but shows no message.

{
  /** How long the page may take to load, in milliseconds, before the visitor is told what is missing. */
  const PATIENCE = 10_000;
  /** Set in this tab's storage while the page reloads because the cache held an earlier build. */
  const RENEWED = "nets: the page has been opened anew";

  /** @typedef {HTMLLinkElement | HTMLScriptElement} Loader */

  /** A file's address within the site, for messages. @param {string} url */
  const nameOf = (url) => url.slice(new URL("./", document.baseURI).href.length).split("?")[0];
  /** @param {Loader} loader */
  const addressOf = (loader) => (loader instanceof HTMLLinkElement ? loader.href : loader.src);
  /** The elements that load a file with a hash. @returns {Loader[]} */
  const loaders = () =>
    [...document.querySelectorAll("link[integrity], script[integrity]")].filter(
      /** @returns {element is Loader} */
      (element) => element instanceof HTMLLinkElement || element instanceof HTMLScriptElement,
    );
  /** Whether the page's own code has run. */
  const running = () => document.documentElement.dataset.running === "yes";

  /** @param {Loader} loader @returns {Promise<string>} why the browser refused it, "" if it did not */
  async function fault(loader) {
    const url = addressOf(loader);
    try {
      // Bypass the browser's cache, which may hold an earlier build's file, and update it.
      const answer = await fetch(url, { cache: "reload" });
      if (!answer.ok) return `the server answered ${answer.status}`;
      const type = answer.headers.get("Content-Type") ?? "";
      const content = await answer.arrayBuffer();
      if (!(await agrees(content, loader.integrity))) return "it is not the file that belongs here";
      const wanted = url.endsWith(".css") ? /css/ : /javascript/;
      return wanted.test(type) ? "" : `it came as ${type || "a file without a type"}`;
    } catch {
      return "the transfer was cut off";
    }
  }

  /** @param {ArrayBuffer} content @param {string} integrity */
  async function agrees(content, integrity) {
    if (!crypto.subtle) return true; // no hashes without https
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
    if (faults.length > 3) told.push(`${faults.length - 3} other files did not load either.`);
    if (running()) told.push("Everything works, but the page looks wrong.");
    else stop();
    tell(told.join(" "), names.join(" "));
  }

  /** All files load now: the cache held an earlier build, or the network was down. */
  function reopen() {
    const again = sessionStorageOf((kept) => {
      if (kept.getItem(RENEWED)) return false;
      kept.setItem(RENEWED, "yes");
      return true;
    });
    if (again) return location.reload();
    stop();
    tell("A part of the page did not load at first. It is available now.");
  }

  /** @template T @param {(kept: Storage) => T} use @returns {T | undefined} undefined if the browser denies storage */
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

  /** The page is late: name the missing files. A missing style sheet would keep the page blank. */
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
