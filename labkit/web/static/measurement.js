// One measurement: the window's handles and the points; results follow them, and can be kept.
"use strict";

(() => {
  const { call, say, data } = window.labkit;
  const { draw, prefixed, aroundR, MARGIN } = window.labkitPlots;
  const view = data("view");
  const stored = view.fit;
  const f = view.frequency_hz;
  const address = `/api/measurements/${view.measurement}/window`;
  const low = document.querySelector("#handle-low");
  const high = document.querySelector("#handle-high");

  // what is not kept yet: a window ("automatic", two frequencies, or null: as it is) and points
  const pending = { window: null, mask: new Map(), unmask: new Set() };
  const state = { fit: stored, pending: pending.mask, chosen: null, wholeSpectrum: !aroundR(view, stored), equalAxes: true };
  const { nyquist, bode, residuals, masked, within, fullRange } = window.labkitSpectrum(view, state);

  const redraw = () => Promise.all([draw("nyquist", nyquist), draw("bode", bode)]);
  const points = window.labkitPoints({
    view,
    state,
    masked,
    within,
    order: f.map((_, k) => k).filter((k) => f[k] > 0).sort((a, b) => f[b] - f[a]),
    change,
    redraw,
  });

  // ---- what is shown

  function show(found) {
    const fit = (state.fit = found);
    redraw();
    const put = (id, text) => {
      const place = document.querySelector(id);
      if (place) place.textContent = text;
    };
    for (const place of document.querySelectorAll("[data-live]")) place.textContent = fit.words[place.dataset.live];
    put("#resistance", fit.words.resistance);
    put("#sigma", fit.words.sigma);
    put("#window", fit.words.window);
    const setBy = pending.window === null ? stored.window_set_by : null;
    put("#source", (fit.window_source ?? "–") + (setBy ? ` by ${setBy}` : ""));
    put("#n-points", fit.n_points ?? "–");
    put("#exponent", fit.words.exponent);
    put("#cpe", fit.words.cpe);
    put("#classical", fit.words.classical);
    put("#reasons", fit.reasons.join(", "));
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
    offer();
    points.list();
    placeHandles();
  }

  const nothingPending = () => pending.window === null && !pending.mask.size && !pending.unmask.size;
  const number = (count) => (count === 1 ? "1 point" : `${count} points`);

  // the button says what would be kept
  function offer() {
    const { mask, unmask } = pending;
    const parts = [];
    if (mask.size) parts.push(`${number(mask.size)} left out`);
    if (unmask.size) parts.push(`${number(unmask.size)} used again`);
    const window_words = { automatic: "the automatic window" }[pending.window] ?? (pending.window ? "this window" : "");
    const what = window_words ? [window_words, ...parts].join(", ") : `with ${parts.join(", ")}`;
    const changed = !nothingPending();
    document.querySelector("#kind").textContent = changed ? "tried, not kept" : "as stored";
    document.querySelector("#back").disabled = !changed;
    const keep = document.querySelector("#keep");
    if (!keep) return;
    keep.disabled = !changed;
    keep.textContent = changed ? `Keep ${what}` : "Keep this window";
  }

  // ---- what is asked: one question at a time; while it is answered only the newest wish counts

  let wanted = false;
  let asking = null;

  function follow() {
    wanted = true;
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  }

  async function ask() {
    let refused = null;
    while (wanted) {
      wanted = false;
      refused = null;
      if (nothingPending()) {
        show(stored);
        continue;
      }
      try {
        const started = performance.now();
        const found = await call("GET", `${address}?${question()}`);
        document.body.dataset.lastAnswerMs = String(Math.round(performance.now() - started));
        if (!wanted) show(found);
      } catch (error) {
        refused = error.message;
      }
    }
    say("#says", refused ?? "", refused ? "bad" : "");
    return refused;
  }

  function question() {
    const asked = new URLSearchParams();
    if (Array.isArray(pending.window)) {
      asked.set("low_hz", pending.window[0]);
      asked.set("high_hz", pending.window[1]);
    } else if (pending.window === null) asked.set("as_it_is", "true");
    for (const k of pending.mask.keys()) asked.append("mask", k);
    for (const k of pending.unmask) asked.append("unmask", k);
    return asked;
  }

  // An edit of points that is refused is undone, so that what is shown is what would be kept.
  async function change(edit) {
    const before = [new Map(pending.mask), new Set(pending.unmask)];
    edit(pending);
    const refused = await follow();
    if (refused) {
      [pending.mask, pending.unmask] = before;
      state.pending = pending.mask;
      await follow();
    }
    return refused;
  }

  function back() {
    pending.window = null;
    pending.mask.clear();
    pending.unmask.clear();
    say("#says", "");
    show(stored);
  }

  // ---- the handles: positions are plain arithmetic on the axis' range and our own margins
  const bodePlace = document.getElementById("bode");

  function usable() {
    const left = masked();
    return [...new Set(f.filter((value, k) => value > 0 && !left.has(k)))].sort((a, b) => a - b);
  }

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
    const ends = state.fit?.window_hz;
    const frequencies = usable();
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
      handle.setAttribute("aria-valuemin", frequencies[0]);
      handle.setAttribute("aria-valuemax", frequencies[frequencies.length - 1]);
      handle.setAttribute("aria-valuenow", ends[end]);
      handle.setAttribute("aria-valuetext", prefixed(ends[end]));
    }
  }

  const nearest = (hertz, frequencies) =>
    frequencies.reduce((best, one) => (Math.abs(Math.log(one / hertz)) < Math.abs(Math.log(best / hertz)) ? one : best));

  function move(end, hertz) {
    const ends = [...state.fit.window_hz];
    const other = ends[1 - end];
    const snapped = nearest(hertz, usable());
    if (end === 0 ? snapped >= other : snapped <= other) return;
    if (snapped === ends[end]) return;
    ends[end] = snapped;
    state.fit = { ...state.fit, window_hz: ends };
    placeHandles();
    pending.window = ends;
    follow();
  }

  // a handle lies over the points beside it: pressed without being dragged, it chooses one of them
  const STILL_PX = 4;

  for (const [handle, end] of [[low, 0], [high, 1]]) {
    if (!handle) continue;
    let pressedAt = 0;
    const hertzAt = (event) => geometry().hertz(event.clientX - bodePlace.getBoundingClientRect().left);
    const still = (event) => pressedAt !== null && Math.abs(event.clientX - pressedAt) < STILL_PX;
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      pressedAt = event.clientX;
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId) || still(event)) return;
      pressedAt = null;
      move(end, hertzAt(event));
    });
    handle.addEventListener("pointerup", (event) => {
      if (still(event)) points.choose(f.indexOf(nearest(hertzAt(event), f.filter((value) => value > 0))));
    });
    handle.addEventListener("keydown", (event) => {
      const frequencies = usable();
      const position = frequencies.indexOf(nearest(state.fit.window_hz[end], frequencies));
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };
      const target =
        event.key === "Home" ? 0 : event.key === "End" ? frequencies.length - 1 : position + (steps[event.key] ?? NaN);
      if (Number.isNaN(target)) return;
      event.preventDefault();
      move(end, frequencies[Math.max(0, Math.min(frequencies.length - 1, target))]);
    });
  }

  // ---- the buttons

  document.querySelector("#keep")?.addEventListener("click", async (event) => {
    event.target.disabled = true;
    const window_hz = Array.isArray(pending.window) ? { low_hz: pending.window[0], high_hz: pending.window[1] } : {};
    try {
      await call("POST", address, {
        ...window_hz,
        automatic: pending.window === "automatic",
        mask: [...pending.mask].map(([index, reason]) => ({ index, reason })),
        unmask: [...pending.unmask],
        seen: stored.analysis,
      });
      window.location.reload();
    } catch (error) {
      say("#says", error.message, "bad");
      event.target.disabled = false;
    }
  });
  document.querySelector("#automatic")?.addEventListener("click", async () => {
    const byHand = stored.window_source === "set by hand";
    pending.window = byHand ? "automatic" : null;
    const refused = await follow();
    if (!refused && !byHand) say("#says", "The stored window is the automatic one.");
  });
  document.querySelector("#back")?.addEventListener("click", back);

  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      state.wholeSpectrum = button.dataset.view === "all";
      for (const one of document.querySelectorAll("[data-view]")) one.setAttribute("aria-pressed", String(one === button));
      draw("nyquist", nyquist);
    });
  }
  document.querySelector("[data-equal]").addEventListener("click", (event) => {
    state.equalAxes = !state.equalAxes;
    event.target.setAttribute("aria-pressed", String(state.equalAxes));
    draw("nyquist", nyquist);
  });

  async function start() {
    const nyquistPlace = await draw("nyquist", nyquist);
    await draw("bode", bode);
    if (view.kramers_kronig) draw("residuals", residuals);
    for (const place of [nyquistPlace, bodePlace]) {
      place.on("plotly_click", (event) => {
        const k = event.points.find((point) => point.customdata !== undefined)?.customdata;
        if (k !== undefined) points.choose(k);
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
