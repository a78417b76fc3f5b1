// The little Markdown that the help's texts use: **bold** and `code`.

import { element } from "../element.js";

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function marked(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**")) return element("strong", {}, part.slice(2, -2));
    return part.startsWith("`") ? element("code", {}, part.slice(1, -1)) : part;
  });
}
