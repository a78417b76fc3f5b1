import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BANDWIDTH,
  contours,
  density,
  levels,
  lines,
} from "../../../../dashboard/components/map/contours.js";
import { points } from "./packed.js";

const all = () => true;
const units = (...pairs) => points(...pairs.map((pair) => pair.map((v) => Math.round(65535 * v))));

/** Ends of all pieces of lines. */
function ends(pieces) {
  return Array.from({ length: pieces.length / 2 }, (_, i) => [pieces[2 * i], pieces[2 * i + 1]]);
}

/** Places around (x, y), Gaussian with this deviation, evenly spread: the same each time. */
function cloud(count, x, y, deviation) {
  return Array.from({ length: count }, (_, i) => {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - (i + 0.5) / count));
    const angle = i * Math.PI * (3 - Math.sqrt(5));
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

test("around one place a line is a circle, whose radius follows from the Gaussian", () => {
  const bandwidth = 0.05;
  const grid = density(units([0.5, 0.5]), all, bandwidth, 300);
  const peak = Math.max(...grid.values);
  for (const share of [0.2, 0.5, 0.8]) {
    const expected = bandwidth * Math.sqrt(2 * Math.log(1 / share));
    const found = ends(lines(grid, share * peak));
    assert.ok(found.length > 40);
    for (const [x, y] of found) {
      assert.ok(Math.abs(Math.hypot(x - 0.5, y - 0.5) - expected) < 0.004, `${x} ${y}`);
    }
  }
});

test("the density of n points adds up to n", () => {
  const grid = density(units([0, 0], [1, 1], [0.3, 0.9]), all);
  const sum = grid.values.reduce((total, v) => total + v, 0);
  assert.ok(Math.abs(sum - 3) < 0.01, `${sum}`);
});

test("the line around half of a Gaussian cloud is where half of its points lie within", () => {
  const deviation = 0.08;
  const where = units(...cloud(4000, 0.4, 0.6, deviation));
  const grid = density(where, all);
  const [level] = levels(grid, where, all, [0.5]);
  const expected = deviation * Math.sqrt(-2 * Math.log(0.5));
  const radii = ends(lines(grid, level)).map(([x, y]) => Math.hypot(x - 0.4, y - 0.6));
  const mean = radii.reduce((total, r) => total + r, 0) / radii.length;
  assert.ok(Math.abs(mean - expected) < 0.1 * expected, `${mean} is not ${expected}`);
});

test("every end of a piece belongs to two pieces: lines are closed", () => {
  const where = units(...cloud(300, 0.2, 0.2, 0.02), ...cloud(300, 0.8, 0.7, 0.05));
  const counts = new Map();
  for (const end of ends(contours(where, all))) {
    const key = end.map((v) => v.toFixed(6)).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.ok(counts.size > 100);
  assert.ok([...counts.values()].every((count) => count % 2 === 0));
});

test("clusters far apart have lines of their own, and only points that are shown count", () => {
  const where = units(...cloud(100, 0.2, 0.2, 0.01), ...cloud(100, 0.8, 0.8, 0.01));
  const near = (x, y) => (end) => Math.hypot(end[0] - x, end[1] - y) < 0.01 * 4 + 4 * BANDWIDTH;
  const both = ends(contours(where, all));
  assert.ok(both.some(near(0.2, 0.2)) && both.some(near(0.8, 0.8)));
  assert.ok(both.every((end) => near(0.2, 0.2)(end) || near(0.8, 0.8)(end)));
  assert.ok(ends(contours(where, (i) => i < 100)).every(near(0.2, 0.2)));
});

test("of a few points there are no lines", () => {
  assert.deepEqual(contours(units(...cloud(19, 0.5, 0.5, 0.1)), all), []);
  assert.deepEqual(contours(units(), all), []);
});
