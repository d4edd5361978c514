"""The barrier of one hop by Quantum ESPRESSO: a job folder written, and its results read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import labkit
from labkit.errors import UsageError
from labkit.workflows.analysing import save_figure
from labkit.workflows.barriers import crystal_of
from labkit.workflows.nudged_bands import draw_band, hop_that_limits
from labkit.workflows.stored_bands import explain_reasons, store_band

if TYPE_CHECKING:
    from screening.espresso_job import EspressoSettings

__all__ = ["read_espresso_band", "write_espresso_job"]


def write_espresso_job(
    lab_folder: Path,
    structure: str,
    folder: Path,
    pseudopotentials: Path,
    settings: EspressoSettings,
    *,
    ion: str = "Li",
    dimension: int = 1,
    n_images: int = 7,
    least_width_angstrom: float = 10.0,
) -> dict[str, Any]:
    """Write a folder that computes the barrier of the hop that limits migration.

    Parameters
    ----------
    lab_folder : Path
    structure : str
        Material id, or a path ending in ``.cif``.
    folder : Path
        New or empty.
    pseudopotentials : Path
        Folder with one UPF file of each element.
    settings : EspressoSettings
    ion : str
    dimension : {1, 2, 3}
    n_images : int
        With both end points.
    least_width_angstrom : float

    Returns
    -------
    dict

    Raises
    ------
    ScreeningError
        When the structure, a pseudopotential or the folder does not allow it.
    """
    from screening.bvse import energy_landscape
    from screening.espresso_job import write_job
    from screening.neb_end_points import hop_end_points, initial_band, pushed_off_ridges
    from screening.prepare import prepare

    found, _ = crystal_of(lab_folder, structure)
    crystal = prepare(found, ion=ion).crystal
    hop = hop_that_limits(energy_landscape(crystal, ion), dimension)
    first, last, path = hop_end_points(crystal, hop, least_width_angstrom=least_width_angstrom)
    formula = crystal.with_charges(None).reduced_formula
    written = write_job(
        folder,
        initial_band(pushed_off_ridges(first), pushed_off_ridges(last), path, n_images),
        pseudopotentials,
        settings,
        title=f"{crystal.material_id} {formula}, {ion} vacancy",
        origin={
            "structure": crystal.material_id,
            "formula": formula,
            "content_hash": crystal.content_hash,
            "ion": ion,
            "dimension": dimension,
            "hop_angstrom": hop.distance_angstrom,
            "hop_sites": [hop.start, hop.end],
            "bvse_barrier_eV": hop.barrier_eV,
            "least_width_angstrom": least_width_angstrom,
            "labkit_version": labkit.__version__,
        },
    )
    return {"folder": str(folder), **written}


def read_espresso_band(
    lab_folder: Path, folder: Path, *, plot: Path | None = None
) -> dict[str, Any]:
    """Read the band of a job folder; kept in the lab that its structure came from.

    Parameters
    ----------
    lab_folder : Path
        Where to store the result, if a lab is there.
    folder : Path
        Written by `write_espresso_job`.
    plot : Path, optional
        Where to draw the profile.

    Returns
    -------
    dict
        As `nudged_bands.bands_of_structures` returns one.

    Raises
    ------
    ScreeningError
        When the job has not run, was cut, or its electrons did not converge.
    """
    from labkit.workflows.lab import open_lab
    from screening.espresso_results import read_band, read_job, result_hashes

    job = read_job(folder)
    origin = job["origin"]
    if "content_hash" not in origin:
        raise UsageError(f"{folder}: does not say which structure it belongs to")
    result = read_band(folder)
    stored = None
    if (lab_folder / "lab.db").is_file():
        stored = store_band(
            open_lab(lab_folder),
            result,
            content_hash=origin["content_hash"],
            parameters={
                **{name: value for name, value in origin.items() if name != "content_hash"},
                "engine": "quantum-espresso",
                **{k: job[k] for k in ("settings", "ecutwfc_Ry", "ecutrho_Ry", "kpoints")},
                "pseudopotentials": job["pseudopotentials"],
                "files": result_hashes(folder),
            },
        )
    band = result.to_dict()
    if plot is not None:
        title = f"{origin['structure']} {origin['formula']}, {origin['ion']}, Quantum ESPRESSO"
        save_figure(plot, lambda axes: draw_band(axes, band, title))
    return {
        **{k: origin[k] for k in ("structure", "formula", "ion")},
        "engine": "quantum-espresso",
        **{k: origin[k] for k in ("hop_angstrom", "hop_sites", "bvse_barrier_eV")},
        "folder": str(folder),
        "analysis": stored,
        **band,
        "messages": explain_reasons(band["reasons"]),
    }
