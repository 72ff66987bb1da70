// Embeds a section of nets in a page, with one line of HTML:
//
//   <script src="https://…/nets/embed.js" data-section="draw" async></script>
//
// A link with a still picture right before it is shown without JavaScript and until the section has
// loaded. Nothing else is fetched before the reader scrolls near. This script runs in other people's
// pages: it defines no globals, and accepts messages only from the frame that it made.

{
  /** The distance from the viewport at which the section begins to load. */
  const NEAR = "600px";
  /** How long the section may take to load, in milliseconds, before the reader gets a link. */
  const PATIENCE = 30_000;
  /** The largest height that is accepted, in pixels: no section is taller. */
  const TALLEST = 20_000;
  const DARK = "(prefers-color-scheme: dark)";

  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const site = new URL("./", script.src);
  const section = script.dataset.section || "draw";
  const box = document.createElement("div");
  const words = document.createElement("p");
  const link = document.createElement("a");

  /** @param {HTMLElement} element @param {Partial<CSSStyleDeclaration>} style */
  const dress = (element, style) => Object.assign(element.style, style);

  /** The link with the still picture, if it is right before the script. */
  function findStill() {
    const before = script.previousElementSibling;
    const found = before?.querySelector("img")?.closest("a");
    return found?.href.startsWith(site.href) ? found : undefined;
  }

  /** @returns {"light" | "dark"} the page's theme, as it declares it, or else by its background */
  function theme() {
    const preferred = matchMedia(DARK).matches ? "dark" : "light";
    for (const element of [document.documentElement, document.body]) {
      const { mode, theme, bsTheme, colorScheme } = element.dataset;
      const said = [mode, theme, bsTheme, colorScheme, ...element.classList];
      for (const name of /** @type {const} */ (["dark", "light"])) {
        if (said.includes(name)) return name;
      }
    }
    for (const element of [document.body, document.documentElement]) {
      const colour = getComputedStyle(element).backgroundColor.match(/^rgba?\(([\d., ]+)\)$/)?.[1];
      const [red, green, blue, opacity = 1] = (colour ?? "0, 0, 0, 0").split(",").map(Number);
      if (opacity > 0.5) return red + green + blue < 384 ? "dark" : "light";
    }
    const schemes = getComputedStyle(document.documentElement).colorScheme.split(" ");
    return schemes.includes(preferred) ? preferred : schemes.includes("dark") ? "dark" : "light";
  }

  /** Add the frame to the box, and show it once it has loaded and has its height and theme. */
  function load() {
    const frame = document.createElement("iframe");
    frame.title = `Neural networks from scratch: ${section.split("?")[0]}`;
    frame.allow = "clipboard-write";
    frame.setAttribute("scrolling", "no"); // it is as tall as its content
    dress(frame, { position: "absolute", top: "0", left: "0", width: "100%", border: "0" });
    dress(frame, { display: "block", opacity: "0", pointerEvents: "none" });
    const target = new URL("embed.html", site);
    target.hash = section;
    frame.src = target.href;

    const tellTheme = () =>
      frame.contentWindow?.postMessage({ nets: "theme", theme: theme() }, site.origin);
    const late = setTimeout(() => {
      words.replaceChildren("The demo has not answered yet. ", link);
    }, PATIENCE);
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== site.origin) return;
      if (data?.nets !== "height" || !(data.height > 0 && data.height <= TALLEST)) return;
      dress(frame, { height: `${data.height}px` });
      if (data.themed !== true) return tellTheme();
      if (frame.style.position === "static") return;
      clearTimeout(late);
      words.remove();
      still?.remove();
      dress(frame, { position: "static", opacity: "", pointerEvents: "" });
      dress(box, { minHeight: "" });
    });
    const looks = { attributes: true }; // such as data-mode, data-theme or class
    new MutationObserver(tellTheme).observe(document.documentElement, looks);
    new MutationObserver(tellTheme).observe(document.body, looks);
    matchMedia(DARK).addEventListener("change", tellTheme);
    box.append(frame);
  }

  const still = findStill();
  link.href = new URL(`#${section}`, site).href;
  link.textContent = "Open it on its own page";
  words.append("Loading the demo … ", link);
  dress(words, { margin: "0", padding: "0.75rem 1rem", fontSize: "0.9em" });
  dress(box, { position: "relative", overflow: "hidden", margin: "1.5rem 0", textAlign: "left" });
  dress(box, { border: "1px solid rgba(128, 128, 128, 0.4)", borderRadius: "10px" });
  if (still) {
    still.replaceWith(box);
    box.append(still);
    const picture = still.querySelector("img");
    if (picture) dress(picture, { display: "block", width: "100%", height: "auto", margin: "0" });
  } else {
    script.before(box);
    dress(box, { minHeight: "32rem" });
  }
  box.append(words);
  const near = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      near.disconnect();
      load();
    },
    { rootMargin: NEAR },
  );
  near.observe(box);
}
