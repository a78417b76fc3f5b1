// The component "dmil_help": one button for glossary, keys and tour, the key that does the same, and
// the offer of the tour on the first page; see guide.py. Nothing is asked of the server but another page.

import { button, element } from "../element.js";
import { Glossary, wordOfAddress, wordOfHash } from "./glossary.js";
import { marked } from "./marked.js";
import { decline, isNew, stepUnderWay, Tour } from "./tour.js";

/** The glossary of each place on a page. @type {WeakMap<HTMLElement, Glossary>} */
const glossaries = new WeakMap();
/** What ends the last run in each place: one tour at a time. @type {WeakMap<HTMLElement, Cleanup>} */
const endings = new WeakMap();

/**
 * @typedef {object} HelpData
 * @property {import("./glossary.js").Word[]} words
 * @property {import("./glossary.js").Key[]} keys
 * @property {string} offer
 * @property {import("./tour.js").Step[]} steps
 * @property {string} base
 * @property {string[]} slugs
 * @property {boolean} offers
 */

/**
 * @param {ComponentArguments<HelpData>} component
 * @returns {Cleanup}
 */
export default function ({ parentElement, data }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".help"));
  endings.get(root)?.();
  const tour = new Tour(data, root, () => help.focus());
  const begin = () => {
    offer.hidden = true;
    tour.show(0);
  };
  // The server may run again while the glossary is read: an open dialog has to stay in its place.
  const kept = glossaries.get(root);
  const glossary = kept ?? new Glossary(data.words, data.keys, begin);
  glossary.startTour = begin;
  glossaries.set(root, glossary);
  const refuse = () => {
    decline();
    offer.hidden = true;
    help.focus();
  };
  const help = button("Glossary", () => glossary.open(), {
    class: "help-button",
    "aria-keyshortcuts": "?",
    title: "Glossary, keys and tour (key ?)",
  });
  const offer = element(
    "div",
    { class: "offer", hidden: true },
    element("p", {}, ...marked(data.offer)),
    element(
      "span",
      { class: "buttons" },
      button("Take the tour", begin, { class: "main" }),
      button("No, thanks", refuse),
    ),
  );
  const row = element("div", {}, help, offer);
  if (kept) {
    const place = /** @type {Document | ShadowRoot} */ (root.getRootNode());
    const hasFocus = root.firstElementChild?.contains(place.activeElement);
    root.firstElementChild?.replaceWith(row);
    if (hasFocus) help.focus();
  } else {
    root.replaceChildren(row, glossary.dialog);
  }

  const listening = new AbortController();
  listen(glossary, listening.signal);
  const word = wordOfAddress();
  if (word && !glossary.dialog.open) glossary.open(word);

  const step = stepUnderWay();
  if (step !== null && data.steps[step]) tour.show(step);
  else offer.hidden = !isNew() || !data.offers;
  const end = () => {
    listening.abort();
    tour.close();
  };
  endings.set(root, end);
  return end;
}

/**
 * @param {Glossary} glossary
 * @param {AbortSignal} signal
 */
function listen(glossary, signal) {
  const openByKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "?" || isTyping(event) || event.ctrlKey || event.metaKey) return;
    event.preventDefault(); // or it would be typed into the search
    glossary.open("", true);
  };
  document.addEventListener("keydown", openByKey, { signal });
  document.addEventListener("keydown", passOn, { capture: true, signal });
  document.addEventListener("keyup", passOn, { capture: true, signal });
  const openByLink = (/** @type {HashChangeEvent} */ { newURL }) => {
    // Not the address as it is now: Streamlit may have written its own meanwhile.
    const word = wordOfHash(newURL);
    if (word) glossary.openAt(word);
  };
  window.addEventListener("hashchange", openByLink, { signal });
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  const [target] = event.composedPath();
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("input, textarea, select") || target.isContentEditable;
}

/**
 * A slider keeps all keys to itself and has no use for letters: the page's own keys are among them.
 * @param {KeyboardEvent} event
 */
function passOn(event) {
  const { target } = event;
  if (!(target instanceof HTMLInputElement) || target.type !== "range") return;
  if (!/^[\p{L}\p{N}?]$/u.test(event.key)) return;
  event.stopPropagation();
  document.body.dispatchEvent(new KeyboardEvent(event.type, event));
}
