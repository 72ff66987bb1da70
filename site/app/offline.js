// The page's end of sw.js: when it is registered, what it keeps, and what the visitor is told of it.

import { files, offline } from "virtual:files";
import { checksHashes, SITE } from "../python/siteFiles.js";
import cacheWorkerUrl from "../python/startCacheWorker.js?worker&url";
import { trusted } from "../python/trusted.js";
import { byTestId, make } from "./ui/dom.js";

/** @typedef {import("./engine/engine.js").Engine} Engine */
/** @typedef {import("./engine/training.js").Training} Training */
/** @typedef {{ page: boolean, data: boolean, trouble?: string }} CacheState */

/** How long after the first prediction the page is kept, in milliseconds: it comes first. */
const LEISURE = 2000;
/** How long after that a visitor who is still here gets the data too. */
const STAYED = 20_000;
const DATA = Object.entries(files)
  .filter(([address]) => address.startsWith("mnist/"))
  .reduce((sum, [, { bytes }]) => sum + bytes, 0);

/** Does the visitor's browser ask for little to be fetched? */
const saving = () => {
  const { saveData, effectiveType } = /** @type {any} */ (navigator).connection ?? {};
  return saveData || /2g|3g/.test(effectiveType ?? "");
};

/** Keep the page for visits without a network, and say how far that is. @param {Engine} engine @param {Training} training */
export function offlineWords(engine, training) {
  const words = byTestId("offline", HTMLElement);
  const network = byTestId("network", HTMLElement);
  /** @type {ServiceWorkerRegistration | undefined} */
  let registration;
  /** Is there leave for the data as well? */
  let wanted = false;
  let begun = false;

  const follow = () => {
    network.textContent = navigator.onLine ? "" : "· no network; what is here goes on";
  };
  addEventListener("online", follow);
  addEventListener("offline", follow);
  follow();

  if (!offline) return void remove();
  if (!checksHashes || !("serviceWorker" in navigator)) {
    return say(
      checksHashes
        ? "This browser keeps no pages for a time without a network."
        : "This address is not https: what comes from it cannot be checked, nor kept for a time without a network.",
    );
  }
  void renew();
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.notKept)
      say(`Nothing is kept for a time without a network (${data.notKept}).`, keepAll);
  });
  engine.addEventListener("ready", () => setTimeout(begin, LEISURE));
  training.addEventListener("state", () => {
    if (training.state === "training") want(); // its data has been fetched: there is nothing to ask
  });

  function begin() {
    if (begun) return;
    if (!saving() || navigator.serviceWorker.controller) return void keep();
    say("Nothing is kept for a time without a network, to save your data.", keepAll);
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
      return say(
        `Nothing is kept for a time without a network (${message.split("\n")[0]}).`,
        keepAll,
      );
    }
    if (!registration.active) say("Keeping the page for a time without a network …");
    watch();
    await show();
    setTimeout(() => {
      if (!saving() && !document.hidden) want();
    }, STAYED);
  }

  /** See what becomes of a version that is being fetched. */
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
      return say("A newer version of this page has come. It is used when you open the page next.");
    }
    const kept = await ask("what is kept");
    if (kept.page) await cacheUnpackedOnce();
    if (kept.page && wanted && !kept.data) return keepData();
    tell(kept);
  }

  /** @param {CacheState} kept */
  function tell({ page, data, trouble }) {
    if (!page) return say("");
    if (data) return say("This page works without a network, training too.");
    const why = trouble ? ` could not be kept (${trouble})` : " is not kept yet";
    say(
      `This page works without a network, all but training: MNIST, ${Math.round(DATA / 1e6)} MB,${why}.`,
      () => void keepData(),
    );
  }

  async function keepData() {
    wanted = true;
    say("Keeping MNIST for a time without a network …");
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

  /** @param {string} text @param {() => void} [keep] what a button "Keep it" does */
  function say(text, keep) {
    words.textContent = text;
    if (keep)
      words.append(
        " ",
        make("button", {
          type: "button",
          className: "plain",
          textContent: "Keep it",
          onclick: keep,
        }),
      );
  }
}

/** @type {Promise<void> | undefined} */
let unpacking;

/** `cacheUnpacked`, unless that is under way; without it the next start takes longer, no more. */
function cacheUnpackedOnce() {
  unpacking ??= cacheUnpacked()
    .catch(() => {})
    .finally(() => (unpacking = undefined));
  return unpacking;
}

/** Have what the service worker keeps packed be kept unpacked, too, by a worker of its own. */
async function cacheUnpacked() {
  const worker = new Worker(trusted(new URL(cacheWorkerUrl, import.meta.url)), { type: "module" });
  await new Promise((done) => {
    worker.onmessage = done;
    worker.onerror = done;
  });
  worker.terminate();
}

/**
 * Where a newer version waits and no other page needs the older one: have it, before anything has
 * been done here.
 */
async function renew() {
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration(SITE).catch(() => undefined);
  if (!registration?.waiting || !serviceWorker.controller) return;
  serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting.postMessage("take over");
}

/** This build wants no service worker: an earlier one's goes, if it is still there. */
async function remove() {
  const registration = await navigator.serviceWorker?.getRegistration(SITE).catch(() => undefined);
  if (registration?.scope === SITE.href) await registration.update().catch(() => {});
}
