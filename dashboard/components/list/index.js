// The component "dmil_list": what Streamlit runs to show the list of samples; see sample_list.py.

import { SampleList } from "./sample_list.js";

/** @typedef {HTMLElement & {list?: SampleList}} Host */

/**
 * @param {ComponentArguments<import("./sample_list.js").ListData>} component
 * @returns {Cleanup}
 */
export default function ({ parentElement, data, setTriggerValue }) {
  const host = /** @type {Host} */ (parentElement.querySelector(".list"));
  // Kept on the element, as this runs again with other data: where it was scrolled to stays.
  host.list ??= new SampleList(host);
  host.list.send = setTriggerValue;
  host.list.show(data);
  return () => {
    host.list?.close();
    delete host.list;
  };
}
