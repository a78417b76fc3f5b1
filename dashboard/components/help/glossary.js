// The glossary: a dialog with all words, a search, and the keys of the app. The address of the page
// says at which word it is open, so that it can be linked to.

import { button, element } from "../element.js";
import { marked } from "./marked.js";

/**
 * @typedef {{anchor: string, name: string, text: string}} Word
 * @typedef {{key: string, text: string}} Key
 * @typedef {{row: HTMLElement, link: HTMLAnchorElement, anchor: string, text: string}} Row
 */

const PARAMETER = "word"; // of the address
const HASH = "#word-"; // a link to a word within a page

/** The word that the address names, or "". */
export function wordOfAddress() {
  return new URLSearchParams(location.search).get(PARAMETER) ?? "";
}

/**
 * The word that a link within the page names, or "".
 * @param {string} address
 */
export function wordOfHash(address) {
  const { hash } = new URL(address);
  return hash.startsWith(HASH) ? hash.slice(HASH.length) : "";
}

/**
 * The page's address with the glossary open at a word; "" for the glossary closed. It is a
 * parameter, as Streamlit drops what stands behind a #.
 *
 * @param {string} word
 */
function addressOf(word) {
  const here = new URL(location.href);
  if (here.hash.startsWith(HASH)) here.hash = "";
  here.searchParams.delete(PARAMETER);
  if (word) here.searchParams.set(PARAMETER, word);
  return here.pathname + here.search + here.hash;
}

export class Glossary {
  /**
   * @param {Word[]} words
   * @param {Key[]} keys
   * @param {() => void} startTour
   */
  constructor(words, keys, startTour) {
    this.startTour = startTour;
    this.rows = words.map((word) => this.#row(word));
    this.search = element("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search the glossary",
      oninput: () => this.#filter(),
    });
    this.count = element("span", { role: "status" });
    this.none = element("p", { hidden: true }, "No word matches. Try a shorter one.");
    this.keys = element("details", {}, element("summary", {}, "Keys"), keyList(keys));
    this.dialog = this.#dialog();
    this.dialog.onclick = (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside it
    };
    this.dialog.onclose = () => history.replaceState(history.state, "", addressOf(""));
  }

  /**
   * @param {string} anchor the word to show, or ""
   * @param {boolean} withKeys whether the keys are unfolded
   */
  open(anchor = "", withKeys = false) {
    this.keys.open = withKeys;
    for (const row of this.rows) row.link.href = addressOf(row.anchor);
    if (!this.dialog.open) this.dialog.showModal();
    this.#show(anchor);
    this.search.focus();
  }

  /**
   * Open at a word and name it in the address, so that the glossary comes back where the page is
   * drawn anew.
   *
   * @param {string} anchor
   */
  openAt(anchor) {
    history.replaceState(history.state, "", addressOf(anchor));
    this.open(anchor);
  }

  /**
   * @param {Word} word
   * @returns {Row}
   */
  #row({ anchor, name, text }) {
    const link = element("a", { href: "#", title: "Link to this word" }, name);
    link.onclick = (event) => {
      event.preventDefault();
      history.replaceState(history.state, "", addressOf(anchor));
      this.#show(anchor);
    };
    const row = element(
      "div",
      { class: "word", "data-anchor": anchor },
      element("dt", {}, link),
      element("dd", {}, ...marked(text)),
    );
    return { row, link, anchor, text: `${name} ${text}`.toLowerCase() };
  }

  #dialog() {
    const words = element(
      "div",
      { class: "words", tabindex: "0", role: "region", "aria-label": "Words" },
      element("dl", {}, ...this.rows.map(({ row }) => row)),
      this.none,
    );
    const title = element("h2", { id: "glossary-title" }, "Glossary");
    return element(
      "dialog",
      { class: "glossary", "aria-labelledby": "glossary-title" },
      element(
        "div",
        { class: "head" },
        title,
        element(
          "span",
          { class: "buttons" },
          button("Take the tour", () => this.#tour(), { class: "main" }),
          button("Close", () => this.dialog.close()),
        ),
      ),
      element("div", { class: "head" }, this.search, this.count),
      this.keys,
      words,
    );
  }

  #tour() {
    this.dialog.close();
    this.startTour();
  }

  #filter() {
    const wanted = this.search.value.trim().toLowerCase();
    let matches = 0;
    for (const { row, text } of this.rows) {
      row.hidden = !text.includes(wanted);
      matches += row.hidden ? 0 : 1;
    }
    this.none.hidden = matches > 0;
    this.count.textContent = wanted ? `${matches} of ${this.rows.length}` : "";
  }

  /** @param {string} word */
  #show(word) {
    for (const { row, anchor } of this.rows) row.classList.toggle("chosen", anchor === word);
    const row = this.rows.find(({ anchor }) => anchor === word)?.row;
    if (row?.hidden) {
      this.search.value = "";
      this.#filter();
    }
    row?.scrollIntoView({ block: "center" });
  }
}

/** @param {Key[]} keys */
function keyList(keys) {
  const list = element("dl", { class: "keys" });
  for (const { key, text } of keys) {
    list.append(element("dt", {}, element("kbd", {}, key)), element("dd", {}, text));
  }
  return list;
}
