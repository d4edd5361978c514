// Conductivity against inverse temperature, with both axes, for one pellet or several.
"use strict";

(() => {
  const { draw, axis, layout, series: shade } = window.labkitPlots;
  const all = window.labkit.data("series").filter((one) => one.series);
  if (all.length === 0) return;
  const celsius = (kelvin) => kelvin - 273.15;
  const across = (kelvin) => 1000 / kelvin;

  function traces(one, k) {
    const s = one.series;
    const colour = shade(k);
    const x = s.line.temperature_K.map(across);
    return [
      {
        type: "scatter", mode: "lines", x: [...x, ...[...x].reverse()], y: [...s.line.upper_S_per_cm, ...[...s.line.lower_S_per_cm].reverse()],
        fill: "toself", fillcolor: `${colour}26`, line: { width: 0 }, hoverinfo: "skip", showlegend: false,
      },
      {
        type: "scatter", mode: "lines", name: `${one.name}: Ea = ${s.ea_eV.toFixed(3)} eV`, x, y: s.line.sigma_S_per_cm, line: { color: colour, width: 2 }, hoverinfo: "skip",
      },
      {
        type: "scatter", mode: "markers", name: one.name, showlegend: false, x: s.temperature_K.map(across), y: s.sigma_S_per_cm,
        text: s.temperature_K.map((kelvin) => `${celsius(kelvin).toFixed(1)} °C`),
        hovertemplate: "%{text}: %{y:.3e} S/cm<extra></extra>",
        error_y: { type: "data", symmetric: false, array: s.sigma_S_per_cm.map((v, i) => v * Math.expm1(s.ln_error[i])), arrayminus: s.sigma_S_per_cm.map((v, i) => -v * Math.expm1(-s.ln_error[i])), color: colour, thickness: 1.2 },
        marker: { color: colour, size: 9, symbol: "circle-open", line: { width: 2 } },
      },
      {
        type: "scatter", mode: "markers", name: "25 °C", showlegend: k === 0, x: [across(298.15)], y: [s.sigma25_S_per_cm],
        hovertemplate: `25 °C${s.sigma25_extrapolated ? ", extrapolated" : ""}: %{y:.3e} S/cm<extra></extra>`,
        error_y: { type: "data", symmetric: false, array: [s.sigma25_interval95_S_per_cm[1] - s.sigma25_S_per_cm], arrayminus: [s.sigma25_S_per_cm - s.sigma25_interval95_S_per_cm[0]], color: colour, thickness: 1.2 },
        marker: { color: colour, size: 11, symbol: "diamond" },
      },
    ];
  }

  draw("arrhenius", () => {
    const kelvins = all.flatMap((one) => [...one.series.temperature_K, 298.15]);
    const range = [across(Math.max(...kelvins)), across(Math.min(...kelvins))];
    const pad = 0.06 * (range[1] - range[0]) || 0.1;
    const shown = [range[0] - pad, range[1] + pad];
    const step = [10, 20, 25, 50, 100].find((one) => (Math.max(...kelvins) - Math.min(...kelvins)) / one <= 7) ?? 200;
    const ticks = [];
    for (let c = Math.ceil(celsius(1000 / shown[1]) / step) * step; c <= celsius(1000 / shown[0]); c += step) ticks.push(c);
    const data = all.flatMap(traces);
    // an empty trace makes the upper axis appear
    data.push({ type: "scatter", x: [shown[0]], y: [all[0].series.sigma_S_per_cm[0]], xaxis: "x2", mode: "markers", marker: { opacity: 0 }, hoverinfo: "skip", showlegend: false });
    return {
      data,
      layout: layout({
        margin: { l: 86, r: 24, t: 108, b: 52 },
        legend: { orientation: "h", y: 1.18, yanchor: "bottom", x: 0 },
        xaxis: axis("1000 / T (1/K)", { range: shown }),
        xaxis2: axis("T (°C)", { overlaying: "x", side: "top", range: shown, tickmode: "array", tickvals: ticks.map((c) => across(c + 273.15)), ticktext: ticks.map((c) => String(c).replace("-", "−")), showgrid: false }),
        yaxis: axis("conductivity (S/cm)", { type: "log", exponentformat: "power" }),
      }),
    };
  });
})();
