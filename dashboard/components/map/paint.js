// What is drawn on the canvas of a pane: points, rings, outlines, the cross in the middle.

import { COORDINATE_MAX } from "./decode.js";

/**
 * @typedef {import("./decode.js").Points} Points
 * @typedef {import("./viewport.js").Viewport} Viewport
 */

const ALL = 0.8; // opacity where no slice is selected
const MEMBER = 0.95;
const OTHER = 0.16;

/**
 * An order of the points that is always the same and no group's: the last drawn hide the others.
 * @param {number} count
 */
export function drawingOrder(count) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * How large points are at a scale: they grow when zoomed, but less than the map.
 *
 * @param {number} size
 * @param {Viewport} viewport
 */
export function pointSize(size, { scale, fitted }) {
  const growth = Math.min((scale / fitted) ** 0.35, 2.5);
  return Math.round(size * Math.max(growth, 0.8) * 2) / 2;
}

/**
 * All points that are to be seen; those of a slice above the others.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {object} what
 * @param {Points} what.points
 * @param {Uint32Array} what.order
 * @param {Uint16Array} what.colours index of each point's sprite
 * @param {HTMLCanvasElement[]} what.sprites
 * @param {Uint8Array | null} what.members 1 for the points of the selected slice
 * @param {(i: number) => boolean} what.isShown
 * @param {Viewport} viewport
 * @param {number} ratio pixels of the device per pixel of the page
 */
export function drawPoints(context, what, viewport, ratio) {
  const { points, order, colours, sprites, members, isShown } = what;
  const { x, y } = points;
  const scale = (viewport.scale / COORDINATE_MAX) * ratio;
  const [left, top] = [viewport.left * ratio, viewport.top * ratio];
  const { width, height } = context.canvas;
  const draw = (/** @type {number} */ opacity, /** @type {number | null} */ member) => {
    context.globalAlpha = opacity;
    for (const i of order) {
      if ((members && members[i] !== member) || !isShown(i)) continue;
      const symbol = sprites[colours[i]];
      const half = symbol.width / 2;
      const px = left + scale * x[i];
      const py = top - scale * y[i];
      if (px < -half || py < -half || px > width + half || py > height + half) continue;
      context.drawImage(symbol, px - half, py - half);
    }
    context.globalAlpha = 1;
  };
  if (members) {
    draw(OTHER, 0);
    draw(MEMBER, 1);
  } else {
    draw(ALL, null);
  }
}

/**
 * A ring in two colours, so that it is seen on any ground.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Point} pixel
 * @param {{text: string, background: string}} theme
 * @param {{dashed?: boolean, radius?: number}} options
 */
export function drawRing(context, [x, y], theme, { dashed = false, radius = 9 } = {}) {
  context.setLineDash(dashed ? [4, 3] : []);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = theme.background;
  context.lineWidth = 5;
  context.stroke();
  context.strokeStyle = theme.text;
  context.lineWidth = 2.5;
  context.stroke();
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point[]} pixels
 * @param {{text: string}} theme
 */
export function drawOutline(context, pixels, theme) {
  context.beginPath();
  for (const [x, y] of pixels) context.lineTo(x, y);
  context.closePath();
  context.setLineDash([6, 4]);
  context.strokeStyle = theme.text;
  context.lineWidth = 1.5;
  context.stroke();
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} pixel
 * @param {{text: string}} theme
 */
export function drawCross(context, [x, y], theme) {
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.moveTo(x + 5 * dx, y + 5 * dy);
    context.lineTo(x + 14 * dx, y + 14 * dy);
  }
  context.strokeStyle = theme.text;
  context.lineWidth = 2;
  context.stroke();
}
