// Strokes as lists of points, and erasing parts of them. In any unit; y points down.

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Stroke */

/**
 * The strokes after a round eraser of `radius` has moved from `a` to `b`. A stroke that is erased in
 * the middle becomes two; an untouched one is returned unchanged.
 * @param {Stroke[]} strokes
 * @param {Point} a
 * @param {Point} b
 * @param {number} radius
 * @returns {Stroke[]}
 */
export function erase(strokes, a, b, radius) {
  return strokes.flatMap((stroke) => {
    if (!stroke.some((point, i) => near(point, stroke[i + 1] ?? point, a, b, radius))) {
      return [stroke];
    }
    const points = densified(stroke, radius / 3);
    if (points.every((point) => distance(point, a, b) > radius)) return [stroke];
    /** @type {Stroke[]} */
    const left = [];
    /** @type {Stroke} */
    let open = [];
    for (const point of points) {
      if (distance(point, a, b) > radius) {
        open.push(point);
      } else if (open.length) {
        left.push(open);
        open = [];
      }
    }
    if (open.length) left.push(open);
    return left.filter((rest) => rest.length > 1);
  });
}

/** A quick test: false if the eraser cannot touch the line from p to q. @param {Point} p @param {Point} q @param {Point} a @param {Point} b @param {number} radius */
function near(p, q, a, b, radius) {
  const apart = (/** @type {0 | 1} */ axis) =>
    Math.min(p[axis], q[axis]) > Math.max(a[axis], b[axis]) + radius ||
    Math.max(p[axis], q[axis]) < Math.min(a[axis], b[axis]) - radius;
  return !apart(0) && !apart(1);
}

/** The stroke with points at most `step` apart. @param {Stroke} stroke @param {number} step @returns {Stroke} */
function densified(stroke, step) {
  return stroke.flatMap((point, i) => {
    const next = stroke[i + 1] ?? point;
    const parts = Math.max(1, Math.ceil(Math.hypot(next[0] - point[0], next[1] - point[1]) / step));
    return Array.from(
      { length: parts },
      (_, k) =>
        /** @type {Point} */ ([
          point[0] + ((next[0] - point[0]) * k) / parts,
          point[1] + ((next[1] - point[1]) * k) / parts,
        ]),
    );
  });
}

/** The distance from p to the line segment from a to b. @param {Point} p @param {Point} a @param {Point} b */
function distance(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const t = length ? ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length : 0;
  const s = Math.max(0, Math.min(1, t));
  return Math.hypot(p[0] - a[0] - s * dx, p[1] - a[1] - s * dy);
}

/**
 * Strokes as arguments for the Lab.
 * @param {ArrayLike<ArrayLike<number>>[]} strokes
 * @returns {{points: Float64Array, lengths: Int32Array}}
 */
export function packed(strokes) {
  const all = strokes.filter((stroke) => stroke.length);
  return {
    points: Float64Array.from(
      all.flatMap((stroke) => Array.from(stroke, (point) => [point[0], point[1]]).flat()),
    ),
    lengths: Int32Array.from(all, (stroke) => stroke.length),
  };
}
