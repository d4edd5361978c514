// Lattice parameters against composition, with the fitted line.
"use strict";

(() => {
  const { draw, axis, layout, series } = window.labkitPlots;
  const vegard = window.labkit.data("vegard-data");
  if (!vegard?.fits?.length) return;
  // a, b and c differ by more than they change: each is drawn against its own value at x = 0
  draw("vegard", () => ({
    data: vegard.fits.flatMap((fit, k) => {
      const limit = fit.solubility_limit ?? Infinity;
      const line = Number.isFinite(limit) ? [fit.intercept_within_limit, fit.slope_within_limit] : [fit.intercept, fit.slope];
      const [start, slope] = line.map((estimate) => estimate.value);
      const change = (value) => 100 * (value / start - 1);
      const ends = [Math.min(...fit.x), Math.min(limit, Math.max(...fit.x)), Math.max(...fit.x)];
      return [
        {
          type: "scatter", mode: "markers", name: fit.quantity, x: fit.x, y: fit.value_angstrom.map(change), text: fit.value_angstrom.map((value) => value.toFixed(4)),
          error_y: { type: "data", array: fit.esd_angstrom.map((esd) => (100 * (esd ?? 0)) / start), color: series(k) },
          marker: { color: series(k), size: 9 },
          hovertemplate: `${fit.quantity}, x = %{x}: %{text} Å<extra></extra>`,
        },
        { type: "scatter", mode: "lines", showlegend: false, x: ends, y: ends.map((x) => change(start + slope * Math.min(x, limit))), line: { color: series(k), width: 1.5, dash: "dash" }, hoverinfo: "skip" },
      ];
    }),
    layout: layout({ xaxis: axis("x"), yaxis: axis("change against x = 0 (%)") }),
  }));
})();
