"""Figures of the landscape of a mobile ion: a picture, or a page to turn in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.errors import UsageError
from labkit.whole_files import whole_file
from labkit.workflows.analysing import save_whole_figure

if TYPE_CHECKING:
    from labkit.plots.landscape_in_space import Surface
    from screening.bvse import EnergyLandscape
    from screening.crystal import Crystal

__all__ = ["draw_profile", "save_landscape", "surfaces_at_barriers"]

# surfaces above this are walls, not paths
_HIGHEST_LEVEL_EV = 5.0
# barriers nearer than this look the same
_SAME_LEVEL_EV = 0.02
# at a barrier itself the surface closes to a point on the pass; a little above, it shows a neck
_ABOVE_BARRIER_EV = 0.02
# a picture cannot show more, and turning it in the browser stays smooth
_PICTURE_POINTS = 60_000
_PAGE_POINTS = 250_000


def save_landscape(path: Path, landscape: EnergyLandscape, found: dict[str, Any], ion: str) -> None:
    """Draw the landscape to a file.

    Parameters
    ----------
    path : Path
        A picture (.png, .svg, .pdf), or one .html file that needs nothing else.
    landscape : EnergyLandscape
    found : dict
        The barriers, and the path if there is one.
    ion : str

    Raises
    ------
    UsageError
        When the file cannot be written.
    """
    if path.suffix.lower() in (".html", ".htm"):
        _save_page(path, landscape, found, ion)
        return
    n_surfaces = len(_levels(found))
    save_whole_figure(
        path,
        lambda figure: _draw(figure, landscape, found, ion),
        size_inch=(4.4 * max(3, n_surfaces + 1), 9.0),
    )


def surfaces_at_barriers(
    landscape: EnergyLandscape, found: dict[str, Any], *, most_points: int
) -> list[Surface]:
    """Return the isosurface a little above every barrier, where one direction more connects."""
    from labkit.plots.landscape_in_space import Surface
    from screening.isosurface import isosurface

    surfaces = []
    for name, level in _levels(found):
        made = isosurface(
            landscape.above_minimum_eV,
            landscape.crystal.lattice_angstrom,
            level + _ABOVE_BARRIER_EV,
            most_points=most_points,
        )
        words = f"{name} above {level:.3f} eV (drawn at {level + _ABOVE_BARRIER_EV:.3f})"
        surfaces.append(Surface(words, made.points_angstrom, made.triangles))
    return surfaces


def draw_profile(axes: Any, path: dict[str, Any], crystal: Crystal, ion: str) -> Any:
    """Draw the energy along the path on Axes."""
    from labkit.plots.barrier import plot_barrier

    return plot_barrier(
        axes,
        path["length_angstrom"],
        path["energy_eV"],
        passes=path["passes"],
        title=f"{crystal.material_id} {crystal.reduced_formula}, {ion}",
        zero="the crystal's lowest site",
    )


def _levels(found: dict[str, Any]) -> list[tuple[str, float]]:
    """Directions that connect at each barrier; barriers that look the same are one."""
    groups: list[tuple[list[str], float]] = []
    for dimension in (1, 2, 3):
        barrier = found[f"barrier_{dimension}d_eV"]
        if barrier is None or not 0.0 < barrier < _HIGHEST_LEVEL_EV:
            continue
        if groups and barrier - groups[-1][1] < _SAME_LEVEL_EV:
            groups[-1] = ([*groups[-1][0], f"{dimension}-D"], barrier)
        else:
            groups.append(([f"{dimension}-D"], barrier))
    return [(_listed(names), level) for names, level in groups]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _title(crystal: Crystal, found: dict[str, Any], ion: str) -> str:
    told = ", ".join(
        f"{d}-D " + ("not connected" if (b := found[f"barrier_{d}d_eV"]) is None else f"{b:.3f} eV")
        for d in (1, 2, 3)
    )
    return f"{crystal.material_id} {crystal.reduced_formula}, {ion}: {told}"


def _draw(figure: Any, landscape: EnergyLandscape, found: dict[str, Any], ion: str) -> None:
    """Draw surfaces and the profile above, the landscape along each cell vector below."""
    from labkit.plots.landscape import plot_landscape
    from labkit.plots.landscape_in_space import SURFACE_COLOURS, plot_surface
    from labkit.workflows.structure_views import atoms_in_cell

    crystal = landscape.crystal
    atoms = atoms_in_cell(crystal)
    framework = atoms.without(ion)
    surfaces = surfaces_at_barriers(landscape, found, most_points=_PICTURE_POINTS)
    path = found.get("path")
    above, below = figure.subfigures(2, 1, height_ratios=(1.15, 1.0))
    columns = len(surfaces) + (path is not None)
    for number, surface in enumerate(surfaces):
        axes = above.add_subplot(1, columns, number + 1, projection="3d")
        plot_surface(
            axes,
            framework,
            surface,
            colour=SURFACE_COLOURS[number],
            path=None if path is None else path["fractional"],
        )
        if number == 0:
            axes.legend(fontsize=8, loc="upper left", framealpha=0.8)
    if path is not None:
        draw_profile(above.add_subplot(1, columns, columns), path, crystal, ion)
    levels = [level for _, level in _levels(found)]
    sites = {
        symbol: crystal.fractional[[s == symbol for s in crystal.symbols]]
        for symbol in sorted(set(crystal.symbols))
    }
    for along, panel in enumerate(below.subplots(1, 3)):
        plot_landscape(
            panel,
            crystal.lattice_angstrom,
            landscape.above_minimum_eV,
            along=along,
            levels_eV=levels,
            ceiling_eV=max(1.6 * max(levels, default=0.6), 0.5),
            path=None if path is None else path["fractional"],
            sites=sites,
            colours=dict(zip(atoms.symbols, atoms.colours, strict=True)),
        )
        panel.set_title(f"seen along {'abc'[along]}")
        if along == 0:
            panel.legend(fontsize=7, loc="upper left", framealpha=0.8)
    figure.suptitle(_title(crystal, found, ion))


def _save_page(path: Path, landscape: EnergyLandscape, found: dict[str, Any], ion: str) -> None:
    from labkit.plots.landscape_in_space import landscape_page
    from labkit.workflows.structure_views import atoms_in_cell

    gone = found.get("path") or {}
    figure = landscape_page(
        atoms_in_cell(landscape.crystal),
        surfaces_at_barriers(landscape, found, most_points=_PAGE_POINTS),
        ion=ion,
        title=_title(landscape.crystal, found, ion),
        path=gone.get("fractional"),
        length_angstrom=gone.get("length_angstrom", ()),
        energy_eV=gone.get("energy_eV", ()),
    )
    page = figure.to_html(include_plotlyjs=True, default_height="94vh")
    try:
        with whole_file(path) as part:
            part.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
