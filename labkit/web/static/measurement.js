// One measurement: Nyquist, Bode with the window's handles, residuals; results follow the handles.
"use strict";

(() => {
  const { call, say, data } = window.labkit;
  const { draw, axis, layout, colour, prefixed, aroundR, MARGIN } = window.labkitPlots;
  const view = data("view");
  const stored = view.fit;
  const f = view.frequency_hz;
  const re = view.z_real_ohm;
  const im = view.z_imag_ohm;
  const address = `/api/measurements/${view.measurement}/window`;
  const low = document.querySelector("#handle-low");
  const high = document.querySelector("#handle-high");
  let fit = stored;
  let wholeSpectrum = !aroundR(view, stored);
  let equalAxes = true;

  const masked = () => new Map((fit?.masked ?? []).map((point) => [point.index, point.reason]));
  const within = (k) => {
    const window_hz = fit?.window_hz;
    return window_hz && f[k] >= window_hz[0] * (1 - 1e-9) && f[k] <= window_hz[1] * (1 + 1e-9);
  };

  function groups() {
    const left = masked();
    const all = f.map((_, k) => k);
    return {
      left,
      out: all.filter((k) => left.has(k)),
      inside: all.filter((k) => !left.has(k) && within(k)),
      others: all.filter((k) => !left.has(k) && !within(k)),
    };
  }

  function nyquist() {
    const { left, out, inside, others } = groups();
    const trace = (indices, name, marker) => ({
      type: "scatter",
      mode: "markers",
      name,
      x: indices.map((k) => re[k]),
      y: indices.map((k) => -im[k]),
      customdata: indices,
      text: indices.map((k) => prefixed(f[k]) + (left.has(k) ? `, left out: ${left.get(k)}` : "")),
      hovertemplate: "%{text}<br>Z′ %{x:.5g} Ω, −Z″ %{y:.5g} Ω<extra></extra>",
      marker,
    });
    const traces = [
      trace(others, "measured", { color: colour("plot-points"), size: 7, symbol: "circle-open", line: { width: 1.6 } }),
      trace(inside, "window of the fit", { color: colour("plot-window"), size: 9 }),
    ];
    if (out.length) {
      traces.push(trace(out, "left out, with a reason", { color: colour("plot-masked"), size: 9, symbol: "x-thin", line: { width: 2, color: colour("plot-masked") } }));
    }
    if (fit?.line) {
      traces.push({
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
      traces.push({
        type: "scatter",
        mode: "markers",
        name: "R",
        x: [fit.resistance_ohm],
        y: [0],
        hovertemplate: "R = %{x:.5g} Ω<extra></extra>",
        marker: { color: colour("plot-line"), size: 11, symbol: "diamond" },
      });
    }
    const near = wholeSpectrum ? null : aroundR(view, stored);
    return {
      data: traces,
      layout: layout({
        uirevision: `${wholeSpectrum}${equalAxes}`,
        xaxis: axis("Z′ (Ω)", near ? { range: near.x } : { rangemode: "tozero" }),
        yaxis: axis("−Z″ (Ω)", {
          ...(near ? { range: near.y } : {}),
          ...(equalAxes ? { scaleanchor: "x", scaleratio: 1, constrain: "domain" } : {}),
        }),
      }),
    };
  }

  const logarithms = f.filter((value) => value > 0).map(Math.log10);
  const fullRange = [Math.min(...logarithms) - 0.12, Math.max(...logarithms) + 0.12];

  function bode() {
    const { left, out, inside, others } = groups();
    const modulus = (k) => Math.hypot(re[k], im[k]);
    const phase = (k) => (-Math.atan2(im[k], re[k]) * 180) / Math.PI;
    const trace = (indices, name, value, marker, more = {}) => ({
      type: "scatter",
      mode: "markers",
      name,
      x: indices.map((k) => f[k]),
      y: indices.map(value),
      customdata: indices,
      text: indices.map((k) => prefixed(f[k]) + (left.has(k) ? `, left out: ${left.get(k)}` : "")),
      hovertemplate: "%{text}: %{y:.4g}<extra></extra>",
      marker,
      ...more,
    });
    const traces = [
      trace(others, "|Z|", modulus, { color: colour("plot-points"), size: 7, symbol: "circle-open", line: { width: 1.6 } }),
      trace(inside, "|Z| in the window", modulus, { color: colour("plot-window"), size: 9 }),
      trace([...others, ...inside], "−phase", phase, { color: colour("soft"), size: 5, symbol: "square" }, { yaxis: "y2" }),
    ];
    if (out.length) {
      traces.push(trace(out, "left out", modulus, { color: colour("plot-masked"), size: 9, symbol: "x-thin", line: { width: 2, color: colour("plot-masked") } }));
    }
    const window_hz = fit?.window_hz;
    return {
      data: traces,
      layout: layout({
        uirevision: "bode",
        margin: { ...MARGIN, autoexpand: false },
        xaxis: axis("frequency (Hz)", { type: "log", range: [...fullRange], dtick: 1 }),
        yaxis: axis("|Z| (Ω)", { type: "log", dtick: 1 }),
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

  function show(found, kind) {
    fit = found;
    draw("nyquist", nyquist);
    draw("bode", bode);
    const put = (id, text) => {
      const place = document.querySelector(id);
      if (place) place.textContent = text;
    };
    for (const place of document.querySelectorAll("[data-live]")) place.textContent = fit.words[place.dataset.live];
    put("#resistance", fit.words.resistance);
    put("#sigma", fit.words.sigma);
    put("#window", fit.words.window);
    put("#source", fit.window_source ?? "–");
    put("#n-points", fit.n_points ?? "–");
    put("#exponent", fit.words.exponent);
    put("#cpe", fit.words.cpe);
    put("#classical", fit.words.classical);
    put("#reasons", fit.reasons.join(", "));
    put("#kind", kind);
    const badge = document.querySelector("#verdict .badge");
    badge.className = `badge ${fit.verdict}`;
    badge.textContent = fit.verdict;
    document.querySelector("#messages").replaceChildren(
      ...fit.messages.map((message) => {
        const line = document.createElement("li");
        line.className = `note ${{ review: "warn", rejected: "bad" }[fit.verdict] ?? ""}`;
        line.textContent = message;
        return line;
      }),
    );
    const changed = kind !== "as stored";
    const keep = document.querySelector("#keep");
    if (keep) keep.disabled = !changed || kind === "automatic window, not kept";
    document.querySelector("#back").disabled = !changed;
    placeHandles();
  }

  // ---- the handles: positions are plain arithmetic on the axis' range and our own margins
  const bodePlace = document.getElementById("bode");
  const usable = [...new Set(f.filter((value, k) => value > 0 && !masked().has(k)))].sort((a, b) => a - b);

  function geometry() {
    const range = bodePlace.layout?.xaxis?.range ?? fullRange;
    const width = bodePlace.clientWidth - MARGIN.l - MARGIN.r;
    return {
      left: (hertz) => MARGIN.l + ((Math.log10(hertz) - range[0]) / (range[1] - range[0])) * width,
      hertz: (left) => 10 ** (range[0] + ((left - MARGIN.l) / width) * (range[1] - range[0])),
      from: MARGIN.l,
      to: MARGIN.l + width,
    };
  }

  function placeHandles() {
    const ends = fit?.window_hz;
    for (const [handle, end] of [[low, 0], [high, 1]]) {
      if (!handle) continue;
      handle.hidden = !ends?.[end];
      if (handle.hidden) continue;
      const g = geometry();
      const left = g.left(ends[end]);
      handle.style.left = `${left}px`;
      handle.style.top = `${MARGIN.t}px`;
      handle.style.height = `${bodePlace.clientHeight - MARGIN.t - MARGIN.b}px`;
      handle.hidden = left < g.from - 2 || left > g.to + 2;
      handle.setAttribute("aria-valuemin", usable[0]);
      handle.setAttribute("aria-valuemax", usable[usable.length - 1]);
      handle.setAttribute("aria-valuenow", ends[end]);
      handle.setAttribute("aria-valuetext", prefixed(ends[end]));
    }
  }

  let wanted = null;
  let busy = false;

  // One question at a time; while it is answered only the newest wish is remembered.
  async function follow() {
    if (busy || !wanted) return;
    busy = true;
    while (wanted) {
      const [low_hz, high_hz] = wanted;
      wanted = null;
      try {
        const started = performance.now();
        const found = await call("GET", `${address}?low_hz=${low_hz}&high_hz=${high_hz}`);
        document.body.dataset.lastAnswerMs = String(Math.round(performance.now() - started));
        if (!wanted) show(found, "tried, not kept");
        say("#says", "");
      } catch (error) {
        say("#says", error.message, "bad");
      }
    }
    busy = false;
  }

  const nearest = (hertz) =>
    usable.reduce((best, one) => (Math.abs(Math.log(one / hertz)) < Math.abs(Math.log(best / hertz)) ? one : best));

  function move(end, hertz) {
    const ends = [...fit.window_hz];
    const other = ends[1 - end];
    const snapped = nearest(hertz);
    if (end === 0 ? snapped >= other : snapped <= other) return;
    if (snapped === ends[end]) return;
    ends[end] = snapped;
    fit = { ...fit, window_hz: ends };
    placeHandles();
    wanted = ends;
    follow();
  }

  for (const [handle, end] of [[low, 0], [high, 1]]) {
    if (!handle) continue;
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      handle.focus();
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const left = event.clientX - bodePlace.getBoundingClientRect().left;
      move(end, geometry().hertz(left));
    });
    handle.addEventListener("keydown", (event) => {
      const position = usable.indexOf(nearest(fit.window_hz[end]));
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };
      const target =
        event.key === "Home" ? 0 : event.key === "End" ? usable.length - 1 : position + (steps[event.key] ?? NaN);
      if (Number.isNaN(target)) return;
      event.preventDefault();
      move(end, usable[Math.max(0, Math.min(usable.length - 1, target))]);
    });
  }

  document.querySelector("#keep")?.addEventListener("click", async (event) => {
    event.target.disabled = true;
    try {
      await call("POST", address, { low_hz: fit.window_hz[0], high_hz: fit.window_hz[1] });
      window.location.reload();
    } catch (error) {
      say("#says", error.message, "bad");
      event.target.disabled = false;
    }
  });
  document.querySelector("#automatic")?.addEventListener("click", async () => {
    try {
      // only looked at: kept, it would be stored as a window that a person has set
      show(await call("GET", address), "automatic window, not kept");
    } catch (error) {
      say("#says", error.message, "bad");
    }
  });
  document.querySelector("#back")?.addEventListener("click", () => show(stored, "as stored"));

  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      wholeSpectrum = button.dataset.view === "all";
      for (const one of document.querySelectorAll("[data-view]")) one.setAttribute("aria-pressed", String(one === button));
      draw("nyquist", nyquist);
    });
  }
  document.querySelector("[data-equal]").addEventListener("click", (event) => {
    equalAxes = !equalAxes;
    event.target.setAttribute("aria-pressed", String(equalAxes));
    draw("nyquist", nyquist);
  });

  async function start() {
    const nyquistPlace = await draw("nyquist", nyquist);
    await draw("bode", bode);
    if (view.kramers_kronig) draw("residuals", residuals);
    for (const place of [nyquistPlace, bodePlace]) {
      place.on("plotly_click", (event) => {
        const point = event.points[0];
        if (point.customdata === undefined) return;
        const k = point.customdata;
        const reason = masked().get(k);
        say("#point", `${prefixed(f[k])}: Z′ ${re[k].toPrecision(5)} Ω, Z″ ${im[k].toPrecision(5)} Ω` + (reason ? `. Left out: ${reason}` : within(k) ? ". In the window of the fit." : ""));
      });
    }
    bodePlace.on("plotly_relayout", placeHandles);
    bodePlace.on("plotly_afterplot", placeHandles);
    new ResizeObserver(placeHandles).observe(bodePlace);
    placeHandles();
    document.body.dataset.ready = "yes";
  }
  start();
})();
