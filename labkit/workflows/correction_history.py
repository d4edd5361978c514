"""The corrections of a pellet or a measurement as people read them."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from db.corrections import corrections_of
from db.tables import Correction, Measurement, Pellet

__all__ = ["describe_correction", "list_corrections"]

_UNSAID = frozenset({"reduced_formula", "temperature_se_K"})
"""What follows from another value of the same correction."""
_NAMES = {
    "thickness_m": "thickness",
    "thickness_se_m": "error of the thickness",
    "diameter_m": "diameter",
    "diameter_se_m": "error of the diameter",
    "stack_pressure_Pa": "stack pressure",
    "note": "comment",
    "pellet_id": "pellet",
    "temperature_K": "temperature",
    "temperature_source": "temperature from",
}


def list_corrections(session: Session, row: Pellet | Measurement) -> list[dict[str, Any]]:
    """Return the corrections of a pellet or a measurement, oldest first."""
    return [describe_correction(session, one) for one in corrections_of(session, row)]


def describe_correction(session: Session, correction: Correction) -> dict[str, Any]:
    """Return a correction: who, when, why, before and after, and the change in words."""
    return {
        "of": f"P{correction.pellet_id}"
        if correction.pellet_id is not None
        else f"M{correction.measurement_id}",
        "action": correction.action,
        "words": _in_words(session, correction),
        "before": correction.values_before,
        "after": correction.values_after,
        "by": correction.actor,
        "because": correction.reason,
        "at": correction.at.isoformat(timespec="seconds"),
    }


def _in_words(session: Session, correction: Correction) -> str:
    if correction.action == "set-aside":
        return "set aside"
    if correction.action == "taken-back":
        return "taken back into use"
    return ", ".join(
        f"{_NAMES.get(name, name)} {_value(session, name, correction.values_before.get(name))} "
        f"→ {_value(session, name, value)}"
        for name, value in correction.values_after.items()
        if name not in _UNSAID
    )


def _value(session: Session, name: str, value: Any) -> str:
    if name.endswith("_se_m") and value == 0:
        return "not given"
    if value is None:
        return "none"
    if name == "pellet_id":
        pellet = session.get(Pellet, value)
        return pellet.name if pellet is not None else f"P{value}"
    if name.endswith("_m"):
        return f"{1e3 * value:.4g} mm"
    if name == "temperature_K":
        return f"{value - 273.15:.4g} °C"
    if name == "stack_pressure_Pa":
        return f"{value / 1e6:.4g} MPa"
    return str(value)
