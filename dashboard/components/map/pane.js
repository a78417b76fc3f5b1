// One pane of a latent map: a canvas, the part of the map that it shows, and what the visitor does
// on it with pointer and keys.

import { element } from "../element.js";
import { COORDINATE_MAX } from "./decode.js";
import { drawCross, drawOutline, drawPoints, drawRing, pointSize } from "./paint.js";
import { Gesture, KEYS, keyAction, nearest, wheelFactor } from "./select.js";
import { Viewport } from "./viewport.js";

/**
 * @typedef {import("./decode.js").PaneHeader} PaneHeader
 * @typedef {import("./decode.js").Points} Points
 * @typedef {import("./latent_map.js").LatentMap} LatentMap
 */

const KEY_REACH = 60; // pixels from the middle to the point that a key means
const HOVER_RADIUS = 7;

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
    this.title.textContent = header.title;
    this.canvas.setAttribute("aria-label", `${header.label} ${KEYS}`);
    if (this.frame !== header.frame) this.viewport.scale = 0;
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
    if (viewport.scale) this.draw();
    else this.fit();
  }

  fit() {
    this.viewport.fit(this.points);
    this.draw();
  }

  /**
   * @param {number} factor
   * @param {Point} [pixel]
   */
  zoom(factor, pixel) {
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
    const { x, y } = this.points;
    return this.viewport.toPixels([x[i] / COORDINATE_MAX, y[i] / COORDINATE_MAX]);
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

  #draw() {
    const { map, context, viewport } = this;
    const { width, height } = this.canvas;
    const theme = map.theme();
    this.#drawLayer();
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

  #drawLayer() {
    const { map, viewport, points } = this;
    const { width, height } = this.canvas;
    const state = [viewport.scale, viewport.left, viewport.top, width, height].join();
    if (this.layerState === state) return;
    this.layerState = state;
    // Setting the size empties the canvas, also where it is the same.
    [this.layer.canvas.width, this.layer.canvas.height] = [width, height];
    const { order, colours, members } = map;
    const sprites = map.sprites(pointSize(map.header.size, viewport));
    const isShown = (/** @type {number} */ i) => map.isShown(i);
    const what = { points, order, colours, sprites, members, isShown };
    drawPoints(this.layer, what, viewport, map.ratio);
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
    if (action.kind === "pan") this.viewport.pan(...action.by);
    else if (action.kind === "zoom") this.viewport.zoom(action.factor, middle);
    else if (action.kind === "fit") this.viewport.fit(this.points);
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
 * @param {MouseEvent} event
 * @returns {Point}
 */
function pixelOf(event) {
  return [event.offsetX, event.offsetY];
}
