"""A pellet whose dimensions or facts were typed wrong: corrected, with all that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

import db.corrections
from db.corrections import corrections_of, lock_row
from db.measurements import list_measurements
from db.pellets import get_pellet
from db.tables import Measurement, Pellet
from labkit.errors import ChangedMeanwhileError, UsageError
from labkit.geometry import PelletGeometry, parse_length
from labkit.workflows.computing_again import (
    compute_again,
    computed_polarisations,
    store_computed,
)
from labkit.workflows.correction_history import describe_correction
from labkit.workflows.lab import Lab
from labkit.workflows.masking import checked_reason
from labkit.workflows.outdated import labels_to_look_at, outdated_results
from labkit.workflows.pellets import (
    check_formula,
    describe_pellet,
    geometry_of,
    notes_on,
    parse_pressure,
)
from labkit.workflows.signing import OF_A_CORRECTION, signer_of

__all__ = [
    "PelletChange",
    "check_seen",
    "correct_pellet",
    "what_follows",
]

_GEOMETRY = ("thickness_m", "thickness_se_m", "diameter_m", "diameter_se_m")


@dataclass(frozen=True, kw_only=True)
class PelletChange:
    """What is corrected of a pellet, as typed; what is not named stays as it is.

    Attributes
    ----------
    thickness, diameter : str or None
        With unit and, after ``+-``, one standard error. Without one the error is not given.
    name, formula, batch, electrode, pressure, comment : str or None
        An empty batch, electrode, pressure or comment takes it away.
    """

    name: str | None = None
    formula: str | None = None
    thickness: str | None = None
    diameter: str | None = None
    batch: str | None = None
    electrode: str | None = None
    pressure: str | None = None
    comment: str | None = None

    def columns(self) -> dict[str, Any]:
        """Return the new values by the columns of a pellet.

        Raises
        ------
        GeometryError, UsageError
            When a value cannot be read.
        """
        found: dict[str, Any] = {}
        if self.name is not None:
            found["name"] = self.name.strip()
        if self.formula is not None:
            check_formula(self.formula)
            found["formula"] = self.formula
        for what, text in (("thickness", self.thickness), ("diameter", self.diameter)):
            if text is not None:
                found[f"{what}_m"], found[f"{what}_se_m"] = parse_length(text, what=what)
        for column, text in (
            ("batch", self.batch),
            ("electrode", self.electrode),
            ("note", self.comment),
        ):
            if text is not None:
                found[column] = text.strip() or None
        if self.pressure is not None:
            found["stack_pressure_Pa"] = parse_pressure(self.pressure) if self.pressure else None
        if not found:
            raise UsageError("name what is corrected, such as --thickness 0.81mm+-0.01mm")
        return found


def correct_pellet(
    lab: Lab,
    name: str,
    change: PelletChange,
    *,
    because: str,
    by: str | None = None,
    seen: int | None = None,
) -> dict[str, Any]:
    """Correct a pellet; what it was stays in its history.

    Where its geometry changes, every conductivity measured on it is computed again as a new
    result beside the old one. Labels are not changed: those that rest on the old values are named.

    Parameters
    ----------
    lab : Lab
    name : str
        Name or id of the pellet.
    change : PelletChange
    because : str
        Why; kept for ever.
    by : str, optional
        Who; the reviewer of ``lab.toml`` otherwise.
    seen : int, optional
        How many corrections of the pellet that person saw; where there are more nothing happens.

    Returns
    -------
    dict
        ``pellet``, ``corrections``, ``recomputed`` (what each conductivity was and is),
        ``outdated`` series fits and ``labels`` to look at, each with what to do, and ``notes``.

    Raises
    ------
    ChangedMeanwhileError
        When somebody else corrected the pellet or kept another result meanwhile.
    UnknownPelletError, GeometryError, UsageError, DuplicateError, InvalidValueError
        When there is no such pellet, a value cannot be used, or nothing changes.
    """
    signer = signer_of(lab, by, OF_A_CORRECTION)
    reason = checked_reason(because, "a pellet is corrected")
    columns = change.columns()
    with lab.database.reading() as session:
        pellet = get_pellet(session, name)
        measured = _measured_on(session, pellet)
        geometry = _geometry_after(pellet, columns)
        computed = (
            []
            if geometry == geometry_of(pellet)
            else compute_again(
                session,
                [one for one in measured if one.kind == "impedance"],
                geometry=geometry,
                temperature_K={},
                actor=signer,
            )
        )
    with lab.database.session() as session:
        locked = lock_row(session, pellet)
        check_seen(session, locked, seen)
        if geometry_of(locked) != geometry_of(pellet) or _ids(
            _measured_on(session, locked)
        ) != _ids(measured):
            raise ChangedMeanwhileError(
                f"pellet {locked.name} was changed or measured meanwhile; nothing was corrected: "
                "look at it again"
            )
        correction = db.corrections.correct_pellet(
            session, locked, columns, actor=signer, reason=reason
        )
        recomputed = store_computed(session, computed, locked.id)
        if geometry != geometry_of(pellet):
            transients = [one for one in _measured_on(session, locked) if one.kind == "dc"]
            recomputed += computed_polarisations(session, transients)
        return {
            "pellet": describe_pellet(locked, len(measured)),
            "corrections": [describe_correction(session, correction)],
            "recomputed": recomputed,
            **what_follows(session, [locked]),
            "notes": notes_on(locked),
        }


def _geometry_after(pellet: Pellet, columns: dict[str, Any]) -> PelletGeometry:
    return PelletGeometry(**{name: columns.get(name, getattr(pellet, name)) for name in _GEOMETRY})


def _measured_on(session: Session, pellet: Pellet) -> list[Measurement]:
    assert pellet.id is not None
    return list_measurements(session, pellet_ids=[pellet.id])


def _ids(measurements: list[Measurement]) -> list[int | None]:
    return [measurement.id for measurement in measurements]


def check_seen(session: Session, row: Pellet | Measurement, seen: int | None) -> None:
    """Refuse a correction of what somebody else corrected since it was seen.

    Raises
    ------
    ChangedMeanwhileError
        When there are more corrections than were seen.
    """
    known = corrections_of(session, row)
    if seen is not None and len(known) > seen:
        what = f"pellet {row.name}" if isinstance(row, Pellet) else f"M{row.id}"
        raise ChangedMeanwhileError(
            f"{what} was corrected in the meantime by {known[-1].actor} ({known[-1].reason}); "
            "nothing of yours was stored: load the page again"
        )


def what_follows(session: Session, pellets: list[Pellet]) -> dict[str, Any]:
    """Return the series fits and labels of pellets that rest on what was corrected."""
    return {
        "outdated": outdated_results(session, pellets),
        "labels": labels_to_look_at(session, pellets),
    }
