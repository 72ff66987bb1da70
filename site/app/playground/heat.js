// Signed values as colours: pictures of the plane, and points in it. One lookup for each value.

import { palette } from "../ui/pictures.js";
import { whenThemeChanges } from "../ui/theme.js";

/** The plane reaches from −REACH to REACH in both directions. */
export const REACH = 6;
/** A surface's share of each colour, so that the points on it stand out. */
const SURFACE = 0.7;

/** The surface's 256 colours as pixels; a value −128…127 & 255 is the index. */
const pixels = new Uint32Array(256);
/** The colours of points as pixels. */
const inks = new Uint32Array(256);
/** And for canvas paths. @type {string[]} */
const paints = new Array(256);
/**
 * Colours of lines and marks: `positive`, `negative`, `paper`, `ink`.
 * @type {Record<string, string>}
 */
export const colours = {};

function mix() {
  const { paper, positive, negative, ink } = palette();
  for (let value = -128; value < 128; value++) {
    const share = Math.min(127, Math.abs(value)) / 127;
    const end = value < 0 ? negative : positive;
    const mixed = (/** @type {number} */ most) =>
      paper.map((from, i) => Math.round(from + (end[i] - from) * share * most));
    pixels[value & 255] = pixel(mixed(SURFACE));
    inks[value & 255] = pixel(mixed(1));
    paints[value & 255] = `rgb(${mixed(1).join(" ")})`;
  }
  for (const [name, [r, g, b]] of Object.entries({ paper, positive, negative, ink })) {
    colours[name] = `rgb(${r} ${g} ${b})`;
  }
}
mix();

/** @param {number[]} colour */
function pixel([r, g, b]) {
  return (255 << 24) | (b << 16) | (g << 8) | r;
}

/** Call the listener when the colours change. @param {() => void} listener */
export function whenColoursChange(listener) {
  whenThemeChanges(() => {
    mix();
    listener();
  });
}

/** The colour of a point with a signed value. @param {number} value −1…1 */
export const paintOf = (value) => paints[Math.round(127 * Math.max(-1, Math.min(1, value))) & 255];

/** The weakest colour of a value other than 0. */
const FAINTEST = 0.3;

/**
 * A value relative to the largest of its kind; the root keeps small values visible.
 * @param {number} value @param {number} largest
 */
export const against = (value, largest) =>
  largest
    ? Math.sign(value) *
      (FAINTEST + (1 - FAINTEST) * Math.sqrt(Math.min(1, Math.abs(value) / largest)))
    : 0;

/** @type {ImageData | undefined} */
let image;

/** @param {HTMLCanvasElement} canvas @param {number} side */
function pictureFor(canvas, side) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  if (image?.width !== side) image = new ImageData(side, side);
  return { image, data: new Uint32Array(image.data.buffer) };
}

/**
 * Paint one of several pictures in an array.
 * @param {HTMLCanvasElement} canvas
 * @param {Int8Array} values side · side of them, from `offset` on
 * @param {number} side
 * @param {number} offset
 */
export function paintHeat(canvas, values, side, offset) {
  const { image, data } = pictureFor(canvas, side);
  for (let i = 0; i < data.length; i++) data[i] = pixels[values[offset + i] & 255];
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/**
 * Paint the points of the plane as small squares, each in the colour of its value.
 * @param {HTMLCanvasElement} canvas
 * @param {Float64Array} points x1 and x2 in turn
 * @param {Float32Array} values one for each point, from `offset` on
 * @param {number} side
 * @param {number} offset
 * @param {number} largest
 */
export function paintDots(canvas, points, values, side, offset, largest) {
  const { image, data } = pictureFor(canvas, side);
  data.fill(pixels[0]);
  for (let i = 0; 2 * i < points.length; i++) {
    const colour = inks[Math.round(127 * against(values[offset + i], largest)) & 255];
    const column = Math.round(((points[2 * i] + REACH) / (2 * REACH)) * side) - 1;
    const row = Math.round(((REACH - points[2 * i + 1]) / (2 * REACH)) * side) - 1;
    for (let y = Math.max(0, row); y < Math.min(side, row + 3); y++) {
      for (let x = Math.max(0, column); x < Math.min(side, column + 3); x++) {
        data[y * side + x] = colour;
      }
    }
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
