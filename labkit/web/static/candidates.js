// The list of candidates: filters ask the API and fill the table.
"use strict";

(() => {
  const form = document.querySelector("#filter");
  if (!form) return;
  const { call, say } = window.labkit;
  const body = document.querySelector("#list tbody");
  const number = (value, digits) => (value === null || value === undefined ? "–" : Number(value.toPrecision(digits)).toString().replace("-", "−"));

  function cell(content, kind = "") {
    const place = document.createElement("td");
    place.className = kind;
    place.append(content);
    return place;
  }

  function link(address, text) {
    const place = document.createElement("a");
    place.href = address;
    place.textContent = text;
    return place;
  }

  function row(one) {
    const line = document.createElement("tr");
    line.append(
      cell(String(one.rank), "number"),
      cell(link(`/structures/${encodeURIComponent(one.structure)}`, one.structure)),
      cell(one.formula, "formula"),
      cell(number(one.score, 3) + (one.spread_decades ? ` ± ${number(one.spread_decades, 2)}` : ""), "nowrap"),
      cell(number(one.e_above_hull_eV, 2)),
      cell(number(one.band_gap_eV, 2)),
      cell(link(`/clusters?cluster=${one.cluster}`, String(one.cluster))),
      cell(one.evidence, "small wide"),
    );
    return line;
  }

  async function show() {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value.trim()) query.set(name, value.trim().replace(",", name.endsWith("eV") ? "." : ","));
    }
    try {
      const found = await call("GET", `/api/candidates?${query}`);
      body.replaceChildren(...found.top.map(row));
      say("#filter-says", found.top.length ? `the best ${found.top.length} that pass` : "none of the best 2000 passes", found.top.length ? "" : "bad");
    } catch (error) {
      say("#filter-says", error.message, "bad");
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
})();
