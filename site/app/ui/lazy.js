// Parts of the page that are fetched when they are first needed.

export const RENEWED = "the site has been renewed since this page was opened";

/** How long a part may take to load, in milliseconds. */
const PATIENCE = 60_000;

/** Style sheets that did not load: Vite asks for each only once. @type {Set<string>} */
const unstyled = new Set();

/**
 * Imports a part of the page. Rejects with a sentence that names the part and says what to do; another
 * call tries again.
 *
 * @template T
 * @param {string} part what it is, as "The editor"
 * @param {() => Promise<T>} load imports it
 * @returns {Promise<T>}
 */
export async function lazy(part, load) {
  let module;
  try {
    await Promise.all([...unstyled].map(style));
    module = await inTime(load());
  } catch (error) {
    const address = /https?:\S+\.(js|css)/.exec(String(error))?.[0];
    const sheet = address?.endsWith(".css") ? address : "";
    if (sheet) unstyled.add(sheet);
    const why = error === LATE ? LATE.message : await whyNot(address);
    if (why)
      throw new Error(
        `${part} did not load: ${why}. ${why === RENEWED ? "Reload the page" : "Try again"}.`,
      );
    // The file is there now, but Chromium remembers that a module was not, by its address.
    const again = sheet
      ? style(sheet).then(load)
      : import(/* @vite-ignore */ `${address}?again=${performance.now()}`);
    module = await inTime(again).catch(async () => {
      await renewRefused();
      throw new Error(`${part} did not load: it needs a file that did not come. Reload the page.`);
    });
  }
  return whenRun(module);
}

const LATE = new Error(`it has not come for ${PATIENCE / 1000} seconds`);

/** @template T @param {Promise<T>} loading @returns {Promise<T>} rejects with LATE if it takes too long */
async function inTime(loading) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(LATE), PATIENCE)));
  try {
    return await /** @type {Promise<T>} */ (Promise.race([loading, late]));
  } finally {
    clearTimeout(timer);
  }
}

/** Ask past the browser's cache for what the server has refused, for the page's next start. */
async function renewRefused() {
  const loaded = /** @type {PerformanceResourceTiming[]} */ (
    performance.getEntriesByType("resource")
  );
  const refused = loaded.filter(({ responseStatus }) => responseStatus >= 400);
  const asked = refused.map(({ name }) => fetch(name, { cache: "reload" }));
  await Promise.allSettled(asked);
}

/** @param {string} href of a style sheet @returns {Promise<void>} rejects with an Error that names it */
function style(href) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((resolve, reject) => {
    link.onload = () => {
      unstyled.delete(href);
      resolve();
    };
    link.onerror = () => {
      link.remove();
      reject(new Error(`${href} did not load.`));
    };
    document.head.append(link);
  });
}

/** @param {string | undefined} address @returns {Promise<string>} why a module did not load, "" if it does now */
export async function whyNot(address) {
  if (!navigator.onLine) return "there is no network";
  if (!address) return "the server did not send it";
  try {
    const answer = await fetch(address, { cache: "reload" });
    if (answer.status === 404) return (await renewed()) ? RENEWED : "HTTP status 404";
    if (!answer.ok) return `HTTP status ${answer.status}`;
    const type = answer.headers.get("Content-Type") ?? "";
    if (!/javascript|css/.test(type)) return `it came as ${type || "a file without a type"}`;
    return await answer.arrayBuffer().then(
      () => "",
      () => "only a part of it came",
    );
  } catch {
    return "there is no network";
  }
}

/** Whether another build is served now than this page was made by. */
async function renewed() {
  const page = await fetch(location.href, { cache: "reload" }).then((answer) => answer.text());
  const entry = /** @type {HTMLScriptElement} */ (document.querySelector("script[type=module]"));
  return !page.includes(/** @type {string} */ (entry.getAttribute("src")));
}

/**
 * WebKit may hand out a module that has not run yet: its exports throw a ReferenceError until then.
 *
 * @template T
 * @param {T} module
 * @returns {Promise<T>}
 */
async function whenRun(module) {
  for (;;) {
    try {
      void Object.values(/** @type {object} */ (module));
      return module;
    } catch {
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
