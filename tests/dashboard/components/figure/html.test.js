import assert from "node:assert/strict";
import { test } from "node:test";
import { paint } from "../../../../dashboard/components/figure/html.js";

test("colours as browsers compute them become colours that any viewer of SVG knows", () => {
  assert.deepEqual(paint("rgb(17, 119, 51)"), { fill: "rgb(17,119,51)" });
  assert.deepEqual(paint("rgba(0, 0, 0, 0.25)"), { fill: "rgb(0,0,0)", "fill-opacity": 0.25 });
  const mixed = paint("color(srgb 1 0.5 0 / 0.12)");
  assert.deepEqual(mixed, { fill: "rgb(255,128,0)", "fill-opacity": 0.12 });
});

test("what is clear is not painted", () => {
  assert.equal(paint("rgba(0, 0, 0, 0)"), null);
  assert.equal(paint("transparent"), null);
  assert.equal(paint("none"), null);
});
