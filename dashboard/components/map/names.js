// Names of clusters: where each is written, so that none covers another.

/**
 * @typedef {import("./viewport.js").Viewport} Viewport
 * @typedef {{text: string, x: number, y: number}} PlacedName its middle and its lower edge in pixels
 */

export const LINE = 17; // pixels from one line to the next
const GAP = 5; // pixels between a name and what it names
const BETWEEN = 4; // pixels between two names

/**
 * The names that there is room for; the first come before the others.
 *
 * @param {MapName[]} names
 * @param {Viewport} viewport
 * @param {(text: string) => number} measure width of a text in pixels
 * @returns {PlacedName[]}
 */
export function placeNames(names, viewport, measure) {
  /** @type {{left: number, right: number, top: number, bottom: number}[]} */
  const taken = [];
  /** @type {PlacedName[]} */
  const result = [];
  const { width, height, inset } = viewport;
  for (const [text, unitX, unitTop, unitBottom] of names) {
    const [px, top] = viewport.toPixels([unitX, unitTop]);
    const bottom = viewport.toPixels([unitX, unitBottom])[1];
    if (px < 0 || px > width) continue;
    const half = measure(text) / 2;
    if (2 * half > width) continue;
    const x = Math.min(Math.max(px, half), width - half);
    // Above the cluster, or below, or further above.
    for (const y of [top - GAP, bottom + GAP + LINE, top - GAP - LINE]) {
      const box = { left: x - half, right: x + half, top: y - LINE, bottom: y };
      if (box.top < inset.top || box.bottom > height - inset.bottom) continue;
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      result.push({ text, x, y });
      break;
    }
  }
  return result;
}

/**
 * @param {{left: number, right: number, top: number, bottom: number}} a
 * @param {{left: number, right: number, top: number, bottom: number}} b
 */
function overlap(a, b) {
  return (
    a.left < b.right + BETWEEN && b.left < a.right + BETWEEN && a.top < b.bottom && b.top < a.bottom
  );
}
