// The component "dmil_marks": a picture of which every mark leads somewhere; see marks.py. It runs
// inline. The picture is HTML that the server wrote; its texts are escaped there.

/** @param {ComponentArguments<{html: string}>} component */
export default function ({ parentElement, data, setTriggerValue }) {
  const root = /** @type {HTMLElement & {drawn?: string}} */ (
    parentElement.querySelector(".marks")
  );
  // Kept where nothing has changed, so that the focus stays.
  if (root.drawn !== data.html) root.innerHTML = data.html;
  root.drawn = data.html;
  for (const mark of /** @type {NodeListOf<HTMLElement>} */ (
    root.querySelectorAll("[data-mark]")
  )) {
    const pick = () => setTriggerValue("picked", mark.dataset.mark);
    mark.onclick = pick;
    // A button says by itself what it is, and takes the keys.
    if (mark.tagName === "BUTTON") continue;
    mark.setAttribute("role", "link");
    mark.setAttribute("tabindex", "0");
    mark.onkeydown = (event) => {
      if (event.key === "Enter") pick();
    };
  }
}
