// The component "dmil_diagram": boxes and arrows; see diagram.py. A box is a button: it is clicked,
// or chosen with Enter or the space bar. It runs inline.

const SVG = "http://www.w3.org/2000/svg";
const MOST_LETTERS = 17; // of the words in a box
const EDGE = 6; // pixels beyond the last box
const NARROW = 520; // pixels of room below which the drawing runs down instead of to the right
const [SPREAD, FLAT] = [1.25, 0.5]; // of the drawing that runs down: its scales across and down

/**
 * @typedef {object} Box
 * @property {string} id
 * @property {string} sign
 * @property {string} words
 * @property {string} colour
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 *
 * @typedef {{start: string, end: string, through: number | null}} Arrow
 *
 * @typedef {{boxes: Box[], arrows: Arrow[], chosen: string, label: string}} Diagram
 * @typedef {HTMLElement & {drawn?: string, chosen?: string}} Root
 */

/** @param {ComponentArguments<Diagram>} component */
export default function ({ parentElement, data, setTriggerValue }) {
  const root = /** @type {Root} */ (parentElement.querySelector(".diagram"));
  // Kept on the element: what runs again only moves the choice, so that the focus stays.
  const upright = root.clientWidth > 0 && root.clientWidth < NARROW;
  const drawn = JSON.stringify([data.boxes, data.arrows, upright]);
  if (root.drawn !== drawn) {
    root.drawn = drawn;
    root.replaceChildren(draw(data, upright));
  }
  root.firstElementChild?.setAttribute("aria-label", data.label);
  for (const box of /** @type {NodeListOf<SVGElement>} */ (root.querySelectorAll("g.box"))) {
    const pick = () => setTriggerValue("picked", box.dataset.id);
    box.setAttribute("aria-pressed", String(box.dataset.id === data.chosen));
    box.onclick = pick;
    box.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      pick();
    };
  }
  const arrows = /** @type {NodeListOf<SVGElement>} */ (root.querySelectorAll("path[data-from]"));
  for (const arrow of arrows) {
    const { from, to } = arrow.dataset;
    arrow.classList.toggle("on", from === data.chosen || to === data.chosen);
  }
  if (root.chosen !== data.chosen) scrollTo(root, root.querySelector('[aria-pressed="true"]'));
  root.chosen = data.chosen;
}

/**
 * Where the drawing is wider than its element, scroll the chosen box to the middle if it is cut.
 *
 * @param {HTMLElement} root
 * @param {Element | null} box
 */
function scrollTo(root, box) {
  if (!box) return;
  const [inner, outer] = [box.getBoundingClientRect(), root.getBoundingClientRect()];
  if (inner.left >= outer.left && inner.right <= outer.right) return;
  root.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
}

/**
 * @param {Diagram} diagram
 * @param {boolean} upright whether it runs down and not to the right: narrow enough for a phone, so
 *   that its boxes have room for their signs alone
 */
function draw({ boxes, arrows }, upright) {
  const [along, across] = upright ? [FLAT, SPREAD] : [1, 1];
  const scaled = boxes.map((box) => ({
    ...box,
    x: box.x * along,
    y: box.y * across,
    width: box.width * along,
    height: box.height * across,
  }));
  const length = Math.max(...scaled.map((box) => box.x + box.width)) + EDGE;
  const breadth = Math.max(...scaled.map((box) => box.y + box.height)) + EDGE;
  const size = upright ? `${breadth} ${length}` : `${length} ${breadth}`;
  const svg = make("svg", { viewBox: `0 0 ${size}`, role: "group" });
  svg.classList.toggle("upright", upright);
  const byId = Object.fromEntries(scaled.map((box) => [box.id, box]));
  svg.append(
    arrowHead(),
    ...arrows.map(({ start, end, through }) =>
      arrowBetween(byId[start], byId[end], through === null ? null : through * across, upright),
    ),
    ...scaled.map((box) => boxGroup(upright ? turned(box) : box, upright)),
  );
  return svg;
}

/**
 * @param {Box} box
 * @returns {Box}
 */
function turned(box) {
  return { ...box, x: box.y, y: box.x, width: box.height, height: box.width };
}

function arrowHead() {
  const head = make("marker", {
    id: "head",
    viewBox: "0 0 8 8",
    refX: 7,
    refY: 4,
    markerWidth: 7,
    markerHeight: 7,
    orient: "auto",
  });
  head.append(make("path", { d: "M0,0 L8,4 L0,8 Z" }));
  return head;
}

/**
 * @param {Box} from
 * @param {Box} to
 * @param {number | null} through height at which it passes a column of boxes between the two
 * @param {boolean} upright whether x runs down and y across
 */
function arrowBetween(from, to, through, upright) {
  const at = (/** @type {number} */ x, /** @type {number} */ y) => (upright ? [y, x] : [x, y]);
  // From one point to another, along the flow at both.
  const curve = (/** @type {Point} */ [x, y], /** @type {Point} */ [endX, endY]) => {
    const half = (x + endX) / 2;
    return `C${at(half, y)} ${at(half, endY)} ${at(endX, endY)}`;
  };
  const x = from.x + from.width;
  const y = from.y + from.height / 2;
  // Straight into a tall box, else into its middle.
  const end = to.height > 2 * from.height ? (through ?? y) : to.y + to.height / 2;
  const gap = (to.x - x - from.width) / 2; // from a column to the next, where one is passed
  const steps =
    through === null
      ? curve([x, y], [to.x - 2, end])
      : `${curve([x, y], [x + gap, through])} L${at(to.x - gap, through)} ${curve([to.x - gap, through], [to.x - 2, end])}`;
  return make("path", {
    d: `M${at(x, y)} ${steps}`,
    "marker-end": "url(#head)",
    "data-from": from.id,
    "data-to": to.id,
  });
}

/**
 * @param {Box} box
 * @param {boolean} brief whether there is room for its sign alone
 */
function boxGroup({ id, sign, words, colour, x, y, width, height }, brief = false) {
  const name = words ? `${sign}: ${words}` : sign;
  const group = make("g", {
    class: "box",
    role: "button",
    tabindex: 0,
    "data-id": id,
    "aria-label": name,
  });
  if (colour) group.style.setProperty("--colour", colour);
  const middle = { x: x + width / 2 };
  const centre = y + height / 2;
  const cut = words.length > MOST_LETTERS ? `${words.slice(0, MOST_LETTERS - 1)}…` : words;
  const short = brief ? "" : cut;
  group.append(
    make("title", {}, name),
    make("rect", { x, y, width, height, rx: 8 }),
    make("text", { ...middle, y: short ? centre - 3 : centre + 5, class: "sign" }, sign),
    make("text", { ...middle, y: centre + 14, class: "words" }, short),
  );
  return group;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} text
 * @returns {SVGElement}
 */
function make(name, attributes, text = "") {
  const made = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  return made;
}
