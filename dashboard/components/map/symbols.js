// The symbols that stand for points: drawn once each, then copied for every point.

/**
 * Corners of a regular polygon in a circle of radius 1, of a star where the inner radius is less.
 *
 * @param {number} corners
 * @param {number} turn in half circles
 * @param {number} inner
 * @returns {Point[]}
 */
function polygon(corners, turn = 0, inner = 1) {
  const count = inner < 1 ? 2 * corners : corners;
  return Array.from({ length: count }, (_, i) => {
    const angle = ((i / count) * 2 - 0.5 + turn) * Math.PI;
    const radius = i % 2 && inner < 1 ? inner : 1;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** @type {Point[]} */
const CROSS = [
  [1, 3],
  [1, 1],
  [3, 1],
  [3, -1],
  [1, -1],
  [1, -3],
  [-1, -3],
  [-1, -1],
  [-3, -1],
  [-3, 1],
  [-1, 1],
  [-1, 3],
];
const RADIUS_OF_CROSS = 3.1;

/** Corners of each symbol, by Plotly's names; what is missing here is a circle.
 * @type {Record<string, Point[]>} */
const SYMBOLS = {
  square: polygon(4, 0.25),
  diamond: polygon(4),
  cross: CROSS.map(([x, y]) => [x / RADIUS_OF_CROSS, y / RADIUS_OF_CROSS]),
  x: CROSS.map(([x, y]) => [
    ((x - y) / RADIUS_OF_CROSS) * Math.SQRT1_2,
    ((x + y) / RADIUS_OF_CROSS) * Math.SQRT1_2,
  ]),
  "triangle-up": polygon(3),
  "triangle-down": polygon(3, 1),
  star: polygon(5, 0, 0.45),
  pentagon: polygon(5),
  hexagon: polygon(6),
};

/**
 * A symbol on a canvas of its own.
 *
 * @param {string} colour
 * @param {string} symbol
 * @param {number} size in pixels of the device
 */
export function sprite(colour, symbol, size) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(size) + 2;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const middle = canvas.width / 2;
  context.fillStyle = colour;
  context.beginPath();
  const corners = SYMBOLS[symbol];
  if (corners) {
    for (const [x, y] of corners) {
      context.lineTo(middle + (x * size) / 1.8, middle + (y * size) / 1.8);
    }
  } else {
    context.arc(middle, middle, size / 2, 0, 2 * Math.PI);
  }
  context.fill();
  return canvas;
}
