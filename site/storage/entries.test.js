import { describe, expect, it } from "vitest";
import { entryOf, newestFirst, nextOrder } from "./entries.js";

/** @param {Record<string, unknown>} record */
const entry = (record) => /** @type {import("./entries.js").Entry} */ (entryOf(record));

describe("entryOf", () => {
  it("passes a record on", () => {
    const record = { id: "a", when: 5, order: 2, about: { title: "784-30-10" } };
    expect(entryOf(record)).toEqual(record);
  });

  it.each([
    [{ id: "a" }],
    [{ id: "a", when: 5n, order: 2n, about: 1n }],
    [{ id: "a", when: 1e300, order: -1, about: null }],
    [{ id: "a", when: "5", order: 1.5, about: "text" }],
    [{ id: "a", when: Number.POSITIVE_INFINITY, order: 2 ** 53, about: undefined }],
  ])("reads what is malformed as unknown %#", (record) => {
    expect(entryOf(record)).toEqual({ id: "a", when: Number.NaN, order: 0, about: {} });
  });

  it.each([[undefined], [null], [5], [{}], [{ id: 5 }], [{ id: 5n }]])(
    "needs an id %#",
    (record) => {
      expect(entryOf(record)).toBeUndefined();
    },
  );
});

describe("newestFirst", () => {
  /** @param {Record<string, unknown>[]} records */
  const ids = (...records) =>
    records
      .map(entry)
      .sort(newestFirst)
      .map(({ id }) => id)
      .join("");

  it("goes by the order, whatever the clock said", () => {
    const future = { id: "f", when: 8e15, order: 1 };
    expect(ids(future, { id: "b", when: 2, order: 3 }, { id: "a", when: 3, order: 2 })).toBe("baf");
  });

  it("takes a record without an order for older, from whatever time it is", () => {
    expect(ids({ id: "f", when: 8e15 }, { id: "a", when: 1, order: 1 })).toBe("af");
  });

  it("goes by the time where there is no order, and takes unknown times for the oldest", () => {
    expect(ids({ id: "u" }, { id: "b", when: -5 }, { id: "v" }, { id: "c", when: 5 })).toBe("cbuv");
  });
});

describe("nextOrder", () => {
  it("is above all others", () => {
    expect(nextOrder([])).toBe(1);
    expect(nextOrder([{ id: "a" }, { id: "b", order: 7 }, { id: "c", order: 2 }].map(entry))).toBe(
      8,
    );
  });
});
