// The component "dmil_begin": says once that what moves may begin; see begin.py. It runs inline and
// shows nothing.

/**
 * @typedef {HTMLElement & {begun?: string}} Host
 */

/** @param {ComponentArguments<{run: string}>} component */
export default function ({ parentElement, data, setTriggerValue }) {
  const host = /** @type {Host} */ (parentElement.querySelector("span"));
  const is = (/** @type {string} */ query) => window.matchMedia(query).matches;
  const begin = () => {
    if (document.visibilityState !== "visible" || host.begun === data.run) return;
    host.begun = data.run;
    setTriggerValue("picked", data.run);
  };
  if (is("(prefers-reduced-motion: reduce)") || is("print")) return undefined;
  begin();
  // In a tab behind others it begins when that is seen.
  document.addEventListener("visibilitychange", begin);
  return () => document.removeEventListener("visibilitychange", begin);
}
