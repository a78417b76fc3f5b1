// The component "dmil_map_names": hands the names of clusters to the maps of the page; see `name`
// in map.py. It runs inline.

/** @param {ComponentArguments<MapNames>} component */
export default function ({ data }) {
  window.dmilMapNames = data;
  window.dispatchEvent(new Event("dmil-map-names"));
}
