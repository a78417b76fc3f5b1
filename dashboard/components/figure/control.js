// The component "dmil_figure": the control that saves a figure, and above it the figure where that
// is SVG of ours; see figure.py. It runs inline; what saves comes when it is first wanted.

const NO_ANSWER = "The server does not answer. Reload the page and try again.";

/**
 * @typedef {import("./save.js").SaveRequest} SaveRequest
 * @typedef {SaveRequest & {drawing: string, code: string, form: "below" | "menu" | "none"}} ControlData
 */

/** @param {ComponentArguments<ControlData>} component */
export default function ({ parentElement, data }) {
  const find = (/** @type {string} */ selector) =>
    /** @type {HTMLElement} */ (parentElement.querySelector(selector));
  const [open, kinds, status] = [find(".open"), find(".kinds"), find("[role=status]")];
  const buttons = /** @type {HTMLButtonElement[]} */ ([...kinds.children]);
  const drawn = /** @type {HTMLElement & {text?: string}} */ (find(".drawn"));
  if (drawn.text !== data.drawing) {
    // Our own text, in which all that comes from data or links is escaped.
    drawn.innerHTML = data.drawing;
    drawn.text = data.drawing;
  }
  open.setAttribute("aria-label", `Save figure: ${data.title}`);
  open.hidden = data.form !== "below";
  const [inMenu, name] = [data.form === "menu", find(".name")];
  name.textContent = inMenu ? data.title : "";
  name.hidden = !inMenu;
  // Below a figure they come when they are asked for.
  if (data.form !== "below") kinds.hidden = !inMenu;
  open.onclick = () => {
    kinds.hidden = !kinds.hidden;
    open.setAttribute("aria-expanded", String(!kinds.hidden));
    status.textContent = "";
  };
  for (const button of buttons) {
    button.setAttribute("aria-label", `${button.textContent}: ${data.title}`);
    button.onclick = async () => {
      for (const one of buttons) one.disabled = true;
      status.textContent = "Drawing …";
      status.textContent = await save(button.dataset.kind ?? "png", data);
      for (const one of buttons) one.disabled = false;
    };
  }
}

/**
 * @param {string} kind
 * @param {ControlData} data
 * @returns {Promise<string>} how it went
 */
async function save(kind, data) {
  const absolute = (/** @type {string} */ path) => new URL(path, window.location.origin).href;
  try {
    const module = await import(absolute(data.code));
    const [loader, plotly] = [absolute(data.loader), absolute(data.plotly)];
    return await module.save(kind, { ...data, loader, plotly });
  } catch {
    return NO_ANSWER;
  }
}
