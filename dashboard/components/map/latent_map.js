// A latent map: every sample is a point on a canvas, in one pane or in two beside each other.
//
// All points are drawn, zoomed and looked up here; the server is sent only the id of a point that
// was clicked, or a few corners of an outline. The points come once, as bytes (see `pack` in
// map.py); what is selected comes apart, through `window.dmilMapSelection`, so that a click never
// sends the points again.

import { button, element } from "../element.js";
import { Card } from "./card.js";
import { decode, decodeMembers } from "./decode.js";
import { legendEntries } from "./legend.js";
import { drawingOrder } from "./paint.js";
import { Pane } from "./pane.js";
import { plotlyFigure } from "./plotly_figure.js";
import { sprite } from "./symbols.js";

/**
 * @typedef {import("./decode.js").Header} Header
 * @typedef {import("./select.js").Tool} Tool
 */

const ZOOM_STEP = 1.5;

/** @type {[Tool, string, string][]} */
const TOOLS = [
  ["move", "Move", "Drag to move, scroll to zoom, click a point to open its sample"],
  ["lasso", "Lasso", "Draw around points to make a slice of them"],
  ["box", "Box", "Drag a box around points to make a slice of them"],
];

export class LatentMap {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {Uint8Array | null} */
    this.data = null;
    /** @type {Header} */
    this.header = {
      count: 0,
      ids: [],
      frame: "",
      panes: [],
      colour: { kind: "groups", label: "", groups: [] },
      size: 1,
    };
    /** @type {Pane[]} */
    this.panes = [];
    /** @type {Uint16Array} the group or step of each point */
    this.colours = new Uint16Array();
    /** @type {Uint32Array} */
    this.order = new Uint32Array();
    /** @type {Map<string, number>} */
    this.indices = new Map();
    this.ratio = 1;
    /** @type {Set<number>} groups that are not shown */
    this.hidden = new Set();
    this.colourKind = "";
    /** @type {{key: string, data: Uint8Array | null, list: HTMLCanvasElement[]}} */
    this.spriteCache = { key: "", data: null, list: [] };

    /** @type {Tool} */
    this.tool = "move";
    this.hover = -1;
    this.selected = -1;
    /** @type {(Point | null)[]} */
    this.extra = [];
    /** @type {Uint8Array | null} */
    this.members = null;
    this.membersText = "";
    this.ringed = false;
    this.shown = { contours: true, names: true };
    /** @type {MapName[][]} names of clusters in each pane */
    this.names = [];
    /** @type {(name: string, value: unknown) => void} */
    this.send = () => {};

    this.area = element("div", { class: "panes" });
    this.legend = element("div", { class: "legend" });
    this.status = element("div", { class: "status", "aria-live": "polite" });
    this.said = element("span", { class: "said", role: "status" });
    this.card = new Card();
    this.toggles = [
      this.#toggle("contours", "Contours", "Lines around 50, 75 and 95% of the points"),
      this.#toggle("names", "Labels", "Names of clusters: their class, or what sets them apart"),
    ];
    this.toolButtons = TOOLS.map(([tool, label, title]) =>
      button(label, () => this.setTool(tool), { title, "data-tool": tool }),
    );
    this.tools = this.#tools();
    host.replaceChildren(this.tools, this.area, this.legend, this.status, this.card.root);
    this.setTool("move");

    this.listening = new AbortController();
    const { signal } = this.listening;
    window.addEventListener("dmil-map-selection", () => this.showSelection(), { signal });
    window.addEventListener("dmil-map-names", () => this.showNames(), { signal });
    window.addEventListener("dmil-map-card", () => this.card.receive(), { signal });
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(host);
  }

  close() {
    this.listening.abort();
    this.sizes.disconnect();
    this.card.close();
    this.host.replaceChildren();
  }

  #tools() {
    const named = (/** @type {string} */ title) => ({ title, "aria-label": title });
    return element(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "Map tools" },
      ...this.toolButtons,
      this.said,
      ...this.toggles,
      button("\u2212", () => this.#zoom(1 / ZOOM_STEP), named("Zoom out")),
      button("+", () => this.#zoom(ZOOM_STEP), named("Zoom in")),
      button("Fit", () => this.#fit(), { title: "Show every point again" }),
    );
  }

  /**
   * A button that shows and hides something.
   * @param {"contours" | "names"} what
   * @param {string} label
   * @param {string} title
   */
  #toggle(what, label, title) {
    const made = button(
      label,
      () => {
        this.shown[what] = !this.shown[what];
        made.setAttribute("aria-pressed", String(this.shown[what]));
        this.#redraw();
      },
      { title, "aria-pressed": String(this.shown[what]) },
    );
    return made;
  }

  /** Pixels at the upper and lower edge of the panes that tools and legend lie over. */
  insets() {
    return { top: this.tools.offsetHeight, bottom: this.legend.offsetHeight };
  }

  /** @param {Tool} tool */
  setTool(tool) {
    this.tool = tool;
    for (const one of this.toolButtons) {
      one.setAttribute("aria-pressed", String(one.dataset.tool === tool));
    }
    this.area.dataset.tool = tool;
  }

  // --- what is shown --------------------------------------------------------------------------

  /** @param {Uint8Array} data */
  load(data) {
    const { header, points, colours } = decode(data);
    this.data = data;
    this.header = header;
    this.colours = colours;
    this.indices = new Map(header.ids.map((id, i) => [id, i]));
    this.order = drawingOrder(header.count);
    this.hover = -1;
    this.card.forget();
    if (this.panes.length !== header.panes.length) {
      this.panes = header.panes.map((_, number) => new Pane(this, number));
      this.area.replaceChildren(...this.panes.map((pane) => pane.root));
    }
    for (const pane of this.panes) pane.load(header.panes[pane.number], points[pane.number]);
    // A map with axes has neither contours nor labels.
    const onlyAxes = this.panes.every((pane) => pane.axes);
    for (const toggle of this.toggles) toggle.hidden = onlyAxes;
    const kind = JSON.stringify([header.colour.kind, header.colour.label]);
    if (kind !== this.colourKind) this.hidden.clear();
    this.colourKind = kind;
    this.#invalidate();
    this.#showLegend();
    this.resize();
    this.showSelection();
    this.showNames();
  }

  resize() {
    this.ratio = window.devicePixelRatio || 1;
    for (const pane of this.panes) pane.resize();
  }

  get ids() {
    return this.header.ids;
  }

  /** What the server says is open and selected. */
  showSelection() {
    const selection = window.dmilMapSelection;
    if (!this.data || selection?.frame !== this.header.frame) return;
    this.selected = this.indices.get(selection.sample) ?? -1;
    this.extra = selection.extra ?? [];
    const members = selection.members ?? "";
    if (members !== this.membersText || selection.ringed !== this.ringed) this.#invalidate();
    this.membersText = members;
    this.ringed = selection.ringed;
    this.said.textContent = selection.said;
    this.members = members ? decodeMembers(members, this.header.count) : null;
    for (const pane of this.panes) pane.border = selection.outlines?.[pane.number] ?? null;
    this.#draw();
  }

  /** The names of clusters, which come after the points. */
  showNames() {
    const named = window.dmilMapNames;
    this.names = named && this.data && named.frame === this.header.frame ? named.names : [];
    this.#redraw();
  }

  #showLegend() {
    const onChange = () => {
      for (const pane of this.panes) pane.forgetContours();
      this.#redraw();
    };
    const entries = legendEntries(this.header.colour, this.hidden, this.ratio, onChange);
    this.legend.replaceChildren(...entries);
  }

  /** @param {number} i */
  isShown(i) {
    return this.header.colour.kind !== "groups" || !this.hidden.has(this.colours[i]);
  }

  /**
   * A point's group, or its step of the scale.
   * @param {number} i
   */
  colourName(i) {
    const { colour } = this.header;
    if (colour.kind === "groups") return colour.groups[this.colours[i]].name;
    return `${colour.steps[this.colours[i]].name} ${colour.label}`;
  }

  /** The theme's colours, which the visitor may change at any time. */
  theme() {
    const style = getComputedStyle(this.host);
    return {
      text: style.getPropertyValue("--st-text-color").trim() || "#31333f",
      background: style.getPropertyValue("--st-background-color").trim() || "#ffffff",
      font: style.fontFamily,
    };
  }

  /**
   * A small picture of the symbol of each group, or of each step of a scale.
   * @param {number} size
   */
  sprites(size) {
    const { colour } = this.header;
    const key = `${size}|${this.ratio}`;
    const cache = this.spriteCache;
    if (cache.key === key && cache.data === this.data) return cache.list;
    const list =
      colour.kind === "groups"
        ? colour.groups.map((g) => sprite(g.colour, g.symbol, size * this.ratio))
        : colour.steps.map((s) => sprite(s.colour, "circle", size * s.size * this.ratio));
    this.spriteCache = { key, data: this.data, list };
    return list;
  }

  #redraw() {
    this.#invalidate();
    this.#draw();
  }

  #invalidate() {
    for (const pane of this.panes) pane.invalidate();
  }

  #draw() {
    for (const pane of this.panes) pane.draw();
  }

  /** @param {number} factor */
  #zoom(factor) {
    for (const pane of this.panes) pane.zoom(factor);
  }

  #fit() {
    for (const pane of this.panes) pane.fit();
  }

  // --- what the visitor does ------------------------------------------------------------------

  /**
   * @param {number} i the point under the pointer, or -1
   * @param {Pane} pane
   * @param {Point} pixel
   */
  setHover(i, pane, pixel = [0, 0]) {
    if (i === this.hover && !this.card.hidden) return;
    this.hover = i;
    if (i < 0) {
      this.card.hide();
    } else {
      const [from, to] = [pane.canvas.getBoundingClientRect(), this.host.getBoundingClientRect()];
      /** @type {Point} */
      const at = [from.left - to.left + pixel[0], from.top - to.top + pixel[1]];
      this.card.show(this.ids[i], this.colourName(i), at, to.width);
    }
    this.#draw();
  }

  /**
   * Open the sample of a point.
   * @param {number} i
   */
  open(i) {
    if (i < 0) return;
    // The ring moves at once; the server's answer confirms it.
    this.selected = i;
    this.#draw();
    this.send("clicked", this.ids[i]);
  }

  /**
   * Make a slice of what lies within.
   * @param {Pane} pane
   * @param {Point[]} corners
   */
  sendOutline(pane, corners) {
    this.setTool("move");
    this.send("outlined", { pane: pane.number, corners });
  }

  // --- for others -----------------------------------------------------------------------------

  /** The map as a figure of Plotly, which figure/save.js saves. */
  figure() {
    return plotlyFigure(this);
  }

  /**
   * Where a point is on the screen: for tests.
   * @param {string} id
   */
  where(id, number = 0) {
    const pane = this.panes[number];
    const box = pane.canvas.getBoundingClientRect();
    const [x, y] = pane.pixel(this.indices.get(id) ?? -1);
    return { x: box.left + x, y: box.top + y };
  }
}
