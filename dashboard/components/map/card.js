// The card beside the point under the pointer: its name, and what its sample looks like. Pictures
// are asked of the server when the pointer rests on a point: see `card` in map.py.

import { element } from "../element.js";

const REST = 120; // milliseconds on a point before its pictures are asked for
const MOST_PICTURES = 500; // samples whose pictures are kept
const GAP = 12; // pixels from the pointer to the card

export class Card {
  constructor() {
    this.root = element("div", { class: "card", hidden: true });
    this.pictures = element("span", { class: "pictures" });
    this.sample = "";
    /** @type {Map<string, SamplePictures>} */
    this.known = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.request = undefined;
  }

  get hidden() {
    return this.root.hidden;
  }

  hide() {
    this.root.hidden = true;
    this.sample = "";
  }

  /**
   * @param {string} sample
   * @param {string} description
   * @param {Point} at pixels from the upper left corner of the map
   * @param {number} width of the map
   */
  show(sample, description, [x, y], width) {
    this.root.hidden = false;
    this.sample = sample;
    this.pictures = element("span", { class: "pictures" });
    this.root.replaceChildren(
      this.pictures,
      element("strong", {}, sample),
      element("span", {}, description),
    );
    this.#illustrate();
    clearTimeout(this.request);
    if (!this.known.has(sample)) this.request = setTimeout(() => ask(sample), REST);
    const right = x > width / 2;
    this.root.style.top = `${y + GAP}px`;
    this.root.style.left = right ? "auto" : `${x + GAP}px`;
    this.root.style.right = right ? `${width - x + GAP}px` : "auto";
  }

  /** Take the server's answer. */
  receive() {
    const answer = window.dmilMapCard;
    if (!answer?.id) return;
    if (this.known.size >= MOST_PICTURES) this.known.clear();
    this.known.set(answer.id, answer.pictures);
    this.#illustrate();
  }

  forget() {
    this.hide();
    this.known.clear();
  }

  close() {
    clearTimeout(this.request);
  }

  #illustrate() {
    const pictures = this.known.get(this.sample);
    if (!pictures) return;
    this.pictures.replaceChildren(
      ...pictures.map(([kind, content]) =>
        kind === "picture"
          ? element("img", { src: content, alt: "" })
          : element("span", { class: "words" }, content),
      ),
    );
  }
}

/** @param {string} sample */
function ask(sample) {
  window.dispatchEvent(new CustomEvent("dmil-map-hover", { detail: sample }));
}
