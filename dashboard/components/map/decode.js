// Reads what `pack` in map.py wrote: the length of a JSON header as a little-endian uint32, the
// header, then uint16 numbers: x and y of every point for each pane, and a colour index per point.

/** Coordinates are whole numbers from 0 to this, over the map's longer side: `FINEST` in map.py. */
export const COORDINATE_MAX = 65535;

/**
 * @typedef {{name: string, words: string, colour: string, symbol: string, count: number}} Group
 * @typedef {{name: string, colour: string, size: number}} Step
 * @typedef {{kind: "groups", label: string, groups: Group[]}} Groups
 * @typedef {{kind: "scale", label: string, steps: Step[], low: string, high: string}} Scale
 * @typedef {{text: string, at: Point, side: "left" | "right" | "above" | "below", small: boolean}}
 *   AxisText
 * @typedef {{lines: Point[][], texts: AxisText[], box: [number, number, number, number]}} Axes
 * @typedef {{title: string, label: string, frame: string, axes: Axes | null}} PaneHeader
 * @typedef {{x: Uint16Array, y: Uint16Array}} Points
 * @typedef {object} Header
 * @property {number} count number of points
 * @property {string[]} ids
 * @property {string} frame tells this set of points from others
 * @property {PaneHeader[]} panes
 * @property {Groups | Scale} colour
 * @property {number} size of a point, in pixels
 */

/**
 * @param {Uint8Array} bytes
 * @returns {{header: Header, points: Points[], colours: Uint16Array}} points for each pane, and
 *   for each point its group or its step of the scale
 */
export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const expected = 4 + length + 2 * header.count * (2 * header.panes.length + 1);
  if (bytes.byteLength !== expected) {
    throw new RangeError(`a map of ${expected} bytes was announced, ${bytes.byteLength} came`);
  }
  let start = 4 + length;
  const numbers = () => {
    // Copied, as 16-bit numbers must start at an even address.
    const copy = bytes.slice(start, start + 2 * header.count);
    start += copy.byteLength;
    return new Uint16Array(copy.buffer);
  };
  const points = header.panes.map(() => ({ x: numbers(), y: numbers() }));
  return { header, points, colours: numbers() };
}

/**
 * Which points belong to a slice.
 *
 * @param {string} text bits as `numpy.packbits` packs them, in base64
 * @param {number} count number of points
 */
export function decodeMembers(text, count) {
  const bytes = atob(text);
  return Uint8Array.from(
    { length: count },
    (_, i) => (bytes.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1,
  );
}
