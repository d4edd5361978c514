"""Results that rest on what was corrected since, and the labels that rest on such results."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote
from typing import Any

from sqlmodel import Session, col, select

from db.corrections import corrections_of
from db.measurements import get_analysis, latest_analysis
from db.tables import Analysis, AnalysisInput, Label, Measurement, Pellet
from labkit.workflows.arc_series import ARC_SERIES
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.pellets import geometry_of
from labkit.workflows.temperature_series import ARRHENIUS

__all__ = ["label_outdated_because", "labels_to_look_at", "outdated_because", "outdated_results"]

_GEOMETRY = ("thickness_m", "thickness_se_m", "diameter_m", "diameter_se_m")
_FACTS = (("formula", "formula"), ("electrode", "electrode"), ("stack_pressure_Pa", "pressure_Pa"))
"""Columns of a pellet that a label takes over, and their names there."""


def outdated_because(session: Session, analysis: Analysis) -> str | None:
    """Say why a result no longer holds, or return None where it does.

    The values that it was computed with are compared with those that are stored now, so a
    correction that is taken back makes it hold again. What was computed without telling its
    values (the arcs of a series) is outdated by any later correction.
    """
    if analysis.kind == TAIL:
        return _tail_outdated(session, analysis)
    if analysis.kind == ARRHENIUS:
        sources = session.exec(
            select(Analysis)
            .join(AnalysisInput, col(AnalysisInput.input_analysis_id) == col(Analysis.id))
            .where(AnalysisInput.analysis_id == analysis.id)
            .order_by(col(AnalysisInput.position))
        ).all()
        whys = [why for source in sources if (why := _tail_outdated(session, source))]
        return "; ".join(dict.fromkeys(whys)) or None
    return _corrected_later(session, analysis)


def _tail_outdated(session: Session, analysis: Analysis) -> str | None:
    measurement = session.get(Measurement, analysis.measurement_id)
    if measurement is None:
        return None
    name = f"M{measurement.id}"
    if measurement.set_aside_because is not None:
        return f"{name} is set aside ({measurement.set_aside_because})"
    pellet = session.get(Pellet, measurement.pellet_id) if measurement.pellet_id else None
    if measurement.pellet_id != analysis.pellet_id:
        return f"{name} belongs to pellet {pellet.name if pellet else 'none'} now"
    if analysis.parameters.get("temperature_K") != measurement.temperature_K:
        kelvin = measurement.temperature_K
        now = "unknown" if kelvin is None else f"{kelvin - 273.15:.4g} C"
        return f"the temperature of {name} is {now} now"
    used = analysis.parameters.get("geometry")
    if pellet is not None and used is not None:
        geometry = geometry_of(pellet)
        if any(used[name] != getattr(geometry, name) for name in _GEOMETRY):
            return f"the geometry of pellet {pellet.name} was corrected"
    return None


def _corrected_later(session: Session, analysis: Analysis) -> str | None:
    pellet = session.get(Pellet, analysis.pellet_id) if analysis.pellet_id else None
    for one in corrections_of(session, pellet) if pellet is not None else ():
        if one.at > analysis.created_at and set(one.values_after) & set(_GEOMETRY):
            return f"the geometry of pellet {pellet.name if pellet else ''} was corrected"
    inputs = session.exec(
        select(Measurement)
        .join(AnalysisInput, col(AnalysisInput.measurement_id) == col(Measurement.id))
        .where(AnalysisInput.analysis_id == analysis.id)
    )
    for measurement in inputs:
        if any(one.at > analysis.created_at for one in corrections_of(session, measurement)):
            return f"M{measurement.id} was corrected"
    return None


def outdated_results(session: Session, pellets: Iterable[Pellet]) -> list[dict[str, Any]]:
    """Return the newest series fits of pellets that no longer hold, with what to do."""
    found = []
    for pellet in pellets:
        for kind, option in ((ARRHENIUS, ""), (ARC_SERIES, " --arcs")):
            newest = latest_analysis(session, kind, pellet_id=pellet.id)
            why = None if newest is None else outdated_because(session, newest)
            if newest is not None and why is not None:
                command = f"labkit arrhenius {quote(pellet.name)}{option}"
                found.append(
                    {
                        "analysis": f"A{newest.id}",
                        "kind": kind,
                        "pellet": pellet.name,
                        "because": why,
                        "what_to_do": f"fit again with '{command}'",
                    }
                )
    return found


def labels_to_look_at(session: Session, pellets: Iterable[Pellet]) -> list[dict[str, Any]]:
    """Return proposed and accepted labels of pellets that rest on what was corrected since.

    Labels are never changed by a correction: each comes with what a person can do. A label whose
    value was already revised by hand is not named.

    Returns
    -------
    list of dict
        ``label``, ``state``, ``because`` and ``what_to_do``.
    """
    found = []
    for pellet in pellets:
        statement = (
            select(Label)
            .where(
                Label.pellet_id == pellet.id,
                col(Label.analysis_id).is_not(None),
                col(Label.state).in_(("proposed", "accepted")),
            )
            .order_by(col(Label.id))
        )
        for label in session.exec(statement).all():
            why = label_outdated_because(session, label)
            if why is not None:
                found.append(
                    {
                        "label": f"L{label.id}",
                        "state": label.state,
                        "because": why,
                        "what_to_do": _what_to_do(session, label, pellet),
                    }
                )
    return found


def label_outdated_because(session: Session, label: Label) -> str | None:
    """Say what of a label's evidence was corrected since, or return None.

    A value that a person revised by hand does not rest on the evidence any more.
    """
    analysis = session.get(Analysis, label.analysis_id) if label.analysis_id else None
    pellet = session.get(Pellet, label.pellet_id) if label.pellet_id else None
    if analysis is None or pellet is None:
        return None
    value = "sigma25_S_per_cm" if analysis.kind == ARRHENIUS else "sigma_S_per_cm"
    if label.sigma_S_per_cm == analysis.result.get(value):
        why = outdated_because(session, analysis)
        if why is not None:
            return why
    for column, name in _FACTS:
        told, now = getattr(label, name), getattr(pellet, column)
        corrected = (one.values_before for one in corrections_of(session, pellet))
        if told != now and any(was.get(column, now) == told for was in corrected):
            what = column.removesuffix("_Pa").replace("_", " ")
            return f"the {what} of pellet {pellet.name} was corrected"
    return None


def _what_to_do(session: Session, label: Label, pellet: Pellet) -> str:
    analysis = get_analysis(session, label.analysis_id or 0)
    waiting = session.exec(
        select(Label.id).where(Label.revises_id == label.id, Label.state == "proposed")
    ).first()
    if waiting is not None:
        return f"decide about its revision L{waiting}"
    revise = f"labkit label revise L{label.id} --evidence"
    if analysis.kind == ARRHENIUS:
        fit = f"labkit arrhenius {quote(pellet.name)}"
        return f"'{fit}', then '{revise} A<its number> --reason WHY'"
    measurement = session.get(Measurement, analysis.measurement_id)
    if measurement is not None and measurement.set_aside_because is not None:
        return f"'labkit label reject L{label.id} --reason WHY'"
    return f"'{revise} M{analysis.measurement_id} --reason WHY'"
