// The service worker of a site that no longer wants one: takes the place of sw.js at an earlier
// visitor's, and removes itself and all that was kept. Pages that are open go on from the network.

{
  const worker = /** @type {any} */ (self);
  const family = `nets ${new URL("./", worker.registration.scope).pathname} `;

  worker.addEventListener("install", () => worker.skipWaiting());
  worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(leave()));

  async function leave() {
    await worker.registration.unregister();
    const names = await caches.keys();
    await Promise.all(
      names.filter((name) => name.startsWith(family)).map((name) => caches.delete(name)),
    );
  }
}
