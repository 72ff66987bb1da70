// Caches decompressed start files for the next start, off the page's thread.

import { cacheUnpacked } from "./startCache.js";

cacheUnpacked()
  .catch(() => {}) // then the next start only takes longer
  .finally(() => postMessage("done"));
