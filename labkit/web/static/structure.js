// A unit cell in three dimensions: spheres, sticks and the edges of the cell.
"use strict";

(() => {
  const { draw, layout, colour, series } = window.labkitPlots;
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

  // asked for by the button, and drawn with the atoms from then on
  let landscape = null;

  function landscapeTraces() {
    if (!landscape) return [];
    const line = landscape.path_angstrom;
    const surfaces = landscape.surfaces.map((surface, k) => {
      const column = (rows, n) => rows.map((row) => row[n]);
      return {
        type: "mesh3d", name: surface.name, showlegend: true, hoverinfo: "name",
        x: column(surface.points_angstrom, 0), y: column(surface.points_angstrom, 1), z: column(surface.points_angstrom, 2),
        i: column(surface.triangles, 0), j: column(surface.triangles, 1), k: column(surface.triangles, 2),
        color: series(2 * k), opacity: 0.5, visible: k === 0 ? true : "legendonly",
        lighting: { ambient: 0.75, diffuse: 0.6, specular: 0.2 },
      };
    });
    if (!line.length) return surfaces;
    const path = { x: [], y: [], z: [] };
    for (const point of line) ["x", "y", "z"].forEach((name, n) => path[name].push(point ? point[n] : null));
    return [...surfaces, { type: "scatter3d", mode: "lines", name: "path", ...path, line: { color: series(1), width: 7 }, hoverinfo: "skip" }];
  }

  const button = document.getElementById("show-landscape");
  button?.addEventListener("click", async () => {
    button.disabled = true;
    window.labkit.say("#landscape-says", "computing ...");
    try {
      landscape = await window.labkit.call("GET", button.dataset.api);
      await drawAtoms();
      const told = landscape.barriers_eV.map((value, k) => `${k + 1}-D ${value === null ? "not connected" : `${value.toFixed(3)} eV`}`);
      window.labkit.say("#landscape-says", `Barriers by bond valence: ${told.join(", ")}. The surfaces are drawn 0.02 eV above; click a name to show or hide one.`);
    } catch (error) {
      window.labkit.say("#landscape-says", error.message, "bad");
      button.disabled = false;
    }
  });

  const drawAtoms = () => draw("atoms", () => ({
    data: [
      ...landscapeTraces(),
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
  }));
  drawAtoms().then((drawnPlace) => {
    if (drawnPlace) document.body.dataset.ready = "yes";
  });
})();
