// A map as a figure of Plotly, to be saved as PNG, SVG or HTML: see figure/save.js. It shows what is
// seen: the part that is zoomed to, the selection, contours, rings and names.

import { COORDINATE_MAX } from "./decode.js";
import { LINE } from "./names.js";
import { besideAxis, FAINT, OPACITY } from "./paint.js";

/**
 * @typedef {import("./latent_map.js").LatentMap} LatentMap
 * @typedef {import("./pane.js").Pane} Pane
 */

const MOST_SVG = 6000; // points that a saved picture holds as shapes of their own
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
    const { viewport } = pane;
    const [left, bottom] = viewport.toUnits([0, viewport.height]);
    const [right, top] = viewport.toUnits([viewport.width, 0]);
    const [x, y] = [{ range: [left, right] }, { range: [bottom, top] }];
    layout[`xaxis${end}`] = { ...BARE, ...x, domain: [from, to], anchor: `y${end}` };
    layout[`yaxis${end}`] = { ...BARE, ...y, anchor: `x${end}`, scaleanchor: `x${end}` };
    layout.annotations.push(...texts(pane, end));
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
  const data = [
    ...map.panes.flatMap((pane, n) => lines(pane, axisEnd(n))),
    ...traces(map),
    ...map.panes.map((pane, n) => rings(pane, axisEnd(n))),
  ];
  return { data, layout, _fullLayout: size };
}

/**
 * Names of clusters, and texts beside axes.
 * @param {Pane} pane
 * @param {string} end of the names of its axes
 */
function texts(pane, end) {
  const { viewport } = pane;
  const at = (/** @type {Point} */ pixel) => {
    const [x, y] = viewport.toUnits(pixel);
    return { x, y, xref: `x${end}`, yref: `y${end}`, showarrow: false, yanchor: "middle" };
  };
  const named = pane.names().map(({ text, x, y }) => ({
    ...at([x, y - LINE / 2]),
    text: `<b>${escaped(text)}</b>`,
    xanchor: "center",
  }));
  const beside = (pane.axes?.texts ?? []).map((text) => {
    const lines = text.text.split("\n").map(escaped);
    const { x, y, align } = besideAxis(text, viewport, 0, lines.length);
    const middle = y + ((lines.length - 1) * LINE) / 2;
    return { ...at([x, middle]), text: lines.join("<br>"), xanchor: align };
  });
  return [...named, ...beside];
}

/**
 * Contours and axes.
 * @param {Pane} pane
 * @param {string} end
 */
function lines(pane, end) {
  const contours = (pane.contourLines()?.pieces ?? []).reduce(
    (/** @type {Point[][]} */ all, v, i, { [i + 1]: next }) => {
      if (i % 4 === 0) all.push([[v, next]]);
      else if (i % 4 === 2) all[all.length - 1].push([v, next]);
      return all;
    },
    [],
  );
  const kinds = /** @type {[Point[][], number][]} */ ([
    [pane.axes?.lines ?? [], FAINT.axes],
    [contours, FAINT.contours],
  ]);
  return kinds.map(([all, opacity]) => ({
    type: "scatter",
    mode: "lines",
    x: all.flatMap((line) => [...line.map(([x]) => x), null]),
    y: all.flatMap((line) => [...line.map(([, y]) => y), null]),
    line: { width: 1, color: pane.map.theme().text },
    opacity,
    hoverinfo: "skip",
    showlegend: false,
    xaxis: `x${end}`,
    yaxis: `y${end}`,
  }));
}

/**
 * Around what was searched for, and around the open sample.
 * @param {Pane} pane
 * @param {string} end
 */
function rings(pane, end) {
  const { map } = pane;
  const ringed = [...pane.found(), ...(map.selected >= 0 ? [map.selected] : [])];
  const places = ringed.map((i) => pane.place(i));
  return {
    type: "scatter",
    mode: "markers",
    x: places.map(([x]) => x),
    y: places.map(([, y]) => y),
    marker: {
      symbol: "circle-open",
      size: 2 * map.header.size,
      color: map.theme().text,
      line: { width: 1.5 },
    },
    hoverinfo: "skip",
    showlegend: false,
    xaxis: `x${end}`,
    yaxis: `y${end}`,
  };
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
      const opacity = Array.from(members, (i) =>
        map.members ? (map.members[i] ? OPACITY.member : OPACITY.other) : OPACITY.all,
      );
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
          opacity,
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
