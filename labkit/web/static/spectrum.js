// The plots of one measurement: Nyquist, Bode with the window, residuals; every point in its group.
"use strict";

// state: fit (shown now), pending (reasons by point, not kept yet), chosen (a point or null),
// wholeSpectrum and equalAxes
window.labkitSpectrum = (view, state) => {
  const { axis, logarithmic, OHM, layout, colour, prefixed, aroundR, MARGIN } = window.labkitPlots;
  const f = view.frequency_hz;
  const re = view.z_real_ohm;
  const im = view.z_imag_ohm;

  // a person's words are text, also where a plot would read them as markup
  const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  // what is left out: reason and who (null where labkit did), by point
  function masked() {
    const found = new Map();
    for (const point of state.fit?.masked ?? []) {
      const reason = state.pending.get(point.index);
      found.set(point.index, { reason: reason ?? point.reason, by: point.by, pending: reason !== undefined });
    }
    return found;
  }

  const within = (k) => {
    const window_hz = state.fit?.window_hz;
    return Boolean(window_hz?.[0]) && f[k] >= window_hz[0] * (1 - 1e-9) && f[k] <= window_hz[1] * (1 + 1e-9);
  };

  function groups() {
    const left = masked();
    const all = f.map((_, k) => k);
    return {
      left,
      byHand: all.filter((k) => left.get(k)?.by),
      byLabkit: all.filter((k) => left.has(k) && !left.get(k).by),
      inside: all.filter((k) => !left.has(k) && within(k)),
      others: all.filter((k) => !left.has(k) && !within(k)),
    };
  }

  const modulus = (k) => Math.hypot(re[k], im[k]);
  const phase = (k) => (-Math.atan2(im[k], re[k]) * 180) / Math.PI;

  // one trace per group of points; the points know their number, for whoever clicks them
  function traces(place) {
    const { left, byHand, byLabkit, inside, others } = groups();
    const { x, y, names, hover } = place;
    const trace = (indices, name, marker, more = {}) => ({
      type: "scatter",
      mode: "markers",
      name,
      x: indices.map(x),
      y: indices.map(more.value ?? y),
      customdata: indices,
      text: indices.map((k) => prefixed(f[k]) + (left.has(k) ? `, left out: ${plain(left.get(k).reason)}` : "")),
      hovertemplate: hover,
      marker,
      ...more.trace,
    });
    const found = [
      trace(others, names.others, { color: colour("plot-points"), size: 7, symbol: "circle-open", line: { width: 1.6 } }),
      trace(inside, names.inside, { color: colour("plot-window"), size: 9 }),
    ];
    if (byHand.length) {
      found.push(trace(byHand, "left out by hand", { color: colour("plot-hand"), size: 9, symbol: "x" }));
    }
    if (byLabkit.length) {
      found.push(trace(byLabkit, "left out by labkit", { color: colour("plot-masked"), size: 9, symbol: "x-thin", line: { width: 2, color: colour("plot-masked") } }));
    }
    if (place.second) found.push(trace([...others, ...inside], place.second.name, { color: colour("soft"), size: 5, symbol: "square" }, place.second));
    if (state.chosen !== null) {
      found.push({
        type: "scatter",
        mode: "markers",
        showlegend: false,
        hoverinfo: "skip",
        x: [x(state.chosen)],
        y: [y(state.chosen)],
        marker: { color: colour("plot-line"), size: 18, symbol: "circle-open", line: { width: 2.5 } },
      });
    }
    return found;
  }

  function nyquist() {
    const found = traces({
      x: (k) => re[k],
      y: (k) => -im[k],
      names: { others: "measured", inside: "window of the fit" },
      hover: "%{text}<br>Z′ %{x:.5g} Ω, −Z″ %{y:.5g} Ω<extra></extra>",
    });
    const fit = state.fit;
    if (fit?.line) {
      found.push({
        type: "scatter",
        mode: "lines",
        name: "extrapolation to R",
        x: fit.line.z_real_ohm,
        y: fit.line.z_imag_ohm.map((value) => -value),
        line: { color: colour("plot-line"), width: 1.6, dash: "dash" },
        hoverinfo: "skip",
      });
    }
    if (fit?.resistance_ohm) {
      found.push({
        type: "scatter",
        mode: "markers",
        name: "R",
        x: [fit.resistance_ohm],
        y: [0],
        hovertemplate: "R = %{x:.5g} Ω<extra></extra>",
        marker: { color: colour("plot-line"), size: 11, symbol: "diamond" },
      });
    }
    const near = state.wholeSpectrum ? null : aroundR(view, view.fit);
    return {
      data: found,
      layout: layout({
        uirevision: `${state.wholeSpectrum}${state.equalAxes}`,
        xaxis: axis("Z′ (Ω)", { ...OHM, ...(near ? { range: near.x } : { rangemode: "tozero" }), ...(state.equalAxes ? { constrain: "domain" } : {}) }),
        yaxis: axis("−Z″ (Ω)", {
          ...OHM,
          ...(near ? { range: near.y } : {}),
          ...(state.equalAxes ? { scaleanchor: "x", scaleratio: 1, constrain: "domain" } : {}),
        }),
      }),
    };
  }

  const logarithms = f.filter((value) => value > 0).map(Math.log10);
  const fullRange = [Math.min(...logarithms) - 0.12, Math.max(...logarithms) + 0.12];

  function bode() {
    const window_hz = state.fit?.window_hz;
    return {
      data: traces({
        x: (k) => f[k],
        y: modulus,
        names: { others: "|Z|", inside: "|Z| in the window" },
        hover: "%{text}: %{y:.4g}<extra></extra>",
        second: { name: "−phase", value: phase, trace: { yaxis: "y2" } },
      }),
      layout: layout({
        uirevision: "bode",
        margin: { ...MARGIN, autoexpand: false },
        xaxis: axis("frequency (Hz)", { type: "log", range: [...fullRange], dtick: 1 }),
        yaxis: logarithmic("|Z| (Ω)", f.map((_, k) => modulus(k)), OHM),
        yaxis2: axis("−phase (°)", { overlaying: "y", side: "right", showgrid: false, tickmode: "linear", tick0: 0, dtick: 15 }),
        shapes: window_hz?.[0]
          ? [{ type: "rect", xref: "x", yref: "paper", x0: window_hz[0], x1: window_hz[1], y0: 0, y1: 1, fillcolor: colour("plot-window"), opacity: 0.13, line: { width: 0 } }]
          : [],
      }),
    };
  }

  function residuals() {
    const kk = view.kramers_kronig;
    const trace = (name, values, marker) => ({
      type: "scatter",
      mode: "lines+markers",
      name,
      x: kk.frequency_hz,
      y: values.map((value) => 100 * value),
      line: { width: 1 },
      marker,
      hovertemplate: "%{x:.3g} Hz: %{y:.3f} %<extra></extra>",
    });
    const rule = (y) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: { color: colour("warn"), width: 1, dash: "dot" } });
    return {
      data: [
        trace("real", kk.residual_real, { color: colour("plot-points"), size: 5 }),
        trace("imaginary", kk.residual_imaginary, { color: colour("plot-window"), size: 5, symbol: "square" }),
      ],
      layout: layout({
        xaxis: axis("frequency (Hz)", { type: "log", range: [...fullRange], dtick: 1 }),
        yaxis: axis("residual (%)"),
        shapes: [rule(1), rule(-1)],
      }),
    };
  }

  return { nyquist, bode, residuals, masked, within, fullRange };
};
