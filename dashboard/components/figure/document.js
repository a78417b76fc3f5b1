// A figure as an HTML document of its own, which can be opened without the app.

import { FONT } from "./picture.js";

/** @typedef {import("./picture.js").Layout} Layout */

const POLICY =
  "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; " +
  "script-src 'unsafe-inline' 'unsafe-eval'";

/**
 * @param {{title: string, about: string, alt: string}} texts
 * @param {Layout} layout
 * @param {{figure?: string, script?: string}} content the figure's HTML, or scripts that draw it
 */
export function htmlDocument({ title, about, alt }, layout, { figure = "", script = "" }) {
  const { width, height, font, paper_bgcolor: background } = layout;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { margin: 20px; font: 14px ${FONT}; background: ${background}; color: ${font.color}; }
h1 { font-size: 18px; margin: 0 0 4px; }
#figure { max-width: ${Math.max(width, 900)}px; height: ${height}px; margin: 12px 0; }
p { max-width: 70ch; margin: 4px 0; }
a { color: inherit; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(about)}</p>
<div id="figure" role="img" aria-label="${escaped(alt)}">${figure}</div>
<p>${escaped(alt)}</p>
<p><a href="${escaped(window.location.href)}">This view in DMIL Explorer</a></p>
${script}
</body>
</html>
`;
}

/**
 * Scripts that draw a figure of Plotly in a document of its own.
 *
 * @param {{data: object[], layout: object}} figure
 * @param {string} source Plotly's own code
 */
export function plotlyScripts({ data, layout }, source) {
  const { width, height, ...rest } = /** @type {Record<string, unknown>} */ (layout);
  return `<script>${source}</script>
<script>
Plotly.newPlot("figure", ${inScript(data)}, ${inScript({ ...rest, autosize: true })},
  { responsive: true, displaylogo: false, showSendToCloud: false });
</script>`;
}

/**
 * The end of a script must not stand inside a script.
 * @param {unknown} value
 */
function inScript(value) {
  return toJson(value).replace(/</g, "\\u003c");
}

/**
 * JSON of a figure: a typed array has none of its own, and Plotly keeps a second copy of them.
 * @param {unknown} value
 */
export function toJson(value) {
  return JSON.stringify(value, (name, part) => {
    if (name === "_inputArray") return undefined;
    const isTyped = ArrayBuffer.isView(part) && !(part instanceof DataView);
    return isTyped ? Array.from(/** @type {Uint8Array} */ (part)) : part;
  });
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}
