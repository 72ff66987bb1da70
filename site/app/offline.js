// The page's end of sw.js: registers it, decides what it caches, and tells the visitor.

import { files, offline } from "virtual:files";
import { checksHashes, SITE } from "../python/siteFiles.js";
import cacheWorkerUrl from "../python/startCacheWorker.js?worker&url";
import { trusted } from "../python/trusted.js";
import { byTestId, make } from "./ui/dom.js";

/** @typedef {import("./engine/engine.js").Engine} Engine */
/** @typedef {import("./engine/training.js").Training} Training */
/** @typedef {{ page: boolean, data: boolean, trouble?: string }} CacheState */

/** How long after the first prediction the page is cached, in milliseconds. */
const LEISURE = 2000;
/** How long after that the data is cached, too, if the visitor is still here. */
const STAYED = 20_000;
const DATA = Object.entries(files)
  .filter(([address]) => address.startsWith("mnist/"))
  .reduce((sum, [, { bytes }]) => sum + bytes, 0);

/** Whether the browser asks to save data, or the connection is slow. */
const saving = () => {
  const { saveData, effectiveType } = /** @type {any} */ (navigator).connection ?? {};
  return saveData || /2g|3g/.test(effectiveType ?? "");
};

/** Cache the page for offline visits, and show what is cached. @param {Engine} engine @param {Training} training */
export function offlineWords(engine, training) {
  const words = byTestId("offline", HTMLElement);
  const network = byTestId("network", HTMLElement);
  /** @type {ServiceWorkerRegistration | undefined} */
  let registration;
  /** Whether the data should be cached as well. */
  let wanted = false;
  let begun = false;

  const follow = () => {
    network.textContent = navigator.onLine ? "" : "· offline; what has loaded still works";
  };
  addEventListener("online", follow);
  addEventListener("offline", follow);
  follow();

  if (!offline) return void remove();
  if (!checksHashes || !hasServiceWorkers()) {
    return say(
      checksHashes
        ? "This browser cannot save pages for offline use."
        : "This address is not https: files from it cannot be checked, nor saved for offline use.",
    );
  }
  void renew();
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.notKept) say(`Nothing is saved for offline use (${data.notKept}).`, keepAll);
  });
  engine.addEventListener("ready", () => setTimeout(begin, LEISURE));
  training.addEventListener("state", () => {
    if (training.state === "training") want(); // the data has been fetched anyway
  });

  function begin() {
    if (begun) return;
    if (!saving() || navigator.serviceWorker.controller) return void keep();
    say("Nothing is saved for offline use, because your browser asks to save data.", keepAll);
  }

  async function keep() {
    begun = true;
    try {
      registration = await navigator.serviceWorker.register(trusted(new URL("sw.js", SITE)), {
        updateViaCache: "none",
      });
      registration.addEventListener("updatefound", watch);
    } catch (error) {
      begun = false;
      const { message } = /** @type {Error} */ (error);
      return say(`Nothing is saved for offline use (${message.split("\n")[0]}).`, keepAll);
    }
    if (!registration.active) say("Saving the page for offline use …");
    watch();
    await show();
    setTimeout(() => {
      if (!saving() && !document.hidden) want();
    }, STAYED);
  }

  /** Show when a version that is being fetched is complete. */
  function watch() {
    const { installing, waiting } = /** @type {ServiceWorkerRegistration} */ (registration);
    if (waiting) return void show();
    installing?.addEventListener("statechange", () => {
      if (installing.state === "installed" || installing.state === "activated") void show();
    });
  }

  async function show() {
    if (!registration?.active) return;
    if (registration.waiting) {
      return say("There is a newer version of this page. You get it the next time you open it.");
    }
    let cached = await ask("what is kept");
    if (!cached.page) cached = await ask("keep the page"); // what the browser has lost of it
    if (cached.page) await cacheUnpackedOnce();
    if (cached.page && wanted && !cached.data) return keepData();
    tell(cached);
  }

  /** @param {CacheState} state */
  function tell({ page, data, trouble }) {
    if (!page) return say("");
    if (data) return say("This page works offline, training too.");
    const why = trouble ? ` could not be saved (${trouble})` : " is not saved yet";
    say(
      `This page works offline, except for training: MNIST, ${Math.round(DATA / 1e6)} MB,${why}.`,
      () => void keepData(),
    );
  }

  async function keepData() {
    wanted = true;
    say("Saving MNIST for offline use …");
    tell(await ask("keep the data"));
  }

  function want() {
    if (wanted) return;
    wanted = true;
    void show();
  }

  function keepAll() {
    wanted = true;
    void keep();
  }

  /** @param {string} question @returns {Promise<CacheState>} the service worker's answer */
  function ask(question) {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      registration?.active?.postMessage(question, [port2]);
    });
  }

  /** @param {string} text @param {() => void} [keep] called by the button "Save it" */
  function say(text, keep) {
    words.textContent = text;
    if (keep)
      words.append(
        " ",
        make("button", {
          type: "button",
          className: "plain",
          textContent: "Save it",
          onclick: keep,
        }),
      );
  }
}

/** Whether the browser has service workers here: a frame without an origin is refused them by a throw. */
function hasServiceWorkers() {
  try {
    return "serviceWorker" in navigator && !!navigator.serviceWorker;
  } catch {
    return false;
  }
}

/** @type {Promise<void> | undefined} */
let unpacking;

/** `cacheUnpacked`, unless it is running. If it fails, the next start only takes longer. */
function cacheUnpackedOnce() {
  unpacking ??= cacheUnpacked()
    .catch(() => {})
    .finally(() => (unpacking = undefined));
  return unpacking;
}

/** In a worker: cache decompressed copies of the files that the service worker caches packed. */
async function cacheUnpacked() {
  const worker = new Worker(trusted(new URL(cacheWorkerUrl, import.meta.url)), { type: "module" });
  await new Promise((done) => {
    worker.onmessage = done;
    worker.onerror = done;
  });
  worker.terminate();
}

/**
 * If a newer version waits and no other page needs the older one, switch to it now, before the visitor
 * has done anything here.
 */
async function renew() {
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration(SITE).catch(() => undefined);
  if (!registration?.waiting || !serviceWorker.controller) return;
  serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting.postMessage("take over");
}

/** This build has no service worker: update an earlier build's, which then removes itself. */
async function remove() {
  if (!hasServiceWorkers()) return;
  const registration = await navigator.serviceWorker.getRegistration(SITE).catch(() => undefined);
  if (registration?.scope === SITE.href) await registration.update().catch(() => {});
}
