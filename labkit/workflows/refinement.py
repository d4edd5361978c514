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
    find_raw_file,
    get_measurement,
    latest_analysis,
    load_arrays,
    measurements_of_file,
    store_analysis,
)
from db.pellets import get_pellet
from db.tables import Measurement, RawFile
from instruments import read
from instruments.errors import InstrumentFileError
from instruments.records import DiffractionPattern, MeasuredFile
from labkit.errors import BatchError, LabkitError, UsageError
from labkit.workflows.importing import read_bytes
from labkit.workflows.lab import Lab
from labkit.workflows.recording import keep_and_store, new_measurement
from labkit.workflows.sample_conditions import SampleConditions
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import EngineName, Range, refine_pattern
from labkit.xrd.gsas import keep_project
from labkit.xrd.phase import Phase, phase_from_cif_text
from labkit.xrd.radiation import Radiation
from labkit.xrd.result import RefinementResult

__all__ = [
    "LATTICE",
    "RefinementSettings",
    "SeriesItem",
    "refine_batch",
    "refine_file",
    "stored_pattern",
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
    """

    cifs: Sequence[Path]
    engine: EngineName = "builtin"
    radiation: Radiation | Sequence[Radiation | None] | None = None
    two_theta_range: Range | Sequence[Range | None] | None = None
    options: BuiltinOptions = field(default_factory=BuiltinOptions)
    gpx: Path | None = None


@dataclass(frozen=True)
class SeriesItem:
    """One sample of a substitution series: its pattern, composition, name and pellet."""

    pattern: str
    x: float | None = None
    sample: str | None = None
    pellet: str | None = None


@dataclass(frozen=True)
class StoredPattern:
    """A pattern that the lab holds."""

    measurement_id: int
    pattern: DiffractionPattern
    file_name: str


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
    texts = [_cif_text(path) for path in settings.cifs]
    phases = [
        phase_from_cif_text(text, str(path), name=path.stem)
        for text, path in zip(texts, settings.cifs, strict=True)
    ]
    stored = _pattern_of(lab, item)
    others = [_pattern_of(lab, other) for other in together]
    project = lab.folder / _PROJECTS / f".M{stored.measurement_id}.gpx.new"
    result = refine_pattern(
        [stored.pattern, *(other.pattern for other in others)] if others else stored.pattern,
        list(start) if start is not None else phases,
        engine=settings.engine,
        radiation=settings.radiation,
        two_theta_range=settings.two_theta_range,
        options=settings.options,
        artefact=project if settings.engine == "gsas" else None,
        gsas_path=lab.settings.gsas2,
    )
    if start is not None:
        first = [phase.cell for phase in phases]
        moved = tuple(replace(p, start_cell=c) for p, c in zip(result.phases, first, strict=True))
        result = replace(result, phases=moved)
    parameters = {
        "engine": settings.engine,
        "wavelength_angstrom": [list(line) for line in result.wavelength_angstrom],
        "two_theta_range_deg": settings.two_theta_range,
        "options": {name: getattr(settings.options, name) for name in _OPTION_NAMES},
        "cifs": [{"name": p.name, "text": t} for p, t in zip(phases, texts, strict=True)],
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
        number = _store(session, stored.measurement_id, result, parameters, batch)
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
    "search_cell",
    "monochromator_deg",
    "atoms",
)


def _cif_text(path: Path) -> str:
    return read_bytes(path).decode("utf-8", errors="replace")


def _pattern_of(lab: Lab, item: SeriesItem) -> StoredPattern:
    """Return the pattern of a file or a measurement, stored in the lab."""
    path = Path(item.pattern)
    if not path.exists() and item.pattern[:1] in "mM" and item.pattern[1:].isdigit():
        return stored_pattern(lab, item.pattern)
    content = read_bytes(path)
    file = read(path, content=content)
    patterns = [r for r in file.records if isinstance(r, DiffractionPattern)]
    if not patterns:
        raise UsageError(f"{path}: holds no diffraction pattern; 'labkit inspect' shows what it is")
    number = _store_file(lab, path, content, file, item.pellet)
    return StoredPattern(number, patterns[0], path.name)


def stored_pattern(lab: Lab, identifier: str) -> StoredPattern:
    """Return a stored pattern with all that its raw file says.

    Raises
    ------
    UnknownMeasurementError, UsageError
        When there is no such measurement, or it is none of diffraction.
    """
    with lab.database.reading() as session:
        measurement = get_measurement(session, identifier.upper())
        assert measurement.id is not None
        if measurement.kind != "diffraction":
            raise UsageError(f"M{measurement.id} is a {measurement.kind} measurement, no pattern")
        raw = session.get(RawFile, measurement.raw_file_id)
        assert raw is not None
        name, kept, sweep = raw.file_name, raw.sha256, measurement.sweep
        arrays = load_arrays(session, measurement.id)
    path = lab.raw_path(kept)
    if path.exists():
        records = read(Path(name), content=path.read_bytes()).records
        found = [r for r in records if isinstance(r, DiffractionPattern) and r.scan == sweep]
        if found:
            return StoredPattern(measurement.id, found[0], name)
    pattern = DiffractionPattern(
        two_theta_deg=arrays["two_theta_deg"],
        intensity_counts=arrays["intensity_counts"],
        sigma_counts=arrays.get("sigma_counts"),
    )
    return StoredPattern(measurement.id, pattern, name)


def _store_file(
    lab: Lab, path: Path, content: bytes, file: MeasuredFile, pellet_name: str | None
) -> int:
    with lab.database.reading() as session:
        pellet = None if pellet_name is None else get_pellet(session, pellet_name)
        known = find_raw_file(session, file.sha256)
        if known is not None:
            return _first_pattern(measurements_of_file(session, known), path)
    conditions = SampleConditions(pellet_name)
    new = [
        new_measurement(lab, record, conditions, pellet)
        for record in file.records
        if isinstance(record, DiffractionPattern)
    ]
    stored = keep_and_store(lab, path, content, file, new, pellet)
    return _first_pattern(stored.measurements, path)


def _first_pattern(measurements: Sequence[Measurement], path: Path) -> int:
    for measurement in measurements:
        if measurement.kind == "diffraction" and measurement.id is not None:
            return measurement.id
    raise UsageError(f"{path}: stored earlier without its diffraction pattern")


def _store(
    session: Session,
    measurement_id: int,
    result: RefinementResult,
    parameters: dict[str, Any],
    batch: str | None,
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
        session, new, measurement_id=measurement_id, pellet_id=measurement.pellet_id, batch=batch
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
            refused.append({"pattern": item.pattern, "error": " ".join(str(error).split())})
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
        phase_from_cif_text(_cif_text(path), str(path), name=path.stem).with_cell(refined.cell)
        for path, refined in zip(settings.cifs, result.phases, strict=True)
    ]
