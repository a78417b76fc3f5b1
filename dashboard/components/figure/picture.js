// A figure as a picture of its own: SVG with a margin and a heading that says what it is.

export const FONT = "Helvetica, Arial, sans-serif"; // an SVG in a file has no web fonts
export const NARROWEST = 480; // pixels
const MARGIN = 16;
const LETTER = 8.2; // width of a heading's letter
const SVG = "http://www.w3.org/2000/svg";
// What is painted in the colour of the page: a file has no page around it.
const GROUND = /var\(--st-background-color[^)]*\)/g;

/**
 * @typedef {object} Layout what is needed of a figure's layout, in Plotly's names
 * @property {number} width
 * @property {number} height
 * @property {{color: string}} font
 * @property {string} paper_bgcolor
 */

/** @typedef {{width: number, height: number}} Size */

/** The page's colours. */
export function pageColours() {
  const page = document.querySelector("[data-testid=stApp]") ?? document.body;
  const { color, backgroundColor } = getComputedStyle(page);
  return { color, backgroundColor };
}

/**
 * An SVG of ours, which fills its element and inherits its letters and colours from there, without
 * them.
 *
 * @param {SVGElement} svg
 * @returns {{svg: SVGElement, layout: Layout}}
 */
export function standalone(svg) {
  const { color, fontSize } = getComputedStyle(svg);
  const width = Math.max(NARROWEST, Math.round(svg.clientWidth));
  const height = Math.round(svg.clientHeight);
  const copy = /** @type {SVGElement} */ (svg.cloneNode(true));
  setAttributes(copy, { color, "font-size": fontSize, "font-family": FONT, width, height });
  copy.removeAttribute("style");
  // Patterns stand beside the drawing.
  for (const defs of svg.parentElement?.querySelectorAll("defs") ?? []) {
    if (!svg.contains(defs)) copy.prepend(defs.cloneNode(true));
  }
  const { backgroundColor } = pageColours();
  for (const part of [copy, ...copy.querySelectorAll("*")]) {
    for (const { name, value } of part.attributes) {
      part.setAttribute(name, value.replace(GROUND, backgroundColor));
    }
  }
  return { svg: copy, layout: { width, height, font: { color }, paper_bgcolor: backgroundColor } };
}

/**
 * @param {Element} inner an SVG element
 * @param {Layout} layout
 * @param {{title: string, about: string, alt: string}} texts
 * @returns {{svg: string, size: Size}}
 */
export function framed(inner, layout, { title, about, alt }) {
  const { width, height, font, paper_bgcolor: background } = layout;
  const heading = wrapped(title, Math.floor(width / LETTER));
  const top = MARGIN + 22 * heading.length + (about ? 20 : 0) + 6;
  const size = { width: width + 2 * MARGIN, height: height + top + MARGIN };
  const viewBox = `0 0 ${size.width} ${size.height}`;
  const outer = svgElement("svg", { ...size, viewBox, role: "img" });
  const text = { x: MARGIN, fill: font.color, "font-family": FONT };
  outer.append(svgElement("title", {}, title), svgElement("desc", {}, alt));
  outer.append(svgElement("rect", { ...size, fill: background }));
  for (const [i, line] of heading.entries()) {
    const y = MARGIN + 15 + 22 * i;
    outer.append(svgElement("text", { ...text, y, "font-size": 17 }, line));
  }
  if (about) {
    const y = MARGIN + 13 + 22 * heading.length;
    outer.append(svgElement("text", { ...text, y, "font-size": 13 }, about));
  }
  // Labels at the very edge reach into the margin.
  setAttributes(inner, { x: MARGIN, y: top, overflow: "visible" });
  outer.append(inner);
  return { svg: new XMLSerializer().serializeToString(outer), size };
}

/**
 * The picture as PNG.
 *
 * @param {{svg: string, size: Size}} picture
 * @param {number} scale
 * @returns {Promise<Blob | null>}
 */
export async function pixels({ svg, size }, scale = 2) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  URL.revokeObjectURL(image.src);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [scale * size.width, scale * size.height];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/**
 * Lines of whole words; only a word that is longer makes a longer line.
 *
 * @param {string} text
 * @param {number} length letters that fit on a line
 */
export function wrapped(text, length) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1];
    const longer = `${line} ${word}`.trim();
    if (longer.length > length && line) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} text
 */
export function svgElement(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  setAttributes(made, attributes);
  if (text) made.textContent = text;
  return made;
}

/**
 * @param {Element} element
 * @param {Record<string, string | number>} attributes
 */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}
