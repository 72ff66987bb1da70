// Arrays as pictures: pixels in grey, signed weights in blue and orange. When the theme changes, all
// pictures on the page are repainted.

import { whenThemeChanges } from "./theme.js";

/** @typedef {{ink: number[], paper: number[], positive: number[], negative: number[]}} Palette */

/** How to repaint each canvas. @type {WeakMap<HTMLCanvasElement, () => void>} */
const painted = new WeakMap();
whenThemeChanges(() => {
  for (const canvas of document.querySelectorAll("canvas")) painted.get(canvas)?.();
});

/** The page's colours as [red, green, blue], read from the style sheet. @returns {Palette} */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
  };
  return {
    ink: read("--ink"),
    paper: read("--paper"),
    positive: read("--positive"),
    negative: read("--negative"),
  };
}

/**
 * Paint values onto a canvas, one value per pixel.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values side · side of them, from `offset` on
 * @param {number} side
 * @param {(value: number) => number[]} colour
 * @param {number} [offset]
 */
function paint(canvas, values, side, colour, offset = 0) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    image.data.set(colour(values[offset + i]), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** @param {number[]} from @param {number[]} to @param {number} share 0…1 */
const mix = (from, to, share) => from.map((value, i) => value + (to[i] - value) * share);

/**
 * A 28×28 picture of ink on paper.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} pixels 784 of them, 0…1
 */
export function paintPixels(canvas, pixels) {
  paintGrey(canvas, pixels, 28, 1);
}

/**
 * A square picture of values from 0 (paper) to `largest` (ink).
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {number} side
 * @param {number} largest
 */
export function paintGrey(canvas, values, side, largest) {
  const { ink, paper } = palette();
  paint(canvas, values, side, (value) => mix(paper, ink, Math.max(0, value / largest)));
  painted.set(canvas, () => paintGrey(canvas, values, side, largest));
}

/**
 * A square picture of signed values: blue above zero, orange below.
 * @param {HTMLCanvasElement} canvas
 * @param {Int8Array} values −127…127
 * @param {number} side
 * @param {Palette} colours
 * @param {number} [offset] where the picture's values begin
 */
export function paintSigned(canvas, values, side, colours, offset = 0) {
  const { paper, positive, negative } = colours;
  const colour = (/** @type {number} */ value) =>
    mix(paper, value < 0 ? negative : positive, Math.abs(value) / 127);
  paint(canvas, values, side, colour, offset);
  painted.set(canvas, () => paintSigned(canvas, values, side, palette(), offset));
}
