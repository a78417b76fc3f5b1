// A latent map: every sample a point on a canvas, one map or two beside each other.
//
// All points are drawn, zoomed and found here; the server is told only what was clicked (an id) or
// outlined (a few corners). The points come once, as bytes (see map.py); what is selected comes
// apart, through `window.dmilMap`, so that a click never sends the points again.
// Text from data is only ever set as textContent or drawn on the canvas.

const CLICK = 4; // pixels that a click may move
const REACH = 14; // pixels from the pointer to a point that it means
const STEP = 40; // pixels that an arrow key moves
const REST = 120; // milliseconds on a point before its picture is asked for
const MOST_PICTURES = 500;
const MOST_SVG = 6000; // points of a saved picture that are shapes of their own
const FURTHEST = 400; // times the whole map

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector(".map");
  host.map ??= new LatentMap(host);
  host.map.tell = setTriggerValue;
  if (data && data !== host.map.data) host.map.load(data);
  return () => host.map.close();
}

class LatentMap {
  constructor(host) {
    this.host = host;
    this.panes = [];
    this.mode = "move";
    this.hidden = new Set();
    this.hover = -1;
    this.build();
    this.pictures = new Map();
    this.hears = () => this.focus();
    this.sees = () => this.told();
    window.addEventListener("dmil-map", this.hears);
    window.addEventListener("dmil-map-card", this.sees);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(host);
  }

  close() {
    window.removeEventListener("dmil-map", this.hears);
    window.removeEventListener("dmil-map-card", this.sees);
    clearTimeout(this.asking);
    this.watch.disconnect();
    delete this.host.map;
    this.host.replaceChildren();
  }

  // --- what is there --------------------------------------------------------------------------

  build() {
    const tools = element("div", "tools", { role: "toolbar", "aria-label": "Map tools" });
    this.buttons = {};
    for (const [mode, label, help] of [
      ["move", "Move", "Drag to move, scroll to zoom, click a point to open its sample"],
      ["lasso", "Lasso", "Draw around points to make a slice of them"],
      ["box", "Box", "Drag a box around points to make a slice of them"],
    ]) {
      this.buttons[mode] = button(label, help, () => this.setMode(mode));
      tools.append(this.buttons[mode]);
    }
    tools.append(
      element("span", "gap"),
      button("\u2212", "Zoom out", () => this.zoomAll(1 / 1.5)),
      button("+", "Zoom in", () => this.zoomAll(1.5)),
      button("Fit", "Show every point again", () => this.fitAll()),
    );
    this.area = element("div", "panes");
    this.legend = element("div", "legend");
    this.status = element("div", "status", { "aria-live": "polite" });
    this.card = element("div", "card", { hidden: "" });
    this.host.replaceChildren(tools, this.area, this.legend, this.status, this.card);
    this.setMode("move");
  }

  setMode(mode) {
    this.mode = mode;
    for (const [name, one] of Object.entries(this.buttons)) {
      one.setAttribute("aria-pressed", String(name === mode));
    }
    this.area.dataset.mode = mode;
  }

  load(data) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const length = view.getUint32(0, true);
    const about = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
    let at = data.byteOffset + 4 + length;
    const numbers = () => {
      const bytes = data.buffer.slice(at, at + 2 * about.count);
      at += 2 * about.count;
      return new Uint16Array(bytes);
    };
    this.data = data;
    this.about = about;
    this.ids = about.ids;
    this.index = new Map(about.ids.map((id, i) => [id, i]));
    const places = about.panes.map(() => [numbers(), numbers()]);
    this.looks = numbers();
    this.order = shuffled(about.count);
    this.hover = -1;
    this.card.hidden = true;
    this.pictures.clear();
    if (this.panes.length !== about.panes.length) {
      this.panes = about.panes.map((_, i) => new Pane(this, i));
      this.area.replaceChildren(...this.panes.map((p) => p.root));
    }
    this.area.style.setProperty("--high", `${about.height}px`);
    this.panes.forEach((pane, i) => pane.load(about.panes[i], ...places[i]));
    const kind = JSON.stringify([about.colour.kind, about.colour.label]);
    if (kind !== this.kind) this.hidden.clear();
    this.kind = kind;
    this.stale();
    this.resize();
    this.paintLegend();
    this.focus();
  }

  resize() {
    this.ratio = window.devicePixelRatio || 1;
    for (const pane of this.panes) pane.resize();
  }

  // The theme's colours, which the visitor may change at any time.
  tints() {
    const style = getComputedStyle(this.host);
    this.ink = style.getPropertyValue("--st-text-color").trim() || "#31333f";
    this.paper = style.getPropertyValue("--st-background-color").trim() || "#ffffff";
  }

  // What is selected, as the server says it: a sample, and a slice as one bit a point.
  focus() {
    const said = window.dmilMap?.focus;
    if (!this.about || !said || said.frame !== this.about.frame) return;
    this.selected = this.index.get(said.sample) ?? -1;
    this.extra = said.extra ?? null;
    const members = said.members ?? "";
    if (members !== this.membersText) this.stale();
    this.membersText = members;
    this.members = members ? bits(members, this.about.count) : null;
    this.panes.forEach((pane, i) => (pane.outline = said.outlines?.[i] ?? null));
    this.drawAll();
  }

  // Points have to be drawn anew: they are others, or others of them are seen.
  stale() {
    for (const pane of this.panes) pane.drawn = "";
  }

  drawAll() {
    for (const pane of this.panes) pane.ask();
  }

  zoomAll(factor) {
    for (const pane of this.panes) pane.zoom(factor, pane.width / 2, pane.height / 2);
  }

  fitAll() {
    for (const pane of this.panes) pane.fit();
  }

  shown(i) {
    return this.about.colour.kind !== "groups" || !this.hidden.has(this.looks[i]);
  }

  // --- colours --------------------------------------------------------------------------------

  // One small picture for each group, or for each step of a scale.
  sprites(size) {
    const { colour } = this.about;
    const key = `${size}|${this.ratio}`;
    if (this.spriteKey === key && this.spriteData === this.data) return this.spriteList;
    this.spriteKey = key;
    this.spriteData = this.data;
    const looks =
      colour.kind === "groups"
        ? colour.groups.map((g) => [g.colour, g.symbol, size])
        : colour.steps.map((s) => [s.colour, "circle", size * s.size]);
    this.spriteList = looks.map(([tint, symbol, side]) => sprite(tint, symbol, side * this.ratio));
    return this.spriteList;
  }

  name(i) {
    const { colour } = this.about;
    if (colour.kind === "groups") return colour.groups[this.looks[i]].name;
    return `${colour.steps[this.looks[i]].name} ${colour.label}`;
  }

  paintLegend() {
    const { colour } = this.about;
    this.legend.replaceChildren();
    if (colour.kind === "groups") {
      colour.groups.forEach((group, g) => {
        const one = button("", `Show or hide ${group.name}`, () => {
          if (!this.hidden.delete(g)) this.hidden.add(g);
          one.setAttribute("aria-pressed", String(!this.hidden.has(g)));
          this.stale();
          this.drawAll();
        });
        one.className = "group";
        one.setAttribute("aria-pressed", String(!this.hidden.has(g)));
        const mark = sprite(group.colour, group.symbol, 11 * this.ratio);
        mark.style.width = mark.style.height = `${mark.width / this.ratio}px`;
        mark.setAttribute("aria-hidden", "true");
        const text = element("span");
        text.textContent = group.name;
        const count = element("small");
        count.textContent = group.count.toLocaleString("en");
        one.append(mark, text, count);
        this.legend.append(one);
      });
      return;
    }
    const label = element("span");
    label.textContent = colour.label;
    const bar = element("span", "bar");
    bar.style.background = `linear-gradient(to right, ${colour.steps.map((s) => s.colour)})`;
    const [low, high] = [element("span"), element("span")];
    low.textContent = colour.low;
    high.textContent = colour.high;
    this.legend.append(label, low, bar, high);
  }

  // --- what the visitor does ------------------------------------------------------------------

  point(i, pane, x, y) {
    if (i === this.hover && !this.card.hidden) return;
    this.hover = i;
    this.card.hidden = i < 0;
    if (i >= 0) this.fill(i, pane, x, y);
    this.drawAll();
  }

  fill(i, pane, x, y) {
    const [id, says] = [element("strong"), element("span")];
    id.textContent = this.ids[i];
    says.textContent = this.name(i);
    this.small = element("span", "small");
    this.card.replaceChildren(this.small, id, says);
    this.illustrate();
    clearTimeout(this.asking);
    if (!this.pictures.has(this.ids[i])) this.asking = setTimeout(() => this.ask(this.ids[i]), REST);
    const [from, to] = [pane.canvas.getBoundingClientRect(), this.host.getBoundingClientRect()];
    const left = from.left - to.left + x;
    this.card.style.top = `${from.top - to.top + y + 12}px`;
    this.card.style.left = left > to.width / 2 ? "auto" : `${left + 12}px`;
    this.card.style.right = left > to.width / 2 ? `${to.width - left + 12}px` : "auto";
  }

  // What a sample looks like is asked of the server when the pointer rests on its point.
  ask(id) {
    window.dispatchEvent(new CustomEvent("dmil-map-meant", { detail: id }));
  }

  told() {
    const said = window.dmilMapCard;
    if (!said?.id) return;
    if (this.pictures.size >= MOST_PICTURES) this.pictures.clear();
    this.pictures.set(said.id, said.pictures);
    this.illustrate();
  }

  illustrate() {
    const found = this.hover < 0 ? null : this.pictures.get(this.ids[this.hover]);
    if (!found || !this.small) return;
    this.small.replaceChildren(
      ...found.map(([kind, one]) => {
        if (kind === "picture") return element("img", "", { src: one, alt: "" });
        const words = element("span", "words");
        words.textContent = one;
        return words;
      }),
    );
  }

  open(i) {
    if (i < 0) return;
    // The ring moves at once; the server's answer confirms it.
    this.selected = i;
    this.drawAll();
    this.tell("clicked", this.ids[i]);
  }

  outlined(pane, corners) {
    this.setMode("move");
    this.tell("outlined", { pane: pane.number, corners });
  }

  // The same as a figure of Plotly, to be saved: see figure.js.
  figure() {
    const { colour, count } = this.about;
    const type = count > MOST_SVG ? "scattergl" : "scatter";
    const looks =
      colour.kind === "groups"
        ? colour.groups.map((g) => ({ ...g, size: 1 }))
        : colour.steps.map((s) => ({ ...s, symbol: "circle" }));
    const data = [];
    const layout = { annotations: [], margin: { l: 8, r: 8, t: 34, b: 8 }, legend: { orientation: "h" } };
    const bare = { showticklabels: false, zeroline: false, showgrid: false };
    this.panes.forEach((pane, n) => {
      const [from, to] = [n / this.panes.length, (n + 0.96) / this.panes.length];
      const end = n ? n + 1 : "";
      layout[`xaxis${end}`] = { ...bare, domain: [from, to], anchor: `y${end}` };
      layout[`yaxis${end}`] = { ...bare, anchor: `x${end}`, scaleanchor: `x${end}` };
      layout.annotations.push({
        text: escaped(pane.title.textContent), xref: "paper", yref: "paper", x: from, y: 1,
        xanchor: "left", yanchor: "bottom", showarrow: false,
      });
      looks.forEach((look, g) => {
        const some = this.order.filter((i) => this.looks[i] === g && this.shown(i));
        data.push({
          type, mode: "markers", name: escaped(look.name), legendgroup: String(g),
          showlegend: colour.kind === "groups" && n === 0 && some.length > 0,
          x: Array.from(some, (i) => pane.x[i] / 65535), y: Array.from(some, (i) => pane.y[i] / 65535),
          text: Array.from(some, (i) => escaped(this.ids[i])), hoverinfo: "text+name",
          marker: { color: look.colour, symbol: look.symbol, size: this.about.size * look.size, opacity: 0.8 },
          xaxis: `x${end}`, yaxis: `y${end}`,
        });
      });
    });
    if (colour.kind !== "groups") {
      layout.annotations.push({
        text: escaped(`${colour.label}: from ${colour.low} to ${colour.high}; grey and small near 0`),
        xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "top", showarrow: false,
      });
      layout.margin.b = 30;
    }
    const width = this.area.clientWidth;
    return { data, layout, _fullLayout: { width, height: this.panes[0].height + 60 } };
  }

  // Where a point is on the screen: for tests, and for whoever wants to know.
  where(id, number = 0) {
    const pane = this.panes[number];
    const box = pane.canvas.getBoundingClientRect();
    const [x, y] = pane.screen(this.index.get(id));
    return { x: box.left + x, y: box.top + y };
  }
}

class Pane {
  constructor(map, number) {
    this.map = map;
    this.number = number;
    this.root = element("figure", "pane");
    this.title = element("figcaption");
    this.canvas = element("canvas", "", { tabindex: "0", role: "application" });
    this.root.append(this.title, this.canvas);
    this.brush = this.canvas.getContext("2d");
    // The points alone: a ring that moves leaves them as they are.
    this.layer = document.createElement("canvas");
    this.drawn = "";
    this.pointers = new Map();
    this.path = null;
    this.listen();
  }

  load(about, x, y) {
    this.x = x;
    this.y = y;
    this.title.textContent = about.title;
    this.canvas.setAttribute("aria-label", `${about.label} ${KEYS}`);
    const same = this.frame === about.frame;
    this.frame = about.frame;
    if (!same) this.scale = 0;
  }

  resize() {
    const { ratio } = this.map;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    if (!this.width || !this.x) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    if (this.scale) this.ask();
    else this.fit();
  }

  fit() {
    const box = bounds(this.x, this.y);
    const margin = 18;
    const high = Math.max(box.bottom - box.top, 1e-6);
    const wide = Math.max(box.right - box.left, 1e-6);
    this.whole = Math.min((this.width - 2 * margin) / wide, (this.height - 2 * margin) / high);
    this.scale = this.whole;
    this.left = this.width / 2 - (this.scale * (box.left + box.right)) / 2;
    this.top = this.height / 2 + (this.scale * (box.top + box.bottom)) / 2;
    this.ask();
  }

  // Units of the map (0 to 1 along its longer side, upwards) to pixels, and back.
  screen(i) {
    return this.at(this.x[i] / 65535, this.y[i] / 65535);
  }

  at(x, y) {
    return [this.left + this.scale * x, this.top - this.scale * y];
  }

  unit(x, y) {
    return [(x - this.left) / this.scale, (this.top - y) / this.scale];
  }

  zoom(factor, x, y) {
    const scale = Math.min(Math.max(this.scale * factor, this.whole / 2), this.whole * FURTHEST);
    const [ux, uy] = this.unit(x, y);
    this.scale = scale;
    this.left = x - scale * ux;
    this.top = y + scale * uy;
    this.ask();
  }

  move(dx, dy) {
    this.left += dx;
    this.top += dy;
    this.ask();
  }

  nearest(x, y, reach = REACH) {
    const { map } = this;
    const [ux, uy] = this.unit(x, y);
    let best = (reach / this.scale) ** 2;
    let found = -1;
    for (let i = 0; i < this.x.length; i++) {
      const dx = this.x[i] / 65535 - ux;
      const dy = this.y[i] / 65535 - uy;
      const distance = dx * dx + dy * dy;
      if (distance < best && map.shown(i)) [best, found] = [distance, i];
    }
    return found;
  }

  // --- drawing --------------------------------------------------------------------------------

  ask() {
    if (this.asked || !this.width) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  draw() {
    const { map, brush } = this;
    const { ratio } = map;
    map.tints();
    brush.setTransform(1, 0, 0, 1, 0, 0);
    brush.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { width, height } = this.canvas;
    const seen = [this.scale, this.left, this.top, width, height].join();
    if (this.drawn !== seen) this.drawPoints();
    this.drawn = seen;
    if (width && height) brush.drawImage(this.layer, 0, 0);
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    const border = this.path ? this.path.map(([x, y]) => this.at(x, y)) : null;
    if (border) this.line(border, true);
    else if (this.outline) this.line(this.outline.map(([x, y]) => this.at(x, y)), true);
    const extra = map.extra?.[this.number];
    if (extra) this.ring(...this.at(...extra), true);
    if (map.selected >= 0) this.ring(...this.screen(map.selected));
    if (map.hover >= 0) this.ring(...this.screen(map.hover), false, 7);
    if (this.cross) this.crosshair();
  }

  drawPoints() {
    const { map, layer } = this;
    const { members } = map;
    // Another size empties it, and so does the same.
    [layer.width, layer.height] = [this.canvas.width, this.canvas.height];
    const grown = Math.min((this.scale / this.whole) ** 0.35, 2.5);
    const sprites = map.sprites(Math.round(map.about.size * Math.max(grown, 0.8) * 2) / 2);
    if (members) {
      this.points(sprites, 0.16, (i) => !members[i]);
      this.points(sprites, 0.95, (i) => members[i]);
    } else {
      this.points(sprites, 0.8, null);
    }
  }

  points(sprites, opacity, wanted) {
    const { map, x, y, scale } = this;
    const brush = this.layer.getContext("2d");
    const { looks, order, ratio } = map;
    const [k, left, top] = [(scale / 65535) * ratio, this.left * ratio, this.top * ratio];
    const [wide, high] = [this.canvas.width, this.canvas.height];
    brush.globalAlpha = opacity;
    for (const i of order) {
      if ((wanted && !wanted(i)) || !map.shown(i)) continue;
      const one = sprites[looks[i]];
      const half = one.width / 2;
      const px = left + k * x[i];
      const py = top - k * y[i];
      if (px < -half || py < -half || px > wide + half || py > high + half) continue;
      brush.drawImage(one, px - half, py - half);
    }
    brush.globalAlpha = 1;
  }

  ring(x, y, dashed = false, radius = 9) {
    const { brush, map } = this;
    for (const [colour, width] of [[map.paper, 5], [map.ink, 2.5]]) {
      brush.beginPath();
      brush.setLineDash(dashed ? [4, 3] : []);
      brush.arc(x, y, radius, 0, 2 * Math.PI);
      brush.strokeStyle = colour;
      brush.lineWidth = width;
      brush.stroke();
    }
    brush.setLineDash([]);
  }

  line(places, closed) {
    const { brush, map } = this;
    brush.beginPath();
    places.forEach(([x, y], i) => (i ? brush.lineTo(x, y) : brush.moveTo(x, y)));
    if (closed) brush.closePath();
    brush.setLineDash([6, 4]);
    brush.strokeStyle = map.ink;
    brush.lineWidth = 1.5;
    brush.stroke();
    brush.setLineDash([]);
  }

  crosshair() {
    const [x, y] = [this.width / 2, this.height / 2];
    const { brush, map } = this;
    brush.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      brush.moveTo(x + 5 * dx, y + 5 * dy);
      brush.lineTo(x + 14 * dx, y + 14 * dy);
    }
    brush.strokeStyle = map.ink;
    brush.lineWidth = 2;
    brush.stroke();
  }

  // --- pointer and keys -----------------------------------------------------------------------

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (e) => this.down(e));
    canvas.addEventListener("pointermove", (e) => this.moved(e));
    canvas.addEventListener("pointerup", (e) => this.up(e));
    canvas.addEventListener("pointercancel", (e) => this.cancel(e));
    canvas.addEventListener("pointerleave", () => this.map.point(-1, this));
    canvas.addEventListener("keydown", (e) => this.key(e));
    canvas.addEventListener("blur", () => this.setCross(false));
    canvas.addEventListener(
      "wheel",
      (e) => {
        e.preventDefault();
        this.zoom(Math.exp(-Math.sign(e.deltaY) * Math.min(Math.abs(e.deltaY), 120) / 400), ...spot(e));
      },
      { passive: false },
    );
  }

  down(e) {
    if (e.button !== 0) return;
    this.canvas.setPointerCapture(e.pointerId);
    const [x, y] = spot(e);
    this.pointers.set(e.pointerId, [x, y]);
    this.start = [x, y];
    this.travelled = 0;
    const mode = this.map.mode === "move" && e.shiftKey ? "lasso" : this.map.mode;
    this.drawing = this.pointers.size === 1 && mode !== "move" ? mode : "";
    this.path = this.drawing ? [this.unit(x, y)] : null;
  }

  moved(e) {
    const [x, y] = spot(e);
    const before = this.pointers.get(e.pointerId);
    if (!before) {
      this.map.point(this.nearest(x, y), this, x, y);
      return;
    }
    this.travelled = Math.max(this.travelled, Math.hypot(x - this.start[0], y - this.start[1]));
    if (this.pointers.size > 1) {
      this.pinch(e.pointerId, [x, y]);
    } else if (this.drawing === "lasso") {
      this.path.push(this.unit(x, y));
      this.ask();
    } else if (this.drawing === "box") {
      const [sx, sy] = this.start;
      this.path = [[sx, sy], [x, sy], [x, y], [sx, y]].map((p) => this.unit(...p));
      this.ask();
    } else if (this.travelled > CLICK) {
      this.map.point(-1, this);
      this.move(x - before[0], y - before[1]);
    }
    this.pointers.set(e.pointerId, [x, y]);
  }

  pinch(id, place) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, spot]) => spot);
    const before = this.pointers.get(id);
    const spread = (p) => Math.max(Math.hypot(p[0] - other[0], p[1] - other[1]), 1);
    this.path = null;
    this.drawing = "";
    this.travelled = Infinity;
    this.zoom(spread(place) / spread(before), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
    this.move((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
  }

  up(e) {
    if (!this.pointers.delete(e.pointerId)) return;
    const path = this.path;
    this.path = null;
    if (this.travelled <= CLICK) this.map.open(this.nearest(...spot(e)));
    else if (this.drawing && path.length > 2) this.map.outlined(this, thinned(path));
    this.drawing = "";
    this.ask();
  }

  cancel(e) {
    this.pointers.delete(e.pointerId);
    this.path = null;
    this.drawing = "";
    this.ask();
  }

  key(e) {
    const arrows = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const [x, y] = [this.width / 2, this.height / 2];
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (arrows[e.key]) this.move(...arrows[e.key].map((d) => d * STEP));
    else if (e.key === "+" || e.key === "=") this.zoom(1.3, x, y);
    else if (e.key === "-") this.zoom(1 / 1.3, x, y);
    else if (e.key === "0") this.fit();
    else if (e.key === "Enter") this.map.open(this.nearest(x, y, 60));
    else return;
    e.preventDefault();
    e.stopPropagation();
    this.setCross(true);
    const near = this.nearest(x, y, 60);
    this.map.status.textContent =
      near < 0 ? "No point near the middle." : `In the middle: ${this.map.ids[near]}, ${this.map.name(near)}`;
  }

  setCross(on) {
    this.cross = on;
    if (!on) this.map.status.textContent = "";
    this.ask();
  }
}

const KEYS =
  "Arrow keys move, plus and minus zoom, 0 shows all, Enter opens the point in the middle.";

// --- small things -------------------------------------------------------------------------------

function element(tag, name = "", attributes = {}) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Plotly reads a little HTML in its texts.
function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function button(label, help, act) {
  const made = element("button", "", { type: "button", title: help });
  made.textContent = label;
  if (label.length < 3) made.setAttribute("aria-label", help);
  made.addEventListener("click", act);
  return made;
}

function spot(e) {
  return [e.offsetX, e.offsetY];
}

function thinned(path) {
  const each = Math.ceil(path.length / 400);
  return path.filter((_, i) => i % each === 0);
}

function bounds(x, y) {
  let [left, right, top, bottom] = [65535, 0, 65535, 0];
  for (let i = 0; i < x.length; i++) {
    left = Math.min(left, x[i]);
    right = Math.max(right, x[i]);
    top = Math.min(top, y[i]);
    bottom = Math.max(bottom, y[i]);
  }
  return { left: left / 65535, right: right / 65535, top: top / 65535, bottom: bottom / 65535 };
}

// An order of the points that is always the same and no group's: the last drawn hide the others.
function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function bits(text, count) {
  const bytes = atob(text);
  return Uint8Array.from({ length: count }, (_, i) => (bytes.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1);
}

// Corners of each symbol in a circle of radius 1.
function ngon(corners, turn = 0, inner = 1) {
  const count = inner < 1 ? 2 * corners : corners;
  return Array.from({ length: count }, (_, i) => {
    const angle = ((i / count) * 2 - 0.5 + turn) * Math.PI;
    const radius = i % 2 && inner < 1 ? inner : 1;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

const CROSS = [[1, 3], [1, 1], [3, 1], [3, -1], [1, -1], [1, -3], [-1, -3], [-1, -1], [-3, -1], [-3, 1], [-1, 1], [-1, 3]].map(
  ([x, y]) => [x / 3.1, y / 3.1],
);
const SYMBOLS = {
  square: ngon(4, 0.25),
  diamond: ngon(4),
  cross: CROSS,
  x: CROSS.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]),
  "triangle-up": ngon(3),
  "triangle-down": ngon(3, 1),
  star: ngon(5, 0, 0.45),
  pentagon: ngon(5),
  hexagon: ngon(6),
};

function sprite(colour, symbol, side) {
  const made = document.createElement("canvas");
  made.width = made.height = Math.ceil(side) + 2;
  const brush = made.getContext("2d");
  const middle = made.width / 2;
  brush.fillStyle = colour;
  brush.beginPath();
  const corners = SYMBOLS[symbol];
  if (corners) {
    corners.forEach(([x, y], i) => {
      const place = [middle + (x * side) / 1.8, middle + (y * side) / 1.8];
      if (i) brush.lineTo(...place);
      else brush.moveTo(...place);
    });
  } else {
    brush.arc(middle, middle, side / 2, 0, 2 * Math.PI);
  }
  brush.fill();
  return made;
}
