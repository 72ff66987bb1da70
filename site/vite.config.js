// How the page is built and served. scripts/build.py and scripts/serve.py run it: they make the files
// that the page fetches later (Python, MNIST, nets, kernels) and say in the file NETS_FILES where they lie.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { build as bundle } from "esbuild";
import { defineConfig } from "vite";

const SITE = import.meta.dirname;
const { NETS_FILES, NETS_PUBLIC, NETS_HARNESS } = process.env;

/** @typedef {import("vite").Plugin} Plugin */

/** What scripts/building wrote: {files, offline, cdn}, as virtual.d.ts describes them. */
const written = () => JSON.parse(NETS_FILES ? readFileSync(NETS_FILES, "utf8") : "{}");

/** "virtual:files": the files that the page fetches later. @returns {Plugin} */
function siteFiles() {
  const id = "\0virtual:files";
  return {
    name: "site-files",
    resolveId: (source) => (source === "virtual:files" ? id : undefined),
    load(asked) {
      if (asked !== id) return undefined;
      const { files = {}, offline = false, cdn = null } = written();
      const json = (/** @type {unknown} */ value) => JSON.stringify(value);
      return (
        `export const files = ${json(files)};\nexport const offline = ${json(offline)};\n` +
        `export const cdn = ${json(cdn)};\n`
      );
    },
    configureServer(server) {
      if (!NETS_FILES) return;
      server.watcher.add(NETS_FILES);
      server.watcher.on("change", (file) => {
        if (resolve(file) !== resolve(NETS_FILES)) return;
        server.moduleGraph.invalidateAll();
        server.ws.send({ type: "full-reload" });
      });
    },
  };
}

/** "virtual:sandbox": the sandbox's worker as one text, since its frame can fetch nothing. @returns {Plugin} */
function sandboxCode() {
  const id = "\0virtual:sandbox";
  return {
    name: "sandbox-code",
    resolveId: (source) => (source === "virtual:sandbox" ? id : undefined),
    async load(asked) {
      if (asked !== id) return undefined;
      for (const file of ["sandbox/worker.js", "sandbox/bounds.js", "python/boot.js"]) {
        this.addWatchFile(resolve(SITE, file));
      }
      const { outputFiles } = await bundle({
        entryPoints: [resolve(SITE, "sandbox/worker.js")],
        bundle: true,
        format: "iife",
        minify: true,
        target: "es2022",
        write: false,
      });
      return `export default ${JSON.stringify(outputFiles[0].text)};\n`;
    },
  };
}

/** KaTeX's fonts in one format: every browser that runs WebAssembly reads woff2. @returns {Plugin} */
function oneFontFormat() {
  const others = /,\s*url\([^)]+\) format\(["'](?:woff|truetype)["']\)/g;
  return {
    name: "one-font-format",
    enforce: "pre",
    transform: (code, id) => (/katex.*\.css/.test(id) ? code.replace(others, "") : undefined),
  };
}

/** Without the decoder that brotli-dec-wasm offers beside its code: the page fetches it packed. @returns {Plugin} */
function withoutDecoder() {
  return {
    name: "without-decoder",
    generateBundle(_, output) {
      for (const name of Object.keys(output)) if (name.endsWith(".wasm")) delete output[name];
    },
  };
}

/** embed.html: the same page, told to show one section alone (app/embedded.js). @returns {Plugin} */
function embedPage() {
  const embedded = (/** @type {string} */ page) =>
    page
      .replace('<html lang="en">', '<html lang="en" data-embedded>')
      .replace(/<meta property="og:image"[^>]*>/, '<meta name="robots" content="noindex" />');
  return {
    name: "embed-page",
    enforce: "post",
    generateBundle(_, output) {
      const page = output["index.html"];
      if (page?.type !== "asset") return;
      const source = embedded(String(page.source));
      this.emitFile({ type: "asset", fileName: "embed.html", source });
    },
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        if (!/^\/embed\.html(\?|$)/.test(request.url ?? "")) return next();
        const page = embedded(readFileSync(resolve(SITE, "index.html"), "utf8"));
        response.setHeader("Content-Type", "text/html");
        response.end(await server.transformIndexHtml("/embed.html", page));
      });
    },
  };
}

/**
 * What is built in each mode. The page is built apart from the others, so that it needs one module and
 * one style sheet. Tests and the bench have a module of their own, which exports parts of the page.
 * @type {Record<string, Record<string, string>>}
 */
const INPUTS = {
  page: { page: resolve(SITE, "index.html") },
  others: { bench: resolve(SITE, "bench.html"), licences: resolve(SITE, "licences.html") },
  harness: { harness: NETS_HARNESS ?? "" },
};

const names = {
  entryFileNames: "assets/[name]-[hash].js",
  chunkFileNames: "assets/[name]-[hash].js",
  assetFileNames: "assets/[name]-[hash][extname]",
};

export default defineConfig(({ mode }) => ({
  root: SITE,
  base: "./",
  appType: "mpa",
  clearScreen: false,
  logLevel: "warn",
  publicDir: NETS_PUBLIC ?? false,
  server: { host: "localhost", strictPort: true },
  resolve: {
    alias: {
      "#start": resolve(SITE, written().cdn ? "python/cdn.js" : "python/start.js"),
    },
  },
  plugins: [siteFiles(), sandboxCode(), oneFontFormat(), withoutDecoder(), embedPage()],
  worker: {
    format: "es",
    plugins: () => [siteFiles(), withoutDecoder()],
    rollupOptions: { output: names },
  },
  build: {
    target: "es2022",
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: INPUTS[mode],
      output: mode === "harness" ? { ...names, entryFileNames: "assets/[name].js" } : names,
      preserveEntrySignatures: mode === "harness" ? "strict" : false,
    },
  },
}));
