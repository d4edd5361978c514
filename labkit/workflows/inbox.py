"""What came in last: each raw file as a card that says what is known and what is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.measurements import find_raw_file
from db.tables import Analysis, Measurement, Pellet, RawFile
from labkit.errors import NotFoundError, UsageError
from labkit.geometry import parse_temperature
from labkit.workflows.completing import complete_known_file
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.lab import Lab
from labkit.workflows.sample_conditions import SampleConditions
from labkit.workflows.temperature_in_name import notes_on_temperature, read_name

__all__ = ["complete_file", "guess_pellet", "list_inbox"]

_WORD = re.compile(r"[a-z0-9]+")


def guess_pellet(file_name: str, pellets: Sequence[str]) -> str | None:
    """Guess the pellet from a file's name.

    Parameters
    ----------
    file_name : str
    pellets : sequence of str
        Names of the lab's pellets.

    Returns
    -------
    str or None
        The pellet whose name stands in the file name as whole words, the longest where several
        do; None where two equally long ones do.

    Examples
    --------
    >>> guess_pellet("PEIS_LPSCl-1_25C_C01.mpr", ["LPSCl-1", "LPSCl-11"])
    'LPSCl-1'
    """
    words = _WORD.findall(file_name.lower())
    found: dict[int, list[str]] = {}
    for pellet in pellets:
        own = _WORD.findall(pellet.lower())
        if own and any(words[k : k + len(own)] == own for k in range(len(words))):
            found.setdefault(sum(map(len, own)), []).append(pellet)
    if not found:
        return None
    longest = found[max(found)]
    return longest[0] if len(longest) == 1 else None


def list_inbox(lab: Lab, *, limit: int = 30, offset: int = 0) -> dict[str, Any]:
    """List the raw files that came in last, the newest first.

    Returns
    -------
    dict
        ``files``, each with its measurements, what is missing and a guess of the pellet; the
        number of all files, and of those with something missing.
    """
    with lab.database.reading() as session:
        files = session.exec(
            select(RawFile).order_by(col(RawFile.id).desc()).limit(limit).offset(offset)
        ).all()
        pellets = {pellet.id: pellet.name for pellet in session.exec(select(Pellet))}
        by_file = _measurements(session, [file.id for file in files if file.id is not None])
        total = session.exec(select(sa.func.count()).select_from(RawFile)).one()
        incomplete = session.exec(
            select(sa.func.count(sa.distinct(col(Measurement.raw_file_id)))).where(
                Measurement.kind == "impedance",
                col(Measurement.set_aside_because).is_(None),
                col(Measurement.pellet_id).is_(None) | col(Measurement.temperature_K).is_(None),
            )
        ).one()
    names = [name for name in pellets.values() if name]
    return {
        "files": [
            _card(lab, file, by_file.get(file.id or 0, []), pellets, names) for file in files
        ],
        "total": total,
        "incomplete": incomplete,
    }


def _measurements(
    session: Session, file_ids: Sequence[int]
) -> dict[int, list[tuple[Measurement, Analysis | None]]]:
    """Return the measurements of files with their newest result."""
    newest = (
        sa.select(sa.func.max(col(Analysis.id)))
        .where(col(Analysis.kind) == TAIL)
        .group_by(col(Analysis.measurement_id))
    )
    statement = (
        select(Measurement, Analysis)
        .outerjoin(
            Analysis,
            (col(Analysis.measurement_id) == col(Measurement.id))
            & col(Analysis.id).in_(
                newest.where(
                    col(Analysis.measurement_id).in_(
                        sa.select(col(Measurement.id)).where(
                            col(Measurement.raw_file_id).in_(file_ids)
                        )
                    )
                )
            ),
        )
        .where(col(Measurement.raw_file_id).in_(file_ids))
        .order_by(col(Measurement.kind), col(Measurement.sweep))
    )
    by_file: dict[int, list[tuple[Measurement, Analysis | None]]] = {}
    for measurement, analysis in session.exec(statement):
        by_file.setdefault(measurement.raw_file_id, []).append((measurement, analysis))
    return by_file


def _card(
    lab: Lab,
    file: RawFile,
    measured: list[tuple[Measurement, Analysis | None]],
    pellets: dict[int | None, str],
    names: Sequence[str],
) -> dict[str, Any]:
    measurements = [measurement for measurement, _ in measured]
    pellet = next((pellets.get(m.pellet_id) for m in measurements if m.pellet_id), None)
    kelvin = [m.temperature_K for m in measurements if m.temperature_K is not None]
    first = measurements[0] if measurements else None
    impedance = any(m.kind == "impedance" for m in measurements)
    missing = []
    if impedance and any(m.pellet_id is None for m in measurements):
        missing.append("pellet")
    if impedance and len(kelvin) < len(measurements):
        missing.append("temperature")
    source = first.temperature_source if first else None
    reading = read_name(file.file_name, lab.settings.temperature_range_K)
    on_temperature = (
        notes_on_temperature(reading, kelvin[0] if kelvin else None, source) if impedance else []
    )
    warnings = [*on_temperature, *file.warnings, *(first.warnings if first else [])]
    return {
        "file": file.file_name,
        "sha256": file.sha256,
        "format": file.format,
        "size_bytes": file.size_bytes,
        "kind": first.kind if first else "unknown",
        "technique": first.technique if first else None,
        "instrument": first.instrument if first else None,
        "imported_at": file.imported_at.isoformat(timespec="seconds"),
        "imported_by": file.imported_by,
        "pellet": pellet,
        "pellet_guess": None if pellet else guess_pellet(file.file_name, names),
        "temperature_K": kelvin[0] if kelvin else None,
        "temperature_source": source,
        "missing": missing,
        "warnings": list(dict.fromkeys(warnings)),
        "measurements": [_result(measurement, analysis) for measurement, analysis in measured],
    }


def _result(measurement: Measurement, analysis: Analysis | None) -> dict[str, Any]:
    result = {} if analysis is None else analysis.result
    return {
        "measurement": f"M{measurement.id}",
        "sweep": measurement.sweep,
        "temperature_K": measurement.temperature_K,
        "set_aside_because": measurement.set_aside_because,
        "verdict": None if analysis is None else analysis.verdict,
        "reasons": [] if analysis is None else analysis.reasons,
        "resistance_ohm": result.get("resistance_ohm"),
        "sigma_S_per_cm": result.get("sigma_S_per_cm"),
        "sigma_random_S_per_cm": result.get("sigma_random_S_per_cm"),
        "sigma_systematic_S_per_cm": result.get("sigma_systematic_S_per_cm"),
    }


def complete_file(
    lab: Lab,
    sha256: str,
    *,
    pellet: str | None = None,
    temperature: str | None = None,
    actor: str,
) -> dict[str, Any]:
    """Say of which pellet, and at what temperature, a stored file was measured.

    What is stored already is never replaced; a warning says so.

    Parameters
    ----------
    lab : Lab
    sha256 : str
        Of the raw file.
    pellet, temperature : str, optional
        Name of a pellet; a temperature with its unit.
    actor : str
        Who says it; kept as the source of the temperature.

    Raises
    ------
    UsageError, GeometryError, UnknownPelletError, NotFoundError
        When nothing is given, it cannot be read, or there is no such pellet or file.
    """
    if not (pellet or temperature):
        raise UsageError("say which pellet, or at what temperature")
    kelvin = parse_temperature(temperature) if temperature else None
    with lab.database.reading() as session:
        stored = find_raw_file(session, sha256)
        if stored is None:
            raise NotFoundError(f"this lab has no raw file {sha256[:12]}")
        name = stored.file_name
    reading = read_name(name, lab.settings.temperature_range_K)
    conditions = SampleConditions(
        pellet or None,
        kelvin,
        None if kelvin is None else actor,
        () if kelvin is None else tuple(notes_on_temperature(reading, kelvin, actor)),
    )
    return complete_known_file(lab, Path(name), stored.sha256, conditions, actor=actor)
