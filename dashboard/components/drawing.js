// The component "dmil_drawing": a picture to draw on; see drawing.py. Strokes are points on a grid
// of 64 x 64 cells; the server draws them and sends the picture back, so that what is seen is what
// the model is given. It runs inline.

const LAST = 63;
const SIDE = 448;
const MOST_POINTS = 900;
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @type {Record<string, string>} */
const INKS = { light: "#ffffff", dark: "#000000", erase: "rgba(90, 140, 255, 0.6)" };

/**
 * @typedef {{ink: string, width: number, points: Point[]}} Stroke `width` and `points` on the grid
 * @typedef {object} DrawingData
 * @property {string} picture with what is drawn so far
 * @property {number} width
 * @property {number} height
 * @property {string} label
 * @property {number} brush width of the brush at first
 * @property {number} seen number of the last stroke that the picture holds
 *
 * @typedef {object} Memory
 * @property {(Stroke & {n: number})[]} waiting strokes that the server has not answered
 * @property {Stroke | null} stroke that is being drawn
 * @property {Point} at where the keys have moved the brush
 * @property {boolean} keys whether the brush is moved by keys
 * @property {boolean} started
 *
 * @typedef {HTMLElement & {memory?: Memory}} Root
 */

/** @param {number} value */
const clamp = (value) => Math.max(0, Math.min(LAST, Math.round(value)));

/** @param {ComponentArguments<DrawingData>} component */
export default function ({ parentElement, data, setTriggerValue }) {
  const root = /** @type {Root} */ (parentElement.querySelector(".drawing"));
  const canvas = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
  const status = /** @type {HTMLElement} */ (root.querySelector("[role=status]"));
  const size = /** @type {HTMLInputElement} */ (root.querySelector("[name=size]"));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  // Kept on the element: this function runs again each time the server sends a picture.
  root.memory ??= { waiting: [], stroke: null, at: [32, 32], keys: false, started: false };
  const memory = root.memory;
  if (!memory.started) size.value = String(data.brush);
  memory.started = true;
  memory.waiting = memory.waiting.filter((stroke) => stroke.n > data.seen);
  canvas.setAttribute("aria-label", data.label);
  const scale = SIDE / Math.max(data.width, data.height);
  canvas.width = Math.round(data.width * scale);
  canvas.height = Math.round(data.height * scale);

  const picture = new Image();
  picture.onload = show;
  picture.src = data.picture;

  /**
   * From the grid to pixels.
   * @param {Point} point
   * @returns {Point}
   */
  function toPixels([x, y]) {
    return [(x / LAST) * canvas.width, (y / LAST) * canvas.height];
  }

  /** @param {Stroke} stroke */
  function trace({ ink, width, points }) {
    const thick = Math.max(2, (width / LAST) * SIDE);
    pen.strokeStyle = pen.fillStyle = INKS[ink];
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = thick;
    pen.beginPath();
    pen.moveTo(...toPixels(points[0]));
    for (const point of points) pen.lineTo(...toPixels(point));
    pen.stroke();
  }

  function show() {
    pen.imageSmoothingEnabled = false;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (picture.complete && picture.naturalWidth) {
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    }
    for (const stroke of memory.waiting) trace(stroke);
    if (memory.stroke) trace(memory.stroke);
    if (memory.keys) {
      // Two rings, so that one of them is seen on any ground.
      const radius = Math.max(6, ((Number(size.value) / LAST) * SIDE) / 2);
      pen.beginPath();
      pen.arc(...toPixels(memory.at), radius, 0, 2 * Math.PI);
      pen.strokeStyle = "#000000";
      pen.lineWidth = 5;
      pen.stroke();
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = 2;
      pen.stroke();
    }
  }

  /** @param {Point} point */
  function begin(point) {
    const checked = /** @type {HTMLInputElement} */ (root.querySelector("[name=ink]:checked"));
    const ink = checked.value;
    memory.stroke = { ink, width: Number(size.value), points: [point] };
    show();
  }

  /** @param {Point} point */
  function extend(point) {
    const points = memory.stroke?.points;
    if (!points) return;
    const last = points[points.length - 1];
    if (last[0] === point[0] && last[1] === point[1]) return;
    points.push(point);
    if (points.length >= MOST_POINTS) {
      finish();
      begin(point);
    }
  }

  function finish() {
    if (!memory.stroke) return;
    // A number that grows, also when the page is drawn anew or the clock was set back, tells the
    // server which strokes are new to it.
    const n = Math.max(Date.now(), 1 + data.seen, 1 + (memory.waiting.at(-1)?.n ?? 0));
    memory.waiting.push({ ...memory.stroke, n });
    memory.stroke = null;
    show();
    // All that the server has not answered yet: a stroke that comes too fast is not lost.
    setTriggerValue("strokes", memory.waiting);
  }

  function drop() {
    memory.stroke = null;
    show();
  }

  /**
   * Where on the grid the pointer is.
   * @param {PointerEvent} event
   * @returns {Point}
   */
  function pointed(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    return [clamp(x * LAST), clamp(y * LAST)];
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ focusVisible: false });
    canvas.setPointerCapture(event.pointerId);
    memory.keys = false;
    begin(pointed(event));
  };
  canvas.onpointermove = (event) => {
    if (!memory.stroke || memory.keys) return;
    const every = event.getCoalescedEvents?.() ?? [];
    for (const one of every.length ? every : [event]) extend(pointed(one));
    show();
  };
  canvas.onpointerup = () => {
    if (!memory.keys) finish();
  };
  canvas.onpointercancel = drop;
  canvas.onblur = () => {
    if (memory.stroke && memory.keys) finish();
    memory.keys = false;
    show();
  };
  canvas.onkeydown = (event) => {
    const step = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) {
      const far = event.shiftKey ? 8 : 1;
      const [x, y] = memory.at;
      memory.at = [clamp(x + far * step[0]), clamp(y + far * step[1])];
      if (memory.stroke) extend(memory.at);
    } else if (event.key === " " || event.key === "Enter") {
      if (memory.stroke) finish();
      else begin(memory.at);
    } else if (event.key === "Escape") {
      drop();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    memory.keys = true;
    const [x, y] = memory.at;
    status.textContent = `Brush ${memory.stroke ? "down" : "up"}, column ${x + 1}, row ${y + 1}`;
    show();
  };
  size.oninput = show;
}
