// What pointer and keys mean on a pane: the nearest point, a click, a drag, two fingers, and the
// outline that a lasso or a box draws. Nothing here knows of the page.

import { COORDINATE_MAX } from "./decode.js";

/**
 * @typedef {import("./decode.js").Points} Points
 * @typedef {import("./viewport.js").Viewport} Viewport
 * @typedef {"move" | "lasso" | "box"} Tool
 */

const CLICK = 4; // pixels that a click may move
const REACH = 14; // pixels from the pointer to the point that it means
const PAN_STEP = 40; // pixels that an arrow key moves
const ZOOM_STEP = 1.3;
const MOST_CORNERS = 400; // of an outline

/**
 * The point nearest to a pixel, or -1 where none is within reach.
 *
 * @param {Points} points
 * @param {Viewport} viewport
 * @param {Point} pixel
 * @param {(i: number) => boolean} isShown
 * @param {number} reach in pixels
 */
export function nearest({ x, y }, viewport, pixel, isShown, reach = REACH) {
  const [unitX, unitY] = viewport.toUnits(pixel);
  let best = (reach / viewport.scale) ** 2;
  let index = -1;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i] / COORDINATE_MAX - unitX;
    const dy = y[i] / COORDINATE_MAX - unitY;
    const distance = dx * dx + dy * dy;
    if (distance < best && isShown(i)) [best, index] = [distance, i];
  }
  return index;
}

/** One drag, click, pinch or outline, from the first pointer down to the last one up. */
export class Gesture {
  /** @param {Viewport} viewport moved and zoomed by what the pointers do */
  constructor(viewport) {
    this.viewport = viewport;
    /** @type {Map<number, Point>} */
    this.pointers = new Map();
    /** @type {Tool} */
    this.tool = "move";
    /** @type {Point} */
    this.start = [0, 0];
    this.travelled = 0;
    /** The outline so far, in units: it stays on its points when the map is zoomed meanwhile.
     * @type {Point[] | null} */
    this.outline = null;
  }

  /**
   * @param {number} id
   * @param {Point} pixel
   * @param {Tool} tool
   */
  down(id, pixel, tool) {
    this.pointers.set(id, pixel);
    this.start = pixel;
    this.travelled = 0;
    this.tool = this.pointers.size === 1 ? tool : "move";
    this.outline = this.tool === "move" ? null : [this.viewport.toUnits(pixel)];
  }

  /**
   * @param {number} id
   * @param {Point} pixel
   * @returns {"hover" | "none" | "pan" | "pinch" | "outline"} what it was
   */
  move(id, pixel) {
    const before = this.pointers.get(id);
    if (!before) return "hover";
    this.travelled = Math.max(this.travelled, distance(pixel, this.start));
    const kind = this.#moved(id, before, pixel);
    this.pointers.set(id, pixel);
    return kind;
  }

  /**
   * @param {number} id
   * @param {Point} before
   * @param {Point} pixel
   */
  #moved(id, before, pixel) {
    if (this.pointers.size > 1) {
      this.#pinch(id, before, pixel);
      return "pinch";
    }
    if (this.tool === "lasso") {
      this.outline?.push(this.viewport.toUnits(pixel));
      return "outline";
    }
    if (this.tool === "box") {
      this.outline = box(this.start, pixel).map((corner) => this.viewport.toUnits(corner));
      return "outline";
    }
    if (this.travelled <= CLICK) return "none";
    this.viewport.pan(pixel[0] - before[0], pixel[1] - before[1]);
    return "pan";
  }

  /**
   * @param {number} id
   * @param {Point} before
   * @param {Point} pixel
   */
  #pinch(id, before, pixel) {
    const other = [...this.pointers].find(([key]) => key !== id)?.[1] ?? this.start;
    const spread = (/** @type {Point} */ p) => Math.max(distance(p, other), 1);
    this.#abandon();
    this.travelled = Number.POSITIVE_INFINITY;
    const middle = /** @type {Point} */ ([(pixel[0] + other[0]) / 2, (pixel[1] + other[1]) / 2]);
    this.viewport.zoom(spread(pixel) / spread(before), middle);
    this.viewport.pan((pixel[0] - before[0]) / 2, (pixel[1] - before[1]) / 2);
  }

  /**
   * @param {number} id
   * @returns {{kind: "none" | "click"} | {kind: "outline", corners: Point[]}} what it has become
   */
  up(id) {
    if (!this.pointers.delete(id)) return { kind: "none" };
    const { outline } = this;
    this.#abandon();
    if (this.travelled <= CLICK) return { kind: "click" };
    if (outline && outline.length > 2) return { kind: "outline", corners: thinned(outline) };
    return { kind: "none" };
  }

  /** @param {number} id */
  cancel(id) {
    this.pointers.delete(id);
    this.#abandon();
  }

  #abandon() {
    this.outline = null;
    this.tool = "move";
  }
}

/**
 * @param {Point} a
 * @param {Point} b
 */
function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/**
 * The corners of a box between two opposite ones.
 * @param {Point} a
 * @param {Point} b
 * @returns {Point[]}
 */
export function box([ax, ay], [bx, by]) {
  return [
    [ax, ay],
    [bx, ay],
    [bx, by],
    [ax, by],
  ];
}

/**
 * Every corner of a short outline, every n-th of a long one.
 * @param {Point[]} outline
 */
export function thinned(outline) {
  const step = Math.ceil(outline.length / MOST_CORNERS);
  return outline.filter((_, i) => i % step === 0);
}

/**
 * How a wheel's turn zooms.
 * @param {number} deltaY
 */
export function wheelFactor(deltaY) {
  return Math.exp((-Math.sign(deltaY) * Math.min(Math.abs(deltaY), 120)) / 400);
}

/** What the keys do, for those who hear the map rather than see it. */
export const KEYS =
  "Arrow keys move, plus and minus zoom, 0 shows all, Enter opens the point in the middle.";

/** @type {Map<string, Point>} */
const ARROWS = new Map([
  ["ArrowLeft", [PAN_STEP, 0]],
  ["ArrowRight", [-PAN_STEP, 0]],
  ["ArrowUp", [0, PAN_STEP]],
  ["ArrowDown", [0, -PAN_STEP]],
]);

/**
 * What a key does; null for the keys that are not the map's.
 *
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">} event
 * @returns {{kind: "pan", by: Point} | {kind: "zoom", factor: number} | {kind: "fit" | "open"}
 *   | null}
 */
export function keyAction({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  const by = ARROWS.get(key);
  if (by) return { kind: "pan", by };
  if (key === "+" || key === "=") return { kind: "zoom", factor: ZOOM_STEP };
  if (key === "-") return { kind: "zoom", factor: 1 / ZOOM_STEP };
  if (key === "0") return { kind: "fit" };
  return key === "Enter" ? { kind: "open" } : null;
}
