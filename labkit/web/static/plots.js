// Plots that several pages share, in the page's own colours; redrawn when dark and light change.
"use strict";

window.labkitPlots = (() => {
  const drawn = new Map();
  const CONFIG = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { format: "svg" },
  };
  const MARGIN = { l: 74, r: 64, t: 40, b: 52 };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  function axis(title, more = {}) {
    return {
      title: { text: title, standoff: 12 },
      automargin: true,
      gridcolor: colour("plot-grid"),
      zerolinecolor: colour("line"),
      linecolor: colour("line"),
      ticks: "outside",
      tickcolor: colour("line"),
      exponentformat: "power",
      minexponent: 4,
      ...more,
    };
  }

  // Ohms with one prefix for a whole axis: 40k beside 1.5M, never 40,000 beside 0.5×10⁵.
  const OHM = { tickformat: "~s" };

  // A logarithmic axis whose ticks can be read however few decades the values span.
  function logarithmic(title, values, more = {}) {
    const known = values.filter((value) => value > 0).map(Math.log10);
    const span = known.length ? Math.max(...known) - Math.min(...known) : 1;
    const ticks = span > 2.5 ? { dtick: 1 } : span > 0.6 ? { dtick: "D2" } : { nticks: 6 };
    return axis(title, { type: "log", ...ticks, ...more });
  }

  function layout(more = {}) {
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 14, color: colour("ink") },
      margin: { ...MARGIN },
      hoverlabel: { bgcolor: colour("paper"), font: { color: colour("ink") }, bordercolor: colour("line") },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      ...more,
    };
  }

  // make() returns {data, layout}; it is called again when the colours change
  async function draw(id, make) {
    const place = document.getElementById(id);
    if (!place) return null;
    drawn.set(id, make);
    const { data, layout: shape } = make();
    await window.Plotly.react(place, data, shape, CONFIG);
    return place;
  }

  window.addEventListener("labkit-theme", () => {
    for (const [id, make] of drawn) draw(id, make);
  });

  const SERIES = ["#0a72b0", "#d9660f", "#2c9151", "#b0408f", "#7a62c9", "#9a7b12", "#3b9aa8", "#c23f45"];
  const series = (k) => SERIES[k % SERIES.length];

  function prefixed(hertz) {
    for (const [scale, unit] of [[1e6, "MHz"], [1e3, "kHz"], [1, "Hz"]]) {
      if (hertz >= scale) return `${Number((hertz / scale).toPrecision(3))} ${unit}`;
    }
    return `${Number((hertz * 1e3).toPrecision(3))} mHz`;
  }

  // Upper ends of the axes that show the arc, R and the window, but not the whole tail.
  function aroundR(view, fit) {
    const { frequency_hz: f, z_real_ohm: re, z_imag_ohm: im } = view;
    const resistance = fit?.resistance_ohm;
    const low = fit?.window_hz?.[0];
    if (!resistance || !low || resistance <= 0) return null;
    const left = new Set(fit.masked.map((point) => point.index));
    const inside = f.map((value, k) => k).filter((k) => f[k] >= low * (1 - 1e-9) && !left.has(k));
    const across = Math.max(resistance, ...inside.map((k) => re[k]));
    const up = Math.max(...inside.map((k) => -im[k]));
    const span = Math.max(across * 1.25, Math.min(up * 1.1, resistance * 2.5));
    return { x: [-0.04 * span, span], y: [-0.06 * span, Math.min(span, Math.max(up * 1.1, 0.5 * span))] };
  }

  return { draw, axis, logarithmic, OHM, layout, colour, series, prefixed, aroundR, MARGIN };
})();
