"""What a reviewer needs beside a proposed label: its evidence and what others published."""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

import db.labels
from db.formulas import reduced_formula_or_none
from db.tables import Analysis, Label, LiteratureEntry, Pellet
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.hand_work import hand_work_behind
from labkit.workflows.lab import Lab
from labkit.workflows.labelling import describe_labels, show_label

__all__ = ["label_counts", "list_label_page", "literature_of", "view_label"]

_MOST_SHOWN = 60
# printed with two digits or more, so that equal numbers agree far better than different ones
_SAME_VALUE = 1e-3
_ROOM_K = 10.0


def label_counts(lab: Lab) -> dict[str, int]:
    """Return how many labels are in each state."""
    with lab.database.reading() as session:
        return db.labels.count_labels(session)


def list_label_page(
    lab: Lab,
    *,
    state: str | None = None,
    formula: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> dict[str, Any]:
    """List labels page by page, the newest first.

    Parameters
    ----------
    lab : Lab
    state : {"proposed", "accepted", "rejected", "superseded"}, optional
    formula : str, optional
        Only this composition, in any way of writing; one that cannot be read finds nothing.
    limit, offset : int

    Returns
    -------
    dict
        ``labels``, ``total`` of the filter, and ``counts`` by state of the whole lab.
    """
    statement = select(Label)
    if state is not None:
        statement = statement.where(Label.state == state)
    if formula is not None:
        reduced = reduced_formula_or_none(formula)
        statement = statement.where(
            Label.reduced_formula == reduced if reduced else Label.formula == formula
        )
    page = statement.order_by(col(Label.id).desc()).limit(limit).offset(offset)
    with lab.database.reading() as session:
        total = session.exec(select(sa.func.count()).select_from(statement.subquery())).one()
        return {
            "labels": describe_labels(session, list(session.exec(page))),
            "total": total,
            "counts": db.labels.count_labels(session),
        }


def view_label(lab: Lab, label_id: str) -> dict[str, Any]:
    """Return a label with its history, its evidence, and what is known of its composition.

    Returns
    -------
    dict
        What ``label show`` prints, with ``evidence`` (analysis, verdict, measurement, pellet) and
        ``literature``.

    Raises
    ------
    UnknownLabelError
        When there is no such label.
    """
    shown = show_label(lab, label_id)
    with lab.database.reading() as session:
        label = db.labels.get_label(session, label_id)
        evidence = _evidence(session, label)
        others = _published(session, label.formula, label.reduced_formula, label.id)
    return shown | {"evidence": evidence, "literature": others}


def literature_of(lab: Lab, formula: str) -> list[dict[str, Any]]:
    """Return the published and the lab's own values of one composition, the highest first."""
    with lab.database.reading() as session:
        return _published(session, formula, reduced_formula_or_none(formula), None)


def _evidence(session: Session, label: Label) -> dict[str, Any] | None:
    analysis = session.get(Analysis, label.analysis_id) if label.analysis_id else None
    if analysis is None:
        return None
    pellet = session.get(Pellet, label.pellet_id) if label.pellet_id else None
    return {
        "analysis": f"A{analysis.id}",
        "kind": analysis.kind,
        "verdict": analysis.verdict,
        "reasons": analysis.reasons,
        "messages": analysis.result.get("messages") or [],
        "measurement": f"M{analysis.measurement_id}"
        if analysis.kind == TAIL and analysis.measurement_id
        else None,
        "pellet": None if pellet is None else pellet.name,
        "resistance_ohm": analysis.result.get("resistance_ohm"),
        "window_hz": analysis.result.get("window_hz"),
        "window_source": analysis.result.get("window_source"),
        "by_hand": hand_work_behind(session, analysis),
        "created_by": analysis.created_by,
    }


def _published(
    session: Session, formula: str, reduced: str | None, without: int | None
) -> list[dict[str, Any]]:
    """Rows of the digitised table and labels of this composition, the highest value first."""
    entries = session.exec(
        select(LiteratureEntry).where(
            LiteratureEntry.reduced_formula == reduced
            if reduced is not None
            else LiteratureEntry.formula_text == formula,
            col(LiteratureEntry.sigma_S_per_cm).is_not(None),
            col(LiteratureEntry.withdrawn_in_dataset_id).is_(None),
        )
    ).all()
    labels = session.exec(
        select(Label).where(
            Label.reduced_formula == reduced if reduced is not None else Label.formula == formula,
            col(Label.state).in_(("accepted", "proposed")),
            col(Label.literature_entry_id).is_(None),
        )
    ).all()
    printed: list[dict[str, Any]] = [
        {
            "formula": entry.formula_text,
            "qualifier": entry.qualifier or "=",
            "sigma_S_per_cm": entry.sigma_S_per_cm,
            "ea_eV": entry.ea_eV,
            "space_group_number": entry.space_group_number,
            "temperature_K": None,
            "source": f"literature row {entry.row_number}",
            "label": None,
        }
        for entry in entries
    ]
    rows: list[dict[str, Any]] = [
        {
            "formula": label.formula,
            "qualifier": label.qualifier,
            "sigma_S_per_cm": label.sigma_S_per_cm,
            "ea_eV": label.ea_eV,
            "space_group_number": label.space_group_number,
            "temperature_K": label.temperature_K,
            "source": label.doi or label.citation or label.source_kind,
            "label": f"L{label.id}",
        }
        for label in labels
        if label.id != without
    ]
    rows = _each_once(rows, printed)
    rows.sort(key=lambda row: -(row["sigma_S_per_cm"] or 0.0))
    return rows[:_MOST_SHOWN]


def _each_once(rows: list[dict[str, Any]], printed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put a row of the digitised table beside the label of the same value, as it is one paper.

    Two tables that hold the same number for one composition at room temperature quote the same
    publication; counted twice it would look confirmed. What the label does not say is taken from
    the table.
    """
    merged = [dict(row) for row in rows]
    left: list[dict[str, Any]] = []
    for entry in printed:
        twin = next((row for row in merged if _same_value(row, entry)), None)
        if twin is None:
            left.append(entry)
            continue
        for name in ("ea_eV", "space_group_number"):
            if twin[name] is None:
                twin[name] = entry[name]
        twin["source"] = f"{twin['source']}, {entry['source']}"
    return merged + left


def _same_value(label: dict[str, Any], entry: dict[str, Any]) -> bool:
    at_room = label["temperature_K"] is None or abs(label["temperature_K"] - 298.15) <= _ROOM_K
    groups = {label["space_group_number"], entry["space_group_number"]} - {None}
    return (
        at_room
        and len(groups) < 2
        and label["qualifier"] == entry["qualifier"]
        and math.isclose(label["sigma_S_per_cm"], entry["sigma_S_per_cm"], rel_tol=_SAME_VALUE)
    )
