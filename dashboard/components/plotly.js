// Plotly for whoever needs it: the page's own where there is one, else its file, fetched once.

/**
 * @param {string} address of Plotly's file
 * @returns {Promise<PlotlyLibrary>}
 */
export function plotly(address) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window.dmilPlotly ??= new Promise((done, fail) => {
    const failed = () => {
      window.dmilPlotly = null;
      script.remove();
      fail(new Error("Plotly could not be loaded"));
    };
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => (window.Plotly ? done(window.Plotly) : failed());
    script.onerror = failed;
    document.head.append(script);
  });
  return window.dmilPlotly;
}
