// The component "dmil_map": what Streamlit runs to show a latent map; see `draw` in map.py.

import { LatentMap } from "./latent_map.js";

/** @typedef {HTMLElement & {map?: LatentMap}} Host */

/**
 * @param {ComponentArguments<Uint8Array>} component
 * @returns {Cleanup}
 */
export default function ({ parentElement, data, setTriggerValue }) {
  const host = /** @type {Host} */ (parentElement.querySelector(".map"));
  // Kept on the element, as this runs again with other data: its zoom stays.
  host.map ??= new LatentMap(host);
  host.map.send = setTriggerValue;
  if (data && data !== host.map.data) host.map.load(data);
  return () => {
    host.map?.close();
    delete host.map;
  };
}
