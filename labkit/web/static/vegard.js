// Lattice parameters against composition, with the fitted line.
"use strict";

(() => {
  const { draw, axis, layout, series } = window.labkitPlots;
  const vegard = window.labkit.data("vegard-data");
  if (!vegard?.fits?.length) return;
  draw("vegard", () => ({
    data: vegard.fits.flatMap((fit, k) => {
      const ends = [Math.min(...fit.x), Math.max(...fit.x)];
      return [
        { type: "scatter", mode: "markers", name: fit.quantity, x: fit.x, y: fit.value_angstrom, error_y: { type: "data", array: fit.esd_angstrom.map((esd) => esd ?? 0), color: series(k) }, marker: { color: series(k), size: 9 }, hovertemplate: "x = %{x}: %{y:.4f} Å<extra></extra>" },
        { type: "scatter", mode: "lines", showlegend: false, x: ends, y: ends.map((x) => fit.intercept.value + fit.slope.value * x), line: { color: series(k), width: 1.5, dash: "dash" }, hoverinfo: "skip" },
      ];
    }),
    layout: layout({ xaxis: axis("x"), yaxis: axis("lattice parameter (Å)") }),
  }));
})();
