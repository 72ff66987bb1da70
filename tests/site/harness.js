// Parts of the page that tests call by themselves: bundled by harness.py and served beside the page.

export { Engine } from "../../site/app/engine/engine.js";
export { packed, unpacked } from "../../site/app/ui/share.js";
export { Unpacker, hire } from "../../site/python/brotliClient.js";
export { urlOf } from "../../site/python/siteFiles.js";
export { startPython } from "../../site/python/start.js";
export { trusted } from "../../site/python/trusted.js";
