// Tells the visitor when the page does not start, and loads it anew where that helps. This is no
// module, since modules are what may be missing, and the page's HTML names it without a hash and under
// a name that stays: so neither a deploy nor what a cache still has of an earlier one keeps it away. It
// knows nothing of one build alone. Where not even this script runs, a sentence in the HTML appears.

{
  /** How long the page may take to load, in milliseconds, before the visitor is told what is missing. */
  const PATIENCE = 10_000;
  /** How long after a failure, in milliseconds, the missing files are asked for again, and how often. */
  const PAUSE = 5000;
  const TRIES = 24;
  /** Set in the history's state while the page reloads: it needs no storage, which frames may lack. */
  const RENEWED = "netsRenewed";

  /** @typedef {HTMLLinkElement | HTMLScriptElement} Loader */
  /** @typedef {{ one: Loader, why: string }} Fault a file that did not load, and why */

  /** The first error that the page's own code did not catch. */
  let thrown = "";
  addEventListener("error", ({ message }) => (thrown ||= message ?? ""));

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
  const box = () =>
    /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=incomplete]"));

  /** Fetch past the browser's cache, which may hold an earlier build's file, and update it. @param {string} url */
  const renewed = (url) => fetch(url, { cache: "reload" });

  /** @param {Loader} loader @returns {Promise<string>} why the browser refused it, "" if it did not */
  async function fault(loader) {
    const url = addressOf(loader);
    try {
      const answer = await renewed(url);
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

  /** Why no part of the page can load, wherever the server is; "" if that is not so. */
  function obstacle() {
    if (location.protocol === "file:") {
      return (
        "This page has been opened from a file, and browsers run no such page from there. Serve its " +
        "folder, for example with “python3 -m http.server”, and open the address that it prints."
      );
    }
    if (origin !== "null") return "";
    return (
      "This page is in a frame that gives it no origin of its own, so it can run no Python. The frame " +
      `needs allow-same-origin in its sandbox. On its own the page works: ${location.href}`
    );
  }

  /** @param {string} text @param {string} [file] */
  function tell(text, file = "") {
    const told = box() ?? document.createElement("div");
    if (!told.isConnected) {
      told.setAttribute("role", "alert");
      told.dataset.testid = "incomplete";
      const status = document.querySelector("[data-testid=status]");
      if (status) status.after(told);
      else document.body.prepend(told);
    }
    if (told.dataset.file === undefined) {
      told.className = "failure";
      const again = document.createElement("button");
      again.type = "button";
      again.textContent = "Load the page again";
      again.addEventListener("click", () => location.reload());
      told.replaceChildren(document.createElement("p"), again);
    }
    told.dataset.file = file;
    /** @type {HTMLElement} */ (told.firstElementChild).textContent = text;
  }

  /** Say that the page does not work, and why. @param {string} why @param {string} [files] */
  function stop(why, files) {
    const status = document.querySelector("[data-testid=status]");
    const words = document.querySelector("[data-testid=status-words]");
    if (status instanceof HTMLElement) status.dataset.state = "failed";
    if (words) words.textContent = "Not working";
    document.querySelector("[data-testid=loading-bar]")?.setAttribute("hidden", "");
    tell(why, files);
  }

  /** Whether a style sheet has come: for one that has not, browsers have none, an empty or a closed one. @param {HTMLLinkElement} link */
  function hasRules({ sheet }) {
    try {
      return !!sheet?.cssRules.length;
    } catch {
      return false;
    }
  }

  async function examine() {
    const styles = loaders().filter(
      (one) =>
        one instanceof HTMLLinkElement &&
        one.rel === "stylesheet" &&
        !hasRules(one) &&
        matchMedia(one.media).matches,
    );
    if (running() && !styles.length) return settle();
    const why = obstacle();
    if (why) return running() || stop(why);
    const suspects = running() ? styles : loaders();
    const faults = await faultsOf(suspects);
    if (running() && !styles.length) return settle();
    if (!faults.length || (await outdated(faults))) return mend(suspects);
    const names = faults.map(({ one }) => nameOf(addressOf(one)));
    const told = faults.slice(0, 3).map(({ why }, i) => `${names[i]} did not load: ${why}.`);
    if (faults.length > 3) told.push(`${faults.length - 3} other files did not load either.`);
    if (running())
      tell([...told, "Everything works, but the page looks wrong."].join(" "), names.join(" "));
    else stop(told.join(" "), names.join(" "));
    void waitFor(faults.map(({ one }) => one));
  }

  /** @param {Loader[]} suspects @returns {Promise<Fault[]>} */
  async function faultsOf(suspects) {
    const found = await Promise.all(suspects.map(async (one) => ({ one, why: await fault(one) })));
    return found.filter(({ why }) => why);
  }

  /** Whether the server has a newer page, which needs none of these files. @param {Fault[]} faults */
  async function outdated(faults) {
    if (running()) return false;
    try {
      const answer = await renewed(location.href);
      const html = await answer.text();
      const wanted = faults.map(({ one }) =>
        String(one.getAttribute("src") ?? one.getAttribute("href")),
      );
      return answer.ok && wanted.every((address) => !html.includes(address));
    } catch {
      return false;
    }
  }

  /** A deploy may take a minute to reach every server: look for the missing files again. @param {Loader[]} missing */
  async function waitFor(missing) {
    for (let i = 0; i < TRIES; i++) {
      await new Promise((again) => setTimeout(again, PAUSE));
      const faults = await faultsOf(missing);
      if (!faults.length || (await outdated(faults))) return mend(missing);
    }
  }

  /** These can be loaded now. A page that runs is not loaded anew: somebody may have drawn on it. @param {Loader[]} late */
  function mend(late) {
    if (!running()) return reopen();
    for (const link of late) {
      // Under its own address the browser would give the document what it was refused before.
      const fresh = /** @type {HTMLLinkElement} */ (link.cloneNode());
      fresh.href = `${addressOf(link).split("?")[0]}?again=${performance.now()}`;
      fresh.addEventListener("load", () => void examine(), { once: true });
      link.replaceWith(fresh);
    }
  }

  /** All files load now: the cache held an earlier build, or the network was down. */
  function reopen() {
    const state = history.state ?? {};
    if (!state[RENEWED]) {
      history.replaceState({ ...state, [RENEWED]: true }, "");
      return location.reload();
    }
    stop(
      thrown
        ? `The page could not start: ${thrown.slice(0, 300)}. Try a current Firefox, Chrome, Edge or Safari.`
        : "A part of the page did not load at first. It is available now.",
    );
  }

  /** Everything has come. */
  function settle() {
    box()?.remove();
    if (!history.state?.[RENEWED]) return;
    const { [RENEWED]: _, ...state } = history.state;
    history.replaceState(state, "");
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
  }

  setTimeout(hurry, PATIENCE);
  if (document.readyState === "complete") void examine();
  else addEventListener("load", () => void examine());
}
