import { describe, expect, it } from "vitest";
import { read, written } from "./state.js";

/** @typedef {import("./world.js").World} World */

const SPEEDS = [1, 5, 25];
const SETTINGS = {
  problem: "classification",
  data: "spiral",
  samples: 200,
  noise: 0.1,
  share: 0.5,
  seed: 3,
  points: [],
  formula: "",
  features: ["x1", "x2", "sin(x1)"],
  layers: [
    { neurons: 4, activation: "tanh", dropout: 0 },
    { neurons: 2, activation: "relu", dropout: 0.25 },
  ],
  initializer: "xavier",
  optimizer: "adam",
  learningRate: 1e-7,
  l1: 0,
  l2: 0.001,
  batchSize: 10,
  edits: [],
};

/** @param {object} [settings] @param {object} [rest] */
const world = (settings, rest) =>
  /** @type {World} */ (
    /** @type {unknown} */ ({
      settings: { ...SETTINGS, ...settings },
      mode: "activations",
      speed: 1,
      ...rest,
    })
  );

/** Through an address and back. @param {World} from */
const again = (from) => read(new URLSearchParams(`${new URLSearchParams(written(from))}`), SPEEDS);

/** @param {string} query */
const parsed = (query) => read(new URLSearchParams(query), SPEEDS);

describe("a playground in the address", () => {
  it("comes back as it was", () => {
    const { points, formula, edits, ...rest } = SETTINGS;
    expect(again(world())).toEqual({ settings: rest, mode: "activations", speed: 1, wrong: [] });
  });

  it("carries points, edits, mode and speed where they differ", () => {
    const points = [
      [-1.5, 0.25, 1],
      [1e-9, -6, 0],
    ];
    const edits = [[1, 2, 0, -0.75]];
    const found = again(world({ data: "points", points, edits }, { mode: "gradient", speed: 25 }));
    expect(found.settings).toMatchObject({ data: "points", points, edits });
    expect(found).toMatchObject({ mode: "gradient", speed: 25, wrong: [] });
  });

  it("carries a formula with any letters", () => {
    const formula = "sin(x*2) & y = 1? # + 100%_*";
    expect(again(world({ data: "formula", formula })).settings.formula).toBe(formula);
  });

  it("omits points and a formula that are not in use", () => {
    const values = written(world({ points: [[1, 2, 0]], formula: "x" }));
    expect(values).not.toHaveProperty("points");
    expect(values).not.toHaveProperty("formula");
  });

  it("can have no hidden layer", () => {
    expect(again(world({ layers: [] })).settings.layers).toEqual([]);
  });
});

describe("an address that somebody wrote", () => {
  it("may have numbers as people write them", () => {
    const query = "noise=0,1&learningRate=1e-7&seed=1,000&samples=２００&l2=1e-3&speed=5,0";
    const { settings, speed, wrong } = parsed(`${query}&layers=4-tanh-1e-7*2-relu-0,25`);
    expect(settings).toEqual({
      noise: 0.1,
      learningRate: 1e-7,
      seed: 1000,
      samples: 200,
      l2: 1e-3,
      layers: [
        { neurons: 4, activation: "tanh", dropout: 1e-7 },
        { neurons: 2, activation: "relu", dropout: 0.25 },
      ],
    });
    expect(speed).toBe(5);
    expect(wrong).toEqual([]);
  });

  it.each([
    "samples=",
    "samples=many",
    "samples=0x10",
    "samples=1.5",
    "learningRate=1,000",
    "noise=Infinity",
    "noise=1e999",
    "seed=NaN",
    "points=1_2",
    "points=1_2_3*4_5",
    "points=1_2_x",
    "edits=1_2_3",
    "layers=tanh",
    "layers=4",
    "layers=4-tanh*",
    "layers=4-tanh-",
    "layers=-4-tanh",
    "layers=4-tanh-much",
    "speed=1000",
    "mode=other",
    "unknown=1",
    "__proto__=1",
    "constructor=1",
    "toString=1",
  ])("names what it cannot read: %s", (query) => {
    const { settings, mode, speed, wrong } = parsed(query);
    expect(wrong).toEqual([query.split("=")[0]]);
    expect(settings).toEqual({});
    expect([mode, speed]).toEqual(["activations", 1]);
  });

  it("keeps what it can read beside that", () => {
    const { settings, wrong } = parsed("samples=x&noise=0.2&seed=&layers=3-relu");
    expect(settings).toEqual({
      noise: 0.2,
      layers: [{ neurons: 3, activation: "relu", dropout: 0 }],
    });
    expect(wrong).toEqual(["samples", "seed"]);
  });
});
