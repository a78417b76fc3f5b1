// The legend below a map: a button for each group, or a bar from low to high.

import { button, element } from "../element.js";
import { sprite } from "./symbols.js";

/**
 * @typedef {import("./decode.js").Groups} Groups
 * @typedef {import("./decode.js").Scale} Scale
 */

const SYMBOL_SIZE = 11; // pixels

/**
 * @param {Groups | Scale} colour
 * @param {Set<number>} hidden groups that are not shown; a click adds one or takes it away
 * @param {number} ratio pixels of the device per pixel of the page
 * @param {() => void} onChange
 * @returns {HTMLElement[]}
 */
export function legendEntries(colour, hidden, ratio, onChange) {
  if (colour.kind === "scale") return scaleBar(colour);
  return colour.groups.map((group, index) => {
    const entry = button("", () => toggle(), {
      class: "group",
      title: `Show or hide ${group.name}`,
      "aria-label": `Show or hide ${group.name}`,
    });
    const toggle = () => {
      if (!hidden.delete(index)) hidden.add(index);
      entry.setAttribute("aria-pressed", String(!hidden.has(index)));
      onChange();
    };
    entry.setAttribute("aria-pressed", String(!hidden.has(index)));
    const symbol = sprite(group.colour, group.symbol, SYMBOL_SIZE * ratio);
    symbol.style.width = symbol.style.height = `${symbol.width / ratio}px`;
    symbol.setAttribute("aria-hidden", "true");
    entry.append(
      symbol,
      element("span", {}, group.name),
      ...(group.words ? [element("small", {}, group.words)] : []),
      element("small", {}, group.count.toLocaleString("en")),
    );
    return entry;
  });
}

/** @param {Scale} scale */
function scaleBar({ label, steps, low, high }) {
  const bar = element("span", { class: "bar" });
  bar.style.background = `linear-gradient(to right, ${steps.map((step) => step.colour)})`;
  return [element("span", {}, label), element("span", {}, low), bar, element("span", {}, high)];
}
