// The fragment of the address: a section and its values ("#own?target=backward"). No other module
// reads or writes it.

/** @returns {{section: string, values: URLSearchParams}} */
export function readAddress() {
  const [section, query = ""] = location.hash.slice(1).split("?", 2);
  return { section, values: new URLSearchParams(query) };
}

/** @param {string} section @param {Record<string, string>} values */
const hash = (section, values) => `#${section}?${new URLSearchParams(values)}`;

/**
 * The address of the whole page with a section's values.
 * @param {string} section
 * @param {Record<string, string>} values
 * @returns {string}
 */
export function addressOf(section, values) {
  return new URL(`./${hash(section, values)}`, location.href).href;
}

/**
 * Write a section's values to the address bar, without a new entry in the history.
 * @param {string} section
 * @param {Record<string, string>} values
 */
export function writeAddress(section, values) {
  history.replaceState(history.state, "", hash(section, values));
}

/** Whether the page shows one section alone (embed.html). */
const alone = "embedded" in document.documentElement.dataset;

/**
 * Scroll to the section that the address names. The browser does not if values follow its name. An
 * embedded section must not scroll the page around it.
 */
export function goToAddress() {
  const { section, values } = readAddress();
  if (values.size && section && !alone) document.getElementById(section)?.scrollIntoView();
}

/** Scroll to a section, and name it in the address. @param {string} section */
export function visit(section) {
  location.hash = section;
  document.getElementById(section)?.scrollIntoView();
}

/**
 * Call the listener when the visitor changes the fragment.
 * @param {() => void} listener
 */
export function whenAddressChanges(listener) {
  addEventListener("hashchange", listener);
}
