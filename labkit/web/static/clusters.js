// The map of the clusters and the upper branches of their tree.
"use strict";

(() => {
  const { call } = window.labkit;
  const { draw, axis, layout, colour } = window.labkitPlots;
  const view = window.labkit.data("overview");
  const shade = document.querySelector("#shade");
  const SCALE = "Viridis";
  const power = (log) => (log === null ? "unknown" : `${(10 ** log).toExponential(1).replace("-", "−")} S/cm`);

  // The range of nearly all clusters: one that lies far off would squeeze them into a line.
  function middle(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    const [low, high] = [at(0.02), at(0.98)];
    const pad = 0.15 * (high - low) || 0.1;
    const shown = [low - pad, high + pad];
    const whole = sorted[sorted.length - 1] - sorted[0];
    return whole > 1.3 * (shown[1] - shown[0]) ? shown : null;
  }
  const across = middle(view.clusters.map((one) => one.x));
  const up = middle(view.clusters.map((one) => one.y));
  const outside = view.clusters.filter((one) => [[one.x, across], [one.y, up]].some(([at, range]) => range && (at < range[0] || at > range[1]))).length;
  document.querySelector("#outside").textContent = outside ? `${outside} ${outside === 1 ? "cluster lies" : "clusters lie"} outside this view; double-click shows all.` : "";

  function map() {
    const name = shade.value;
    const known = view.clusters.filter((one) => one[name] !== null);
    const others = view.clusters.filter((one) => one[name] === null);
    const trace = (rows, marker, more = {}) => ({
      type: "scatter",
      mode: "markers",
      x: rows.map((one) => one.x),
      y: rows.map((one) => one.y),
      customdata: rows.map((one) => one.cluster),
      text: rows.map((one) => `cluster ${one.cluster}: ${one.structures} structures, ${one.labels} labels<br>expected ${power(one.expected_log_sigma)}${one.highest_label ? `<br>highest ${one.highest_label}` : ""}<br>${one.formulas.join(", ")}`),
      hovertemplate: "%{text}<extra></extra>",
      marker: { size: rows.map((one) => Math.sqrt(one.structures)), sizemin: 5, sizeref: 0.55, line: { width: 1, color: colour("soft") }, ...marker },
      showlegend: false,
      ...more,
    });
    return {
      data: [
        trace(others, { color: colour("plot-masked"), opacity: 0.35 }),
        trace(known, { color: known.map((one) => one[name]), colorscale: SCALE, opacity: 0.85, colorbar: { title: { text: "log₁₀ σ (S/cm)", side: "right" }, thickness: 14 } }),
      ],
      layout: layout({ hovermode: "closest", xaxis: axis("first component", { zeroline: false, ...(across ? { range: [...across] } : {}) }), yaxis: axis("second component", { zeroline: false, ...(up ? { range: [...up] } : {}) }) }),
    };
  }

  function tree() {
    const { across, up, leaves } = view.tree;
    const x = across.flatMap((line) => [...line, null]);
    const y = up.flatMap((line) => [...line.map((value) => Math.max(value, 0)), null]);
    const position = leaves.map((_, k) => 10 * k + 5);
    return {
      data: [
        { type: "scatter", mode: "lines", x, y, line: { color: colour("soft"), width: 1.3 }, hoverinfo: "skip", showlegend: false },
        {
          type: "scatter", mode: "markers", x: position, y: leaves.map(() => 0),
          text: leaves.map((leaf) => `${leaf.structures} structures, ${leaf.labels} labels<br>expected ${power(leaf.expected_log_sigma)}<br>${leaf.formulas.join(", ")}`),
          hovertemplate: "%{text}<extra></extra>",
          marker: { size: 12, color: leaves.map((leaf) => leaf.expected_log_sigma ?? NaN), colorscale: SCALE, line: { width: 1, color: colour("soft") } },
          showlegend: false,
        },
      ],
      layout: layout({
        margin: { l: 96, r: 24, t: 14, b: 60 },
        xaxis: axis("", { tickvals: position, ticktext: leaves.map((leaf) => String(leaf.structures)), tickangle: -90, showgrid: false, zeroline: false }),
        yaxis: axis("distance when merged", { rangemode: "tozero" }),
      }),
    };
  }

  async function choose(cluster) {
    const one = view.clusters.find((found) => found.cluster === cluster);
    if (!one) return;
    document.querySelector("#cluster-title").textContent = `Cluster ${cluster}: ${one.structures} structures, ${one.labels} labels`;
    const facts = document.querySelector("#cluster-facts");
    const lines = [];
    const first = document.createElement("p");
    first.textContent = `Expected ${power(one.expected_log_sigma)}${one.highest_label ? `, highest label ${one.highest_label}` : ""}. Among them ${one.formulas.join(", ")}.`;
    lines.push(first);
    try {
      const found = await call("GET", `/api/candidates?cluster=${cluster}&count=12`);
      const list = document.createElement("ol");
      list.className = "steps";
      for (const row of found.top) {
        const item = document.createElement("li");
        item.value = row.rank;
        const link = document.createElement("a");
        link.href = `/structures/${encodeURIComponent(row.structure)}`;
        link.textContent = row.structure;
        item.append(link, ` ${row.formula}`);
        list.append(item);
      }
      if (found.top.length) lines.push(list);
    } catch {
      // no ranking yet: the cluster itself is still told
    }
    facts.replaceChildren(...lines);
  }

  shade.addEventListener("change", () => draw("map", map));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-cluster]");
    if (button) choose(Number(button.dataset.cluster));
  });
  draw("map", map).then((place) => {
    place.on("plotly_click", (event) => choose(event.points[0].customdata));
    const chosen = document.querySelector("#clusters").dataset.chosen;
    if (chosen !== "") choose(Number(chosen));
  });
  draw("tree", tree);
})();
