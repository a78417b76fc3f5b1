// One pane of a latent map: a canvas, the part of the map that it shows, and what the visitor does
// on it with pointer and keys.

import { element } from "../element.js";
import { contours } from "./contours.js";
import { COORDINATE_MAX } from "./decode.js";
import { placeNames } from "./names.js";
import {
  drawAxisTexts,
  drawCross,
  drawFound,
  drawNames,
  drawOutline,
  drawPath,
  drawPoints,
  drawRing,
  FAINT,
  nameFont,
  pointSize,
} from "./paint.js";
import { Gesture, KEYS, keyAction, nearest, wheelFactor } from "./select.js";
import { Viewport } from "./viewport.js";

/**
 * @typedef {import("./decode.js").Axes} Axes
 * @typedef {import("./decode.js").PaneHeader} PaneHeader
 * @typedef {import("./decode.js").Points} Points
 * @typedef {import("./latent_map.js").LatentMap} LatentMap
 */

const KEY_REACH = 60; // pixels from the middle to the point that a key means
const HOVER_RADIUS = 7;
const AXES_INSET = { top: 22, bottom: 46 }; // pixels for the texts above and below axes

export class Pane {
  /**
   * @param {LatentMap} map
   * @param {number} number
   */
  constructor(map, number) {
    this.map = map;
    this.number = number;
    this.title = element("figcaption");
    this.canvas = element("canvas", { tabindex: "0", role: "application" });
    this.root = element("figure", { class: "pane" }, this.title, this.canvas);
    this.context = context2d(this.canvas);
    // The points alone: where only a ring moves they need not be drawn again.
    this.layer = context2d(document.createElement("canvas"));
    this.layerState = "";
    this.viewport = new Viewport();
    this.gesture = new Gesture(this.viewport);
    /** @type {Points} */
    this.points = { x: new Uint16Array(), y: new Uint16Array() };
    this.frame = "";
    /** @type {Axes | null} */
    this.axes = null;
    /** @type {Path2D | null} */
    this.axisPath = null;
    /** Lines of equal density, as x1, y1, x2, y2 of each piece, and the same to be drawn; null until
     * they are wanted.
     * @type {{pieces: number[], path: Path2D} | null} */
    this.contours = null;
    /** Whether the visitor moved or zoomed, or meant a point: then a new size of the pane leaves
     * everything where it is. */
    this.touched = false;
    /** @type {Point[] | null} the border of the selected slice, in units */
    this.border = null;
    this.crossShown = false;
    this.drawingAsked = false;
    this.#listen();
  }

  /**
   * @param {PaneHeader} header
   * @param {Points} points
   */
  load(header, points) {
    this.points = points;
    this.contours = null;
    this.axes = header.axes;
    this.axisPath = header.axes && pathOf(header.axes.lines.flatMap(pieces));
    this.title.textContent = header.title;
    this.canvas.setAttribute("aria-label", `${header.label} ${KEYS}`);
    if (this.frame !== header.frame) {
      this.viewport.scale = 0;
      this.touched = false;
    }
    this.frame = header.frame;
  }

  /** After the page has given the canvas another size. */
  resize() {
    const { ratio } = this.map;
    const { viewport, canvas } = this;
    viewport.width = canvas.clientWidth;
    viewport.height = canvas.clientHeight;
    if (!viewport.width || !this.frame) return;
    canvas.width = Math.round(viewport.width * ratio);
    canvas.height = Math.round(viewport.height * ratio);
    if (!viewport.scale || !this.touched) {
      this.fit();
      return;
    }
    if (this.map.selected >= 0) viewport.reveal(this.place(this.map.selected));
    this.draw();
  }

  fit() {
    const { axes, viewport, map } = this;
    const { top, bottom } = map.insets();
    const more = axes ? AXES_INSET : { top: 0, bottom: 0 };
    viewport.inset = { top: top + more.top, bottom: bottom + more.bottom };
    if (axes) {
      const [left, low, right, high] = axes.box;
      viewport.fit(this.points, { left, bottom: low, right, top: high });
    } else {
      viewport.fit(this.points);
    }
    this.touched = false;
    this.draw();
  }

  /**
   * @param {number} factor
   * @param {Point} [pixel]
   */
  zoom(factor, pixel) {
    this.touched = true;
    this.viewport.zoom(factor, pixel);
    this.draw();
  }

  /** Pixels of one unit. */
  get scale() {
    return this.viewport.scale;
  }

  /**
   * Where a point is, in pixels.
   * @param {number} i
   */
  pixel(i) {
    return this.viewport.toPixels(this.place(i));
  }

  /**
   * Where a point is, in units.
   * @param {number} i
   * @returns {Point}
   */
  place(i) {
    const { x, y } = this.points;
    return [x[i] / COORDINATE_MAX, y[i] / COORDINATE_MAX];
  }

  /** Lines of equal density of the points that are shown, where they are wanted; none between axes,
   * as they would reach beyond what is possible. */
  contourLines() {
    if (this.axes || !this.map.shown.contours) return null;
    if (!this.contours) {
      const found = contours(this.points, (i) => this.map.isShown(i));
      this.contours = { pieces: found, path: pathOf(found) };
    }
    return this.contours;
  }

  /** The names that there is room for now. */
  names() {
    const { map, context } = this;
    const named = map.shown.names ? map.names[this.number] : null;
    if (!named?.length) return [];
    context.font = nameFont(map.theme());
    return placeNames(named, this.viewport, (text) => context.measureText(text).width);
  }

  /** The points that were searched for and are shown. */
  found() {
    const { members, ringed } = this.map;
    return members && ringed ? this.map.order.filter((i) => members[i] && this.map.isShown(i)) : [];
  }

  /**
   * @param {Point} pixel
   * @param {number} [reach]
   */
  nearest(pixel, reach) {
    return nearest(this.points, this.viewport, pixel, (i) => this.map.isShown(i), reach);
  }

  // --- drawing --------------------------------------------------------------------------------

  /** Draw with the next frame of the screen, once however often it is asked. */
  draw() {
    if (this.drawingAsked || !this.viewport.width) return;
    this.drawingAsked = true;
    requestAnimationFrame(() => {
      this.drawingAsked = false;
      this.#draw();
    });
  }

  /** The points have to be drawn again: they are others, or others of them are shown. */
  invalidate() {
    this.layerState = "";
  }

  /** Other points are shown, so that their density is another. */
  forgetContours() {
    this.contours = null;
  }

  #draw() {
    const { map, context, viewport } = this;
    const { width, height } = this.canvas;
    const theme = map.theme();
    this.#drawLayer(theme);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (width && height) context.drawImage(this.layer.canvas, 0, 0);
    context.setTransform(map.ratio, 0, 0, map.ratio, 0, 0);
    const outline = this.gesture.outline ?? this.border;
    if (outline) {
      const pixels = outline.map((corner) => viewport.toPixels(corner));
      drawOutline(context, pixels, theme);
    }
    const extra = map.extra[this.number];
    if (extra) drawRing(context, viewport.toPixels(extra), theme, { dashed: true });
    if (map.selected >= 0) drawRing(context, this.pixel(map.selected), theme);
    if (map.hover >= 0) drawRing(context, this.pixel(map.hover), theme, { radius: HOVER_RADIUS });
    if (this.crossShown) drawCross(context, viewport.centre(), theme);
  }

  /** @param {import("./paint.js").Theme} theme */
  #drawLayer(theme) {
    const { map, viewport, points } = this;
    const { width, height } = this.canvas;
    const { scale, left, top } = viewport;
    const state = [scale, left, top, width, height, theme.text, theme.background].join();
    if (this.layerState === state) return;
    this.layerState = state;
    // Setting the size empties the canvas, also where it is the same.
    [this.layer.canvas.width, this.layer.canvas.height] = [width, height];
    const { order, colours, members, ratio } = map;
    const size = pointSize(map.header.size, viewport);
    const sprites = map.sprites(size);
    const isShown = (/** @type {number} */ i) => map.isShown(i);
    const what = { points, order, colours, sprites, members, isShown };
    if (this.axisPath) {
      drawPath(this.layer, this.axisPath, viewport, theme, ratio, FAINT.axes);
    }
    const contours = this.contourLines();
    if (contours) drawPath(this.layer, contours.path, viewport, theme, ratio, FAINT.contours);
    drawPoints(this.layer, what, viewport, ratio);
    this.layer.setTransform(ratio, 0, 0, ratio, 0, 0);
    const found = Array.from(this.found(), (i) => this.pixel(i));
    if (found.length) drawFound(this.layer, found, size, theme);
    if (this.axes) drawAxisTexts(this.layer, this.axes.texts, viewport, theme);
    drawNames(this.layer, this.names(), theme);
    this.layer.setTransform(1, 0, 0, 1, 0, 0);
  }

  // --- pointer and keys -----------------------------------------------------------------------

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => {
      this.gesture.cancel(event.pointerId);
      this.draw();
    });
    canvas.addEventListener("pointerleave", () => this.map.setHover(-1, this));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#showCross(false));
    const wheel = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      this.zoom(wheelFactor(event.deltaY), pixelOf(event));
    };
    canvas.addEventListener("wheel", wheel, { passive: false });
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    this.touched = true;
    this.canvas.setPointerCapture(event.pointerId);
    const tool = this.map.tool === "move" && event.shiftKey ? "lasso" : this.map.tool;
    this.gesture.down(event.pointerId, pixelOf(event), tool);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const pixel = pixelOf(event);
    const kind = this.gesture.move(event.pointerId, pixel);
    if (kind === "hover") this.map.setHover(this.nearest(pixel), this, pixel);
    else if (kind === "pan") this.map.setHover(-1, this);
    if (kind === "pan" || kind === "pinch" || kind === "outline") this.draw();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const result = this.gesture.up(event.pointerId);
    if (result.kind === "click") this.map.open(this.nearest(pixelOf(event)));
    else if (result.kind === "outline") this.map.sendOutline(this, result.corners);
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const action = keyAction(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    const middle = this.viewport.centre();
    this.touched = true;
    if (action.kind === "pan") this.viewport.pan(...action.by);
    else if (action.kind === "zoom") this.viewport.zoom(action.factor, middle);
    else if (action.kind === "fit") this.fit();
    else this.map.open(this.nearest(middle, KEY_REACH));
    this.#showCross(true);
    const i = this.nearest(middle, KEY_REACH);
    this.map.status.textContent =
      i < 0
        ? "No point near the middle."
        : `In the middle: ${this.map.ids[i]}, ${this.map.colourName(i)}`;
  }

  /** @param {boolean} shown */
  #showCross(shown) {
    this.crossShown = shown;
    if (!shown) this.map.status.textContent = "";
    this.draw();
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
function context2d(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/**
 * @param {Point[]} line
 * @returns {number[]} x1, y1, x2, y2 of each piece
 */
function pieces(line) {
  return line.slice(1).flatMap((end, i) => [...line[i], ...end]);
}

/** @param {number[]} all x1, y1, x2, y2 of each piece */
function pathOf(all) {
  const path = new Path2D();
  for (let i = 0; i < all.length; i += 4) {
    path.moveTo(all[i], all[i + 1]);
    path.lineTo(all[i + 2], all[i + 3]);
  }
  return path;
}

/**
 * @param {MouseEvent} event
 * @returns {Point}
 */
function pixelOf(event) {
  return [event.offsetX, event.offsetY];
}
