import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { beforeEach, test } from "node:test";

const LOADER = new URL("../../../dashboard/components/load.js", import.meta.url);
const MODULE = `export default function (component) {
  component.log.push("drawn " + component.data);
  return () => component.log.push("closed");
}`;
let log;
let alerts;

beforeEach(() => {
  log = [];
  alerts = [];
  globalThis.window = { location: { origin: "http://app.example" } };
  globalThis.document = {
    createElement: () => ({ setAttribute: () => {}, textContent: "" }),
  };
});

const asModule = (text) => `data:text/javascript,${encodeURIComponent(text)}`;

/** The loader as Streamlit runs it, for a module at this address. */
async function loader(address) {
  const text = await readFile(LOADER, "utf-8");
  const script = text.replace('"ADDRESS_OF_THE_FIRST_MODULE"', JSON.stringify(address));
  return (await import(asModule(script))).default;
}

const component = (data) => ({
  data,
  log,
  parentElement: {
    querySelector: () => alerts[0] ?? null,
    append: (one) => alerts.push(one),
  },
});

const loaded = () => new Promise((done) => setTimeout(done, 100));

test("a module draws with what Streamlit hands over, again with each change, and closes", async () => {
  const draw = await loader(asModule(MODULE));
  draw(component(1));
  const close = draw(component(2));
  await loaded();
  assert.deepEqual(log, ["drawn 1", "drawn 2"]);
  close();
  assert.deepEqual(log, ["drawn 1", "drawn 2", "closed"]);
});

test("what has left the page before its module came is not drawn", async () => {
  const draw = await loader(asModule(MODULE));
  draw(component(1))();
  await loaded();
  assert.deepEqual(log, []);
});

test("where the server does not answer, the page says so once", async () => {
  const draw = await loader(asModule("throw new Error('no answer')"));
  draw(component(1));
  draw(component(2));
  await loaded();
  assert.equal(alerts.length, 1);
  assert.match(alerts[0].textContent, /Reload the page/);
});
