// Which part of a map a pane shows. A map is measured in units: 0 to 1 along its longer side, y
// upwards. A pane is measured in pixels from its upper left corner, y downwards.

import { COORDINATE_MAX } from "./decode.js";

/**
 * @typedef {import("./decode.js").Points} Points
 * @typedef {{left: number, right: number, bottom: number, top: number}} Box
 */

const MARGIN = 18; // pixels around the points when all of them are shown
const SMALLEST = 1 / 2; // times the scale that shows all points
const LARGEST = 400;

export class Viewport {
  constructor() {
    /** Of the pane, in pixels. */
    this.width = 0;
    this.height = 0;
    /** Pixels per unit; 0 until the points have been fitted once. */
    this.scale = 0;
    /** The scale at which all points are shown. */
    this.fitted = 0;
    /** Where the map's origin lies, in pixels. */
    this.left = 0;
    this.top = 0;
    /** Pixels at the upper and lower edge that something else lies over. */
    this.inset = { top: 0, bottom: 0 };
  }

  /**
   * Show all points, in the middle of what nothing lies over.
   * @param {Points} points
   * @param {Box} [box] what is to be seen instead, in units
   */
  fit(points, box = bounds(points)) {
    const width = Math.max(box.right - box.left, 1e-6);
    const height = Math.max(box.top - box.bottom, 1e-6);
    const { top, bottom } = this.inset;
    const free = Math.max(this.height - top - bottom - 2 * MARGIN, MARGIN);
    this.fitted = Math.min((this.width - 2 * MARGIN) / width, free / height);
    this.scale = this.fitted;
    this.left = this.width / 2 - (this.scale * (box.left + box.right)) / 2;
    this.top = (this.height + top - bottom) / 2 + (this.scale * (box.bottom + box.top)) / 2;
  }

  /**
   * Move by as little as brings a place into sight.
   * @param {Point} point in units
   */
  reveal(point) {
    const [x, y] = this.toPixels(point);
    const { top, bottom } = this.inset;
    const into = (/** @type {number} */ v, /** @type {number} */ low, /** @type {number} */ high) =>
      Math.min(Math.max(v, low), high) - v;
    this.pan(
      into(x, MARGIN, this.width - MARGIN),
      into(y, top + MARGIN, this.height - bottom - MARGIN),
    );
  }

  /**
   * Units to pixels.
   * @param {Point} point
   * @returns {Point}
   */
  toPixels([x, y]) {
    return [this.left + this.scale * x, this.top - this.scale * y];
  }

  /**
   * Pixels to units.
   * @param {Point} point
   * @returns {Point}
   */
  toUnits([x, y]) {
    return [(x - this.left) / this.scale, (this.top - y) / this.scale];
  }

  /**
   * Zoom within limits; what is at this pixel stays there.
   * @param {number} factor
   * @param {Point} pixel
   */
  zoom(factor, [x, y] = this.centre()) {
    const [fromX, fromY] = this.toUnits([x, y]);
    const [least, most] = [this.fitted * SMALLEST, this.fitted * LARGEST];
    this.scale = Math.min(Math.max(this.scale * factor, least), most);
    this.left = x - this.scale * fromX;
    this.top = y + this.scale * fromY;
  }

  /**
   * @param {number} dx pixels to the right
   * @param {number} dy pixels down
   */
  pan(dx, dy) {
    this.left += dx;
    this.top += dy;
  }

  /** @returns {Point} */
  centre() {
    return [this.width / 2, this.height / 2];
  }
}

/**
 * The smallest box around all points, in units; the whole square where there are none.
 * @param {Points} points
 * @returns {Box}
 */
export function bounds({ x, y }) {
  if (!x.length) return { left: 0, right: 1, bottom: 0, top: 1 };
  let [left, right, bottom, top] = [COORDINATE_MAX, 0, COORDINATE_MAX, 0];
  for (let i = 0; i < x.length; i++) {
    left = Math.min(left, x[i]);
    right = Math.max(right, x[i]);
    bottom = Math.min(bottom, y[i]);
    top = Math.max(top, y[i]);
  }
  return {
    left: left / COORDINATE_MAX,
    right: right / COORDINATE_MAX,
    bottom: bottom / COORDINATE_MAX,
    top: top / COORDINATE_MAX,
  };
}
