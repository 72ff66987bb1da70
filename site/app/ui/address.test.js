import { beforeEach, describe, expect, it, vi } from "vitest";

/** @type {{href: string, hash: string}} */
let location;
/** @type {unknown[][]} */
let replaced;
const scrollIntoView = vi.fn();

/** The module in a page with this address. @param {string} href @param {DOMStringMap} [dataset] */
async function at(href, dataset = {}) {
  location = { href, hash: new URL(href).hash };
  replaced = [];
  vi.stubGlobal("location", location);
  vi.stubGlobal("history", {
    state: "kept",
    replaceState: (/** @type {unknown[]} */ ...args) => replaced.push(args),
  });
  vi.stubGlobal("document", {
    documentElement: { dataset },
    getElementById: (/** @type {string} */ id) => (id === "own" ? { scrollIntoView } : null),
  });
  return import("./address.js");
}

beforeEach(() => {
  vi.resetModules();
  scrollIntoView.mockClear();
});

describe("the address", () => {
  it.each([
    ["", "", {}],
    ["#", "", {}],
    ["#own", "own", {}],
    ["#own?target=backward&code=a-_b", "own", { target: "backward", code: "a-_b" }],
    ["#own?formula=x%20%26%20y%3F", "own", { formula: "x & y?" }],
    ["#own?%E0%A4%A", "own", { "\ufffd%A": "" }],
    ["#?a=1", "", { a: "1" }],
  ])("is read: %s", async (hash, section, values) => {
    const { readAddress } = await at(`https://example.org/nets/${hash}`);
    const found = readAddress();
    expect(found.section).toBe(section);
    expect(Object.fromEntries(found.values)).toEqual(values);
  });

  it("comes back as it was written", async () => {
    const { addressOf } = await at("https://example.org/nets/embed.html?theme=dark#draw");
    const values = { formula: "a&b=c#d?e+f %", data: "数" };
    const address = addressOf("playground", values);
    expect(address.split("#")[0]).toBe("https://example.org/nets/"); // the whole page
    const { readAddress } = await at(address).then(() => import("./address.js"));
    expect(readAddress().section).toBe("playground");
    expect(Object.fromEntries(readAddress().values)).toEqual(values);
  });

  it("is written without an entry in the history", async () => {
    const { writeAddress } = await at("https://example.org/");
    writeAddress("own", { target: "backward" });
    expect(replaced).toEqual([["kept", "", "#own?target=backward"]]);
  });

  it("with values scrolls to its section", async () => {
    const { goToAddress } = await at("https://example.org/#own?target=backward");
    goToAddress();
    expect(scrollIntoView).toHaveBeenCalledOnce();
  });

  it.each([
    ["without values, where the browser scrolls", "#own", {}],
    ["to a section that there is not", "#nowhere?a=1", {}],
    ["in an embedded section", "#own?target=backward", { embedded: "" }],
  ])("does not scroll %s", async (_, hash, dataset) => {
    const { goToAddress } = await at(`https://example.org/${hash}`, dataset);
    goToAddress();
    expect(scrollIntoView).not.toHaveBeenCalled();
  });
});
