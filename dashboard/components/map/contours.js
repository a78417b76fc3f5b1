// Lines of equal density around the points of a map: each goes around a share of them.
//
// Points are counted on a grid and smoothed by a Gaussian; a line runs where the density is that of
// the point below which the wanted share of all points does not lie.

import { COORDINATE_MAX } from "./decode.js";

/** @typedef {import("./decode.js").Points} Points */
/** @typedef {{values: Float32Array, size: number, pad: number}} Grid density at the centres of
 *   size x size cells, in rows upwards; `pad` is how far it reaches beyond the map on each side */

/** Shares of the points that the lines go around. */
export const SHARES = [0.95, 0.75, 0.5];
/** Of the Gaussian, in units of the map. */
export const BANDWIDTH = 0.012;
const SIZE = 200; // cells along each side
const REACH = 4; // bandwidths after which the Gaussian ends
const FEWEST = 20; // points that a density is drawn of

/**
 * @param {Points} points
 * @param {(i: number) => boolean} isShown
 * @param {number} bandwidth
 * @param {number} size
 * @returns {Grid}
 */
export function density({ x, y }, isShown, bandwidth = BANDWIDTH, size = SIZE) {
  const pad = REACH * bandwidth;
  const grid = { values: new Float32Array(size * size), size, pad };
  for (let i = 0; i < x.length; i++) {
    if (isShown(i)) grid.values[cellOf(grid, x[i], y[i])] += 1;
  }
  const kernel = gaussian((bandwidth * size) / (1 + 2 * pad));
  grid.values = blurred(blurred(grid.values, size, kernel), size, kernel);
  return grid;
}

/**
 * The cell that a point lies in.
 * @param {Grid} grid
 * @param {number} x
 * @param {number} y
 */
function cellOf({ size, pad }, x, y) {
  const scale = size / (1 + 2 * pad) / COORDINATE_MAX;
  const along = (/** @type {number} */ v) => Math.floor((v + pad * COORDINATE_MAX) * scale);
  return along(y) * size + along(x);
}

/**
 * Weights to one side, from the middle on.
 * @param {number} deviation in cells
 */
function gaussian(deviation) {
  const count = Math.ceil(REACH * deviation) + 1;
  const half = Float64Array.from({ length: count }, (_, i) =>
    Math.exp(-0.5 * (i / deviation) ** 2),
  );
  const sum = half.reduce((total, weight) => total + 2 * weight, -half[0]);
  return half.map((weight) => weight / sum);
}

/**
 * Smoothed along the rows and turned over, so that twice is along both.
 *
 * @param {Float32Array} values
 * @param {number} size
 * @param {Float64Array} kernel
 */
function blurred(values, size, kernel) {
  const result = new Float32Array(values.length);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const value = values[row * size + column];
      if (!value) continue;
      for (let away = 1 - kernel.length; away < kernel.length; away++) {
        const to = column + away;
        if (to >= 0 && to < size) result[to * size + row] += value * kernel[Math.abs(away)];
      }
    }
  }
  return result;
}

/**
 * The densities whose lines go around these shares of the points.
 *
 * @param {Grid} grid
 * @param {Points} points
 * @param {(i: number) => boolean} isShown
 * @param {number[]} shares
 */
export function levels(grid, { x, y }, isShown, shares = SHARES) {
  /** @type {number[]} */
  const found = [];
  for (let i = 0; i < x.length; i++) {
    if (isShown(i)) found.push(grid.values[cellOf(grid, x[i], y[i])]);
  }
  const sorted = Float32Array.from(found).sort();
  return shares.map((share) => sorted[Math.floor((1 - share) * (sorted.length - 1))] ?? 0);
}

/** Which sides of a square a line crosses, by the corners above the level: 1, 2, 4, 8 against the
 * clock from the lower left; the sides are 0 below, 1 right, 2 above, 3 left. */
const CROSSED = [
  [],
  [3, 0],
  [0, 1],
  [3, 1],
  [1, 2],
  [3, 0, 1, 2],
  [0, 2],
  [3, 2],
  [2, 3],
  [2, 0],
  [0, 1, 2, 3],
  [2, 1],
  [1, 3],
  [1, 0],
  [0, 3],
  [],
];

/**
 * Where the density has a level: marching squares (Lorensen and Cline, 1987, in the plane).
 *
 * @param {Grid} grid
 * @param {number} level
 * @returns {number[]} x1, y1, x2, y2 of each piece, in units of the map
 */
export function lines({ values, size, pad }, level) {
  /** @type {number[]} */
  const result = [];
  const step = (1 + 2 * pad) / size;
  const unit = (/** @type {number} */ cells) => (cells + 0.5) * step - pad;
  const share = (/** @type {number} */ from, /** @type {number} */ to) =>
    (level - from) / (to - from);
  for (let row = 0; row < size - 1; row++) {
    for (let column = 0; column < size - 1; column++) {
      const at = row * size + column;
      const [a, b, c, d] = [values[at], values[at + 1], values[at + size + 1], values[at + size]];
      const above =
        Number(a > level) + 2 * Number(b > level) + 4 * Number(c > level) + 8 * Number(d > level);
      for (const side of CROSSED[above]) {
        let [x, y] = [column, row];
        if (side === 0) x += share(a, b);
        else if (side === 1) [x, y] = [column + 1, row + share(b, c)];
        else if (side === 2) [x, y] = [column + share(d, c), row + 1];
        else y += share(a, d);
        result.push(unit(x), unit(y));
      }
    }
  }
  return result;
}

/**
 * All lines of a map, none of a few points.
 *
 * @param {Points} points
 * @param {(i: number) => boolean} isShown
 * @returns {number[]}
 */
export function contours(points, isShown) {
  let count = 0;
  for (let i = 0; i < points.x.length; i++) count += Number(isShown(i));
  if (count < FEWEST) return [];
  const grid = density(points, isShown);
  const all = new Set(levels(grid, points, isShown));
  return [...all].flatMap((level) => lines(grid, level));
}
