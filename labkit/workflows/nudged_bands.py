"""Barriers of vacancy migration by nudged elastic bands, started from the BVSE paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import DatabaseError
from labkit.errors import LabkitError, UsageError
from labkit.settings import SlurmSettings
from labkit.workflows.barriers import crystal_of
from labkit.workflows.kept_results import Failure, results_by_key
from labkit.workflows.lab import Lab
from labkit.workflows.machines import HERE, Machines
from labkit.workflows.stored_bands import explain_reasons, store_band
from screening.errors import ScreeningError

if TYPE_CHECKING:
    from screening.bvse import EnergyLandscape
    from screening.crystal import Crystal
    from screening.neb import NebResult
    from screening.neb_batches import BandTask
    from screening.neb_hops import Hop
    from screening.neb_network import HopKind

__all__ = [
    "BandRequest",
    "bands_of_structures",
    "draw_band",
    "hop_that_limits",
    "hops_that_connect",
]

# short hops first: a longer one is looked for only where those do not connect
_LONGEST_HOPS_ANGSTROM = (3.6, 4.2, 5.0, 6.5)
_REFUSED = (LabkitError, DatabaseError, ScreeningError)


@dataclass(frozen=True)
class BandRequest:
    """What to compute.

    Attributes
    ----------
    ion : str
        Element that hops into a vacancy.
    engine : str
        ``chgnet`` or the name of an installed engine.
    dimension : {1, 2, 3}
        The hops whose BVSE barriers connect the crystal in so many dimensions are computed.
    n_images : int
        With both end points.
    least_width_angstrom, force_eV_per_angstrom : float
    """

    ion: str = "Li"
    engine: str = "chgnet"
    dimension: int = 1
    n_images: int = 7
    least_width_angstrom: float = 10.0
    force_eV_per_angstrom: float = 0.08


@dataclass(frozen=True)
class _Plan:
    """The bands that one structure needs."""

    lab: Lab | None
    crystal: Crystal
    kinds: list[HopKind]
    tasks: list[BandTask]
    folder: Path | None


def bands_of_structures(
    lab_folder: Path,
    structures: Sequence[str],
    request: BandRequest | None = None,
    *,
    folder: Path | None = None,
    machines: Machines = HERE,
    progress: Callable[[str, int, float], None] | None = None,
    counted: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Compute the barriers of migration through crystals, over all hops that each takes.

    Every hop is a task of its own. What is converged is kept in the lab and not computed again.

    Parameters
    ----------
    lab_folder : Path
    structures : sequence of str
        Material ids, or paths ending in ``.cif``.
    request : BandRequest, optional
    folder : Path, optional
        Where the work is kept, to go on from after a stop; for a lab its cache by default. With
        several structures each has a folder in it.
    machines : Machines
        Where bands are computed. A single one is computed in this process unless asked otherwise.
    progress : callable, optional
        Called with the stage, the step and the largest force of a band in this process.
    counted : callable, optional
        Called with (done, total) when a band is done.

    Returns
    -------
    list of dict
        Per structure ``percolating_barrier_eV`` of the network, the band of the hop that limits
        it, and each of the hops; or ``structure`` and ``error``.

    Raises
    ------
    ScreeningError
        When the engine is not there; with one structure, when it or its hops do not allow it.
    UsageError
        When a structure is named twice.
    """
    from screening.neb import calculator_factory
    from screening.neb_batches import bands_of_batch

    asked = request or BandRequest()
    if len(set(structures)) < len(structures):
        raise UsageError("a structure is named twice")
    calculator_factory(asked.engine)  # refuses one that is not there
    plans: dict[str, _Plan | Exception] = {}
    for structure in structures:
        try:
            plans[structure] = _plan(lab_folder, structure, asked, folder, len(structures) > 1)
        except _REFUSED as error:
            plans[structure] = error
    good = [plan for plan in plans.values() if isinstance(plan, _Plan)]
    work = {task.key: task for plan in good for task in plan.tasks}
    lab = next((plan.lab for plan in good if plan.lab is not None), None)
    slurm = SlurmSettings() if lab is None else lab.settings.slurm
    with machines.open(slurm, jobs=1 if len(work) == 1 else None) as workers:
        here = workers.executor is None and workers.n_jobs == 1
        results = results_by_key(
            bands_of_batch,
            work,
            None if lab is None else lab.cache_folder / "bands" / "converged",
            workers,
            settings=(progress if here else None,),
            worth_keeping=lambda band: bool(band["converged"]),
            progress=counted,
        )
    outcomes = [
        plan if isinstance(plan, Exception) else _outcome(plan, asked, results)
        for plan in plans.values()
    ]
    if len(outcomes) == 1 and isinstance(outcomes[0], Exception):
        raise outcomes[0]
    return [
        {"structure": structure, "error": " ".join(str(outcome).split())}
        if isinstance(outcome, Exception)
        else outcome
        for structure, outcome in zip(structures, outcomes, strict=True)
    ]


def _plan(
    lab_folder: Path, structure: str, request: BandRequest, folder: Path | None, several: bool
) -> _Plan:
    """Find the hops of a structure, and where the work on each is kept."""
    from screening.bvse import energy_landscape
    from screening.neb_batches import BandTask
    from screening.prepare import prepare

    found, lab = crystal_of(lab_folder, structure)
    crystal = prepare(found, ion=request.ion).crystal
    kinds = hops_that_connect(energy_landscape(crystal, request.ion), request.dimension)
    if folder is not None and several:
        folder = folder / Path(structure).stem
    if folder is None and lab is not None:
        folder = (
            lab.cache_folder
            / "bands"
            / (
                f"{crystal.content_hash}-{request.engine}-{request.ion}-{request.n_images}"
                f"-{request.least_width_angstrom:g}"
            )
        )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
    tasks = [
        BandTask(
            crystal=crystal,
            hop=hop,
            engine=request.engine,
            n_images=request.n_images,
            least_width_angstrom=request.least_width_angstrom,
            force_eV_per_angstrom=request.force_eV_per_angstrom,
            folder=None
            if folder is None
            else folder / f"{hop.start}-{hop.end}-{hop.distance_angstrom:.2f}",
        )
        for hop, _ in kinds
    ]
    return _Plan(lab, crystal, kinds, tasks, folder)


def _outcome(
    plan: _Plan,
    request: BandRequest,
    results: dict[str, dict[str, Any] | Failure],
) -> dict[str, Any] | Exception:
    """Put the bands of a structure together, or say why there are none."""
    from screening.neb import NebResult

    bands = []
    for task in plan.tasks:
        result = results[task.key]
        if not isinstance(result, dict):
            return ScreeningError(result[1])
        bands.append(NebResult.from_dict(result))
    try:
        return _network(plan, request, bands)
    except _REFUSED as error:
        return error


def _network(plan: _Plan, request: BandRequest, bands: list[NebResult]) -> dict[str, Any]:
    """Find the barrier of the network of hops, and store its bands in the lab."""
    from screening.neb_network import network_barrier

    crystal, kinds = plan.crystal, plan.kinds
    network = network_barrier(crystal.n_sites, kinds, bands, request.dimension)
    formula = crystal.with_charges(None).reduced_formula
    stored = [
        None if plan.lab is None else _store(plan.lab, crystal, formula, hop, band, request)
        for (hop, _), band in zip(kinds, bands, strict=True)
    ]
    hop, result = kinds[network.limiting][0], bands[network.limiting]
    reasons = sorted({reason for band in bands for reason in band.reasons})
    return {
        "structure": crystal.material_id,
        "formula": formula,
        "ion": request.ion,
        "engine": request.engine,
        "dimension": request.dimension,
        "percolating_barrier_eV": network.barrier_eV,
        "hop_angstrom": hop.distance_angstrom,
        "hop_sites": [hop.start, hop.end],
        "bvse_barrier_eV": hop.barrier_eV,
        "folder": None if plan.folder is None else str(plan.folder),
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


def _store(
    lab: Lab, crystal: Crystal, formula: str, hop: Hop, band: NebResult, request: BandRequest
) -> str:
    from screening.neb import engine_version

    return store_band(
        lab,
        band,
        content_hash=crystal.content_hash,
        parameters={
            "structure": crystal.material_id,
            "formula": formula,
            "ion": request.ion,
            "engine": request.engine,
            "engine_version": engine_version(request.engine),
            "hop_angstrom": hop.distance_angstrom,
            "hop_sites": [hop.start, hop.end],
            "bvse_barrier_eV": hop.barrier_eV,
            "images": request.n_images,
            "least_width_angstrom": request.least_width_angstrom,
            "force_eV_per_angstrom": request.force_eV_per_angstrom,
        },
    )


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
