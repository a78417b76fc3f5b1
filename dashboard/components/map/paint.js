// What is drawn on the canvas of a pane: axes, contours, points, rings, names, outlines, the cross in
// the middle.

import { COORDINATE_MAX } from "./decode.js";
import { LINE } from "./names.js";

/**
 * @typedef {import("./decode.js").Axes} Axes
 * @typedef {import("./decode.js").AxisText} AxisText
 * @typedef {import("./decode.js").Points} Points
 * @typedef {import("./names.js").PlacedName} PlacedName
 * @typedef {import("./viewport.js").Viewport} Viewport
 * @typedef {{text: string, background: string, font: string}} Theme
 */

/** Opacity of points where there is no selection; of those that are selected, and of the others. */
export const OPACITY = { all: 0.8, member: 0.95, other: 0.16 };
/** Of lines of equal density, and of axes. */
export const FAINT = { contours: 0.45, axes: 0.25 };
/** Of the ring around a point that was searched for, and of its line, in pixels. */
const FOUND = 4;
const FOUND_LINE = 1.5;
const HALO = 3.5;
const FROM_AXIS = 8; // pixels from a place to a text beside it
const FROM_CORNER = 26;

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
 * All points that are to be seen; those that are selected above the others.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {object} what
 * @param {Points} what.points
 * @param {Uint32Array} what.order
 * @param {Uint16Array} what.colours index of each point's sprite
 * @param {HTMLCanvasElement[]} what.sprites
 * @param {Uint8Array | null} what.members 1 for the points that are selected
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
    draw(OPACITY.other, 0);
    draw(OPACITY.member, 1);
  } else {
    draw(OPACITY.all, null);
  }
}

/**
 * Lines in units of the map.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {Viewport} viewport
 * @param {{text: string}} theme
 * @param {number} ratio
 * @param {number} opacity
 */
export function drawPath(context, path, { scale, left, top }, theme, ratio, opacity) {
  context.setTransform(ratio * scale, 0, 0, -ratio * scale, ratio * left, ratio * top);
  context.globalAlpha = opacity;
  context.strokeStyle = theme.text;
  context.lineWidth = 1 / scale;
  context.stroke(path);
  context.globalAlpha = 1;
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/**
 * A ring around each point that was searched for.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Iterable<Point>} pixels
 * @param {number} size of a point
 * @param {Theme} theme
 */
export function drawFound(context, pixels, size, theme) {
  context.beginPath();
  const radius = size / 2 + FOUND;
  for (const [x, y] of pixels) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  for (const [colour, width] of [
    [theme.background, 2 * FOUND_LINE + 1],
    [theme.text, FOUND_LINE],
  ]) {
    context.strokeStyle = String(colour);
    context.lineWidth = Number(width);
    context.stroke();
  }
}

/**
 * Names of clusters, readable on points too.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {PlacedName[]} names
 * @param {Theme} theme
 */
export function drawNames(context, names, theme) {
  context.font = nameFont(theme);
  context.textAlign = "center";
  for (const { text, x, y } of names) write(context, text, x, y - LINE / 2, theme);
}

/** @param {Theme} theme */
export function nameFont(theme) {
  return `600 13px ${theme.font}`;
}

/**
 * The texts beside axes.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {AxisText[]} texts
 * @param {Viewport} viewport
 * @param {Theme} theme
 */
export function drawAxisTexts(context, texts, viewport, theme) {
  for (const text of texts) {
    context.font = text.small ? `12px ${theme.font}` : nameFont(theme);
    const lines = text.text.split("\n");
    const widest = Math.max(...lines.map((line) => context.measureText(line).width));
    const { x, y, align } = besideAxis(text, viewport, widest, lines.length);
    context.textAlign = align;
    for (const [i, line] of lines.entries()) write(context, line, x, y + i * LINE, theme);
  }
}

/**
 * Where a text beside an axis is written: the middle of its first line.
 *
 * @param {AxisText} text
 * @param {Viewport} viewport
 * @param {number} widest of its lines in pixels
 * @param {number} count of its lines
 * @returns {{x: number, y: number, align: CanvasTextAlign}}
 */
export function besideAxis({ at, side, small }, viewport, widest, count) {
  const [px, py] = viewport.toPixels(at);
  if (side === "left") return { x: px - FROM_AXIS, y: py, align: "right" };
  if (side === "right") return { x: px + FROM_AXIS, y: py, align: "left" };
  const half = widest / 2 + 4;
  const inside = Math.min(Math.max(px, half), viewport.width - half);
  // The name of a corner stays in sight; the numbers of a scale belong to their lines.
  const x = small ? px : inside;
  if (side === "above") return { x, y: py - FROM_AXIS - LINE * (count - 0.5), align: "center" };
  return { x, y: py + (small ? FROM_AXIS + LINE / 4 : FROM_CORNER), align: "center" };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y of its middle
 * @param {Theme} theme
 */
function write(context, text, x, y, theme) {
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = HALO;
  context.strokeStyle = theme.background;
  context.strokeText(text, x, y);
  context.fillStyle = theme.text;
  context.fillText(text, x, y);
}

/**
 * A ring in two colours, so that it is seen on any ground.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Point} pixel
 * @param {Theme} theme
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
 * @param {Theme} theme
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
 * @param {Theme} theme
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
