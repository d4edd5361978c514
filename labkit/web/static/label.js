// One label: the evidence drawn, the decision sent, and what it moved.
"use strict";

(() => {
  const { call, data, say } = window.labkit;
  const { draw, axis, layout, colour, aroundR } = window.labkitPlots;
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
          xaxis: axis("Z′ (Ω)", near ? { range: near.x } : {}),
          yaxis: axis("−Z″ (Ω)", { ...(near ? { range: near.y } : {}), scaleanchor: "x", scaleratio: 1, constrain: "domain" }),
        }),
      };
    });
  }

  if (label.literature.length) {
    draw("others", () => ({
      data: [
        {
          type: "scatter",
          mode: "markers",
          name: "others",
          x: label.literature.map((row) => row.sigma_S_per_cm),
          y: label.literature.map(() => 0),
          text: label.literature.map((row) => `${row.qualifier === "=" ? "" : row.qualifier}${row.sigma_S_per_cm.toExponential(2)} S/cm, ${row.source}`),
          hovertemplate: "%{text}<extra></extra>",
          marker: { color: colour("plot-points"), size: 11, symbol: label.literature.map((row) => (row.qualifier === "<" ? "triangle-left" : "circle-open")), line: { width: 2 } },
        },
        {
          type: "scatter",
          mode: "markers",
          name: label.label,
          x: [label.sigma_S_per_cm],
          y: [0],
          hovertemplate: `${label.label}: %{x:.3g} S/cm<extra></extra>`,
          marker: { color: colour("plot-window"), size: 15, symbol: "diamond" },
        },
      ],
      layout: layout({
        margin: { l: 24, r: 24, t: 10, b: 52 },
        xaxis: axis("conductivity (S/cm)", { type: "log", dtick: 1 }),
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
