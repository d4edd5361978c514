// One label: the evidence drawn, the decision sent, and what it moved.
"use strict";

(() => {
  const { call, data, say } = window.labkit;
  const { draw, axis, logarithmic, OHM, layout, colour, aroundR } = window.labkitPlots;
  const label = data("label");
  const spectrum = data("spectrum");

  if (spectrum?.fit) {
    const { frequency_hz: f, z_real_ohm: re, z_imag_ohm: im, fit } = spectrum;
    const inside = (k) => fit.window_hz?.[0] && f[k] >= fit.window_hz[0] * 0.999999 && f[k] <= fit.window_hz[1] * 1.000001;
    const left = new Set(fit.masked.map((point) => point.index));
    const byHand = new Set(fit.masked.filter((point) => point.by).map((point) => point.index));
    draw("nyquist", () => {
      const near = aroundR(spectrum, fit);
      const trace = (keep, name, marker) => {
        const indices = f.map((_, k) => k).filter(keep);
        return { type: "scatter", mode: "markers", name, x: indices.map((k) => re[k]), y: indices.map((k) => -im[k]), marker, hovertemplate: "Z′ %{x:.5g} Ω, −Z″ %{y:.5g} Ω<extra></extra>" };
      };
      const traces = [
        trace((k) => !left.has(k) && !inside(k), "measured", { color: colour("plot-points"), size: 7, symbol: "circle-open", line: { width: 1.6 } }),
        trace((k) => !left.has(k) && inside(k), "window of the fit", { color: colour("plot-window"), size: 9 }),
      ];
      if (byHand.size) traces.push(trace((k) => byHand.has(k), "left out by hand", { color: colour("plot-hand"), size: 9, symbol: "x" }));
      if (fit.line) {
        traces.push({ type: "scatter", mode: "lines", name: "extrapolation to R", x: fit.line.z_real_ohm, y: fit.line.z_imag_ohm.map((v) => -v), line: { color: colour("plot-line"), dash: "dash", width: 1.6 }, hoverinfo: "skip" });
      }
      return {
        data: traces,
        layout: layout({
          xaxis: axis("Z′ (Ω)", { ...OHM, ...(near ? { range: near.x } : {}), constrain: "domain" }),
          yaxis: axis("−Z″ (Ω)", { ...OHM, ...(near ? { range: near.y } : {}), scaleanchor: "x", scaleratio: 1, constrain: "domain" }),
        }),
      };
    });
  }

  if (label.literature.length) {
    // null: not said, which in published tables means room temperature
    const celsius = (kelvin) => `${Number((kelvin - 273.15).toPrecision(3))} °C`.replace("-", "−");
    const elsewhere = (kelvin) => kelvin !== null && Math.abs(kelvin - 298.15) > 10;
    const at = (kelvin) => (elsewhere(kelvin) ? celsius(kelvin) : "");
    const value = (row) => `${row.qualifier === "=" ? "" : row.qualifier}${row.sigma_S_per_cm.toExponential(2).replace("-", "−")} S/cm`;
    const symbol = (row) => (row.qualifier === "<" ? "triangle-left" : elsewhere(row.temperature_K) ? "square-open" : "circle-open");
    draw("others", () => ({
      data: [
        {
          type: "scatter",
          mode: "markers+text",
          name: "others",
          x: label.literature.map((row) => row.sigma_S_per_cm),
          y: label.literature.map(() => 0),
          text: label.literature.map((row) => at(row.temperature_K)),
          textposition: "top center",
          customdata: label.literature.map((row) => `${value(row)}, ${row.temperature_K === null ? "room temperature" : celsius(row.temperature_K)}, ${row.source}`),
          hovertemplate: "%{customdata}<extra></extra>",
          marker: { color: colour("plot-points"), size: 11, symbol: label.literature.map(symbol), line: { width: 2 } },
        },
        {
          type: "scatter",
          mode: "markers+text",
          name: label.label,
          x: [label.sigma_S_per_cm],
          y: [0],
          text: [at(label.temperature_K)],
          textposition: "top center",
          hovertemplate: `${label.label}: %{x:.3g} S/cm at ${celsius(label.temperature_K)}<extra></extra>`,
          marker: { color: colour("plot-window"), size: 15, symbol: elsewhere(label.temperature_K) ? "diamond-open" : "diamond", line: { width: 2 } },
        },
      ],
      layout: layout({
        margin: { l: 24, r: 24, t: 10, b: 52 },
        xaxis: logarithmic("conductivity (S/cm)", [label.sigma_S_per_cm, ...label.literature.map((row) => row.sigma_S_per_cm)]),
        yaxis: { visible: false, range: [-1, 1], fixedrange: true },
      }),
    }));
  }

  // After a decision the candidates are ranked again, and the page tells what moved.
  async function rankAgain() {
    const place = document.querySelector("#moved");
    place.hidden = false;
    place.replaceChildren(line("note", "ranking again …"));
    try {
      const ranking = await call("POST", "/api/rankings");
      const rows = [line("note good", `${ranking.ranking}: ${ranking.summary}`)];
      const list = document.createElement("ul");
      for (const move of ranking.moved.slice(0, 6)) {
        const row = document.createElement("li");
        row.textContent = move.sentence;
        list.append(row);
      }
      const link = document.createElement("a");
      link.href = "/candidates";
      link.className = "button main";
      link.textContent = "See the candidates";
      place.replaceChildren(...rows, list, link);
    } catch (error) {
      place.replaceChildren(line("note warn", `not ranked: ${error.message}`));
    }
  }

  function line(kind, text) {
    const note = document.createElement("p");
    note.className = kind;
    note.textContent = text;
    return note;
  }

  const form = document.querySelector("#decide");
  form?.addEventListener("labkit-done", async (event) => {
    const { answer } = event.detail;
    for (const button of form.querySelectorAll("button")) button.hidden = true;
    form.querySelector("textarea").readOnly = true;
    const badge = document.querySelector(".headline .badge");
    badge.className = `badge ${answer.state}`;
    badge.textContent = answer.state;
    await rankAgain();
  });
  form?.addEventListener("labkit-refused", async (event) => {
    const error = event.detail;
    if (error.status !== 409) return;
    const now = await call("GET", `/api/labels/${label.label}`);
    const by = now.reviewed_by ? `${now.state} by ${now.reviewed_by}: ${now.review_reason}` : now.state;
    say(form.querySelector(".says"), `Somebody else was faster: ${label.label} is ${by}. Your decision was not taken; load the page again.`, "bad");
    form.dataset.lost = "yes";
  });
})();
