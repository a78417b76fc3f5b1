// Saves a figure that is already drawn on the page: nothing is asked of the server but Plotly's own
// file, once, when the first figure is saved.

const FONT = "Helvetica, Arial, sans-serif"; // an SVG in a file has no web fonts
const KINDS = { png: "image/png", svg: "image/svg+xml", html: "text/html" };
const NARROWEST = 480;
const MARGIN = 16;

function lines(text, most) {
  const found = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${found.at(-1)} ${word}`.trim();
    if (longer.length > most && found.at(-1)) found.push(word);
    else found[found.length - 1] = longer;
  }
  return found;
}

// A typed array has no JSON of its own, and Plotly leaves a second copy of packed ones.
const json = (value) =>
  JSON.stringify(value, (name, v) => {
    if (name === "_inputArray") return undefined;
    return ArrayBuffer.isView(v) && !(v instanceof DataView) ? Array.from(v) : v;
  });

// The drawn figure, with fonts that need no page around them and the page's ground and text colour.
function figure(plot) {
  const { color, backgroundColor } = getComputedStyle(
    document.querySelector("[data-testid=stApp]") ?? document.body,
  );
  const { data, layout } = JSON.parse(json({ data: plot.data, layout: plot.layout }));
  const look = layout.template?.layout ?? {};
  for (const axis of [look.xaxis, look.yaxis]) {
    if (axis?.tickfont) axis.tickfont.color = color;
    if (axis?.title?.font) axis.title.font.color = color;
  }
  layout.font = { ...layout.font, color, family: FONT };
  layout.paper_bgcolor = backgroundColor;
  layout.width = Math.max(NARROWEST, Math.round(plot._fullLayout.width));
  layout.height = Math.round(plot._fullLayout.height);
  layout.autosize = false;
  return { data, layout };
}

// What Plotly makes of its figure, as an SVG element.
async function ofPlotly(Plotly, fig) {
  const { width, height } = fig.layout;
  const drawn = await Plotly.toImage({ ...fig, config: {} }, { format: "svg", width, height });
  const text = await (await fetch(drawn)).text();
  return new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
}

// An SVG of our own, which fills its place and takes its letters from there, in pixels.
function standingAlone(svg) {
  const look = getComputedStyle(svg);
  const width = Math.max(NARROWEST, Math.round(svg.clientWidth));
  const height = Math.round(svg.clientHeight);
  const inner = svg.cloneNode(true);
  const font = { color: look.color, "font-size": look.fontSize, "font-family": FONT };
  for (const [key, value] of Object.entries({ ...font, width, height })) {
    inner.setAttribute(key, value);
  }
  inner.removeAttribute("style");
  // Stripes stand beside the drawing.
  for (const defs of svg.parentElement.querySelectorAll("defs")) {
    if (!svg.contains(defs)) inner.prepend(defs.cloneNode(true));
  }
  const ground = getComputedStyle(
    document.querySelector("[data-testid=stApp]") ?? document.body,
  ).backgroundColor;
  return { inner, layout: { width, height, font: { color: look.color }, paper_bgcolor: ground } };
}

// The figure as a picture of its own: a margin, and a heading that says what it is.
function picture(inner, layout, { title, about, alt }) {
  const { width, height, font, paper_bgcolor: ground } = layout;
  const heading = lines(title, Math.floor(width / 8.2));
  const top = MARGIN + 22 * heading.length + (about ? 20 : 0) + 6;
  const size = { width: width + 2 * MARGIN, height: height + top + MARGIN };
  const make = (name, attributes, words) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    if (words) one.textContent = words;
    return one;
  };
  const outer = make("svg", { ...size, viewBox: `0 0 ${size.width} ${size.height}`, role: "img" });
  const words = { x: MARGIN, fill: font.color, "font-family": FONT };
  outer.append(make("title", {}, title), make("desc", {}, alt));
  outer.append(make("rect", { ...size, fill: ground }));
  heading.forEach((line, i) =>
    outer.append(make("text", { ...words, y: MARGIN + 15 + 22 * i, "font-size": 17 }, line)),
  );
  const below = { ...words, y: MARGIN + 13 + 22 * heading.length, "font-size": 13 };
  if (about) outer.append(make("text", below, about));
  inner.setAttribute("x", MARGIN);
  inner.setAttribute("y", top);
  // Labels at the very edge reach into the margin.
  inner.setAttribute("overflow", "visible");
  outer.append(inner);
  return { svg: new XMLSerializer().serializeToString(outer), size };
}

async function pixels({ svg, size }, scale = 2) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: KINDS.svg }));
  await image.decode();
  URL.revokeObjectURL(image.src);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [scale * size.width, scale * size.height];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, KINDS.png));
}

// A document around a figure: ``body`` stands where the figure is to be seen.
function page({ title, about, alt }, { width, height, font, paper_bgcolor: ground }, body) {
  const words = (text) =>
    text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'">
<meta name="viewport" content="width=device-width">
<title>${words(title)}</title>
<style>
body { margin: 20px; font: 14px ${FONT}; background: ${ground}; color: ${font.color}; }
h1 { font-size: 18px; margin: 0 0 4px; }
#figure { max-width: ${Math.max(width, 900)}px; height: ${height}px; margin: 12px 0; }
p { max-width: 70ch; margin: 4px 0; }
a { color: inherit; }
</style>
</head>
<body>
<h1>${words(title)}</h1>
<p>${words(about)}</p>
<div id="figure" role="img" aria-label="${words(alt)}">${body.shown ?? ""}</div>
<p>${words(alt)}</p>
<p><a href="${words(window.location.href)}">This view in DMIL Explorer</a></p>
${body.script ?? ""}
</body>
</html>
`;
}

// What draws the figure anew in a document of its own.
function script({ data, layout }, source) {
  const { width, height, ...rest } = layout;
  // The end of a script must not stand inside a script.
  const inside = (value) => json(value).replace(/</g, "\\u003c");
  return `<script>${source}</script>
<script>
Plotly.newPlot("figure", ${inside(data)}, ${inside({ ...rest, autosize: true })},
  { responsive: true, displaylogo: false, showSendToCloud: false });
</script>`;
}

async function content(kind, place, told) {
  const own = shadows(place).map((root) => root.querySelector(".drawn > svg[role=img]"));
  const svg = own.find(Boolean);
  if (svg) {
    const { inner, layout } = standingAlone(svg);
    if (kind === "html") return page(told, layout, { shown: inner.outerHTML });
    const drawn = picture(inner, layout, told);
    return kind === "svg" ? drawn.svg : pixels(drawn);
  }
  const plot = place?.querySelector(".js-plotly-plot") ?? latentMap(place);
  if (!plot?._fullLayout) return null;
  const { plotly } = await import(told.loader);
  const Plotly = await plotly(told.plotly);
  const fig = figure(plot);
  if (kind === "html") {
    const source = await (await fetch(told.plotly)).text();
    return page(told, fig.layout, { script: script(fig, source) });
  }
  const drawn = picture(await ofPlotly(Plotly, fig), fig.layout, told);
  return kind === "svg" ? drawn.svg : pixels(drawn);
}

function keep(body, kind, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([body], { type: KINDS[kind] }));
  link.download = `${name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const shadows = (place) =>
  [...(place?.querySelectorAll("*") ?? [])].map((one) => one.shadowRoot).filter(Boolean);

// The latent map is drawn by itself, and says what it would be as a figure of Plotly.
function latentMap(place) {
  const maps = shadows(place).map((root) => root.querySelector(".map")?.map);
  return maps.find(Boolean)?.figure() ?? null;
}

/** Save the figure with this key; resolves to a word on how it went. */
export async function save(kind, told) {
  try {
    const made = await content(kind, document.querySelector(`.st-key-${told.key}`), told);
    if (!made) return "The figure is not drawn yet. Try again.";
    keep(made, kind, told.name);
    return "Saved.";
  } catch (error) {
    console.error(error);
    return "It could not be saved. Reload the page and try again.";
  }
}
