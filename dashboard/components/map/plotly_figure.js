// A map as a figure of Plotly, to be saved as PNG, SVG or HTML: see figure/save.js.

import { COORDINATE_MAX } from "./decode.js";

/** @typedef {import("./latent_map.js").LatentMap} LatentMap */

const MOST_SVG = 6000; // points that a saved picture holds as shapes of their own
const OPACITY = 0.8;
const BARE = { showticklabels: false, zeroline: false, showgrid: false };
const OF_PAPER = { xref: "paper", yref: "paper", xanchor: "left", showarrow: false };

/** @param {LatentMap} map */
export function plotlyFigure(map) {
  const { colour } = map.header;
  /** @type {Record<string, any>} */
  const layout = {
    annotations: [],
    margin: { l: 8, r: 8, t: 34, b: 8 },
    legend: { orientation: "h" },
  };
  for (const [n, pane] of map.panes.entries()) {
    const [from, to] = [n / map.panes.length, (n + 0.96) / map.panes.length];
    const end = axisEnd(n);
    layout[`xaxis${end}`] = { ...BARE, domain: [from, to], anchor: `y${end}` };
    layout[`yaxis${end}`] = { ...BARE, anchor: `x${end}`, scaleanchor: `x${end}` };
    const text = escaped(pane.title.textContent ?? "");
    layout.annotations.push({ ...OF_PAPER, text, x: from, y: 1, yanchor: "bottom" });
  }
  if (colour.kind === "scale") {
    const { label, low, high } = colour;
    const text = escaped(`${label}: from ${low} to ${high}; grey and small near 0`);
    layout.annotations.push({ ...OF_PAPER, text, x: 0, y: 0, yanchor: "top" });
    layout.margin.b = 30;
  }
  const size = { width: map.area.clientWidth, height: map.panes[0].viewport.height + 60 };
  return { data: traces(map), layout, _fullLayout: size };
}

/**
 * A trace for each group or step in each pane.
 * @param {LatentMap} map
 */
function traces(map) {
  const { colour, count, size } = map.header;
  const type = count > MOST_SVG ? "scattergl" : "scatter";
  const looks =
    colour.kind === "groups"
      ? colour.groups.map((group) => ({ ...group, size: 1 }))
      : colour.steps.map((step) => ({ ...step, symbol: "circle" }));
  return map.panes.flatMap(({ points }, n) =>
    looks.map((look, group) => {
      const members = map.order.filter((i) => map.colours[i] === group && map.isShown(i));
      const end = axisEnd(n);
      return {
        type,
        mode: "markers",
        name: escaped(look.name),
        legendgroup: String(group),
        showlegend: colour.kind === "groups" && n === 0 && members.length > 0,
        x: Array.from(members, (i) => points.x[i] / COORDINATE_MAX),
        y: Array.from(members, (i) => points.y[i] / COORDINATE_MAX),
        text: Array.from(members, (i) => escaped(map.ids[i])),
        hoverinfo: "text+name",
        marker: {
          color: look.colour,
          symbol: look.symbol,
          size: size * look.size,
          opacity: OPACITY,
        },
        xaxis: `x${end}`,
        yaxis: `y${end}`,
      };
    }),
  );
}

/**
 * Plotly's first axes have no number.
 * @param {number} n
 */
function axisEnd(n) {
  return n ? String(n + 1) : "";
}

/**
 * Plotly reads a little HTML in its texts.
 * @param {string} text
 */
function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
