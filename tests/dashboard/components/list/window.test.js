import assert from "node:assert/strict";
import { test } from "node:test";
import { HIGHEST, ListWindow } from "../../../../dashboard/components/list/window.js";

function list(total, row = 60, height = 600) {
  const made = new ListWindow();
  Object.assign(made, { total, row, height });
  return made;
}

test("a short list scrolls pixel by pixel", () => {
  const short = list(100);
  assert.equal(short.drawn, 6000);
  short.scrolled(1230);
  assert.equal(short.offset, 1230);
  assert.equal(short.top, 1230);
  assert.deepEqual(short.seen, [20, 31]);
});

test("of a list of any length every row can be reached, and the element stays drawable", () => {
  for (const total of [0, 1, 9, 10, 11, 200_000, 10_000_000]) {
    const any = list(total);
    assert.ok(any.drawn <= HIGHEST);
    any.scrolled(any.drawn - any.height);
    assert.equal(any.seen[1], total, `the end of ${total}`);
    any.scrolled(0);
    assert.equal(any.seen[0], 0);
    for (const index of [0, Math.floor(total / 3), total - 1].filter((i) => i >= 0 && i < total)) {
      any.reveal(index);
      const [first, end] = any.seen;
      assert.ok(first <= index && index < end, `row ${index} of ${total}`);
      assert.ok(any.top >= 0 && any.top <= Math.max(0, any.drawn - any.height));
    }
  }
});

test("a row in sight is left where it is; one outside moves as little as it can, or to the middle", () => {
  const some = list(100);
  some.scrolled(600);
  assert.equal(some.reveal(12), false);
  assert.equal(some.reveal(20), true);
  assert.equal(some.offset, 660);
  some.reveal(5);
  assert.equal(some.offset, 300);
  some.reveal(50, true);
  assert.equal(some.offset, 50 * 60 + 30 - 300);
});

test("the first row in sight that was not sent is asked for", () => {
  const some = list(100);
  some.scrolled(600);
  assert.equal(
    some.missing((index) => index < 15),
    15,
  );
  assert.equal(
    some.missing(() => true),
    -1,
  );
});
