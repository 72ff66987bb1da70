// What the address says after its #: a section, and what is set in it ("#own?target=backward").
// No other module reads or writes it.

/** @returns {{section: string, values: URLSearchParams}} */
export function readAddress() {
  const [section, query = ""] = location.hash.slice(1).split("?", 2);
  return { section, values: new URLSearchParams(query) };
}

/** @param {string} section @param {Record<string, string>} values */
const hash = (section, values) => `#${section}?${new URLSearchParams(values)}`;

/**
 * The address of the whole page with a section's values in it.
 * @param {string} section
 * @param {Record<string, string>} values
 * @returns {string}
 */
export function addressOf(section, values) {
  return new URL(`./${hash(section, values)}`, location.href).href;
}

/**
 * Put a section's values into the address bar, without a new entry in the history.
 * @param {string} section
 * @param {Record<string, string>} values
 */
export function writeAddress(section, values) {
  history.replaceState(history.state, "", hash(section, values));
}

/** Does the page show one section alone (embed.html)? */
const alone = "embedded" in document.documentElement.dataset;

/**
 * Go to the section that the address names: the browser itself does not, where values follow. A
 * section that is alone is there already, and must not move the page around it.
 */
export function goToAddress() {
  const { section, values } = readAddress();
  if (values.size && section && !alone) document.getElementById(section)?.scrollIntoView();
}

/** Go to a section. @param {string} section */
export function visit(section) {
  location.hash = section;
  document.getElementById(section)?.scrollIntoView();
}

/**
 * Tell of another address that the visitor goes to while the page is open.
 * @param {() => void} listener
 */
export function whenAddressChanges(listener) {
  addEventListener("hashchange", listener);
}
