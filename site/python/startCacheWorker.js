// Has the next start find unpacked what the service worker has kept packed, off the page's thread.

import { cacheUnpacked } from "./startCache.js";

cacheUnpacked()
  .catch(() => {}) // without it the next start takes longer
  .finally(() => postMessage("done"));
