// Boxes and arrows. A box is a button: it is clicked, or chosen with Enter or the space bar.

const SVG = "http://www.w3.org/2000/svg";
const LONGEST = 20; // letters of the words in a box

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".diagram");
  // Kept on the element: what runs again only moves the choice, so that the focus stays.
  const drawn = JSON.stringify([data.boxes, data.arrows]);
  if (root.drawn !== drawn) {
    root.drawn = drawn;
    root.replaceChildren(draw(data));
  }
  root.firstChild.setAttribute("aria-label", data.label);
  for (const box of root.querySelectorAll("g.box")) {
    const pick = () => setTriggerValue("picked", box.dataset.id);
    box.setAttribute("aria-pressed", String(box.dataset.id === data.chosen));
    box.onclick = pick;
    box.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      pick();
    };
  }
  for (const arrow of root.querySelectorAll("path[data-from]")) {
    const { from, to } = arrow.dataset;
    arrow.classList.toggle("on", from === data.chosen || to === data.chosen);
  }
  if (root.chosen !== data.chosen) show(root, root.querySelector('[aria-pressed="true"]'));
  root.chosen = data.chosen;
}

/** Where the drawing is wider than its place, scroll the chosen box to the middle if it is cut. */
function show(root, box) {
  if (!box) return;
  const [place, frame] = [box.getBoundingClientRect(), root.getBoundingClientRect()];
  if (place.left >= frame.left && place.right <= frame.right) return;
  root.scrollLeft += place.left + place.width / 2 - frame.left - frame.width / 2;
}

function make(name, attributes, words) {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  if (words !== undefined) one.textContent = words;
  return one;
}

function draw({ boxes, arrows }) {
  const width = Math.max(...boxes.map((b) => b.x + b.width)) + 6;
  const height = Math.max(...boxes.map((b) => b.y + b.height)) + 6;
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "group" });
  const head = make("marker", {
    id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
    orient: "auto",
  });
  head.append(make("path", { d: "M0,0 L8,4 L0,8 Z" }));
  svg.append(head);
  const at = Object.fromEntries(boxes.map((b) => [b.id, b]));
  for (const [from, to] of arrows) {
    const [a, b] = [at[from], at[to]];
    const x = a.x + a.width;
    // Into a tall box straight, else into its middle.
    const y = a.y + a.height / 2;
    const end = b.height > 2 * a.height ? y : b.y + b.height / 2;
    const half = (x + b.x) / 2;
    svg.append(make("path", {
      d: `M${x},${y} C${half},${y} ${half},${end} ${b.x - 2},${end}`,
      "marker-end": "url(#head)", "data-from": from, "data-to": to,
    }));
  }
  for (const b of boxes) {
    const name = b.words ? `${b.sign}: ${b.words}` : b.sign;
    const group = make("g", {
      class: "box", role: "button", tabindex: 0, "data-id": b.id, "aria-label": name,
    });
    if (b.colour) group.style.setProperty("--colour", b.colour);
    const middle = { x: b.x + b.width / 2 };
    const centre = b.y + b.height / 2;
    const short = b.words.length > LONGEST ? `${b.words.slice(0, LONGEST - 1)}…` : b.words;
    group.append(
      make("title", {}, name),
      make("rect", { x: b.x, y: b.y, width: b.width, height: b.height, rx: 8 }),
      make("text", { ...middle, y: short ? centre - 3 : centre + 5, class: "sign" }, b.sign),
      make("text", { ...middle, y: centre + 14, class: "words" }, short),
    );
    svg.append(group);
  }
  return svg;
}
