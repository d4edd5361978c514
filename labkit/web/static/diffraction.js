// A refined pattern: observed, calculated, background, reflections, difference, unexplained peaks.
"use strict";

(() => {
  const { draw, axis, layout, colour, series } = window.labkitPlots;
  const { call, say } = window.labkit;
  const place = document.querySelector("#pattern");
  if (!place) return;

  function figure(view) {
    const x = view.two_theta_deg;
    const top = Math.max(...view.observed);
    const row = 0.05 * top;
    const first = -0.06 * top;
    const data = [
      { type: "scatter", mode: "markers", name: "observed", x, y: view.observed, marker: { color: colour("plot-line"), size: 3.5 }, hovertemplate: "%{x:.3f}°: %{y:.0f} counts<extra>observed</extra>" },
      { type: "scatter", mode: "lines", name: "calculated", x, y: view.calculated, line: { color: colour("plot-window"), width: 1.6 }, hoverinfo: "skip" },
      { type: "scatter", mode: "lines", name: "background", x, y: view.background, line: { color: colour("plot-masked"), width: 1.2, dash: "dot" }, hoverinfo: "skip" },
    ];
    view.phases.forEach((phase, k) => {
      data.push({
        type: "scatter", mode: "markers", name: `${phase.name} (${phase.space_group})`, x: phase.reflections_deg, y: phase.reflections_deg.map(() => first - (k + 0.4) * row),
        marker: { symbol: "line-ns-open", size: 11, color: series(k + 2), line: { width: 1.3, color: series(k + 2) } },
        hovertemplate: `%{x:.3f}°<extra>${phase.name}</extra>`,
      });
    });
    const base = first - view.phases.length * row - Math.max(...view.difference, 0) - 0.03 * top;
    data.push(
      { type: "scatter", mode: "lines", name: "difference", x, y: view.difference.map((value) => value + base), customdata: view.difference, line: { color: colour("plot-points"), width: 1.1 }, hovertemplate: "%{x:.3f}°: %{customdata:.0f} counts<extra>difference</extra>" },
      { type: "scatter", mode: "lines", showlegend: false, x: [x[0], x[x.length - 1]], y: [base, base], line: { color: colour("line"), width: 1 }, hoverinfo: "skip" },
    );
    const height = (angle) => view.observed[x.findIndex((value) => value >= angle)] ?? 0;
    const strongest = [...view.residual_peaks].sort((a, b) => b.height_counts - a.height_counts).slice(0, 8);
    const annotations = strongest.map((peak) => ({
      x: peak.two_theta_deg, y: height(peak.two_theta_deg), text: "impurity?", hovertext: `${peak.two_theta_deg.toFixed(2)}°, ${peak.height_counts.toFixed(0)} counts that no phase explains`,
      showarrow: true, arrowhead: 2, arrowcolor: colour("plot-window"), ax: 0, ay: -38, textangle: -90, yanchor: "bottom", font: { color: colour("plot-window"), size: 13 },
    }));
    const ticks = niceTicks(top);
    return {
      data,
      layout: layout({
        annotations,
        margin: { l: 84, r: 20, t: 64, b: 52 },
        legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
        xaxis: axis("2θ (°)", { range: [x[0], x[x.length - 1]], zeroline: false, showgrid: false, exponentformat: "none" }),
        // below zero stand reflections and difference, no intensities
        yaxis: axis("intensity (counts)", { range: [base + Math.min(...view.difference, 0) - 0.04 * top, 1.16 * top], tickmode: "array", tickvals: ticks, zeroline: false }),
      }),
    };
  }

  function niceTicks(top) {
    const rough = top / 4;
    const scale = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * scale).find((one) => one >= rough) ?? rough;
    const found = [];
    for (let value = 0; value <= 1.1 * top; value += step) found.push(value);
    return found;
  }

  function tell(view) {
    const lines = view.phases.map((phase) => {
      const line = document.createElement("li");
      const share = phase.weight_fraction === null || view.phases.length < 2 ? "" : `, ${(100 * phase.weight_fraction).toFixed(1)} % by weight`;
      line.textContent = `${phase.name} (${phase.space_group}): ${phase.cell_words}, V = ${phase.volume_words} Å³${share}`;
      return line;
    });
    const peaks = view.residual_peaks.map((peak) => `${peak.two_theta_deg.toFixed(2)}°`);
    if (peaks.length) {
      const line = document.createElement("li");
      line.className = "note warn";
      line.textContent = `Impurity? No phase explains ${peaks.length === 1 ? "the peak" : `${peaks.length} peaks`} at ${peaks.slice(0, 12).join(", ")}${peaks.length > 12 ? " …" : ""}`;
      lines.push(line);
    }
    for (const message of [...view.messages.filter((one) => !one.includes("that no phase explains")), ...view.warnings]) {
      const line = document.createElement("li");
      line.className = "note";
      line.textContent = message;
      lines.push(line);
    }
    document.querySelector("#pattern-phases").replaceChildren(...lines);
  }

  let wanted = null;
  async function show(choice) {
    wanted = choice;
    say("#pattern-says", "drawing …");
    try {
      const view = await call("GET", `/api/refinements/${choice}`);
      if (wanted !== choice) return;
      tell(view);
      await draw("pattern", () => figure(view));
      say("#pattern-says", "");
      place.dataset.drawn = choice;
    } catch (error) {
      if (wanted === choice) say("#pattern-says", error.message, "bad");
    }
  }

  const choose = document.querySelector("#pattern-choice");
  choose.addEventListener("change", () => show(choose.value));
  show(choose.value);
})();
