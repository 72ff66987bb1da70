// The service worker of a site without one: it replaces sw.js in the browsers of earlier visitors, then
// removes itself and all caches. Open pages continue from the network.

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
