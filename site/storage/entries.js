// What is listed of saved training runs. Records may come from another version of the page, so each is
// checked when it is read: one that is malformed must not hide the others.

/**
 * @typedef {{id: string, when: number, order: number, about: Record<string, any>}} Entry
 *   when: Date.now() of the last save, NaN if unknown; order: grows with each save of any run, 0 in
 *   records that have none; about: see `Runs.autosave`, {} if unknown
 */

/** The latest time that a Date can hold. */
const LATEST = 8.64e15;

/** A record as an entry, undefined if it has no id. @param {any} record @returns {Entry | undefined} */
export function entryOf(record) {
  const { id, when, order, about } = record ?? {};
  if (typeof id !== "string") return undefined;
  return {
    id,
    when: typeof when === "number" && Math.abs(when) <= LATEST ? when : Number.NaN,
    order: Number.isSafeInteger(order) && order > 0 ? order : 0,
    about: typeof about === "object" && about !== null ? about : {},
  };
}

/**
 * Sort the newest first. Clocks go wrong, so times count only between records without an order.
 * @param {Entry} one
 * @param {Entry} other
 */
export function newestFirst(one, other) {
  return other.order - one.order || timeOf(other) - timeOf(one) || 0;
}

/** @param {Entry} entry */
const timeOf = ({ when }) => (Number.isNaN(when) ? -LATEST : when);

/** The order of the next save. @param {Entry[]} entries all that there are */
export function nextOrder(entries) {
  return Math.max(0, ...entries.map(({ order }) => order)) + 1;
}
