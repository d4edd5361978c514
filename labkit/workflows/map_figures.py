"""The figures of a map of materials, drawn into a folder."""

# ruff: noqa: ARG001  (every drawing takes the same arguments)

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.workflows.analysing import save_figure, save_whole_figure
from labkit.workflows.materials_map import MapStudy
from screening.map.model import MaterialsMap
from screening.map.scores import reconstruction_r2
from screening.map.selection import ELEMENTS
from screening.map.structure_descriptors import RADIAL_BINS, RADIUS_ANGSTROM

__all__ = ["draw_map_figures", "draw_places"]

FloatArray = npt.NDArray[np.float64]

_NAMES = {"barrier": "BVSE barrier (eV)", "sigma": r"$\log_{10}(\sigma$ / S cm$^{-1})$"}
_GRID = 160


def draw_map_figures(study: MapStudy, folder: Path) -> list[Path]:
    """Draw everything; single maps are those of the published weight and W = 0, first seed.

    Parameters
    ----------
    study : MapStudy
    folder : Path
        Made if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = study.chosen
    drawn = {
        "target": (_target, (5.6, 4.4)),
        "families": (_families, (9.4, 4.2)),
        "surface": (_surface, (11.0, 4.6)),
        "axes": (_axes_meaning, (9.4, 3.8)),
        "losses": (_losses, (9.4, 3.8)),
        "reconstruction": (_reconstruction, (10.4, 7.2)),
    }
    paths = []
    for name, (draw, size) in drawn.items():
        paths.append(folder / f"map-{name}.png")
        save_whole_figure(
            paths[-1], lambda figure, draw=draw: draw(figure, study, made), size_inch=size
        )
    return paths


def draw_places(made: MaterialsMap, places: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the families on a map and mark some places.

    Parameters
    ----------
    made : MaterialsMap
    places : sequence of dict
        As `labkit.workflows.map_places.place_structures` returns them.
    path : Path
    """
    from labkit.plots.materials_map import plot_families, plot_places

    def draw(axes: Any) -> Any:
        plot_families(axes, made.coordinates, made.families)
        return plot_places(axes, places)

    save_figure(path, draw)


def _name(made: MaterialsMap) -> str:
    return _NAMES[made.target_names[0]]


def _target(figure: Any, study: MapStudy, made: MaterialsMap) -> None:
    from labkit.plots.materials_map import plot_map

    plot_map(
        figure.add_subplot(),
        made.coordinates,
        made.targets[:, 0],
        name=_name(made),
        title=f"{len(made.ids)} materials, W = {made.settings.weight:g}",
    )


def _families(figure: Any, study: MapStudy, made: MaterialsMap) -> None:
    from labkit.plots.materials_map import plot_families

    free = [one for (weight, _), one in study.maps.items() if weight == 0.0]
    shown = [*free[:1], made] if made.settings.weight > 0 else [made]
    for axes, one in zip(_row(figure, len(shown)), shown, strict=True):
        plot_families(axes, one.coordinates, one.families, title=f"W = {one.settings.weight:g}")


def _surface(figure: Any, study: MapStudy, made: MaterialsMap) -> None:
    from labkit.plots.materials_map import plot_predicted_surface, plot_sparse_region

    low, high = np.percentile(made.coordinates, [0.5, 99.5], axis=0)
    margin = 0.08 * (high - low)
    x = np.linspace(low[0] - margin[0], high[0] + margin[0], _GRID)
    y = np.linspace(low[1] - margin[1], high[1] + margin[1], _GRID)
    grid = np.column_stack([part.ravel() for part in np.meshgrid(x, y)])
    surface = made.predict(grid)[:, 0].reshape(_GRID, _GRID)
    box = sparse_low_region(made)
    # the colours are those of the materials: far from them the head extrapolates
    low_value, high_value = np.percentile(made.predict(made.coordinates)[:, 0], [1, 97])
    left, right = _row(figure, 2)
    plot_predicted_surface(
        left, x, y, surface, made.coordinates, name=_name(made), box=box,
        limits=(float(low_value), float(high_value)),
    )  # fmt: skip
    plot_sparse_region(
        right, made.coordinates, made.formulas, made.targets[:, 0], box, name=_name(made)
    )


def sparse_low_region(made: MaterialsMap) -> tuple[float, float, float, float]:
    """Return the box around a thinly peopled place with a low predicted target.

    Of the materials in the lowest tenth of the prediction the one whose tenth neighbour is
    farthest is taken; the box holds all within the reach of its 25th neighbour.
    """
    spread = np.maximum(made.coordinates.std(axis=0), 1e-12)
    points = made.coordinates / spread
    predicted = made.predict(made.coordinates)[:, 0]
    low = np.flatnonzero(predicted <= np.percentile(predicted, 10))
    distance = np.linalg.norm(points[low][:, None, :] - points[None, :, :], axis=2)
    distance.sort(axis=1)
    count = min(10, len(points) - 1)
    most_alone = int(np.argmax(distance[:, count]))
    reach = distance[most_alone, min(25, len(points) - 1)] * spread
    offset = np.abs(made.coordinates - made.coordinates[low[most_alone]])
    inside = made.coordinates[(offset <= reach).all(axis=1)]
    # no farther than its materials go
    margin = 0.12 * np.maximum(np.ptp(inside, axis=0), 0.1 * spread)
    low_end, high_end = inside.min(axis=0) - margin, inside.max(axis=0) + margin
    return float(low_end[0]), float(high_end[0]), float(low_end[1]), float(high_end[1])


def _axes_meaning(figure: Any, study: MapStudy, made: MaterialsMap) -> None:
    from labkit.plots.materials_map import plot_axis_meaning

    fractions = {e: study.data.composition[:, ELEMENTS.index(e)] for e in ("Li", "O")}
    names = (r"$x$ (composition)", r"$y$ (structure)")
    for number, axes in enumerate(_row(figure, 2)):
        plot_axis_meaning(axes, made.coordinates[:, number], fractions, name=names[number])


def _losses(figure: Any, study: MapStudy, made: MaterialsMap) -> None:
    from labkit.plots.materials_map import plot_losses_over_weight, plot_training

    table = sorted(study.report["table"], key=lambda row: float(row["weight"]))
    left, right = _row(figure, 2)
    losses = {
        name: [row["losses"][name] for row in table]
        for name in ("composition", "structure", "target")
    }
    plot_losses_over_weight(left, [row["weight"] for row in table], losses)
    plot_training(right, made.history, best=int(made.provenance["best_epoch"]))


def _reconstruction(figure: Any, study: MapStudy, made: MaterialsMap) -> None:
    from labkit.plots.materials_map import plot_decoded_profile, plot_reconstruction

    out = made.held_out
    composition, structure = made.decode(made.coordinates[out])
    pairs = (
        ("composition", made.scalers[0], study.data.composition[out], composition),
        ("structure", made.scalers[1], study.data.structure[out], structure),
    )
    grid = figure.subplots(2, 2)
    for axes, (name, scaler, true, decoded) in zip(grid[0], pairs, strict=True):
        truth, again = scaler.transform(true), scaler.transform(decoded)
        plot_reconstruction(
            axes, truth, again, name=name, r2=reconstruction_r2(truth, again).about_mean
        )
    row = int(np.argsort(((study.data.structure[out] - structure) ** 2).sum(axis=1))[len(out) // 2])
    radius = (np.arange(RADIAL_BINS) + 0.5) * RADIUS_ANGSTROM / RADIAL_BINS
    oxygen = slice(RADIAL_BINS, 2 * RADIAL_BINS)
    plot_decoded_profile(
        grid[1][0], radius, study.data.structure[out[row]][oxygen], structure[row][oxygen],
        name="distance (Å)",
    )  # fmt: skip
    formula = study.data.formulas[out[row]]
    grid[1][0].set_title(f"g(r) of Li-O, {formula} (held out)", fontsize="medium")
    predicted = made.predict(made.coordinates)[:, 0]
    _parity(grid[1][1], made, predicted)


def _parity(axes: Any, made: MaterialsMap, predicted: FloatArray) -> None:
    from labkit.plots.style import BLUE, GREY, legend, tidy

    truth = made.targets[:, 0]
    for rows, colour, name in ((made.train, GREY, "trained on"), (made.held_out, BLUE, "held out")):
        axes.scatter(truth[rows], predicted[rows], s=8, color=colour, alpha=0.6, linewidths=0,
                     label=name)  # fmt: skip
    limits = [float(np.nanmin(truth)), float(np.nanmax(truth))]
    axes.plot(limits, limits, color="#D55E00", linewidth=1.0)
    axes.set_xlabel(_name(made))
    axes.set_ylabel("predicted from two numbers")
    legend(axes)
    tidy(axes)


def _row(figure: Any, n: int) -> list[Any]:
    return list(figure.subplots(1, n, squeeze=False)[0])
