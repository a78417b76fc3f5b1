import assert from "node:assert/strict";
import { test } from "node:test";
import { drawingOrder, drawPoints, pointSize } from "../../../../dashboard/components/map/paint.js";
import { points } from "./packed.js";

const VIEW = { scale: 100, fitted: 100, left: 0, top: 100 };

/** A canvas that notes what is drawn on it: opacity, sprite, x, y. */
function canvas() {
  const drawn = [];
  const drawImage = (sprite, x, y) => drawn.push([context.globalAlpha, sprite.name, x, y]);
  const context = { canvas: { width: 100, height: 100 }, globalAlpha: 1, drawImage };
  return { context, drawn };
}

function drawn(more) {
  const made = canvas();
  const sprites = [
    { name: "a", width: 4 },
    { name: "b", width: 4 },
  ];
  const what = {
    points: points([0, 0], [65535, 65535], [13107, 13107]),
    order: Uint32Array.of(2, 1, 0),
    colours: Uint16Array.of(0, 1, 1),
    sprites,
    members: null,
    isShown: () => true,
    ...more,
  };
  drawPoints(made.context, what, VIEW, 1);
  return made.drawn;
}

test("points are drawn in their order, each with its sprite around its place", () => {
  assert.deepEqual(drawn({}), [
    [0.8, "b", 18, 78],
    [0.8, "b", 98, -2],
    [0.8, "a", -2, 98],
  ]);
});

test("members of a slice are drawn above the others, which fade", () => {
  const result = drawn({ members: Uint8Array.of(0, 0, 1) });
  assert.deepEqual(
    result.map(([opacity, , x]) => [opacity, x]),
    [
      [0.16, 98],
      [0.16, -2],
      [0.95, 18],
    ],
  );
});

test("hidden points and points beyond the canvas are not drawn", () => {
  assert.equal(drawn({ isShown: (i) => i === 1 }).length, 1);
  const made = canvas();
  const far = { ...VIEW, left: -1000 };
  const what = {
    points: points([0, 0]),
    order: Uint32Array.of(0),
    colours: Uint16Array.of(0),
    sprites: [{ name: "a", width: 4 }],
    members: null,
    isShown: () => true,
  };
  drawPoints(made.context, what, far, 1);
  assert.deepEqual(made.drawn, []);
});

test("the drawing order holds every point once, is mixed, and is always the same", () => {
  const order = drawingOrder(1000);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.ok([...order].filter((point, i) => point === i).length < 20);
  assert.deepEqual(drawingOrder(1000), order);
  assert.equal(drawingOrder(0).length, 0);
});

test("points grow with the zoom, but less than the map, and in halves of a pixel", () => {
  const at = (zoom) => pointSize(6, { scale: zoom, fitted: 1 });
  assert.equal(at(1), 6);
  assert.ok(at(4) > 6 && at(4) < 24);
  assert.equal(at(1e6), 15);
  assert.equal(at(0.01), 5);
  assert.equal(at(1.3) % 0.5, 0);
});
