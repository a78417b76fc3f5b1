// A figure that is told its next state and drawn on from the last one, with the page's text colour.

// What Streamlit gives the text of its own charts.
function dressed(layout, host) {
  const { color, fontFamily: family } = getComputedStyle(host);
  const look = layout.template.layout;
  for (const axis of ["xaxis", "yaxis"]) {
    look[axis] = { ...look[axis], tickfont: { color }, title: { font: { color } } };
  }
  look.hoverlabel = { font: { family } };
  layout.font = { ...layout.font, color, family };
  layout.autosize = true;
  return layout;
}

export default function ({ parentElement, data }) {
  const host = parentElement.querySelector(".moving");
  host.setAttribute("role", "img");
  host.setAttribute("aria-label", data.alt);
  host.style.height = `${data.height}px`;
  host.next = data;
  // One drawing at a time: what comes meanwhile is drawn next, and only the latest of it.
  host.drawing ??= Promise.resolve();
  host.drawing = host.drawing.then(async () => {
    const now = host.next;
    if (!now || host.shown === now.figure) return;
    try {
      const { plotly } = await import(new URL(now.loader, window.location.origin).href);
      const Plotly = await plotly(now.plotly);
      const { data: traces, layout } = JSON.parse(now.figure);
      await Plotly.react(host, traces, dressed(layout, host), now.config);
      host.shown = now.figure;
    } catch (error) {
      if (!host.shown) host.textContent = "This figure could not be drawn. Reload the page.";
    }
  });
}
