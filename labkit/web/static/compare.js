// Several spectra on the same axes.
"use strict";

(() => {
  const { draw, axis, logarithmic, OHM, layout, series, prefixed, aroundR } = window.labkitPlots;
  const views = window.labkit.data("views");
  const name = (view) =>
    `${view.measurement} ${view.pellet ?? view.file}${view.temperature_K ? `, ${(view.temperature_K - 273.15).toPrecision(3)} °C` : ""}`;
  const trace = (view, k, x, y, unit) => ({
    type: "scatter",
    mode: "lines+markers",
    name: name(view),
    x,
    y,
    text: view.frequency_hz.map(prefixed),
    hovertemplate: `%{text}: %{y:.4g} ${unit}<extra></extra>`,
    line: { width: 1, color: series(k) },
    marker: { size: 6, color: series(k) },
  });

  draw("nyquist", () => {
    const near = views.map((view) => aroundR(view, view.fit)).filter(Boolean);
    const largest = near.sort((a, b) => b.x[1] - a.x[1])[0];
    return {
      data: views.map((view, k) => trace(view, k, view.z_real_ohm, view.z_imag_ohm.map((v) => -v), "Ω")),
      layout: layout({
        xaxis: axis("Z′ (Ω)", { ...OHM, ...(largest ? { range: largest.x } : {}), constrain: "domain" }),
        yaxis: axis("−Z″ (Ω)", { ...OHM, ...(largest ? { range: largest.y } : {}), scaleanchor: "x", scaleratio: 1, constrain: "domain" }),
      }),
    };
  });
  draw("bode", () => ({
    data: views.map((view, k) =>
      trace(view, k, view.frequency_hz, view.z_real_ohm.map((value, i) => Math.hypot(value, view.z_imag_ohm[i])), "Ω"),
    ),
    layout: layout({ xaxis: axis("frequency (Hz)", { type: "log", dtick: 1 }), yaxis: logarithmic("|Z| (Ω)", views.flatMap((view) => view.z_real_ohm.map((value, i) => Math.hypot(value, view.z_imag_ohm[i]))), OHM) }),
  }));
})();
