"""Corrections of pellets and measurements: the row gets the new values, the history both.

What follows from a correction (conductivities computed again, labels to look at) is not known
here: it belongs to whoever knows the physics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import sqlmodel
from sqlmodel import col, select

from db.columns import plain_json
from db.errors import InvalidValueError
from db.formulas import formula_text, reduced_formula_or_none
from db.pellets import check_lengths, checked_name
from db.tables import Correction, Measurement, Pellet

__all__ = [
    "MEASUREMENT_FIELDS",
    "PELLET_FIELDS",
    "correct_measurement",
    "correct_pellet",
    "corrections_of",
    "lock_row",
    "set_aside",
    "take_back",
]

PELLET_FIELDS = (
    "name",
    "formula",
    "reduced_formula",
    "batch",
    "thickness_m",
    "thickness_se_m",
    "diameter_m",
    "diameter_se_m",
    "electrode",
    "stack_pressure_Pa",
    "note",
)
MEASUREMENT_FIELDS = ("pellet_id", "temperature_K", "temperature_se_K", "temperature_source")

_Row = TypeVar("_Row", Pellet, Measurement)


def lock_row(session: sqlmodel.Session, row: _Row) -> _Row:
    """Return the row as it stands now and keep others from changing it in this transaction."""
    kind = type(row)
    statement = select(kind).where(col(kind.id) == row.id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def correct_pellet(
    session: sqlmodel.Session,
    pellet: Pellet,
    changes: Mapping[str, Any],
    *,
    actor: str,
    reason: str,
) -> Correction:
    """Change fields of a pellet (those of `PELLET_FIELDS`), and keep what they were.

    A reduced formula follows from the formula.

    Raises
    ------
    InvalidValueError
        If nothing changes, a value cannot be one, or person or reason are missing.
    DuplicateError
        If the new name is taken.
    """
    given = dict(changes)
    if "name" in given and given["name"] != pellet.name:
        given["name"] = checked_name(session, given["name"])
    if "formula" in given:
        given["formula"] = formula_text(given["formula"])
        given["reduced_formula"] = reduced_formula_or_none(given["formula"])
    check_lengths(pellet.name, {name: given[name] for name in given if name.endswith("_m")})
    return _change(session, pellet, given, PELLET_FIELDS, actor, reason)


def correct_measurement(
    session: sqlmodel.Session,
    measurement: Measurement,
    changes: Mapping[str, Any],
    *,
    actor: str,
    reason: str,
) -> Correction:
    """Change fields of a measurement (those of `MEASUREMENT_FIELDS`), and keep what they were.

    Raises
    ------
    InvalidValueError
        If nothing changes, or person or reason are missing.
    """
    return _change(session, measurement, changes, MEASUREMENT_FIELDS, actor, reason)


def set_aside(
    session: sqlmodel.Session, measurement: Measurement, *, actor: str, reason: str
) -> Correction:
    """Set a measurement aside: it stays, with the reason, and is not to be used.

    Raises
    ------
    InvalidValueError
        If it is set aside already, or person or reason are missing.
    """
    if measurement.set_aside_because is not None:
        raise InvalidValueError(
            f"M{measurement.id} is set aside already ({measurement.set_aside_because})"
        )
    change = {"set_aside_because": reason}
    return _change(session, measurement, change, tuple(change), actor, reason, "set-aside")


def take_back(
    session: sqlmodel.Session, measurement: Measurement, *, actor: str, reason: str
) -> Correction:
    """Use a measurement again that was set aside.

    Raises
    ------
    InvalidValueError
        If it is not set aside, or person or reason are missing.
    """
    if measurement.set_aside_because is None:
        raise InvalidValueError(f"M{measurement.id} is not set aside")
    change = {"set_aside_because": None}
    return _change(session, measurement, change, tuple(change), actor, reason, "taken-back")


def _change(
    session: sqlmodel.Session,
    row: Pellet | Measurement,
    changes: Mapping[str, Any],
    allowed: Sequence[str],
    actor: str,
    reason: str,
    action: str = "changed",
) -> Correction:
    if not actor.strip() or not reason.strip():
        raise InvalidValueError("a correction needs the name of a person and a reason")
    unknown = sorted(set(changes) - set(allowed))
    if unknown:
        raise InvalidValueError(f"{', '.join(unknown)} cannot be corrected")
    changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if not changed:
        raise InvalidValueError("nothing changes: these are the values that are stored")
    before = {name: getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    session.add(row)
    correction = Correction(
        pellet_id=row.id if isinstance(row, Pellet) else None,
        measurement_id=row.id if isinstance(row, Measurement) else None,
        action=action,
        values_before=plain_json(before),
        values_after=plain_json(changed),
        actor=actor.strip(),
        reason=reason.strip(),
    )
    session.add(correction)
    session.flush()
    return correction


def corrections_of(session: sqlmodel.Session, row: Pellet | Measurement) -> list[Correction]:
    """Return the corrections of a pellet or of a measurement, oldest first."""
    subject = Correction.pellet_id if isinstance(row, Pellet) else Correction.measurement_id
    statement = select(Correction).where(subject == row.id).order_by(col(Correction.id))
    return list(session.exec(statement))
