"""Pellets: added with their geometry, listed with what was measured on them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

import db.pellets
from db.tables import Measurement, Pellet
from labkit.errors import UsageError
from labkit.geometry import PelletGeometry, parse_length
from labkit.geometry_verdict import judge_geometry
from labkit.workflows.lab import Lab

__all__ = [
    "UNKNOWN_FORMULA",
    "add_pellet",
    "check_formula",
    "describe_pellet",
    "geometry_of",
    "list_pellets",
    "notes_on",
    "parse_pressure",
]

UNKNOWN_FORMULA = "unknown"
"""What to give for a sample of unknown composition; it can be measured but not labelled."""


def add_pellet(
    lab: Lab,
    name: str,
    *,
    formula: str,
    thickness: str,
    diameter: str,
    batch: str | None = None,
    electrode: str | None = None,
    pressure: str | None = None,
    comment: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """Add a pellet.

    Parameters
    ----------
    lab : Lab
    name : str
        How the lab calls it.
    formula : str
        Its composition, or ``unknown``.
    thickness, diameter : str
        With unit and, after ``+-``, one standard error.
    batch, electrode, pressure, comment : str, optional
        Batch of the powder; blocking electrode; stack pressure with its unit; a remark.
    actor : str, optional
        Who adds it.

    Returns
    -------
    dict
        The stored pellet with its cell constant.

    Raises
    ------
    GeometryError
        When a length has no unit or is not positive.
    UsageError
        When the formula or the pressure cannot be read.
    DuplicateError, InvalidValueError
        When the name is taken or is no name.
    """
    thickness_m, thickness_se_m = parse_length(thickness, what="thickness")
    diameter_m, diameter_se_m = parse_length(diameter, what="diameter")
    check_formula(formula)
    with lab.database.session() as session:
        pellet = db.pellets.add_pellet(
            session,
            name=name,
            formula=formula,
            thickness_m=thickness_m,
            thickness_se_m=thickness_se_m,
            diameter_m=diameter_m,
            diameter_se_m=diameter_se_m,
            batch=batch,
            electrode=electrode or lab.settings.electrode,
            stack_pressure_Pa=_pressure_Pa(pressure, lab),
            note=comment,
            created_by=actor,
        )
        return describe_pellet(pellet, 0) | {"notes": notes_on(pellet)}


def notes_on(pellet: Pellet) -> list[str]:
    """Return what a person should look at before measuring on."""
    found = judge_geometry(geometry_of(pellet))
    notes = [reason.message for reason in found]
    if any(reason.code == "geometry-error-missing" for reason in found):
        notes[-1] += "; write it as 0.81mm+-0.01mm"
    return notes


def list_pellets(lab: Lab) -> list[dict[str, Any]]:
    """List the pellets with the number of their measurements."""
    with lab.database.reading() as session:
        counts = dict(
            session.exec(
                select(Measurement.pellet_id, sa.func.count()).group_by(col(Measurement.pellet_id))
            ).all()
        )
        return [
            describe_pellet(pellet, counts.get(pellet.id, 0))
            for pellet in db.pellets.list_pellets(session)
        ]


def geometry_of(pellet: Pellet) -> PelletGeometry:
    """Return the geometry of a stored pellet."""
    return PelletGeometry(
        thickness_m=pellet.thickness_m,
        thickness_se_m=pellet.thickness_se_m,
        diameter_m=pellet.diameter_m,
        diameter_se_m=pellet.diameter_se_m,
    )


def describe_pellet(pellet: Pellet, measurements: int) -> dict[str, Any]:
    """Return a pellet with its cell constant, as every list shows it."""
    geometry = geometry_of(pellet)
    return {
        "id": f"P{pellet.id}",
        "name": pellet.name,
        "formula": pellet.formula,
        "batch": pellet.batch,
        "electrode": pellet.electrode,
        "stack_pressure_Pa": pellet.stack_pressure_Pa,
        "thickness_m": pellet.thickness_m,
        "thickness_se_m": pellet.thickness_se_m,
        "diameter_m": pellet.diameter_m,
        "diameter_se_m": pellet.diameter_se_m,
        "area_m2": geometry.area_m2,
        "cell_constant_per_cm": geometry.cell_constant_per_cm,
        "cell_constant_relative_se": geometry.cell_constant_relative_se,
        "measurements": measurements,
        "comment": pellet.note,
    }


def check_formula(formula: str) -> None:
    """Refuse a composition that cannot be read; ``unknown`` is one.

    Raises
    ------
    UsageError
    """
    from db.formulas import reduced_formula_or_none

    if formula != UNKNOWN_FORMULA and reduced_formula_or_none(formula) is None:
        raise UsageError(
            f"formula {formula!r} cannot be read; write for example Li6PS5Cl or 0.7Li2S-0.3P2S5"
        )


def _pressure_Pa(text: str | None, lab: Lab) -> float | None:
    if text is None:
        stack = lab.settings.pressure_MPa
        return None if stack is None else 1e6 * stack
    return parse_pressure(text)


def parse_pressure(text: str) -> float:
    """Read a pressure with its unit, in Pa.

    Raises
    ------
    UsageError
        When it cannot be read or is negative.
    """
    import pint

    try:
        pressure = float(pint.get_application_registry().Quantity(text).to("Pa").magnitude)
    except Exception:  # pint raises many kinds, some of them from the tokenizer
        raise UsageError(f"pressure {text!r} cannot be read; write for example 100MPa") from None
    if pressure < 0:
        raise UsageError(f"pressure {text!r} must not be negative")
    return pressure
