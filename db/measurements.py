"""Raw files, their measurements and what was computed from them.

A file arrives whole: `store_measured_file` writes its row, every measurement with its arrays and
every analysis in the caller's transaction, so an import is either all there or not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlmodel
from numpy.typing import NDArray
from sqlmodel import col, select

from db.arrays import pack_arrays, unpack_arrays
from db.columns import plain_json
from db.errors import InvalidValueError, UnknownAnalysisError, UnknownMeasurementError
from db.identifiers import RecordKind, parse_identifier
from db.tables import Analysis, AnalysisInput, Measurement, RawFile, Spectrum
from db.tables_bench import VERDICTS

_PROMOTED = (
    "resistance_ohm",
    "sigma_S_per_cm",
    "sigma_random_S_per_cm",
    "sigma_systematic_S_per_cm",
    "temperature_K",
    "ea_eV",
    "ea_se_eV",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnalysis:
    """A result to be stored. `inputs` defaults to the measurement it belongs to.

    The numbers that lists are sorted and filtered by (``sigma_S_per_cm``, ``ea_eV`` ...) are
    taken from `result` by their names.
    """

    kind: str
    result: Mapping[str, Any]
    verdict: str
    labkit_version: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    input_hash: str | None = None
    created_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMeasurement:
    """One record of a raw file to be stored, with its arrays by name (unit in the name)."""

    kind: str
    data_hash: str
    arrays: Mapping[str, NDArray[Any]]
    sweep: int = 1
    technique: str | None = None
    instrument: str | None = None
    software: str | None = None
    started_at: str | None = None
    started_at_zone: str | None = None
    started_at_ambiguous: bool = False
    amplitude: str | None = None
    temperature_K: float | None = None
    temperature_se_K: float | None = None
    temperature_source: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    analyses: Sequence[NewAnalysis] = ()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a file became; `is_new` is false where the very same bytes were already there."""

    raw_file: RawFile
    measurements: list[Measurement]
    analyses: list[Analysis]
    is_new: bool


def store_measured_file(
    session: sqlmodel.Session,
    *,
    sha256: str,
    size_bytes: int,
    file_name: str,
    format: str,
    reader_version: str,
    measurements: Sequence[NewMeasurement],
    pellet_id: int | None = None,
    stored_path: str | None = None,
    original_path: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
    labkit_version: str | None = None,
    imported_by: str | None = None,
) -> StoredFile:
    """Store a raw file with all it holds, or return what is stored of the same bytes.

    Parameters
    ----------
    sha256 : str
        Of the whole file, in hexadecimal: the identity of the bytes.
    measurements : sequence of NewMeasurement
        `sweep` counts from 1 within each kind.

    Raises
    ------
    InvalidValueError
        If a value is refused by the tables.
    """
    known = find_raw_file(session, sha256)
    if known is not None:
        stored = measurements_of_file(session, known)
        return StoredFile(known, stored, _analyses_of(session, stored), is_new=False)
    raw_file = RawFile(
        sha256=sha256.lower(),
        size_bytes=size_bytes,
        file_name=file_name,
        original_path=original_path,
        stored_path=stored_path,
        format=format,
        reader_version=reader_version,
        file_metadata=plain_json(metadata or {}),
        warnings=list(warnings),
        labkit_version=labkit_version,
        imported_by=imported_by,
    )
    session.add(raw_file)
    session.flush()
    rows = [_measurement_row(raw_file, pellet_id, new) for new in measurements]
    session.add_all(rows)
    session.flush()
    analyses: list[Analysis] = []
    for row, new in zip(rows, measurements, strict=True):
        session.add(_spectrum_row(row, new))
        analyses += [
            store_analysis(session, analysis, measurement_id=row.id, pellet_id=pellet_id)
            for analysis in new.analyses
        ]
    session.flush()
    return StoredFile(raw_file, rows, analyses, is_new=True)


def _measurement_row(raw_file: RawFile, pellet_id: int | None, new: NewMeasurement) -> Measurement:
    assert raw_file.id is not None
    return Measurement(
        raw_file_id=raw_file.id,
        pellet_id=pellet_id,
        kind=new.kind,
        sweep=new.sweep,
        technique=new.technique,
        instrument=new.instrument,
        software=new.software,
        started_at=new.started_at,
        started_at_zone=new.started_at_zone,
        started_at_ambiguous=new.started_at_ambiguous,
        amplitude=new.amplitude,
        temperature_K=new.temperature_K,
        temperature_se_K=new.temperature_se_K,
        temperature_source=new.temperature_source,
        record_metadata=plain_json(new.metadata),
        warnings=list(new.warnings),
    )


def _spectrum_row(measurement: Measurement, new: NewMeasurement) -> Spectrum:
    assert measurement.id is not None
    layout, blob = pack_arrays(new.arrays)
    n_points = next(iter(new.arrays.values())).shape[0] if new.arrays else 0
    return Spectrum(
        measurement_id=measurement.id,
        data_hash=new.data_hash,
        n_points=n_points,
        layout=layout,
        arrays=blob,
    )


def store_analysis(
    session: sqlmodel.Session,
    new: NewAnalysis,
    *,
    measurement_id: int | None = None,
    pellet_id: int | None = None,
    batch: str | None = None,
    input_measurement_ids: Sequence[int] = (),
    input_analysis_ids: Sequence[int] = (),
) -> Analysis:
    """Store a result beside the earlier ones, with links to all it was computed from.

    Parameters
    ----------
    measurement_id : int, optional
        The measurement analysed; it becomes the input where no others are named.
    input_measurement_ids, input_analysis_ids : sequences of int
        For a result of several (an Arrhenius fit of seven conductivities), in their order.
    """
    if new.verdict not in VERDICTS:
        raise InvalidValueError(f"a verdict is one of {', '.join(VERDICTS)}, not {new.verdict!r}")
    result = plain_json(new.result)
    promoted: dict[str, Any] = {
        name: float(result[name])
        for name in _PROMOTED
        if isinstance(result.get(name), (int, float)) and not isinstance(result[name], bool)
    }
    analysis = Analysis(
        kind=new.kind,
        measurement_id=measurement_id,
        pellet_id=pellet_id,
        batch=batch,
        parameters=plain_json(new.parameters),
        result=result,
        input_hash=new.input_hash,
        verdict=new.verdict,
        reasons=list(new.reasons),
        labkit_version=new.labkit_version,
        created_by=new.created_by,
        **promoted,
    )
    session.add(analysis)
    session.flush()
    assert analysis.id is not None
    if not input_measurement_ids and not input_analysis_ids and measurement_id is not None:
        input_measurement_ids = (measurement_id,)
    sources: list[dict[str, Any]] = [{"measurement_id": key} for key in input_measurement_ids]
    sources += [{"input_analysis_id": key} for key in input_analysis_ids]
    session.add_all(
        AnalysisInput(analysis_id=analysis.id, position=position, **source)
        for position, source in enumerate(sources)
    )
    session.flush()
    return analysis


def store_analysis_once(
    session: sqlmodel.Session,
    new: NewAnalysis,
    *,
    measurement_id: int | None = None,
    pellet_id: int | None = None,
    input_measurement_ids: Sequence[int] = (),
    input_analysis_ids: Sequence[int] = (),
) -> Analysis:
    """Store a result, unless the newest of its kind says the very same.

    The newest is that of the measurement where one is named, else that of the pellet. The same
    means equal inputs, parameters, result and version of labkit; arguments are those of
    `store_analysis`.

    Returns
    -------
    Analysis
        The one already stored, or the new one.
    """
    latest = latest_analysis(
        session,
        new.kind,
        measurement_id=measurement_id,
        pellet_id=pellet_id if measurement_id is None else None,
    )
    if (
        latest is not None
        and latest.input_hash == new.input_hash
        and latest.labkit_version == new.labkit_version
        and latest.parameters == plain_json(new.parameters)
        and latest.result == plain_json(new.result)
    ):
        return latest
    return store_analysis(
        session,
        new,
        measurement_id=measurement_id,
        pellet_id=pellet_id,
        input_measurement_ids=input_measurement_ids,
        input_analysis_ids=input_analysis_ids,
    )


def find_raw_file(session: sqlmodel.Session, sha256: str) -> RawFile | None:
    """Return the stored file with these bytes, if any."""
    return session.exec(select(RawFile).where(RawFile.sha256 == sha256.lower())).first()


def measurements_of_file(session: sqlmodel.Session, raw_file: RawFile) -> list[Measurement]:
    """Return the measurements of a stored file, by kind and sweep."""
    statement = select(Measurement).where(Measurement.raw_file_id == raw_file.id)
    return list(session.exec(statement.order_by(col(Measurement.kind), col(Measurement.sweep))))


def find_by_data_hash(session: sqlmodel.Session, data_hash: str) -> list[Measurement]:
    """Return every measurement whose points are these, whatever file they came in."""
    statement = (
        select(Measurement)
        .join(Spectrum, col(Spectrum.measurement_id) == col(Measurement.id))
        .where(Spectrum.data_hash == data_hash)
        .order_by(col(Measurement.id))
    )
    return list(session.exec(statement))


def get_measurement(session: sqlmodel.Session, identifier: str | int) -> Measurement:
    """Return the measurement M-number `identifier`, or raise `UnknownMeasurementError`."""
    number = _number(identifier, RecordKind.MEASUREMENT)
    found = session.get(Measurement, number)
    if found is None:
        raise UnknownMeasurementError(f"there is no measurement M{number} in this lab")
    return found


def get_analysis(session: sqlmodel.Session, identifier: str | int) -> Analysis:
    """Return the analysis A-number `identifier`, or raise `UnknownAnalysisError`."""
    number = _number(identifier, RecordKind.ANALYSIS)
    found = session.get(Analysis, number)
    if found is None:
        raise UnknownAnalysisError(f"there is no analysis A{number} in this lab")
    return found


def _number(identifier: str | int, kind: RecordKind) -> int:
    if isinstance(identifier, int):
        return identifier
    number = parse_identifier(identifier, kind).number
    assert number is not None
    return number


def load_arrays(session: sqlmodel.Session, measurement_id: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a measurement by name, read-only."""
    found = session.exec(select(Spectrum).where(Spectrum.measurement_id == measurement_id)).first()
    if found is None:
        raise UnknownMeasurementError(f"measurement M{measurement_id} has no stored points")
    return unpack_arrays(found.layout, found.arrays)


def data_hash_of(session: sqlmodel.Session, measurement_id: int) -> str:
    """Return the canonical hash of a measurement's points."""
    statement = select(Spectrum.data_hash).where(Spectrum.measurement_id == measurement_id)
    found = session.exec(statement).first()
    if found is None:
        raise UnknownMeasurementError(f"measurement M{measurement_id} has no stored points")
    return found


def list_measurements(
    session: sqlmodel.Session,
    *,
    pellet_ids: Sequence[int] | None = None,
    kind: str | None = None,
    limit: int | None = None,
) -> list[Measurement]:
    """Return measurements by number, optionally of some pellets or of one kind."""
    statement = select(Measurement).order_by(col(Measurement.id))
    if pellet_ids is not None:
        statement = statement.where(col(Measurement.pellet_id).in_(pellet_ids))
    if kind is not None:
        statement = statement.where(Measurement.kind == kind)
    return list(session.exec(statement.limit(limit) if limit is not None else statement))


def latest_analysis(
    session: sqlmodel.Session,
    kind: str,
    *,
    measurement_id: int | None = None,
    pellet_id: int | None = None,
) -> Analysis | None:
    """Return the newest analysis of this kind for a measurement or a pellet, if any."""
    statement = select(Analysis).where(Analysis.kind == kind).order_by(col(Analysis.id).desc())
    if measurement_id is not None:
        statement = statement.where(Analysis.measurement_id == measurement_id)
    if pellet_id is not None:
        statement = statement.where(Analysis.pellet_id == pellet_id)
    return session.exec(statement.limit(1)).first()


def list_analyses(
    session: sqlmodel.Session, *, kind: str | None = None, pellet_id: int | None = None
) -> list[Analysis]:
    """Return analyses by number, optionally of one kind or one pellet."""
    statement = select(Analysis).order_by(col(Analysis.id))
    if kind is not None:
        statement = statement.where(Analysis.kind == kind)
    if pellet_id is not None:
        statement = statement.where(Analysis.pellet_id == pellet_id)
    return list(session.exec(statement))


def _analyses_of(session: sqlmodel.Session, measurements: Sequence[Measurement]) -> list[Analysis]:
    keys = [measurement.id for measurement in measurements]
    statement = select(Analysis).where(col(Analysis.measurement_id).in_(keys))
    return list(session.exec(statement.order_by(col(Analysis.id))))
