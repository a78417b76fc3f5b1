// The glossary and the tour. All in the browser: nothing is asked of the server but another page.
// Every text is set as text; of Markdown only **bold** and `code` are known.

const TAKEN = "dmil-tour"; // remembered for good: the tour was taken or declined
const STEP = "dmil-tour-step"; // where the tour is, for a page that is loaded anew
const WORD = "word"; // parameter of the address: the glossary is open at this word
const HASH = "#word-"; // a link to a word within a page
const PATIENCE = 12_000; // milliseconds that a page may take to draw what a step points at

function remembered(store, name, value) {
  try {
    if (value === undefined) return store.getItem(name);
    if (value === null) store.removeItem(name);
    else store.setItem(name, value);
  } catch {
    // A browser that keeps nothing shows the offer again.
  }
  return null;
}

function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inside);
  return made;
}

const marked = (text) =>
  text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**")) return element("strong", {}, part.slice(2, -2));
    return part.startsWith("`") ? element("code", {}, part.slice(1, -1)) : part;
  });

// --- the glossary ---------------------------------------------------------------------------

// In the address of a page a word is a parameter: Streamlit drops what stands behind a #.
function address(word) {
  const here = new URL(location.href);
  if (here.hash.startsWith(HASH)) here.hash = "";
  here.searchParams.delete(WORD);
  if (word) here.searchParams.set(WORD, word);
  return here.pathname + here.search + here.hash;
}

function glossary({ words, keys }) {
  const rows = words.map(({ anchor, name, text }) => {
    const link = element("a", { href: "#", title: "Link to this word" }, name);
    const row = element(
      "div",
      { class: "word", "data-anchor": anchor },
      element("dt", {}, link),
      element("dd", {}, ...marked(text)),
    );
    link.onclick = (event) => {
      event.preventDefault();
      history.replaceState(history.state, "", address(anchor));
      show(anchor);
    };
    return { row, link, anchor, text: `${name} ${text}`.toLowerCase() };
  });
  const none = element("p", { hidden: true }, "No word matches. Try a shorter one.");
  const count = element("span", { role: "status" });
  const search = element("input", { type: "search", placeholder: "Search", "aria-label": "Search the glossary" });
  const shortcuts = element("dl", { class: "keys" });
  for (const { key, text } of keys) {
    shortcuts.append(element("dt", {}, element("kbd", {}, key)), element("dd", {}, text));
  }
  const folded = element("details", {}, element("summary", {}, "Keys"), shortcuts);
  const list = element("div", { class: "words", tabindex: "0", role: "region", "aria-label": "Words" },
    element("dl", {}, ...rows.map((r) => r.row)), none);
  const close = element("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = element("dialog", { class: "glossary", "aria-labelledby": "glossary-title" },
    element("div", { class: "head" }, element("h2", { id: "glossary-title" }, "Glossary"), close),
    element("div", { class: "head" }, search, count), folded, list);

  search.oninput = () => {
    const wanted = search.value.trim().toLowerCase();
    let left = 0;
    for (const { row, text } of rows) {
      row.hidden = !text.includes(wanted);
      left += row.hidden ? 0 : 1;
    }
    none.hidden = left > 0;
    count.textContent = wanted ? `${left} of ${rows.length}` : "";
  };
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  };
  dialog.onclose = () => {
    history.replaceState(history.state, "", address(""));
  };
  function show(anchor) {
    for (const { row, anchor: own } of rows) row.classList.toggle("chosen", own === anchor);
    const row = rows.find((r) => r.anchor === anchor)?.row;
    if (row?.hidden) {
      search.value = "";
      search.oninput();
    }
    row?.scrollIntoView({ block: "center" });
  }
  return {
    dialog,
    open(anchor = "", withKeys = false) {
      folded.open = withKeys;
      for (const { link, anchor: own } of rows) link.href = address(own);
      if (!dialog.open) dialog.showModal();
      show(anchor);
      search.focus();
    },
  };
}

// --- the tour -------------------------------------------------------------------------------

const slug = (pathname) => pathname.replace(/\/+$/, "").split("/").at(-1) ?? "";

function at(page, slugs) {
  const here = slug(location.pathname);
  return page ? here === page : !slugs.includes(here);
}

// Through the app's own links, as a reload would start it anew; where they are folded away, by one.
function go(page, base) {
  const target = `${base}/${page}`;
  const links = document.querySelectorAll("[data-testid=stApp] a[href]");
  const link = [...links].find((a) => new URL(a.href).pathname.replace(/\/+$/, "") === target.replace(/\/+$/, ""));
  if (link) link.click();
  else location.assign(target + location.search);
}

// In the middle; where the card fills the lower half of a small screen, at the top.
function reveal(found) {
  const small = window.innerWidth < 640;
  found.scrollIntoView({ block: small ? "start" : "center" });
  if (small) document.querySelector("[data-testid=stMain]")?.scrollBy(0, -80);
}

function tour({ steps, base, slugs }, root, ended) {
  const ring = element("div", { "aria-hidden": "true", "data-tour-ring": true });
  ring.style.cssText =
    "position:fixed;pointer-events:none;border-radius:8px;z-index:999990;display:none;" +
    "outline:3px solid var(--st-primary-color, #3b4cc0);outline-offset:4px";
  let card = null;
  let target = null;
  let frame = 0;
  let turn = 0;

  function follow() {
    frame = requestAnimationFrame(follow);
    const box = target?.isConnected ? target.getBoundingClientRect() : null;
    ring.style.display = box?.width ? "block" : "none";
    if (!box) return;
    ring.style.left = `${box.left}px`;
    ring.style.top = `${box.top}px`;
    ring.style.width = `${box.width}px`;
    ring.style.height = `${box.height}px`;
  }

  async function point(step) {
    const mine = ++turn;
    target = null;
    if (!at(step.page, slugs)) go(step.page, base);
    const end = Date.now() + PATIENCE;
    while (step.target && mine === turn && Date.now() < end) {
      const found = at(step.page, slugs) && document.querySelector(step.target);
      if (found) {
        target = found;
        reveal(found);
        return;
      }
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  function stop() {
    turn++;
    cancelAnimationFrame(frame);
    card?.remove();
    ring.remove();
    [card, target] = [null, null];
    remembered(sessionStorage, STEP, null);
    remembered(localStorage, TAKEN, "done");
    ended();
  }

  function show(number) {
    const step = steps[number];
    const last = number === steps.length - 1;
    remembered(sessionStorage, STEP, String(number));
    if (!card) {
      card = element("section", { class: "card", popover: "manual", role: "dialog", "aria-labelledby": "tour-title" });
      card.onkeydown = (event) => {
        if (event.key === "Escape") stop();
      };
      root.append(card);
      card.showPopover();
      document.body.append(ring);
      follow();
    }
    const button = (label, act, more = {}) => element("button", { type: "button", onclick: act, ...more }, label);
    const next = last
      ? button("Done", stop, { class: "main" })
      : button("Next", () => show(number + 1), { class: "main" });
    card.replaceChildren(
      element("h2", { id: "tour-title" }, step.title),
      element("p", {}, ...marked(step.text)),
      element("div", { class: "head" },
        element("span", {}, `${number + 1} of ${steps.length}`),
        element("span", { class: "buttons" },
          ...(last ? [] : [button("Skip", stop)]),
          ...(number ? [button("Back", () => show(number - 1))] : []),
          next)),
    );
    next.focus({ preventScroll: true });
    point(step);
  }
  return { show, stop: () => { turn++; cancelAnimationFrame(frame); card?.remove(); ring.remove(); } };
}

// --- both -----------------------------------------------------------------------------------

const typing = (event) => {
  const on = event.composedPath()[0];
  return on instanceof Element && (on.matches("input, textarea, select") || on.isContentEditable);
};

// A slider keeps all keys to itself and has no use for letters: the page's own keys are among them.
function passOn(event) {
  if (event.target.type !== "range" || !/^[\p{L}\p{N}?]$/u.test(event.key)) return;
  event.stopPropagation();
  document.body.dispatchEvent(new KeyboardEvent(event.type, event));
}

/** Fill the part's element; returns what takes everything away again. */
export function mount(root, data) {
  const words = glossary(data);
  const button = (label, act, more = {}) => element("button", { type: "button", onclick: act, ...more }, label);
  const start = button("Tour", () => begin());
  const guide = tour(data, root, () => start.focus());
  const decline = () => {
    remembered(localStorage, TAKEN, "done");
    offer.hidden = true;
    start.focus();
  };
  const begin = () => {
    offer.hidden = true;
    guide.show(0);
  };
  const offer = element("p", { class: "offer", hidden: true }, ...marked(data.offer),
    button("Take the tour", begin, { class: "main" }), button("No, thanks", decline));
  const links = element("nav", { "aria-label": "Help" }, start,
    button("Glossary", () => words.open(), { "aria-keyshortcuts": "?" }));
  root.replaceChildren(element("div", { class: "row" }, offer, links), words.dialog);

  const keys = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || typing(event) || event.ctrlKey || event.metaKey) return;
    event.preventDefault(); // or it would be typed into the search
    words.open("", true);
  }, { signal: keys.signal });
  for (const type of ["keydown", "keyup"]) {
    document.addEventListener(type, passOn, { capture: true, signal: keys.signal });
  }
  window.addEventListener("hashchange", ({ newURL }) => {
    // Not the address as it is now: Streamlit may have written its own meanwhile.
    const { hash } = new URL(newURL);
    if (hash.startsWith(HASH)) words.open(hash.slice(HASH.length));
  }, { signal: keys.signal });
  const word = new URLSearchParams(location.search).get(WORD);
  if (word) words.open(word);

  const at = remembered(sessionStorage, STEP);
  if (at !== null && data.steps[Number(at)]) guide.show(Number(at));
  else offer.hidden = remembered(localStorage, TAKEN) !== null;
  return () => {
    keys.abort();
    guide.stop();
  };
}
