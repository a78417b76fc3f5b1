// Maps as `pack` in dashboard/components/map.py writes them. That both agree is checked in
// test_javascript.py, with bytes from Python itself.

/** Bytes of a map; `numbers` are x and y for each pane, then the colours. */
export function packed(header, numbers) {
  const head = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + head.length + 2 * numbers.flat().length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, head.length, true);
  bytes.set(head, 4);
  for (const [i, number] of numbers.flat().entries()) {
    view.setUint16(4 + head.length + 2 * i, number, true);
  }
  return bytes;
}

/** Points of a pane, from pairs of numbers. */
export function points(...pairs) {
  return {
    x: Uint16Array.from(pairs, ([x]) => x),
    y: Uint16Array.from(pairs, ([, y]) => y),
  };
}
