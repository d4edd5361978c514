"""A measurement of another temperature or pellet than was typed, or not to be used at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

import db.corrections
from db.corrections import lock_row
from db.measurements import get_measurement
from db.pellets import get_pellet
from db.tables import Correction, Measurement, Pellet
from labkit.errors import ChangedMeanwhileError, UsageError
from labkit.geometry import parse_temperature
from labkit.workflows.computing_again import (
    ComputedAgain,
    compute_again,
    computed_polarisations,
    store_computed,
)
from labkit.workflows.correcting_pellets import check_seen, what_follows
from labkit.workflows.correction_history import describe_correction
from labkit.workflows.lab import Lab
from labkit.workflows.masking import checked_reason
from labkit.workflows.pellets import geometry_of
from labkit.workflows.signing import OF_A_CORRECTION, signer_of

__all__ = ["CORRECTED", "correct_measurements", "set_measurements_aside", "take_measurements_back"]

CORRECTED = "corrected"
"""Where a temperature comes from that a person corrected; who and why stand in the history."""

_SAME_TEMPERATURE_K = 1e-6


def correct_measurements(
    lab: Lab,
    identifiers: Sequence[str],
    *,
    temperature: str | None = None,
    pellet: str | None = None,
    because: str,
    by: str | None = None,
    seen: int | None = None,
) -> dict[str, Any]:
    """Correct the temperature of measurements, or move them to another pellet.

    Conductivities are computed again as new results beside the old ones; points, windows and
    leads stay. Labels are not changed: those that rest on the old values are named.

    Parameters
    ----------
    lab : Lab
    identifiers : sequence of str
        ``M3``, one or more; all are corrected or none.
    temperature : str, optional
        With its unit.
    pellet : str, optional
        Name or id of the pellet that was measured.
    because : str
        Why; kept for ever.
    by : str, optional
        Who; the reviewer of ``lab.toml`` otherwise.
    seen : int, optional
        How many corrections of the measurement that person saw; where there are more nothing
        happens.

    Returns
    -------
    dict
        ``measurements``, ``corrections``, ``recomputed``, ``outdated`` and ``labels``, as
        `labkit.workflows.correcting_pellets.correct_pellet` returns them.

    Raises
    ------
    ChangedMeanwhileError
        When somebody else corrected a measurement or kept another result meanwhile.
    UnknownMeasurementError, UnknownPelletError, GeometryError, UsageError
        When there is no such thing, a value cannot be used, or nothing changes.
    """
    if temperature is None and pellet is None:
        raise UsageError("name what is corrected: --temperature 25C or --pellet NAME")
    signer = signer_of(lab, by, OF_A_CORRECTION)
    reason = checked_reason(because, "a measurement is corrected")
    kelvin = None if temperature is None else parse_temperature(temperature)
    with lab.database.reading() as session:
        target = None if pellet is None else get_pellet(session, pellet)
        measured = _all_of(session, identifiers)
        changes = {one.id: _changes(lab, one, kelvin, target) for one in measured}
        changing = [one for one in measured if changes[one.id]]
        if not changing:
            raise UsageError("nothing changes: these are the values that are stored")
        computed = [
            (one, _computed(session, one, target, kelvin, signer))
            for one in changing
            if one.kind == "impedance"
        ]
    with lab.database.session() as session:
        locked = {one.id: lock_row(session, one) for one in changing}
        corrections = []
        for one in changing:
            row = locked[one.id]
            check_seen(session, row, seen)
            _check_unchanged(row, one)
            corrections.append(
                db.corrections.correct_measurement(
                    session, row, changes[one.id], actor=signer, reason=reason
                )
            )
        recomputed = [
            row
            for one, found in computed
            for row in store_computed(session, found, locked[one.id].pellet_id)
        ]
        transients = [row for row in locked.values() if row.kind == "dc"]
        recomputed += computed_polarisations(session, transients)
        touched = [one.pellet_id for one in changing]
        touched += [row.pellet_id for row in locked.values()]
        return _report(session, list(locked.values()), corrections, touched, recomputed)


def _all_of(session: Session, identifiers: Sequence[str]) -> list[Measurement]:
    if not identifiers:
        raise UsageError("name the measurements, such as M3")
    found = [get_measurement(session, identifier) for identifier in identifiers]
    return list({one.id: one for one in found}.values())


def _changes(
    lab: Lab, measurement: Measurement, temperature_K: float | None, pellet: Pellet | None
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if pellet is not None and measurement.pellet_id != pellet.id:
        changes["pellet_id"] = pellet.id
    before = measurement.temperature_K
    if temperature_K is not None and (
        before is None or abs(before - temperature_K) > _SAME_TEMPERATURE_K
    ):
        changes |= {
            "temperature_K": temperature_K,
            "temperature_se_K": lab.settings.temperature_se_K,
            "temperature_source": CORRECTED,
        }
    return changes


def _computed(
    session: Session,
    measurement: Measurement,
    target: Pellet | None,
    temperature_K: float | None,
    signer: str,
) -> list[ComputedAgain]:
    assert measurement.id is not None
    pellet = target
    if pellet is None and measurement.pellet_id is not None:
        pellet = session.get(Pellet, measurement.pellet_id)
    return compute_again(
        session,
        [measurement],
        geometry=None if pellet is None else geometry_of(pellet),
        temperature_K={} if temperature_K is None else {measurement.id: temperature_K},
        actor=signer,
    )


def _check_unchanged(now: Measurement, seen: Measurement) -> None:
    if (now.pellet_id, now.temperature_K) != (seen.pellet_id, seen.temperature_K):
        raise ChangedMeanwhileError(
            f"M{now.id} was changed meanwhile; nothing was corrected: look at it again"
        )


def set_measurements_aside(
    lab: Lab,
    identifiers: Sequence[str],
    *,
    because: str,
    by: str | None = None,
    seen: int | None = None,
) -> dict[str, Any]:
    """Set measurements aside: kept with the reason, and left out of fits, labels and lists.

    Returns
    -------
    dict
        As `correct_measurements`; nothing is computed again.

    Raises
    ------
    ChangedMeanwhileError, UnknownMeasurementError, UsageError, InvalidValueError
        When somebody else corrected one meanwhile, there is none, or it is set aside already.
    """
    return _use(lab, identifiers, because, by, seen, use=False)


def take_measurements_back(
    lab: Lab,
    identifiers: Sequence[str],
    *,
    because: str,
    by: str | None = None,
    seen: int | None = None,
) -> dict[str, Any]:
    """Use measurements again that were set aside.

    Returns
    -------
    dict
        As `correct_measurements`.

    Raises
    ------
    ChangedMeanwhileError, UnknownMeasurementError, UsageError, InvalidValueError
        When somebody else corrected one meanwhile, there is none, or it is not set aside.
    """
    return _use(lab, identifiers, because, by, seen, use=True)


def _use(
    lab: Lab,
    identifiers: Sequence[str],
    because: str,
    by: str | None,
    seen: int | None,
    *,
    use: bool,
) -> dict[str, Any]:
    signer = signer_of(lab, by, OF_A_CORRECTION)
    what = "a measurement is taken back" if use else "a measurement is set aside"
    reason = checked_reason(because, what)
    change = db.corrections.take_back if use else db.corrections.set_aside
    with lab.database.session() as session:
        locked = [lock_row(session, one) for one in _all_of(session, identifiers)]
        corrections = []
        for row in locked:
            check_seen(session, row, seen)
            corrections.append(change(session, row, actor=signer, reason=reason))
        return _report(session, locked, corrections, [row.pellet_id for row in locked], [])


def _report(
    session: Session,
    rows: Sequence[Measurement],
    corrections: Sequence[Correction],
    pellet_ids: Sequence[int | None],
    recomputed: list[dict[str, Any]],
) -> dict[str, Any]:
    touched = {number for number in pellet_ids if number is not None}
    statement = select(Pellet).where(col(Pellet.id).in_(touched)).order_by(col(Pellet.id))
    pellets = list(session.exec(statement))
    names = {pellet.id: pellet.name for pellet in pellets}
    return {
        "measurements": [
            {
                "measurement": f"M{row.id}",
                "pellet": names.get(row.pellet_id),
                "temperature_K": row.temperature_K,
                "set_aside_because": row.set_aside_because,
            }
            for row in rows
        ],
        "corrections": [describe_correction(session, one) for one in corrections],
        "recomputed": recomputed,
        **what_follows(session, pellets),
        "notes": [],
    }
