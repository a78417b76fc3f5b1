// The inline script of a component whose code lies in several files; see `importing` in scripts.py.
// Streamlit runs an inline script from a blob: address, where a relative import leads nowhere.
// Modules that the server hands out import each other as everywhere else.

const ENTRY = "ADDRESS_OF_THE_FIRST_MODULE";
const FAILED = "This part of the page could not be loaded. Reload the page.";

/**
 * @param {ComponentArguments<unknown>} component
 * @returns {Cleanup}
 */
export default function (component) {
  let closed = false;
  /** @type {Cleanup} */
  let close = () => {};
  import(new URL(ENTRY, window.location.origin).href).then(
    (module) => {
      if (!closed) close = module.default(component);
    },
    () => {
      const root = component.parentElement;
      if (root.querySelector("[role=alert]")) return;
      const message = document.createElement("p");
      message.setAttribute("role", "alert");
      message.textContent = FAILED;
      root.append(message);
    },
  );
  return () => {
    closed = true;
    close();
  };
}
