"""Diffraction patterns of files and of stored measurements, always kept in the lab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.measurements import (
    find_raw_file,
    get_measurement,
    load_arrays,
    measurements_of_file,
)
from db.pellets import get_pellet
from db.tables import Measurement, RawFile
from instruments import read
from instruments.records import DiffractionPattern, MeasuredFile
from labkit.errors import UsageError
from labkit.grammar import with_article
from labkit.workflows.importing import read_bytes
from labkit.workflows.lab import Lab
from labkit.workflows.recording import keep_and_store, new_measurement
from labkit.workflows.sample_conditions import SampleConditions

__all__ = ["SeriesItem", "StoredPattern", "pattern_of", "stored_pattern"]


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


def pattern_of(lab: Lab, item: SeriesItem) -> StoredPattern:
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
            raise UsageError(
                f"M{measurement.id} is {with_article(measurement.kind)} measurement, no pattern"
            )
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
