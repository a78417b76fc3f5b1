import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, decodeMembers } from "../../../../dashboard/components/map/decode.js";
import { packed } from "./packed.js";

const PANES = [{ title: "a" }, { title: "b" }];

test("each pane gets its points, and each point its colour", () => {
  const header = { count: 2, ids: ["é", "y"], panes: PANES };
  const bytes = packed(header, [
    [0, 65535],
    [1, 2],
    [3, 4],
    [5, 256],
    [7, 0],
  ]);
  const map = decode(bytes);
  assert.deepEqual(map.header, header);
  assert.deepEqual(
    map.points.map(({ x, y }) => [[...x], [...y]]),
    [
      [
        [0, 65535],
        [1, 2],
      ],
      [
        [3, 4],
        [5, 256],
      ],
    ],
  );
  assert.deepEqual([...map.colours], [7, 0]);
});

test("bytes are read wherever they lie in a larger buffer", () => {
  const bytes = packed({ count: 1, ids: ["x"], panes: [{}] }, [[10, 20, 30]]);
  for (const offset of [1, 2, 3]) {
    const larger = new Uint8Array(bytes.length + 10);
    larger.set(bytes, offset);
    const map = decode(larger.subarray(offset, offset + bytes.length));
    assert.deepEqual([map.points[0].x[0], map.points[0].y[0], map.colours[0]], [10, 20, 30]);
  }
});

test("a map without points is a map", () => {
  const map = decode(packed({ count: 0, ids: [], panes: PANES }, []));
  assert.equal(map.points.length, 2);
  assert.equal(map.colours.length, 0);
});

test("bytes that were cut off, or are too many, are refused", () => {
  const bytes = packed({ count: 2, ids: ["x", "y"], panes: [{}] }, [[1, 2, 3, 4, 5, 6]]);
  assert.throws(() => decode(bytes.subarray(0, bytes.length - 1)), RangeError);
  assert.throws(() => decode(new Uint8Array([...bytes, 0])), RangeError);
});

test("members are one bit for each point, the first one highest", () => {
  const text = btoa(String.fromCharCode(0b10100000, 0b01000000));
  assert.deepEqual([...decodeMembers(text, 10)], [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual([...decodeMembers("", 0)], []);
});
