import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds, Viewport } from "../../../../dashboard/components/map/viewport.js";
import { points } from "./packed.js";

const SQUARE = points([0, 0], [65535, 65535], [0, 65535], [65535, 0]);

function viewport(shown, width = 400, height = 300) {
  const made = new Viewport();
  [made.width, made.height] = [width, height];
  made.fit(shown);
  return made;
}

function close(actual, expected, tolerance = 1e-9) {
  assert.ok(
    Math.hypot(actual[0] - expected[0], actual[1] - expected[1]) < tolerance,
    `${actual} is not ${expected}`,
  );
}

test("all points fit, with a margin, whichever side is longer", () => {
  const wide = points([0, 30000], [65535, 31000]);
  const tall = points([30000, 0], [31000, 65535]);
  for (const shown of [SQUARE, wide, tall]) {
    const view = viewport(shown);
    for (let i = 0; i < shown.x.length; i++) {
      const [x, y] = view.toPixels([shown.x[i] / 65535, shown.y[i] / 65535]);
      assert.ok(x >= 17.9 && x <= 400 - 17.9, `x ${x}`);
      assert.ok(y >= 17.9 && y <= 300 - 17.9, `y ${y}`);
    }
  }
});

test("the middle of the points is in the middle, and y grows upwards", () => {
  const view = viewport(SQUARE);
  close(view.toPixels([0.5, 0.5]), [200, 150]);
  assert.ok(view.toPixels([0.5, 0.6])[1] < 150);
});

test("pixels and units lead back to each other", () => {
  const view = viewport(SQUARE);
  view.zoom(3, [20, 250]);
  view.pan(-13, 8);
  close(view.toUnits(view.toPixels([0.3, 0.8])), [0.3, 0.8]);
});

test("zooming keeps what is under the pointer", () => {
  const view = viewport(SQUARE);
  const before = view.toUnits([90, 40]);
  view.zoom(2.5, [90, 40]);
  close(view.toUnits([90, 40]), before);
  assert.equal(view.scale, view.fitted * 2.5);
});

test("zooming ends at half of the fitted scale and at 400 times of it", () => {
  const view = viewport(SQUARE);
  view.zoom(1e-9);
  assert.equal(view.scale, view.fitted / 2);
  view.zoom(1e9);
  assert.equal(view.scale, view.fitted * 400);
});

test("fitting again undoes zooming and moving", () => {
  const view = viewport(SQUARE);
  const { scale, left, top } = view;
  view.zoom(7, [1, 2]);
  view.pan(50, 60);
  view.fit(SQUARE);
  assert.deepEqual([view.scale, view.left, view.top], [scale, left, top]);
});

test("one point, or none, can be fitted too", () => {
  close(viewport(points([13107, 52428])).toPixels([0.2, 0.8]), [200, 150], 1e-3);
  const empty = viewport(points());
  close(empty.toPixels([0.5, 0.5]), [200, 150]);
  assert.deepEqual(bounds(points()), { left: 0, right: 1, bottom: 0, top: 1 });
});

test("what lies over an edge is left free, and a box can be shown instead of the points", () => {
  const view = new Viewport();
  [view.width, view.height] = [600, 300];
  view.inset = { top: 50, bottom: 30 };
  view.fit(SQUARE);
  assert.ok(view.toPixels([0, 1])[1] >= 50 + 17.9);
  assert.ok(view.toPixels([0, 0])[1] <= 300 - 30 - 17.9);
  view.fit(SQUARE, { left: 0, bottom: 0.5, right: 1, top: 1 });
  close(view.toPixels([0.5, 0.75]), [300, 160]);
  assert.ok(view.toPixels([0, 0])[1] > 300);
});

test("a place out of sight is brought into it, and one in sight moves nothing", () => {
  const view = viewport(SQUARE);
  const { left, top } = view;
  view.reveal([0.3, 0.4]);
  assert.deepEqual([view.left, view.top], [left, top]);
  view.width = 200;
  view.reveal([1, 0.4]);
  close(view.toPixels([1, 0.4]), [200 - 18, top - 0.4 * view.scale]);
});
