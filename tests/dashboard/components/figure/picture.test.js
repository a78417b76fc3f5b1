import assert from "node:assert/strict";
import { test } from "node:test";
import { plotlyScripts, toJson } from "../../../../dashboard/components/figure/document.js";
import { wrapped } from "../../../../dashboard/components/figure/picture.js";

test("a heading is wrapped between words, and a long word is left whole", () => {
  assert.deepEqual(wrapped("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapped("extraordinarily long", 5), ["extraordinarily", "long"]);
  assert.deepEqual(wrapped("", 5), [""]);
});

test("typed arrays are written as arrays, without Plotly's second copy", () => {
  assert.equal(toJson({ x: Float32Array.of(1, 2), _inputArray: [9] }), '{"x":[1,2]}');
});

test("text of a figure cannot end the script that it stands in", () => {
  const figure = { data: [{ name: "</script><script>alert(1)" }], layout: { width: 1, height: 2 } };
  const scripts = plotlyScripts(figure, "");
  assert.equal(scripts.split("</script>").length - 1, 2);
  assert.ok(!scripts.includes('"width"'));
});
