// The component "dmil_map_focus": hands the selection to the maps of the page; see `focus` in
// map.py. It runs inline.

/** @param {ComponentArguments<MapSelection>} component */
export default function ({ data }) {
  window.dmilMapSelection = data;
  window.dispatchEvent(new Event("dmil-map-selection"));
}
