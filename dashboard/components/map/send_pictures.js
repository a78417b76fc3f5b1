// The component "dmil_map_card": asks the server what the sample under the pointer looks like, and
// hands its answer to the map; see `card` in map.py. It runs inline.

/**
 * @param {ComponentArguments<{id: string, pictures: SamplePictures}>} component
 * @returns {Cleanup}
 */
export default function ({ data, setTriggerValue }) {
  const ask = (/** @type {Event} */ event) =>
    setTriggerValue("hovered", /** @type {CustomEvent<string>} */ (event).detail);
  window.addEventListener("dmil-map-hover", ask);
  window.dmilMapCard = data;
  window.dispatchEvent(new Event("dmil-map-card"));
  return () => window.removeEventListener("dmil-map-hover", ask);
}
