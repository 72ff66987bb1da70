// What the address says after its #: a section, and what is set in it ("#own?target=backward").
// No other module reads or writes it.

/** @returns {{section: string, values: URLSearchParams}} */
export function readAddress() {
  const [section, query = ""] = location.hash.slice(1).split("?", 2);
  return { section, values: new URLSearchParams(query) };
}

/**
 * The page's address with a section's values in it.
 * @param {string} section
 * @param {Record<string, string>} values
 * @returns {string}
 */
export function addressOf(section, values) {
  const address = new URL(location.href);
  address.hash = `${section}?${new URLSearchParams(values)}`;
  return address.href;
}

/**
 * Put a section's values into the address bar, without a new entry in the history.
 * @param {string} section
 * @param {Record<string, string>} values
 */
export function writeAddress(section, values) {
  history.replaceState(history.state, "", addressOf(section, values));
}

/**
 * Go to the section that the address names: the browser itself does not, where values follow.
 */
export function goToAddress() {
  const { section, values } = readAddress();
  if (values.size && section) document.getElementById(section)?.scrollIntoView();
}

/**
 * Tell of another address that the visitor goes to while the page is open.
 * @param {() => void} listener
 */
export function whenAddressChanges(listener) {
  addEventListener("hashchange", listener);
}
