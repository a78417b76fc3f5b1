// Which rows of a long list are seen, and where. Browsers bound the height of an element, so that a
// list of millions of rows is drawn in a lower one: then a pixel of the scroll bar is many of rows.

/** Highest element that every browser draws, in pixels. */
export const HIGHEST = 8_000_000;

export class ListWindow {
  /** Rows of the list, the height of one, and that of the part that is seen, in pixels. */
  total = 0;
  row = 1;
  height = 0;
  /** Pixels of rows above the first that is seen. */
  offset = 0;

  /** Pixels of all rows. */
  get full() {
    return this.total * this.row;
  }

  /** Height of the element that is scrolled. */
  get drawn() {
    return Math.min(this.full, HIGHEST);
  }

  /** @param {number} offset */
  #bounded(offset) {
    return Math.max(0, Math.min(offset, this.full - this.height));
  }

  /** Rows are seen from where the scroll bar is. @param {number} top */
  scrolled(top) {
    const room = this.drawn - this.height;
    const share = this.full === this.drawn || room <= 0 ? 1 : (this.full - this.height) / room;
    this.offset = this.#bounded(top * share);
  }

  /** Where the scroll bar stands for the rows that are seen. */
  get top() {
    const room = this.full - this.height;
    if (room <= 0) return 0;
    return this.full === this.drawn
      ? this.offset
      : (this.offset / room) * (this.drawn - this.height);
  }

  /** The first row that is seen, and the one behind the last. @returns {[number, number]} */
  get seen() {
    const last = Math.ceil((this.offset + this.height) / this.row);
    return [Math.floor(this.offset / this.row), Math.min(this.total, last)];
  }

  /** Bring a row into sight: as little as that needs, or to the middle. Whether anything moved.
   * @param {number} index
   * @param {boolean} middle
   */
  reveal(index, middle = false) {
    const [before, start, end] = [this.offset, index * this.row, (index + 1) * this.row];
    const out = start < before || end > before + this.height;
    if (out && middle) this.offset = this.#bounded((start + end - this.height) / 2);
    else if (start < before) this.offset = this.#bounded(start);
    else if (end > before + this.height) this.offset = this.#bounded(end - this.height);
    return this.offset !== before;
  }

  /** The first row in sight that is not known; -1 for none. @param {(index: number) => boolean} known */
  missing(known) {
    const [first, end] = this.seen;
    for (let index = first; index < end; index++) if (!known(index)) return index;
    return -1;
  }
}
