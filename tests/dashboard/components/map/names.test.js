import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE, placeNames } from "../../../../dashboard/components/map/names.js";
import { Viewport } from "../../../../dashboard/components/map/viewport.js";
import { points } from "./packed.js";

function viewport(width = 400, height = 400) {
  const made = new Viewport();
  [made.width, made.height] = [width, height];
  made.fit(points([0, 0], [65535, 65535]));
  return made;
}

const measure = (text) => 8 * text.length;

test("a name stands above its cluster, in its middle", () => {
  const view = viewport();
  const [{ text, x, y }] = placeNames([["seven", 0.5, 0.6, 0.4]], view, measure);
  const [px, top] = view.toPixels([0.5, 0.6]);
  assert.equal(text, "seven");
  assert.equal(x, px);
  assert.ok(y < top && y > top - LINE);
});

test("no two names overlap, and the first is the one that stays", () => {
  const names = Array.from({ length: 40 }, (_, i) => [`name ${i}`, 0.5 + i / 1000, 0.5, 0.49]);
  const placed = placeNames(names, viewport(), measure);
  assert.equal(placed[0].text, "name 0");
  assert.ok(placed.length >= 2 && placed.length < 5);
  for (const [i, a] of placed.entries()) {
    for (const b of placed.slice(i + 1)) {
      const apart = Math.abs(a.x - b.x) >= (measure(a.text) + measure(b.text)) / 2;
      assert.ok(apart || Math.abs(a.y - b.y) >= LINE, `${a.text} and ${b.text}`);
    }
  }
});

test("zooming in makes room for more names", () => {
  const view = viewport();
  const names = Array.from({ length: 12 }, (_, i) => [
    `name ${i}`,
    0.5,
    0.4 + i / 60,
    0.4 + i / 60,
  ]);
  const before = placeNames(names, view, measure).length;
  view.zoom(3);
  assert.ok(placeNames(names, view, measure).length > before);
});

test("names stay in sight, and away from what lies over the map", () => {
  const view = viewport();
  view.inset = { top: 40, bottom: 30 };
  const names = [
    ["a long name at the edge", 0, 0.5, 0.5],
    ["at the top", 0.5, 1, 0.9],
    ["out of sight", 9, 0.5, 0.5],
  ];
  const placed = placeNames(names, view, measure);
  assert.deepEqual(
    placed.map(({ text }) => text),
    ["a long name at the edge", "at the top"],
  );
  for (const { text, x, y } of placed) {
    assert.ok(x - measure(text) / 2 >= 0 && y - LINE >= 40 && y <= 370, text);
  }
});
