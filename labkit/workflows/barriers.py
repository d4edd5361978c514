"""Migration barriers of a structure of the lab or of a CIF file; kept by content in the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import db.structures
from labkit.errors import UsageError
from labkit.workflows.analysing import save_figure
from labkit.workflows.kept_results import keep_result, kept_result
from labkit.workflows.lab import Lab, open_lab
from labkit.workflows.landscape_figures import draw_profile, save_landscape

if TYPE_CHECKING:
    from screening.bvse_parameters import BvseParameters
    from screening.crystal import Crystal

__all__ = [
    "BarrierRequest",
    "barrier_key",
    "barriers_of_structure",
    "crystal_of",
    "kept_barriers",
    "parameters_of",
]

# raised whenever energies or barriers come out otherwise
_VERSION = 2


@dataclass(frozen=True)
class BarrierRequest:
    """What to compute.

    Attributes
    ----------
    ion : str
        Element of the mobile ion.
    spacing_angstrom : float or None
        Distance of grid points; 0.2 by default, 0.1 in faithful mode.
    faithful : bool
        Repeat the published calculation.
    parameter_file : Path, optional
        Interaction parameters to use instead of softBV's.
    """

    ion: str = "Li"
    spacing_angstrom: float | None = None
    faithful: bool = False
    parameter_file: Path | None = None


@dataclass(frozen=True)
class _Outputs:
    """What is asked for beside the barriers; all of it needs the landscape itself."""

    path_dimension: int | None = None
    plot: Path | None = None
    cube: Path | None = None
    figure: Path | None = None

    @property
    def any(self) -> bool:
        return self != _Outputs()


def barriers_of_structure(
    lab_folder: Path,
    structure: str,
    request: BarrierRequest,
    *,
    path_dimension: int | None = None,
    plot: Path | None = None,
    cube: Path | None = None,
    figure: Path | None = None,
) -> dict[str, Any]:
    """Compute the 1-D, 2-D and 3-D barriers of one structure, or take them from the cache.

    Parameters
    ----------
    lab_folder : Path
        Needed for a structure named by its id; a CIF file does without a lab.
    structure : str
        Material id, or a path ending in ``.cif``.
    request : BarrierRequest
    path_dimension : int, optional
        Add the minimum-energy path that completes percolation in so many dimensions.
    plot, cube, figure : Path, optional
        Where to draw the path's profile, to write the landscape, and to draw it with the path.

    Returns
    -------
    dict

    Raises
    ------
    UsageError
        When options do not go together.
    StructureError
        When the structure or the parameters do not allow it.
    """
    outputs = _Outputs(path_dimension, plot, cube, figure)
    if request.faithful and outputs.any:
        raise UsageError(
            "the published calculation knows no path: leave --faithful out, or --path, --plot, "
            "--cube and --figure"
        )
    crystal, charges, lab = _charged_crystal(lab_folder, structure, request.ion)
    parameters = parameters_of(request)
    if outputs.any or lab is None:
        result = _compute(crystal, request, parameters, outputs)
    else:
        result = kept_barriers(lab, crystal, request, parameters)
    return {
        "structure": crystal.material_id,
        "formula": crystal.reduced_formula,
        "charges": charges,
        **result,
    }


def kept_barriers(
    lab: Lab, crystal: Crystal, request: BarrierRequest, parameters: BvseParameters
) -> dict[str, Any]:
    """Barriers of a crystal with charges, from the lab's cache or computed and kept there.

    Raises
    ------
    StructureError
        When the structure or the parameters do not allow it.
    """
    import orjson

    key = barrier_key(crystal.content_hash, request, parameters)
    kept = lab.cache_folder / "barriers" / f"{key}.json"
    result = kept_result(kept)
    if result is None:
        result = _compute(crystal, request, parameters, _Outputs())
        keep_result(kept, orjson.dumps(result))
    return result


def crystal_of(lab_folder: Path, structure: str) -> tuple[Crystal, Lab | None]:
    """Return a structure named by id or by its CIF file, and the lab if there is one."""
    from screening.crystal import load_cif_text, read_cif

    file = Path(structure)
    if file.suffix.lower() == ".cif":
        known = (lab_folder / "lab.db").is_file()
        return read_cif(file), open_lab(lab_folder) if known else None
    lab = open_lab(lab_folder)
    with lab.database.reading() as session:
        text = db.structures.cif_text(session, structure)
    return load_cif_text(text, structure), lab


def _charged_crystal(lab_folder: Path, structure: str, ion: str) -> tuple[Crystal, str, Lab | None]:
    from screening.prepare import prepare

    crystal, lab = crystal_of(lab_folder, structure)
    prepared = prepare(crystal, ion=ion)
    return prepared.crystal, prepared.charge_method, lab


def parameters_of(request: BarrierRequest) -> BvseParameters:
    """Return the interaction parameters asked for."""
    from screening.bvse_parameters import library_parameters, read_parameters_csv

    if request.parameter_file is not None:
        return read_parameters_csv(request.parameter_file)
    return library_parameters()


def barrier_key(content_hash: str, request: BarrierRequest, parameters: BvseParameters) -> str:
    """Return what names the barriers of a crystal with charges in the lab's cache."""
    digest = hashlib.sha256(f"barriers-{_VERSION}\n{content_hash}\n".encode())
    digest.update(f"{request.ion} {request.spacing_angstrom} {request.faithful}\n".encode())
    if request.parameter_file is not None:
        digest.update(request.parameter_file.read_bytes())
    digest.update(parameters.source.encode())
    return digest.hexdigest()[:32]


def _compute(
    crystal: Crystal,
    request: BarrierRequest,
    parameters: BvseParameters,
    outputs: _Outputs,
) -> dict[str, Any]:
    from screening.bvse import barriers_of, energy_landscape, migration_barriers
    from screening.migration_path import migration_path, write_cube
    from screening.percolation import percolate

    if request.faithful:
        return migration_barriers(
            crystal,
            request.ion,
            spacing_angstrom=request.spacing_angstrom,
            parameters=parameters,
            faithful=True,
        ).to_dict()
    landscape = energy_landscape(
        crystal,
        request.ion,
        spacing_angstrom=request.spacing_angstrom or 0.2,
        parameters=parameters,
    )
    found = percolate(landscape.energy_eV)
    result = barriers_of(landscape, found).to_dict() | {"parameters": parameters.source}
    if outputs.path_dimension is not None or outputs.plot is not None or outputs.figure is not None:
        dimension = outputs.path_dimension or len(found.cycles)
        # a figure of the landscape alone is worth drawing where no path connects
        if dimension or outputs.plot is not None:
            path = migration_path(landscape, found, max(1, dimension))
            result["path"] = path.to_dict()
    if outputs.plot is not None:
        save_figure(
            outputs.plot, lambda axes: draw_profile(axes, result["path"], crystal, request.ion)
        )
    if outputs.figure is not None:
        save_landscape(outputs.figure, landscape, result, request.ion)
        result["figure"] = str(outputs.figure)
    if outputs.cube is not None:
        write_cube(outputs.cube, landscape)
        result["cube"] = str(outputs.cube)
    return result
