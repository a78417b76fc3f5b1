// The component "dmil_marks": a picture of which every mark leads somewhere, or chooses something
// where it is a button; see marks.py. It runs inline. The picture is HTML that the server wrote; its texts are escaped there.

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
    if (!mark.hasAttribute("role")) mark.setAttribute("role", "link");
    mark.setAttribute("tabindex", "0");
    mark.onclick = pick;
    mark.onkeydown = (event) => {
      const presses = event.key === " " && mark.getAttribute("role") === "button";
      if (event.key !== "Enter" && !presses) return;
      event.preventDefault();
      pick();
    };
  }
}
