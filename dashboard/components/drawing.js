// A picture to draw on. Strokes are points on a grid of 64 x 64 places; the server draws them and
// sends the picture back, so that what is seen is what the model is given.
const LAST = 63;
const SIDE = 448;
const MOST_POINTS = 900;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const INKS = { light: "#ffffff", dark: "#000000", erase: "rgba(90, 140, 255, 0.6)" };

const clamp = (value) => Math.max(0, Math.min(LAST, Math.round(value)));

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".drawing");
  const canvas = root.querySelector("canvas");
  const status = root.querySelector("[role=status]");
  const size = root.querySelector("[name=size]");
  const pen = canvas.getContext("2d");
  // Kept on the element: this function runs again each time the server sends a picture.
  root.memory ??= { waiting: [], stroke: null, at: [32, 32], keys: false, started: false };
  const memory = root.memory;
  if (!memory.started) size.value = data.brush;
  memory.started = true;
  memory.waiting = memory.waiting.filter((stroke) => stroke.n > data.seen);
  canvas.setAttribute("aria-label", data.label);
  const scale = SIDE / Math.max(data.width, data.height);
  canvas.width = Math.round(data.width * scale);
  canvas.height = Math.round(data.height * scale);

  const picture = new Image();
  picture.onload = show;
  picture.src = data.picture;

  function place([x, y]) {
    return [(x / LAST) * canvas.width, (y / LAST) * canvas.height];
  }

  function trace({ ink, width, points }) {
    const thick = Math.max(2, (width / LAST) * SIDE);
    pen.strokeStyle = pen.fillStyle = INKS[ink];
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = thick;
    pen.beginPath();
    pen.moveTo(...place(points[0]));
    points.forEach((point) => pen.lineTo(...place(point)));
    pen.stroke();
  }

  function show() {
    pen.imageSmoothingEnabled = false;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (picture.complete && picture.naturalWidth) {
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    }
    [...memory.waiting, memory.stroke].filter(Boolean).forEach(trace);
    if (memory.keys) {
      // Two rings, so that one of them is seen on any ground.
      for (const [colour, width] of [["#000000", 5], ["#ffffff", 2]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.beginPath();
        pen.arc(...place(memory.at), Math.max(6, (size.value / LAST) * SIDE / 2), 0, 7);
        pen.stroke();
      }
    }
  }

  function begin(point) {
    const ink = root.querySelector("[name=ink]:checked").value;
    memory.stroke = { ink, width: Number(size.value), points: [point] };
    show();
  }

  function extend(point) {
    const points = memory.stroke.points;
    const last = points[points.length - 1];
    if (last[0] === point[0] && last[1] === point[1]) return;
    points.push(point);
    if (points.length >= MOST_POINTS) {
      finish();
      begin(point);
    }
  }

  function finish() {
    // A number that grows, also after a reload, tells the server which strokes are new to it.
    const n = Math.max(Date.now(), 1 + (memory.waiting.at(-1)?.n ?? 0));
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
    (every.length ? every : [event]).forEach((one) => extend(pointed(one)));
    show();
  };
  canvas.onpointerup = () => memory.stroke && !memory.keys && finish();
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
      memory.at = memory.at.map((value, axis) => clamp(value + far * step[axis]));
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
