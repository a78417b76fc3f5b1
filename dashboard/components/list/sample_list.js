// The list of samples: as many rows as there are samples, of which those in sight are drawn. The
// server sends a page of rows at a time; rows that are scrolled into sight are asked for.

import { element } from "../element.js";
import { ListWindow } from "./window.js";

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {boolean} correct
 * @property {["picture" | "text" | "values" | "missing", string][]} inputs
 * @property {[string, number][]} parts components and their shares
 * @property {string} line what stands below
 * @property {string} answer
 *
 * @typedef {object} ListData
 * @property {string} list tells one list from another
 * @property {number} total
 * @property {number} first position of the first of `rows`
 * @property {number} height of a row, in pixels where letters have their usual size
 * @property {number} chosen position of the sample that is open; -1 where it is not in the list
 * @property {string} label
 * @property {Record<string, string>} grounds CSS background of each component
 * @property {Row[]} rows
 */

/** Rows beyond those in sight that are drawn, so that scrolling shows them at once. */
const MORE = 8;
/** Milliseconds of rest after which rows are asked for, or a row is opened. */
const REST = 160;

export class SampleList {
  /** @type {(name: string, value: unknown) => void} */
  send = () => {};
  #window = new ListWindow();
  /** @type {Map<number, Row>} */
  #rows = new Map();
  /** @type {Map<number, HTMLElement>} */
  #drawn = new Map();
  /** @type {ListData | null} */
  #data = null;
  /** Position of the row that keys move from. */
  #active = -1;
  /** Position of a row that is to be opened when it comes; -1 for none. */
  #awaited = -1;
  #asking = 0;
  #opening = 0;
  #frame = 0;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#all = element("div", { class: "all" });
    this.#box = element("div", {
      class: "box",
      role: "listbox",
      tabindex: "0",
      onscroll: () => this.#scrolled(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      onclick: (/** @type {MouseEvent} */ event) => this.#click(event),
    });
    this.#box.append(this.#all);
    host.replaceChildren(this.#box);
    this.#sizes = new ResizeObserver(() => this.#resized());
    this.#sizes.observe(this.#box);
  }
  /** @type {HTMLElement} */ #all;
  /** @type {HTMLElement} */ #box;
  /** @type {ResizeObserver} */ #sizes;

  /** @param {ListData} data */
  show(data) {
    const before = this.#data;
    const other = before?.list !== data.list;
    this.#data = data;
    if (other) this.#forget();
    for (const [place, row] of data.rows.entries()) this.#rows.set(data.first + place, row);
    this.#window.total = data.total;
    // As high as letters are large.
    const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    this.#window.row = Math.round(data.height * (scale || 1));
    this.#box.setAttribute("aria-label", data.label);
    this.#box.style.setProperty("--row", `${this.#window.row}px`);
    this.#all.style.height = `${this.#window.drawn}px`;
    this.#window.height = this.#box.clientHeight;
    const moved = other || before?.chosen !== data.chosen;
    if (other) this.#window.offset = data.chosen < 0 ? data.first * this.#window.row : 0;
    if (moved) [this.#active, this.#awaited] = [data.chosen, -1];
    if (moved && data.chosen >= 0) this.#window.reveal(data.chosen, true);
    this.#place();
    this.#draw(true);
    if (this.#rows.has(this.#awaited)) this.#pick(this.#awaited);
  }

  close() {
    this.#sizes.disconnect();
    for (const timer of [this.#asking, this.#opening]) window.clearTimeout(timer);
    cancelAnimationFrame(this.#frame);
  }

  #forget() {
    this.#rows.clear();
    for (const row of this.#drawn.values()) row.remove();
    this.#drawn.clear();
  }

  #resized() {
    if (this.#box.clientHeight === this.#window.height) return;
    this.#window.height = this.#box.clientHeight;
    this.#draw();
  }

  /** Set the scroll bar to where the window is. */
  #place() {
    const top = Math.round(this.#window.top);
    if (Math.round(this.#box.scrollTop) !== top) this.#box.scrollTop = top;
  }

  #scrolled() {
    // What `place` has set is known more exactly than the scroll bar tells it.
    if (Math.abs(this.#box.scrollTop - this.#window.top) > 1)
      this.#window.scrolled(this.#box.scrollTop);
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(anew = false) {
    const [first, end] = this.#window.seen;
    const [from, to] = [Math.max(0, first - MORE), Math.min(this.#window.total, end + MORE)];
    for (const [index, row] of this.#drawn)
      if (anew || index < from || index >= to) {
        row.remove();
        this.#drawn.delete(index);
      }
    const shift = this.#box.scrollTop - this.#window.offset;
    for (let index = from; index < to; index++) {
      let row = this.#drawn.get(index);
      if (!row) {
        row = this.#made(index);
        this.#drawn.set(index, row);
        this.#all.append(row);
      }
      row.style.transform = `translateY(${index * this.#window.row + shift}px)`;
    }
    if (this.#active >= 0)
      this.#box.setAttribute("aria-activedescendant", `sample-${this.#active}`);
    else this.#box.removeAttribute("aria-activedescendant");
    window.clearTimeout(this.#asking);
    const missing = this.#window.missing((index) => this.#rows.has(index));
    if (missing >= 0) this.#asking = window.setTimeout(() => this.send("wanted", missing), REST);
  }

  /** @param {number} index */
  #made(index) {
    const row = this.#rows.get(index);
    const attributes = {
      id: `sample-${index}`,
      class: `row${index === this.#active ? " active" : ""}`,
      role: "option",
      "aria-selected": String(index === this.#data?.chosen),
      "aria-posinset": index + 1,
      "aria-setsize": this.#window.total,
      "data-index": index,
    };
    if (!row) return element("div", { ...attributes, "aria-busy": "true" });
    const mark = element(
      "span",
      {
        class: row.correct ? "mark" : "mark wrong",
        role: "img",
        "aria-label": row.correct ? "right" : "wrong",
      },
      row.correct ? "✓" : "✗",
    );
    const strip = element("span", { class: "strip", role: "img" });
    for (const [component, share] of row.parts) {
      const part = element("span", { title: `${component} ${Math.round(100 * share)} %` });
      part.style.width = `${100 * share}%`;
      part.style.background = this.#data?.grounds[component] ?? "";
      strip.append(part);
    }
    const said = row.parts.map(([c, share]) => `${c} ${Math.round(100 * share)} %`).join(", ");
    strip.setAttribute("aria-label", `Gate weights: ${said}`);
    const top = element("span", { class: "inputs" }, ...row.inputs.map(drawn));
    const right = element("span", { class: "right" });
    if (row.parts.length) right.append(strip);
    right.append(element("span", { class: "answer", title: row.answer }, row.answer));
    const line = element("span", { class: "line", title: row.line }, row.line);
    return element("div", attributes, mark, element("span", { class: "left" }, top, line), right);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-index]");
    if (!(row instanceof HTMLElement)) return;
    this.#active = Number(row.dataset.index);
    this.#open(0);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const page = Math.max(1, Math.floor(this.#window.height / this.#window.row) - 1);
    const last = this.#window.total - 1;
    const now = this.#active;
    const to = {
      ArrowDown: now + 1,
      ArrowUp: now - 1,
      PageDown: now + page,
      PageUp: now - page,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") this.#open(0);
    else if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    else {
      this.#active = Math.max(0, Math.min(to, last));
      this.#window.reveal(this.#active);
      this.#place();
      this.#open(REST);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Open the active row after so many milliseconds of rest. @param {number} after */
  #open(after) {
    this.#draw(true);
    window.clearTimeout(this.#opening);
    this.#opening = window.setTimeout(() => this.#pick(this.#active), after);
  }

  /** Open a row; one that was not sent yet when it comes. @param {number} index */
  #pick(index) {
    const row = this.#rows.get(index);
    this.#awaited = row ? -1 : index;
    if (row && index !== this.#data?.chosen) this.send("picked", row.id);
  }
}

/** @param {["picture" | "text" | "values" | "missing", string]} input */
function drawn([kind, content]) {
  if (kind === "picture") return element("img", { src: content, alt: "" });
  return element("span", { class: kind, title: content }, content);
}
