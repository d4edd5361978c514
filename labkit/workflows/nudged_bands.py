"""The barrier of vacancy migration by nudged elastic bands, started from the BVSE paths."""

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
    from screening.neb_network import HopKind

__all__ = ["band_of_structure", "draw_band", "hop_that_limits", "hops_that_connect"]

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
    """Compute the barrier of migration through the crystal, over all hops that it takes.

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
        The hops whose BVSE barriers connect the crystal in so many dimensions are computed.
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
        ``percolating_barrier_eV`` of the network; the band of the hop that limits it; each of
        the hops.

    Raises
    ------
    ScreeningError
        When the structure, its hops or the engine do not allow it.
    """
    from screening.bvse import energy_landscape
    from screening.neb import calculator_factory, engine_version, run_neb
    from screening.neb_network import network_barrier
    from screening.prepare import prepare

    make_calculator = calculator_factory(engine)
    found, lab = crystal_of(lab_folder, structure)
    crystal = prepare(found, ion=ion).crystal
    kinds = hops_that_connect(energy_landscape(crystal, ion), dimension)
    if folder is None and lab is not None:
        name = f"{crystal.content_hash}-{engine}-{ion}-{n_images}-{least_width_angstrom:g}"
        folder = lab.cache_folder / "bands" / name
    bands = []
    for number, (hop, _) in enumerate(kinds, 1):
        which = f"hop {number} of {len(kinds)}, " if len(kinds) > 1 else ""
        own = f"{hop.start}-{hop.end}-{hop.distance_angstrom:.2f}"
        bands.append(
            run_neb(
                crystal,
                hop,
                make_calculator,
                folder=None if folder is None else folder / own,
                n_images=n_images,
                least_width_angstrom=least_width_angstrom,
                force_eV_per_angstrom=force_eV_per_angstrom,
                progress=_naming(progress, which),
            )
        )
    network = network_barrier(crystal.n_sites, kinds, bands, dimension)
    formula = crystal.with_charges(None).reduced_formula
    stored: list[str | None] = []
    for (hop, _), band in zip(kinds, bands, strict=True):
        if lab is None:
            stored.append(None)
            continue
        stored.append(
            store_band(
                lab,
                band,
                content_hash=crystal.content_hash,
                parameters={
                    "structure": crystal.material_id,
                    "formula": formula,
                    "ion": ion,
                    "engine": engine,
                    "engine_version": engine_version(engine),
                    "hop_angstrom": hop.distance_angstrom,
                    "hop_sites": [hop.start, hop.end],
                    "bvse_barrier_eV": hop.barrier_eV,
                    "images": n_images,
                    "least_width_angstrom": least_width_angstrom,
                    "force_eV_per_angstrom": force_eV_per_angstrom,
                },
            )
        )
    hop, result = kinds[network.limiting][0], bands[network.limiting]
    if plot is not None:
        title = f"{structure} {formula}, {ion}, {engine}"
        save_figure(plot, lambda axes: draw_band(axes, result.to_dict(), title))
    reasons = sorted({reason for band in bands for reason in band.reasons})
    return {
        "structure": crystal.material_id,
        "formula": formula,
        "ion": ion,
        "engine": engine,
        "dimension": dimension,
        "percolating_barrier_eV": network.barrier_eV,
        "hop_angstrom": hop.distance_angstrom,
        "hop_sites": [hop.start, hop.end],
        "bvse_barrier_eV": hop.barrier_eV,
        "folder": None if folder is None else str(folder),
        "analysis": stored[network.limiting],
        **result.to_dict(),
        "hops": [
            {
                "hop_angstrom": kind.distance_angstrom,
                "hop_sites": [kind.start, kind.end],
                "bvse_barrier_eV": kind.barrier_eV,
                "analysis": analysis,
                **band.to_dict(),
            }
            for (kind, _), band, analysis in zip(kinds, bands, stored, strict=True)
        ],
        "messages": explain_reasons(reasons),
    }


def _naming(
    progress: Callable[[str, int, float], None] | None, which: str
) -> Callable[[str, int, float], None] | None:
    """Put the name of the hop before the stage."""
    if progress is None:
        return None
    return lambda stage, step, force: progress(which + stage, step, force)


def hops_that_connect(landscape: EnergyLandscape, dimension: int) -> list[HopKind]:
    """Return the kinds of hops of the network through the crystal, the limiting one last."""
    from screening.errors import StructureError
    from screening.neb_hops import distinct_hops
    from screening.neb_network import needed_hops

    n_sites = landscape.crystal.n_sites
    *shorter, longest = _LONGEST_HOPS_ANGSTROM
    for reach in shorter:
        try:
            hops = distinct_hops(landscape, longest_angstrom=reach)
            return needed_hops(n_sites, hops, dimension)
        except StructureError:
            continue
    hops = distinct_hops(landscape, longest_angstrom=longest)
    try:
        return needed_hops(n_sites, hops, dimension)
    except StructureError as error:
        name = landscape.crystal.material_id or "structure"
        raise StructureError(
            f"{name}: {error}, not even with hops of {longest:g} angstrom"
        ) from None


def hop_that_limits(landscape: EnergyLandscape, dimension: int) -> Hop:
    """Return the hop whose bond valence barrier connects the crystal."""
    return hops_that_connect(landscape, dimension)[-1][0]


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
