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
  /** What marks a box of this script, also where a page is shown again from a copy of its elements. */
  const MARK = "data-nets-embed";

  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const site = new URL("./", script.src);
  const section = script.dataset.section || "draw";
  const box = document.createElement("div");
  const words = document.createElement("p");
  const link = document.createElement("a");

  /** @param {HTMLElement} element @param {Partial<CSSStyleDeclaration>} style */
  const dress = (element, style) => Object.assign(element.style, style);

  /** The link with the still picture, if it is right before the script. @param {Element | null} before */
  function findStill(before) {
    const found = before?.querySelector("img")?.closest("a");
    return found?.href.startsWith(site.href) ? found : undefined;
  }

  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /**
   * A colour as the browser paints it, in whatever notation: oklch(), color-mix() and the like.
   * @param {string} colour
   * @returns {{ opacity: number, dark: boolean }}
   */
  function seen(colour) {
    const plain = colour
      .match(/^rgba?\(([\d., ]+)\)$/)?.[1]
      .split(",")
      .map(Number);
    const [red, green, blue, opacity = 1] = plain ?? painted(colour);
    return { opacity, dark: 0.299 * red + 0.587 * green + 0.114 * blue < 128 };
  }

  /** @param {string} colour @returns {number[]} red, green and blue, 0…255, and opacity, 0…1 */
  function painted(colour) {
    if (!pixel) return [0, 0, 0, 0];
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = "transparent"; // what stays if this browser does not know the notation
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  }

  /** The elements around the box, from the inside out. */
  function* around() {
    for (let one = box.parentElement; one; one = one.parentElement) yield one;
  }

  /** @returns {"light" | "dark"} the page's theme, as it declares it, or else by what is behind the box */
  function theme() {
    const preferred = matchMedia(DARK).matches ? "dark" : "light";
    for (const element of [document.documentElement, document.body]) {
      const { mode, theme, bsTheme, colorScheme } = element.dataset;
      const said = [mode, theme, bsTheme, colorScheme, ...element.classList];
      for (const name of /** @type {const} */ (["dark", "light"])) {
        if (said.includes(name)) return name;
      }
    }
    for (const element of around()) {
      const { backgroundColor, backgroundImage, color } = getComputedStyle(element);
      const { opacity, dark } = seen(backgroundColor);
      if (opacity > 0.5) return dark ? "dark" : "light";
      if (backgroundImage !== "none") return seen(color).dark ? "light" : "dark";
    }
    const schemes = getComputedStyle(document.documentElement).colorScheme.split(" ");
    return schemes.includes(preferred) ? preferred : schemes.includes("dark") ? "dark" : "light";
  }

  /** Add the frame to the box, and show it once it has loaded and has its height and theme. */
  function load() {
    const frame = document.createElement("iframe");
    frame.title = `Neural networks from scratch: ${section.split("?")[0]}`;
    frame.allow = "clipboard-write";
    dress(frame, { position: "absolute", top: "0", left: "0", width: "100%", border: "0" });
    dress(frame, { display: "block", opacity: "0", pointerEvents: "none" });
    const target = new URL("embed.html", site);
    target.hash = section;
    frame.src = target.href;

    const tellTheme = () =>
      frame.contentWindow?.postMessage({ nets: "theme", theme: theme() }, site.origin);
    /** Ends when the frame has left the page, as sites do that replace what is in a page. */
    let listening = new AbortController();
    /** @template {unknown[]} A @param {(...given: A) => void} handle @returns {(...given: A) => void} */
    const whileThere =
      (handle) =>
      (...given) =>
        frame.isConnected ? handle(...given) : listening.abort();
    const late = setTimeout(() => {
      words.replaceChildren("The demo has not answered yet. ", link);
    }, PATIENCE);
    let heard = false;
    const hear = (/** @type {MessageEvent} */ { source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== site.origin) return;
      if (data?.nets !== "height" || !(data.height > 0 && data.height <= TALLEST)) return;
      heard = true;
      dress(frame, { height: `${data.height}px` });
      if (data.themed !== true) return tellTheme();
      if (frame.style.position === "static") return;
      clearTimeout(late);
      words.remove();
      still?.remove();
      dress(frame, { position: "static", opacity: "", pointerEvents: "" });
      dress(box, { minHeight: "", overflow: "auto" }); // the page may limit its height
    };
    function listen() {
      listening.abort();
      listening = new AbortController();
      const { signal } = listening;
      const look = whileThere(() => heard && tellTheme());
      addEventListener("message", whileThere(hear), { signal });
      matchMedia(DARK).addEventListener("change", look, { signal });
      document.addEventListener("transitionend", look, { signal }); // colours may change slowly
      document.addEventListener("load", look, { capture: true, signal }); // of a style sheet
      const looks = new MutationObserver(look);
      for (const element of around()) looks.observe(element, { attributes: true });
      looks.observe(document.documentElement, { attributes: true, childList: true }); // a new body
      looks.observe(document.head, { attributes: true, childList: true, subtree: true });
      signal.addEventListener("abort", () => looks.disconnect());
    }
    frame.addEventListener("load", () => listening.signal.aborted && listen()); // put back
    box.append(frame);
    listen();
  }

  const before = script.previousElementSibling;
  /** The box that an earlier run of this script has left here, without what it did. */
  const left = before instanceof HTMLElement && before.hasAttribute(MARK) ? before : undefined;
  const still = findStill(before);
  link.href = new URL(`#${section}`, site).href;
  link.textContent = "Open it on its own page";
  words.append("Loading the demo … ", link);
  dress(words, { margin: "0", padding: "0.75rem 1rem", fontSize: "0.9em" });
  dress(box, { position: "relative", overflow: "hidden", margin: "1.5rem 0", textAlign: "left" });
  dress(box, { border: "1px solid rgba(128, 128, 128, 0.4)", borderRadius: "10px" });
  box.setAttribute(MARK, "");
  if (left) {
    const height = left.offsetHeight;
    left.replaceWith(box);
    if (still) box.append(still);
    else dress(box, { minHeight: `${height}px` });
  } else if (still) {
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
