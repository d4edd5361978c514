// A unit cell in three dimensions: spheres, sticks and the edges of the cell.
"use strict";

(() => {
  const { draw, layout, colour } = window.labkitPlots;
  const { atoms, bonds, cell } = window.labkit.data("structure");
  const kinds = [...new Set(atoms.map((atom) => atom.symbol))];
  const add = (a, b) => a.map((value, k) => value + b[k]);
  const corner = (i, j, k) => [i, j, k].reduce((sum, n, axis) => add(sum, cell[axis].map((value) => n * value)), [0, 0, 0]);

  function lines(pairs) {
    const found = { x: [], y: [], z: [] };
    for (const [from, to] of pairs) {
      ["x", "y", "z"].forEach((name, k) => found[name].push(from[k], to[k], null));
    }
    return found;
  }

  const edges = [];
  for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
    edges.push([corner(0, i, j), corner(1, i, j)], [corner(i, 0, j), corner(i, 1, j)], [corner(i, j, 0), corner(i, j, 1)]);
  }
  const place = (atom) => [atom.x_angstrom, atom.y_angstrom, atom.z_angstrom];

  draw("atoms", () => ({
    data: [
      { type: "scatter3d", mode: "lines", ...lines(edges), line: { color: colour("soft"), width: 2 }, hoverinfo: "skip", showlegend: false },
      { type: "scatter3d", mode: "lines", ...lines(bonds.map(([a, b]) => [place(atoms[a]), place(atoms[b])])), line: { color: colour("plot-masked"), width: 7 }, hoverinfo: "skip", showlegend: false },
      ...kinds.map((symbol) => {
        const own = atoms.filter((atom) => atom.symbol === symbol);
        return {
          type: "scatter3d", mode: "markers", name: symbol,
          x: own.map((atom) => atom.x_angstrom), y: own.map((atom) => atom.y_angstrom), z: own.map((atom) => atom.z_angstrom),
          hovertemplate: `${symbol} (%{x:.3f}, %{y:.3f}, %{z:.3f}) Å<extra></extra>`,
          marker: { color: own[0].colour, size: 9 + 11 * own[0].radius_angstrom, opacity: 1, line: { color: "#404a54", width: 1 } },
        };
      }),
    ],
    layout: layout({
      margin: { l: 0, r: 0, t: 30, b: 0 },
      legend: { orientation: "h", y: 1, x: 0, itemsizing: "constant" },
      scene: {
        aspectmode: "data",
        ...Object.fromEntries(["xaxis", "yaxis", "zaxis"].map((name) => [name, { visible: false, showspikes: false }])),
        camera: { eye: { x: 1.25, y: 0.55, z: 0.4 }, projection: { type: "orthographic" } },
      },
    }),
  })).then((drawnPlace) => {
    if (drawnPlace) document.body.dataset.ready = "yes";
  });
})();
