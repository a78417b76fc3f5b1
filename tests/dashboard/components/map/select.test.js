import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  box,
  Gesture,
  keyAction,
  nearest,
  thinned,
  wheelFactor,
} from "../../../../dashboard/components/map/select.js";
import { Viewport } from "../../../../dashboard/components/map/viewport.js";
import { points } from "./packed.js";

const CORNERS = points([0, 0], [65535, 65535]);
const all = () => true;
/** 100 pixels are one unit; the map's origin is at 0, 100. */
let view;
let gesture;

beforeEach(() => {
  view = new Viewport();
  Object.assign(view, { width: 100, height: 100, scale: 100, fitted: 100, left: 0, top: 100 });
  gesture = new Gesture(view);
});

function drag(pixels, tool, id = 1) {
  gesture.down(id, pixels[0], tool);
  for (const pixel of pixels.slice(1)) gesture.move(id, pixel);
  return gesture.up(id);
}

// --- the nearest point ------------------------------------------------------------------------

test("the nearest point is the one within reach, and none beyond", () => {
  assert.equal(nearest(CORNERS, view, [5, 95], all), 0);
  assert.equal(nearest(CORNERS, view, [95, 5], all), 1);
  assert.equal(nearest(CORNERS, view, [50, 50], all), -1);
  assert.equal(nearest(CORNERS, view, [49, 50], all, 80), 0);
});

test("reach is measured on the screen, however far the map is zoomed", () => {
  const close = points([30000, 30000], [30100, 30000]);
  const pixel = view.toPixels([30100 / 65535, 30000 / 65535]);
  assert.equal(nearest(close, view, pixel, all), 1);
  view.zoom(300, pixel);
  assert.equal(nearest(close, view, [pixel[0] - 13, pixel[1]], all), 1);
  assert.equal(nearest(close, view, [pixel[0] - 20, pixel[1]], all), -1);
});

test("a hidden point is not found, though it is nearer", () => {
  const two = points([0, 0], [3000, 0]);
  assert.equal(nearest(two, view, [0, 100], all), 0);
  assert.equal(
    nearest(two, view, [0, 100], (i) => i !== 0),
    1,
  );
  assert.equal(nearest(points(), view, [0, 0], all), -1);
});

// --- click, drag, pinch -----------------------------------------------------------------------

test("a pointer that hardly moves is a click, with every tool", () => {
  for (const tool of ["move", "lasso", "box"]) {
    assert.deepEqual(drag([[10, 10], [12, 12]], tool), { kind: "click" }); // biome-ignore format: a path
  }
  assert.equal(view.left, 0);
});

test("a drag moves the map and is no click, also where it comes back", () => {
  gesture.down(1, [10, 10], "move");
  assert.equal(gesture.move(1, [12, 10]), "none");
  assert.equal(gesture.move(1, [40, 30]), "pan");
  assert.deepEqual([view.left, view.top], [28, 120]);
  gesture.move(1, [10, 10]);
  assert.deepEqual(gesture.up(1), { kind: "none" });
});

test("a pointer that is not down hovers, and its end means nothing", () => {
  assert.equal(gesture.move(1, [5, 5]), "hover");
  assert.deepEqual(gesture.up(1), { kind: "none" });
});

test("two fingers zoom around their middle and end an outline", () => {
  gesture.down(1, [40, 50], "lasso");
  gesture.down(2, [60, 50], "lasso");
  const middle = view.toUnits([60, 50]);
  assert.equal(gesture.move(2, [80, 50]), "pinch");
  assert.equal(view.scale, 200);
  // The middle of the fingers has moved by 10 pixels, and the map with half of the finger.
  assert.deepEqual(view.toPixels(middle), [70, 50]);
  assert.equal(gesture.outline, null);
  assert.deepEqual([gesture.up(2), gesture.up(1)], [{ kind: "none" }, { kind: "none" }]);
});

test("a cancelled pointer leaves no outline", () => {
  gesture.down(1, [0, 0], "lasso");
  gesture.move(1, [50, 0]);
  gesture.cancel(1);
  assert.equal(gesture.outline, null);
  assert.equal(gesture.move(1, [5, 5]), "hover");
});

// --- outlines ---------------------------------------------------------------------------------

test("a lasso keeps its path, in units of the map", () => {
  const path = [
    [0, 100],
    [50, 100],
    [25, 75],
    [50, 50],
    [0, 50],
  ];
  const result = drag(path, "lasso");
  assert.equal(result.kind, "outline");
  assert.deepEqual(result.corners, [
    [0, 0],
    [0.5, 0],
    [0.25, 0.25],
    [0.5, 0.5],
    [0, 0.5],
  ]);
  assert.equal(gesture.outline, null);
});

test("a lasso of less than three corners is none", () => {
  assert.deepEqual(drag([[0, 0], [90, 90]], "lasso"), { kind: "none" }); // biome-ignore format: a path
});

test("a long lasso is sent with few corners, its first among them", () => {
  const path = Array.from({ length: 5000 }, (_, i) => [i % 97, i % 89]);
  const { corners } = drag(path, "lasso");
  assert.ok(corners.length <= 400 && corners.length > 300, String(corners.length));
  assert.deepEqual(corners[0], view.toUnits(path[0]));
  assert.equal(thinned(path.slice(0, 400)).length, 400);
});

test("a box has the corners of the drag, in whichever direction it goes", () => {
  assert.deepEqual(box([1, 2], [3, 4]), [
    [1, 2],
    [3, 2],
    [3, 4],
    [1, 4],
  ]);
  const { corners } = drag(
    [
      [80, 20],
      [50, 50],
      [20, 80],
    ],
    "box",
  );
  assert.deepEqual(
    corners.map((corner) => view.toPixels(corner).map(Math.round)),
    [
      [80, 20],
      [20, 20],
      [20, 80],
      [80, 80],
    ],
  );
});

// --- keys and wheel ---------------------------------------------------------------------------

test("keys move, zoom, fit and open; those of the browser are left to it", () => {
  const press = (key, more = {}) => keyAction({ key, ...more });
  assert.deepEqual(press("ArrowLeft"), { kind: "pan", by: [40, 0] });
  assert.deepEqual(press("ArrowDown"), { kind: "pan", by: [0, -40] });
  assert.equal(press("+").factor * press("-").factor, 1);
  assert.deepEqual(press("="), press("+"));
  assert.deepEqual(press("0"), { kind: "fit" });
  assert.deepEqual(press("Enter"), { kind: "open" });
  assert.equal(press("Tab"), null);
  assert.equal(press("constructor"), null);
  assert.equal(press("0", { ctrlKey: true }), null);
});

test("the wheel zooms in upwards, and a wild one no more than a quick one", () => {
  assert.ok(wheelFactor(-100) > 1 && wheelFactor(100) < 1);
  assert.equal(wheelFactor(-1e6), wheelFactor(-120));
  assert.equal(wheelFactor(0), 1);
});
