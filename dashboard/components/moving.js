// The component "dmil_moving": a figure that is sent its next state and drawn on from the last one,
// with the page's text colour; see moving.py. It runs inline.

/**
 * @typedef {object} MovingData
 * @property {string} figure JSON of a figure of Plotly
 * @property {object} config
 * @property {string} alt
 * @property {number} height
 * @property {string} loader address of plotly.js
 * @property {string} plotly address of Plotly's own file
 *
 * @typedef {HTMLElement & {next?: MovingData, drawing?: Promise<void>, shown?: string}} Host
 */

/** @param {ComponentArguments<MovingData>} component */
export default function ({ parentElement, data }) {
  const host = /** @type {Host} */ (parentElement.querySelector(".moving"));
  host.setAttribute("role", "img");
  host.setAttribute("aria-label", data.alt);
  host.style.height = `${data.height}px`;
  host.next = data;
  // One drawing at a time: what comes meanwhile is drawn next, and only the latest of it.
  host.drawing = (host.drawing ?? Promise.resolve()).then(() => draw(host));
}

/** @param {Host} host */
async function draw(host) {
  const { next } = host;
  if (!next || host.shown === next.figure) return;
  try {
    const { plotly } = await import(new URL(next.loader, window.location.origin).href);
    const Plotly = await plotly(next.plotly);
    const { data, layout } = JSON.parse(next.figure);
    await Plotly.react(host, data, dressed(layout, host), next.config);
    host.shown = next.figure;
  } catch {
    if (!host.shown) host.textContent = "This figure could not be drawn. Reload the page.";
  }
}

/**
 * The layout with what Streamlit gives the text of its own charts.
 *
 * @param {Record<string, any>} layout
 * @param {Host} host
 */
function dressed(layout, host) {
  const { color, fontFamily: family } = getComputedStyle(host);
  const template = layout.template.layout;
  for (const axis of ["xaxis", "yaxis"]) {
    template[axis] = { ...template[axis], tickfont: { color }, title: { font: { color } } };
  }
  template.hoverlabel = { font: { family } };
  layout.font = { ...layout.font, color, family };
  layout.autosize = true;
  return layout;
}
