"""The barrier of one vacancy hop by a nudged elastic band, started from the BVSE path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.workflows.analysing import save_figure
from labkit.workflows.barriers import crystal_of
from labkit.workflows.stored_bands import explain_reasons, store_band

if TYPE_CHECKING:
    from screening.bvse import EnergyLandscape
    from screening.neb_hops import Hop

__all__ = ["band_of_structure", "draw_band", "hop_that_limits"]

# short hops first: a longer one is looked for only where those do not connect
_LONGEST_HOPS_ANGSTROM = (3.6, 4.2, 5.0, 6.5)


def band_of_structure(
    lab_folder: Path,
    structure: str,
    *,
    ion: str = "Li",
    engine: str = "chgnet",
    dimension: int = 1,
    n_images: int = 7,
    least_width_angstrom: float = 10.0,
    force_eV_per_angstrom: float = 0.08,
    folder: Path | None = None,
    plot: Path | None = None,
    progress: Callable[[str, int, float], None] | None = None,
) -> dict[str, Any]:
    """Compute the barrier of the hop that limits migration.

    Parameters
    ----------
    lab_folder : Path
    structure : str
        Material id, or a path ending in ``.cif``.
    ion : str
        Element that hops into a vacancy.
    engine : str
        ``chgnet`` or the name of an installed engine.
    dimension : {1, 2, 3}
        The hop whose BVSE barrier connects the crystal in so many dimensions.
    n_images : int
        With both end points.
    least_width_angstrom, force_eV_per_angstrom : float
    folder : Path, optional
        Where the work is kept, to go on from after a stop; for a lab its cache by default.
    plot : Path, optional
        Where to draw the profile.
    progress : callable, optional
        Called with the stage, the step and the largest force.

    Returns
    -------
    dict

    Raises
    ------
    ScreeningError
        When the structure, its hops or the engine do not allow it.
    """
    from screening.bvse import energy_landscape
    from screening.neb import calculator_factory, engine_version, run_neb
    from screening.prepare import prepare

    make_calculator = calculator_factory(engine)
    found, lab = crystal_of(lab_folder, structure)
    crystal = prepare(found, ion=ion).crystal
    hop = hop_that_limits(energy_landscape(crystal, ion), dimension)
    if folder is None and lab is not None:
        name = f"{crystal.content_hash}-{engine}-{ion}-{dimension}-{n_images}"
        name += f"-{least_width_angstrom:g}"
        folder = lab.cache_folder / "bands" / name
    result = run_neb(
        crystal,
        hop,
        make_calculator,
        folder=folder,
        n_images=n_images,
        least_width_angstrom=least_width_angstrom,
        force_eV_per_angstrom=force_eV_per_angstrom,
        progress=progress,
    )
    formula = crystal.with_charges(None).reduced_formula
    stored = None
    if lab is not None:
        stored = store_band(
            lab,
            result,
            content_hash=crystal.content_hash,
            parameters={
                "structure": crystal.material_id,
                "formula": formula,
                "ion": ion,
                "engine": engine,
                "engine_version": engine_version(engine),
                "dimension": dimension,
                "hop_angstrom": hop.distance_angstrom,
                "hop_sites": [hop.start, hop.end],
                "bvse_barrier_eV": hop.barrier_eV,
                "images": n_images,
                "least_width_angstrom": least_width_angstrom,
                "force_eV_per_angstrom": force_eV_per_angstrom,
            },
        )
    if plot is not None:
        save_figure(
            plot,
            lambda axes: draw_band(
                axes, result.to_dict(), f"{structure} {formula}, {ion}, {engine}"
            ),
        )
    return {
        "structure": crystal.material_id,
        "formula": formula,
        "ion": ion,
        "engine": engine,
        "hop_angstrom": hop.distance_angstrom,
        "hop_sites": [hop.start, hop.end],
        "bvse_barrier_eV": hop.barrier_eV,
        "folder": None if folder is None else str(folder),
        "analysis": stored,
        **result.to_dict(),
        "messages": explain_reasons(list(result.reasons)),
    }


def hop_that_limits(landscape: EnergyLandscape, dimension: int) -> Hop:
    """Return the hop that connects the crystal, looking at short hops first."""
    from screening.errors import StructureError
    from screening.neb_hops import distinct_hops, limiting_hop

    *shorter, longest = _LONGEST_HOPS_ANGSTROM
    for reach in shorter:
        try:
            hops = distinct_hops(landscape, longest_angstrom=reach)
            return limiting_hop(landscape, hops, dimension)
        except StructureError:
            continue
    hops = distinct_hops(landscape, longest_angstrom=longest)
    return limiting_hop(landscape, hops, dimension)


def draw_band(axes: Any, band: dict[str, Any], title: str) -> Any:
    """Draw the energy of a band's images on Axes."""
    from labkit.plots.barrier import plot_barrier

    return plot_barrier(
        axes,
        band["length_angstrom"],
        band["energy_eV"],
        passes=range(len(band["energy_eV"])),
        title=title,
        label="nudged elastic band",
    )
