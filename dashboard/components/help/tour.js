// The tour: a card that leads from page to page, and a ring around what it speaks of. Where a page
// is loaded anew, the tour goes on at the same step.

import { button, element } from "../element.js";
import { marked } from "./marked.js";

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} text
 * @property {string} page end of its page's address; "" for any page that has none
 * @property {string} target selector of what the ring is drawn around; "" for nothing
 */

const TAKEN = "dmil-tour"; // remembered for good: the tour was taken or declined
const STEP = "dmil-tour-step"; // remembered for this tab: where the tour is
const PATIENCE = 12_000; // milliseconds that a page may take to draw what a step points at
const LOOK_AGAIN = 200; // milliseconds
const SMALL = 640; // pixels: narrower windows have the card over their lower half
const RING =
  "position:fixed;pointer-events:none;border-radius:8px;z-index:999990;display:none;" +
  "outline:3px solid var(--st-primary-color, #3b4cc0);outline-offset:4px";

/** Whether the tour was never taken nor declined in this browser. */
export function isNew() {
  return recall(() => localStorage, TAKEN) === null;
}

export function decline() {
  remember(() => localStorage, TAKEN, "done");
}

/** The step at which the tour is in this tab; null where it is not under way. */
export function stepUnderWay() {
  const text = recall(() => sessionStorage, STEP);
  return text === null ? null : Number(text);
}

export class Tour {
  /**
   * @param {{steps: Step[], base: string, slugs: string[]}} data the folder of the app in its
   *   address, and the ends of its pages' addresses
   * @param {HTMLElement} root
   * @param {() => void} onEnd
   */
  constructor({ steps, base, slugs }, root, onEnd) {
    this.steps = steps;
    this.base = base;
    this.slugs = slugs;
    this.root = root;
    this.onEnd = onEnd;
    this.ring = element("div", { "aria-hidden": "true", "data-tour-ring": true });
    this.ring.style.cssText = RING;
    /** @type {HTMLElement | null} */
    this.card = null;
    /** @type {Element | null} */
    this.target = null;
    this.frame = 0;
    this.searches = 0;
    this.listening = new AbortController();
  }

  /** @param {number} number */
  show(number) {
    remember(() => sessionStorage, STEP, String(number));
    const card = this.card ?? this.#open();
    const { title, text } = this.steps[number];
    const isLast = number === this.steps.length - 1;
    const next = isLast
      ? button("Done", () => this.stop(), { class: "main" })
      : button("Next", () => this.show(number + 1), { class: "main" });
    const buttons = [
      ...(isLast ? [] : [button("Skip", () => this.stop())]),
      ...(number ? [button("Back", () => this.show(number - 1))] : []),
      next,
    ];
    card.replaceChildren(
      element("h2", { id: "tour-title" }, title),
      element("p", {}, ...marked(text)),
      element(
        "div",
        { class: "head" },
        element("span", {}, `${number + 1} of ${this.steps.length}`),
        element("span", { class: "buttons" }, ...buttons),
      ),
    );
    next.focus({ preventScroll: true });
    this.#find(this.steps[number]);
  }

  /** The visitor has seen it, or enough of it. */
  stop() {
    this.close();
    remember(() => sessionStorage, STEP, null);
    decline();
    this.onEnd();
  }

  /** Take it off the page; it goes on where the page is drawn again. */
  close() {
    this.searches++;
    this.listening.abort();
    cancelAnimationFrame(this.frame);
    this.card?.remove();
    this.ring.remove();
    [this.card, this.target] = [null, null];
  }

  #open() {
    const card = element("section", {
      class: "card",
      popover: "manual",
      role: "dialog",
      "aria-labelledby": "tour-title",
    });
    this.listening = new AbortController();
    document.addEventListener("keydown", (event) => this.#leave(event), this.listening);
    this.card = card;
    this.root.append(card);
    card.showPopover();
    document.body.append(this.ring);
    this.#follow();
    return card;
  }

  /**
   * Escape ends the tour wherever the focus is, but not where it closes a list or another dialog.
   * @param {KeyboardEvent} event
   */
  #leave(event) {
    const within = event.composedPath()[0];
    const isTaken =
      within instanceof Element && within.closest("dialog, input, textarea, [aria-expanded=true]");
    if (event.key === "Escape" && !event.defaultPrevented && !isTaken) this.stop();
  }

  /** Keep the ring around its target, wherever the page moves it. */
  #follow() {
    this.frame = requestAnimationFrame(() => this.#follow());
    const box = this.target?.isConnected ? this.target.getBoundingClientRect() : null;
    this.ring.style.display = box?.width ? "block" : "none";
    if (!box) return;
    this.ring.style.left = `${box.left}px`;
    this.ring.style.top = `${box.top}px`;
    this.ring.style.width = `${box.width}px`;
    this.ring.style.height = `${box.height}px`;
  }

  /**
   * Go to the step's page and look for its target until it is drawn, or another step is shown.
   * @param {Step} step
   */
  async #find(step) {
    const search = ++this.searches;
    this.target = null;
    if (!this.#isAt(step.page)) goTo(step.page, this.base);
    const end = performance.now() + PATIENCE;
    while (step.target && search === this.searches && performance.now() < end) {
      const target = this.#isAt(step.page) ? document.querySelector(step.target) : null;
      if (target) {
        this.target = target;
        reveal(target);
        return;
      }
      await new Promise((done) => setTimeout(done, LOOK_AGAIN));
    }
  }

  /**
   * Whether this is a page; "" for the first one, which has no end of its own in the address.
   * @param {string} page
   */
  #isAt(page) {
    const here = withoutSlash(location.pathname).split("/").at(-1) ?? "";
    return page ? here === page : !this.slugs.includes(here);
  }
}

/**
 * Through the app's own links, as a reload would start it anew; by a reload where they are folded
 * away.
 *
 * @param {string} page
 * @param {string} base
 */
function goTo(page, base) {
  const target = `${base}/${page}`;
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (
    document.querySelectorAll("[data-testid=stApp] a[href]")
  );
  const link = [...links].find(
    ({ href }) => withoutSlash(new URL(href).pathname) === withoutSlash(target),
  );
  if (link) link.click();
  else location.assign(target + location.search);
}

/**
 * Scroll to the middle; to the top where the card covers the lower half of a small window.
 * @param {Element} target
 */
function reveal(target) {
  const isSmall = window.innerWidth < SMALL;
  target.scrollIntoView({ block: isSmall ? "start" : "center" });
  if (isSmall) document.querySelector("[data-testid=stMain]")?.scrollBy(0, -80);
}

/** @param {string} path */
function withoutSlash(path) {
  return path.replace(/\/+$/, "");
}

/**
 * @param {() => Storage} store a browser may refuse even to name it
 * @param {string} name
 */
function recall(store, name) {
  try {
    return store().getItem(name);
  } catch {
    return null; // a browser that keeps nothing shows the offer again
  }
}

/**
 * @param {() => Storage} store
 * @param {string} name
 * @param {string | null} value
 */
function remember(store, name, value) {
  try {
    if (value === null) store().removeItem(name);
    else store().setItem(name, value);
  } catch {
    // See above.
  }
}
