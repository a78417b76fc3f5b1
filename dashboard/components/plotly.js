// Plotly for whoever needs it: the page's own where there is one, else its file, fetched once.

export function plotly(address) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window.dmilPlotly ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => done(window.Plotly);
    script.onerror = () => {
      window.dmilPlotly = null;
      script.remove();
      fail(new Error("Plotly could not be loaded"));
    };
    document.head.append(script);
  });
  return window.dmilPlotly;
}
