"""Diffraction patterns in, lattices out: files kept, refined, stored with where they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlmodel import Session

import labkit
from db.errors import DatabaseError
from db.measurements import (
    NewAnalysis,
    data_hash_of,
    get_measurement,
    latest_analysis,
    store_analysis,
)
from instruments.errors import InstrumentFileError
from labkit.errors import BatchError, LabkitError, UsageError
from labkit.workflows.importing import read_bytes
from labkit.workflows.instrument_profiles import instrument_named
from labkit.workflows.lab import Lab
from labkit.workflows.pattern_files import SeriesItem, pattern_of
from labkit.workflows.refinement_curves import keep_curves
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import EngineName, Range, refine_pattern
from labkit.xrd.gsas import keep_project
from labkit.xrd.phase import Phase, phase_from_cif_text
from labkit.xrd.radiation import Radiation, wavelength_difference
from labkit.xrd.result import RefinementResult
from labkit.xrd.standards import standard_named

__all__ = [
    "LATTICE",
    "RefinementSettings",
    "refine_batch",
    "refine_file",
]

LATTICE = "lattice-refinement"
"""Kind of the analysis that holds the refined cells of one pattern."""


@dataclass(frozen=True)
class RefinementSettings:
    """How patterns are refined.

    Attributes
    ----------
    cifs : sequence of Path
        One per phase, the main one first.
    engine : {"builtin", "gsas"}
    radiation, two_theta_range : one for every pattern, or one per pattern, or None
        None: as the file says, and all of it.
    options : BuiltinOptions
    gpx : Path or None
        Where the project of GSAS-II is put besides the lab folder.
    instrument : str or None
        Name of the diffractometer whose parameters a standard has given.
    internal_standard : str or None
        Standard mixed into the sample, by name or as a CIF with its true cell.
    """

    cifs: Sequence[Path]
    engine: EngineName = "builtin"
    radiation: Radiation | Sequence[Radiation | None] | None = None
    two_theta_range: Range | Sequence[Range | None] | None = None
    options: BuiltinOptions = field(default_factory=BuiltinOptions)
    gpx: Path | None = None
    instrument: str | None = None
    internal_standard: str | None = None


def refine_file(
    lab: Lab,
    item: SeriesItem,
    settings: RefinementSettings,
    *,
    batch: str | None = None,
    start: Sequence[Phase] | None = None,
    together: Sequence[SeriesItem] = (),
) -> tuple[dict[str, Any], RefinementResult]:
    """Store a pattern, refine it and store the result.

    Parameters
    ----------
    lab : Lab
    item : SeriesItem
        Its pattern is a file, or a stored measurement (``M4``).
    settings : RefinementSettings
    batch : str, optional
        Substitution series that the result belongs to.
    start : sequence of Phase, optional
        Phases with start cells; those of the CIFs otherwise.
    together : sequence of SeriesItem
        More patterns of the same sample, refined with the first; the result belongs to the first.

    Returns
    -------
    tuple
        The report (JSON-ready) and the result with its curves.

    Raises
    ------
    InstrumentFileError, XrdError, UsageError, DatabaseError
        Before anything is stored, when pattern or phases cannot be used.
    """
    phases = _phases_of(settings)
    options, instrument, calibrated_at = _options_of(lab, settings, len(phases))
    stored = pattern_of(lab, item)
    others = [pattern_of(lab, other) for other in together]
    project = lab.folder / _PROJECTS / f".M{stored.measurement_id}.gpx.new"
    result = refine_pattern(
        [stored.pattern, *(other.pattern for other in others)] if others else stored.pattern,
        list(start) if start is not None else phases,
        engine=settings.engine,
        radiation=settings.radiation,
        two_theta_range=settings.two_theta_range,
        options=options,
        artefact=project if settings.engine == "gsas" else None,
        gsas_path=lab.settings.gsas2,
    )
    used = result.wavelength_angstrom[0][0]
    note = calibrated_at and wavelength_difference(
        used, calibrated_at, f"the standard of {settings.instrument} was refined with"
    )
    if note:
        result = replace(result, warnings=(*result.warnings, note))
    if start is not None:
        first = [phase.cell for phase in phases]
        moved = tuple(replace(p, start_cell=c) for p, c in zip(result.phases, first, strict=True))
        result = replace(result, phases=moved)
    parameters = {
        "engine": settings.engine,
        "wavelength_angstrom": [list(line) for line in result.wavelength_angstrom],
        "two_theta_range_deg": settings.two_theta_range,
        "options": {name: getattr(options, name) for name in _OPTION_NAMES},
        "instrument": settings.instrument,
        "internal_standard": settings.internal_standard,
        "cifs": [{"name": p.name, "text": p.cif_text} for p in phases],
        "start_cells": [list(p.cell) for p in (start or phases)],
        "x": item.x,
        "sample": item.sample,
        "together": [f"M{other.measurement_id}" for other in others],
    }
    if result.artefact is not None:
        result = _keep_project(lab, project, stored.measurement_id, result, parameters)
        if settings.gpx is not None:
            keep_project(lab.folder / str(result.artefact), settings.gpx)
    with lab.database.session() as session:
        number = _store(session, stored.measurement_id, result, parameters, batch, instrument)
    keep_curves(lab, result)
    report = {
        "measurement": f"M{stored.measurement_id}",
        "analysis": f"A{number}",
        "file": stored.file_name,
        "sample": item.sample,
        "x": item.x,
        "batch": batch,
        **result.to_dict(),
    }
    return report, result


_PROJECTS = "projects"
"""Folder of the lab that holds the projects of GSAS-II."""


def _keep_project(
    lab: Lab, project: Path, measurement_id: int, result: RefinementResult, parameters: Any
) -> RefinementResult:
    """Name the project by what it holds: the same refinement has the same project."""
    told = replace(result, artefact=None).to_dict()
    from db.columns import plain_json

    said = json.dumps(plain_json([told, parameters]), sort_keys=True)
    name = f"M{measurement_id}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.gpx"
    project.replace(lab.folder / _PROJECTS / name)
    return replace(result, artefact=f"{_PROJECTS}/{name}")


_OPTION_NAMES = (
    "shift",
    "intensities",
    "background_terms",
    "axial",
    "instrument",
    "profile",
    "fixed_cells",
    "single_peaks",
    "search_cell",
    "monochromator_deg",
    "atoms",
)


def _cif_text(path: Path) -> str:
    return read_bytes(path).decode("utf-8", errors="replace")


def _store(
    session: Session,
    measurement_id: int,
    result: RefinementResult,
    parameters: dict[str, Any],
    batch: str | None,
    instrument: int | None,
) -> int:
    """Store the result once: the same numbers with the same parameters are not stored twice."""
    from db.columns import plain_json

    measurement = get_measurement(session, measurement_id)
    new = NewAnalysis(
        kind=LATTICE,
        result=result.to_dict(),
        verdict=result.verdict,
        reasons=result.reasons,
        parameters=parameters,
        input_hash=data_hash_of(session, measurement_id),
        labkit_version=labkit.__version__,
    )
    latest = latest_analysis(session, LATTICE, measurement_id=measurement_id)
    same = (
        latest is not None
        and latest.batch == batch
        and latest.parameters == plain_json(parameters)
        and latest.result == plain_json(new.result)
    )
    if latest is not None and same:
        assert latest.id is not None
        return latest.id
    stored = store_analysis(
        session,
        new,
        measurement_id=measurement_id,
        pellet_id=measurement.pellet_id,
        batch=batch,
        input_measurement_ids=[measurement_id, *(int(m[1:]) for m in parameters["together"])],
        input_analysis_ids=[] if instrument is None else [instrument],
    )
    assert stored.id is not None
    return stored.id


def refine_batch(
    lab: Lab,
    batch: str,
    items: Sequence[SeriesItem],
    settings: RefinementSettings,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], list[RefinementResult]]:
    """Refine a substitution series; each sample starts from the cell of the one before.

    Parameters
    ----------
    items : sequence of SeriesItem
        Refined in the order of x where every x is known, else as given.

    Returns
    -------
    tuple
        The report with one entry per sample, and the results.

    Raises
    ------
    BatchError
        At the end, when a sample could not be refined; its report holds the others.
    UsageError
        When there is no sample.
    """
    if not items:
        raise UsageError(
            f"no pattern for the series {batch}: name the files, or a sheet with --table"
        )
    if all(item.x is not None for item in items):
        items = sorted(items, key=lambda item: item.x or 0.0)
    refined: list[dict[str, Any]] = []
    results: list[RefinementResult] = []
    refused: list[dict[str, Any]] = []
    start: list[Phase] | None = None
    for done, item in enumerate(items):
        if progress is not None:
            progress(done, len(items))
        try:
            report, result = refine_file(lab, item, settings, batch=batch, start=start)
        except (LabkitError, InstrumentFileError, DatabaseError, OSError) as error:
            said = " ".join(str(error).split()).removeprefix(f"{item.pattern}: ")
            refused.append({"pattern": item.pattern, "error": said})
            continue
        refined.append(report)
        results.append(result)
        if result.verdict != "rejected":
            start = _next_start(settings, result)
    if progress is not None:
        progress(len(items), len(items))
    outcome: dict[str, Any] = {"batch": batch, "refined": refined, "refused": refused}
    if refused:
        first = refused[0]
        raise BatchError(
            f"{len(refused)} of {len(items)} patterns not refined; {first['pattern']}: "
            f"{first['error']}",
            outcome,
        )
    return outcome, results


def _next_start(settings: RefinementSettings, result: RefinementResult) -> list[Phase]:
    return [
        phase.with_cell(refined.cell)
        for phase, refined in zip(_phases_of(settings), result.phases, strict=True)
    ]


def _phases_of(settings: RefinementSettings) -> list[Phase]:
    """Return the phases of the CIFs, the internal standard last."""
    phases = [
        phase_from_cif_text(_cif_text(path), str(path), name=path.stem) for path in settings.cifs
    ]
    if settings.internal_standard is not None:
        path = Path(settings.internal_standard)
        if path.suffix.lower() == ".cif":
            phases.append(phase_from_cif_text(_cif_text(path), str(path), name=path.stem))
        else:
            phases.append(standard_named(settings.internal_standard).phase())
    return phases


def _options_of(
    lab: Lab, settings: RefinementSettings, n_phases: int
) -> tuple[BuiltinOptions, int | None, float | None]:
    """Return the options with what standards say, where an instrument comes from, its wavelength.

    GSAS-II refines the profile of every pattern itself.
    """
    options, source, calibrated_at = settings.options, None, None
    if settings.engine == "gsas" and (settings.instrument or settings.internal_standard):
        asked = "--instrument" if settings.instrument else "--internal-standard"
        raise UsageError(
            f"{asked} needs --engine builtin: GSAS-II refines zero and profile of every pattern "
            "itself here"
        )
    if settings.instrument is not None:
        values, source, calibrated_at = instrument_named(lab, settings.instrument)
        options = replace(options, instrument=values)
    if settings.internal_standard is not None:
        options = replace(options, fixed_cells=(n_phases - 1,))
    return options, source, calibrated_at
