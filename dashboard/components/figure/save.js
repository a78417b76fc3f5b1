// Saves a figure that is already drawn on the page: nothing is asked of the server but Plotly's own
// file, once, when the first of its figures is saved.

import { htmlDocument, plotlyScripts, toJson } from "./document.js";
import { ofHtml } from "./html.js";
import { FONT, framed, NARROWEST, pageColours, pixels, standalone } from "./picture.js";

/**
 * @typedef {import("./picture.js").Layout} Layout
 * @typedef {object} SaveRequest
 * @property {string} key of the figure, in its class
 * @property {string} title
 * @property {string} about
 * @property {string} alt
 * @property {string} name of the file, without its ending
 * @property {string} loader address of plotly.js
 * @property {string} plotly address of Plotly's own file
 *
 * @typedef {object} PlotlyFigure
 * @property {object[]} data
 * @property {Layout & Record<string, any>} layout
 *
 * @typedef {PlotlyFigure & {_fullLayout: {width: number, height: number}}} DrawnFigure
 */

/** @type {Record<string, string>} */
const TYPES = { png: "image/png", svg: "image/svg+xml", html: "text/html" };
const KEPT = 60_000; // milliseconds that a browser may take to store a file

/**
 * Save the figure with this key.
 *
 * @param {string} kind "png", "svg" or "html"
 * @param {SaveRequest} request
 * @returns {Promise<string>} how it went, for the visitor
 */
export async function save(kind, request) {
  try {
    const place = document.querySelector(`.st-key-${request.key}`);
    const content = await contentOf(kind, place, request);
    if (!content) return "The figure is not drawn yet. Try again.";
    download(content, kind, request.name);
    return "Saved.";
  } catch (error) {
    console.error(error);
    return "It could not be saved. Reload the page and try again.";
  }
}

/**
 * @param {string} kind
 * @param {Element | null} place
 * @param {SaveRequest} request
 * @returns {Promise<string | Blob | null>}
 */
async function contentOf(kind, place, request) {
  const ours = await ownOf(place);
  if (ours) {
    const { svg, layout } = ours;
    if (kind === "html") return htmlDocument(request, layout, { figure: svg.outerHTML });
    const picture = framed(svg, layout, request);
    return kind === "svg" ? picture.svg : pixels(picture);
  }
  const drawn = plotlyOf(place);
  if (!drawn?._fullLayout) return null;
  const { plotly } = await import(request.loader);
  const Plotly = await plotly(request.plotly);
  const figure = dressed(drawn);
  if (kind === "html") {
    const source = await (await fetch(request.plotly)).text();
    return htmlDocument(request, figure.layout, { script: plotlyScripts(figure, source) });
  }
  const picture = framed(await plotlySvg(Plotly, figure), figure.layout, request);
  return kind === "svg" ? picture.svg : pixels(picture);
}

/**
 * What we have drawn at this place, as SVG or as HTML; null for none.
 *
 * @param {Element | null} place
 */
async function ownOf(place) {
  const roots = shadowRoots(place);
  const first = (/** @type {string} */ selector) =>
    roots.map((root) => root.querySelector(selector)).find(Boolean);
  const svg = first(".drawn > svg[role=img]");
  if (svg) return standalone(/** @type {SVGElement} */ (svg));
  const html = first(".marks") ?? place?.querySelector("[data-testid=stHtml]");
  return html ? ofHtml(/** @type {HTMLElement} */ (html)) : null;
}

/**
 * The figure of Plotly at this place; a latent map, which draws itself, says what it would be.
 *
 * @param {Element | null} place
 * @returns {DrawnFigure | null}
 */
function plotlyOf(place) {
  const plot = place?.querySelector(".js-plotly-plot");
  if (plot) return /** @type {DrawnFigure} */ (/** @type {unknown} */ (plot));
  for (const root of shadowRoots(place)) {
    const host = /** @type {import("../map/index.js").Host | null} */ (root.querySelector(".map"));
    if (host?.map) return /** @type {any} */ (host.map.figure());
  }
  return null;
}

/**
 * A copy with fonts that need no page around them, and the page's colours.
 *
 * @param {DrawnFigure} plot
 * @returns {PlotlyFigure}
 */
function dressed(plot) {
  const { color, backgroundColor } = pageColours();
  const { data, layout } = JSON.parse(toJson({ data: plot.data, layout: plot.layout }));
  const template = layout.template?.layout ?? {};
  for (const axis of [template.xaxis, template.yaxis]) {
    if (axis?.tickfont) axis.tickfont.color = color;
    if (axis?.title?.font) axis.title.font.color = color;
  }
  layout.font = { ...layout.font, color, family: FONT };
  layout.paper_bgcolor = backgroundColor;
  layout.width = Math.max(NARROWEST, Math.round(plot._fullLayout.width));
  layout.height = Math.round(plot._fullLayout.height);
  layout.autosize = false;
  return { data, layout };
}

/**
 * @param {PlotlyLibrary} Plotly
 * @param {PlotlyFigure} figure
 */
async function plotlySvg(Plotly, figure) {
  const { width, height } = figure.layout;
  const image = { format: "svg", width, height };
  const address = await Plotly.toImage({ ...figure, config: {} }, image);
  const text = await (await fetch(address)).text();
  return new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
}

/**
 * @param {string | Blob} content
 * @param {string} kind
 * @param {string} name
 */
function download(content, kind, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: TYPES[kind] }));
  link.download = `${name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}

/**
 * @param {Element | null} place
 * @returns {ShadowRoot[]}
 */
function shadowRoots(place) {
  return [...(place?.querySelectorAll("*") ?? [])].flatMap((one) => one.shadowRoot ?? []);
}
