// A picture that is made of HTML as SVG: boxes, words, images and drawings where the browser has put
// them. What is hidden or scrolled out of sight in a closed part is left out.

import {
  FONT,
  svgElement as made,
  NARROWEST,
  pageColours,
  setAttributes as set,
  standalone,
} from "./picture.js";

const SIDES = /** @type {const} */ (["Top", "Right", "Bottom", "Left"]);

/** @typedef {import("./picture.js").Layout} Layout */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/**
 * @param {HTMLElement} root as it stands on the page
 * @returns {Promise<{svg: SVGElement, layout: Layout}>}
 */
export async function ofHtml(root) {
  const svg = made("svg", {});
  const pen = new Pen(root, svg);
  await pen.draw(root, svg);
  const { color, backgroundColor } = pageColours();
  const width = Math.max(NARROWEST, root.clientWidth, Math.ceil(pen.right));
  const height = Math.ceil(pen.bottom);
  set(svg, { width, height, color, "font-family": FONT });
  return { svg, layout: { width, height, font: { color }, paper_bgcolor: backgroundColor } };
}

class Pen {
  /**
   * @param {HTMLElement} root
   * @param {SVGElement} svg
   */
  constructor(root, svg) {
    const { left, top } = root.getBoundingClientRect();
    this.left = left;
    this.top = top;
    this.right = 0;
    this.bottom = 0;
    this.patterns = 0;
    this.defs = made("defs", {});
    svg.append(this.defs);
    this.canvas = document.createElement("canvas").getContext("2d");
  }

  /**
   * An element with all that is in it.
   *
   * @param {Element} element
   * @param {Element} into
   */
  async draw(element, into) {
    const style = getComputedStyle(element);
    if (style.visibility === "hidden" || !element.checkVisibility()) return;
    if (style.clipPath !== "none") return; // words that only a screen reader has
    const box = this.place(element.getBoundingClientRect());
    let group = into;
    if (Number(style.opacity) < 1 || style.filter !== "none") {
      const looks = { opacity: style.opacity, style: `filter:${style.filter}` };
      group = into.appendChild(made("g", looks));
    }
    if (element instanceof SVGElement) {
      group.append(this.drawing(element, box));
      return;
    }
    this.box(box, style, group);
    if (element instanceof HTMLImageElement) {
      await this.image(element, box, style, group);
      return;
    }
    if (style.overflowX === "hidden" && element.scrollWidth > element.clientWidth) {
      const { x, y, width, height } = box;
      group = group.appendChild(
        made("svg", { ...box, viewBox: `${x} ${y} ${width} ${height}`, overflow: "hidden" }),
      );
    }
    for (const child of element.childNodes) {
      if (child instanceof Element) await this.draw(child, group);
      else if (child instanceof Text) this.words(child, style, group);
    }
  }

  /**
   * @param {DOMRect} at
   * @returns {Box} in the picture's own pixels
   */
  place(at) {
    const [x, y] = [rounded(at.left - this.left), rounded(at.top - this.top)];
    return { x, y, width: rounded(at.width), height: rounded(at.height) };
  }

  /** @param {Box} box */
  reaches({ x, y, width, height }) {
    this.right = Math.max(this.right, x + width);
    this.bottom = Math.max(this.bottom, y + height);
  }

  /**
   * The ground of an element, its stripes and its border.
   *
   * @param {Box} box
   * @param {CSSStyleDeclaration} style
   * @param {Element} into
   */
  box(box, style, into) {
    if (!(box.width > 0 && box.height > 0)) return;
    const corner = Number.parseFloat(style.borderTopLeftRadius) || 0;
    const round = style.borderTopLeftRadius.endsWith("%")
      ? (corner / 100) * Math.min(box.width, box.height)
      : Math.min(corner, box.width / 2, box.height / 2);
    const grounds = [paint(style.backgroundColor), ...this.stripes(style.backgroundImage)];
    for (const ground of grounds) {
      if (!ground) continue;
      into.append(made("rect", { ...box, rx: round, ...ground }));
      this.reaches(box);
    }
    this.border(box, style, round, into);
  }

  /**
   * @param {Box} box
   * @param {CSSStyleDeclaration} style
   * @param {number} round
   * @param {Element} into
   */
  border(box, style, round, into) {
    const sides = SIDES.map((side) => {
      const width = Number.parseFloat(style[`border${side}Width`]) || 0;
      const colour = style[`border${side}Style`] === "none" ? null : style[`border${side}Color`];
      const dashed = style[`border${side}Style`] === "dashed";
      return { width, line: width && colour ? paint(colour) : null, dashed };
    });
    const seen = sides.filter((side) => side.line);
    if (!seen.length) return;
    this.reaches(box);
    const alike =
      seen.length === 4 && new Set(sides.map((side) => JSON.stringify(side))).size === 1;
    if (alike) {
      const [{ width, line }] = sides;
      const inside = {
        x: box.x + width / 2,
        y: box.y + width / 2,
        width: Math.max(box.width - width, 0),
        height: Math.max(box.height - width, 0),
      };
      into.append(made("rect", { ...inside, rx: round, fill: "none", ...stroked(line, width) }));
      return;
    }
    const { x, y } = box;
    const [right, bottom] = [x + box.width, y + box.height];
    const [t, r, b, l] = sides.map((side) => side.width / 2);
    const ends = [
      [x, y + t, right, y + t],
      [right - r, y, right - r, bottom],
      [x, bottom - b, right, bottom - b],
      [x + l, y, x + l, bottom],
    ];
    for (const [i, { width, line, dashed }] of sides.entries()) {
      if (!line) continue;
      const [x1, y1, x2, y2] = ends[i];
      const dash = dashed ? "4 3" : "none";
      const looks = { ...stroked(line, width), "stroke-dasharray": dash };
      into.append(made("line", { x1, y1, x2, y2, ...looks }));
    }
  }

  /**
   * The stripes of a component's bar: what `repeating-linear-gradient` of figures/strip.py draws.
   *
   * @param {string} image
   */
  stripes(image) {
    const found = [...image.matchAll(STRIPES)];
    return found.map(([, angle, colour, line, period]) => {
      const id = `stripes-${this.patterns++}`;
      const size = { width: Number(period), height: Number(period) };
      const pattern = made("pattern", {
        id,
        ...size,
        patternUnits: "userSpaceOnUse",
        patternTransform: `rotate(${angle})`,
      });
      pattern.append(made("rect", { width: size.width, height: Number(line), ...paint(colour) }));
      this.defs.append(pattern);
      return { fill: `url(#${id})` };
    });
  }

  /**
   * A drawing that is SVG already.
   *
   * @param {SVGElement} drawn
   * @param {Box} box
   */
  drawing(drawn, box) {
    const { svg } = standalone(drawn);
    set(svg, { ...box });
    const [from, to] = [drawn, svg].map((one) => [...one.querySelectorAll("text")]);
    const offset = to.length - from.length; // of the patterns that were added before
    for (const [i, text] of from.entries()) {
      const style = getComputedStyle(text);
      set(to[i + offset], { ...paint(style.fill), "font-size": style.fontSize });
    }
    this.reaches(box);
    return svg;
  }

  /**
   * @param {HTMLImageElement} image
   * @param {Box} box
   * @param {CSSStyleDeclaration} style
   * @param {Element} into
   */
  async image(image, box, style, into) {
    const fit = style.objectFit === "contain" ? "xMidYMid meet" : "none";
    const href = await embedded(image.currentSrc || image.src);
    into.append(made("image", { ...box, href, preserveAspectRatio: fit }));
    this.reaches(box);
  }

  /**
   * The lines of a text, each as wide as on the page, whatever letters a viewer has.
   *
   * @param {Text} text
   * @param {CSSStyleDeclaration} style of the element around it
   * @param {Element} into
   */
  words(text, style, into) {
    for (const { words, at } of linesOf(text)) {
      const box = this.place(at);
      if (!(box.width > 0)) continue;
      const looks = {
        ...paint(style.color),
        "font-size": style.fontSize,
        "font-weight": style.fontWeight,
      };
      const y = rounded(box.y + this.ascent(style, box.height));
      const shape = { x: box.x, y, textLength: box.width, lengthAdjust: "spacingAndGlyphs" };
      into.append(made("text", { ...shape, ...looks }, words));
      this.reaches(box);
    }
  }

  /**
   * From the top of a line of letters to where they stand.
   *
   * @param {CSSStyleDeclaration} style
   * @param {number} height
   */
  ascent(style, height) {
    if (!this.canvas) return 0.8 * height;
    this.canvas.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } =
      this.canvas.measureText("x");
    return (height * up) / (up + down);
  }
}

const STRIPES =
  /repeating-linear-gradient\(([\d.]+)deg, ((?:rgba?|color)\([^)]*\)) 0px, (?:rgba?|color)\([^)]*\) ([\d.]+)px.*?([\d.]+)px\)/g;

/**
 * The lines of a text as the browser has broken it.
 *
 * @param {Text} text
 */
function linesOf(text) {
  /** @type {{words: string, at: DOMRect}[]} */
  const lines = [];
  const range = document.createRange();
  for (const { 0: word, index } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const at = range.getBoundingClientRect();
    const last = lines[lines.length - 1];
    if (last && Math.abs(last.at.top - at.top) < 1) {
      const { left, top, height } = last.at;
      last.words += ` ${word}`;
      last.at = new DOMRect(left, top, at.right - left, height);
    } else lines.push({ words: word, at });
  }
  return lines;
}

/**
 * An address as one that needs no server.
 *
 * @param {string} address
 * @returns {Promise<string>}
 */
async function embedded(address) {
  if (address.startsWith("data:")) return address;
  const blob = await (await fetch(address)).blob();
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

/**
 * A colour as a browser computes it, in words that any viewer of SVG knows; null for none.
 *
 * @param {string} colour
 * @returns {Record<string, string | number> | null}
 */
export function paint(colour) {
  const shares = colour.match(
    /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)$/,
  );
  const bytes = colour.match(/^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/);
  const found = shares ?? bytes;
  if (!found) return colour === "transparent" || colour === "none" ? null : { fill: colour };
  const parts = found.slice(1, 4).map((part) => Math.round(Number(part) * (shares ? 255 : 1)));
  const alpha = Number(found[4] ?? 1);
  if (alpha === 0) return null;
  const fill = `rgb(${parts.join(",")})`;
  return alpha < 1 ? { fill, "fill-opacity": rounded(alpha) } : { fill };
}

/**
 * @param {ReturnType<typeof paint>} line
 * @param {number} width
 */
function stroked(line, width) {
  const alpha = line?.["fill-opacity"] ?? 1;
  return { stroke: line?.fill ?? "none", "stroke-opacity": alpha, "stroke-width": width };
}

/** @param {number} value */
function rounded(value) {
  return Math.round(1000 * value) / 1000;
}
