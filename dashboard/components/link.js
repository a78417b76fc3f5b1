// The component "dmil_copy_link": a button that copies the page's address; see link.py. It runs
// inline.

const SHOWN = 4000; // milliseconds that the answer covers a part of the page

/** @param {ComponentArguments<unknown>} component */
export default function ({ parentElement }) {
  const button = /** @type {HTMLElement} */ (parentElement.querySelector("button"));
  const status = /** @type {HTMLElement} */ (parentElement.querySelector("[role=status]"));
  button.onclick = async () => {
    const link = window.location.href;
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = "Copied. It opens exactly this view.";
      setTimeout(() => {
        status.textContent = "";
      }, SHOWN);
    } catch {
      // Without https or permission browsers refuse: show the link to be copied by hand.
      status.textContent = link;
    }
  };
}
