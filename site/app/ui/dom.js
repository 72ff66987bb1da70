// Finding and making elements, and formatting numbers.

/**
 * The element with this data-testid; throws if there is none of this type.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function byTestId(id, type, within = document) {
  const element = within.querySelector(`[data-testid="${id}"]`);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} "${id}"`);
  return element;
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/**
 * Show a number, with its raw value in data-value; "–" and "" if there is none.
 * @param {HTMLElement} element
 * @param {number | null | undefined} value
 * @param {(value: number) => string} format
 */
export function show(element, value, format) {
  const there = value !== null && value !== undefined && Number.isFinite(value);
  element.dataset.value = there ? String(value) : "";
  const text = there ? format(value) : "–";
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Show a message in a live region. Screen readers announce trouble at once, other messages at the
 * next pause, and the share not at all.
 * @param {HTMLElement} element
 * @param {string} text
 * @param {{kind?: "quiet" | "trouble", share?: number}} [how] share: 0…1
 */
export function say(element, text, { kind = "quiet", share } = {}) {
  element.dataset.kind = kind;
  element.setAttribute("aria-live", kind === "trouble" ? "assertive" : "polite");
  if ((element.firstChild?.nodeValue ?? "") !== text)
    element.replaceChildren(...(text ? [text] : []));
  if (share === undefined) element.lastElementChild?.remove();
  else {
    const seen =
      element.lastElementChild ?? element.appendChild(make("span", { ariaHidden: "true" }));
    seen.textContent = ` ${percent(share, 0)}`;
  }
}

/**
 * A number with its article: "a 7", but "an 8", "an 11", "an 18" and "an 80".
 * @param {number | string} number
 */
export function withArticle(number) {
  const [leading] = whole(Number(number)).split(",");
  return /^(8|11$|18$)/.test(leading) ? `an ${number}` : `a ${number}`;
}

/** 0.9634 → "96.3 %" @param {number} share @param {number} [digits] */
export const percent = (share, digits = 1) => `${(share * 100).toFixed(digits)} %`;

/** 23860 → "23,860" @param {number} n */
export const whole = (n) => Math.round(n).toLocaleString("en");

/**
 * A position in epochs: 2.5 → "2.5", and 0.00266 → "0.0027", since a few steps are not 0.
 * @param {number} epochs
 */
export const position = (epochs) =>
  String(Number(epochs < 1 ? epochs.toPrecision(2) : epochs.toFixed(2)));

/** Seconds in words: "5 s", "3 min", "1 h 5 min". @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
