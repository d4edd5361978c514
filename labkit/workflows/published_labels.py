"""Published label tables taken over as evidence, and what in them a person must look at."""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from db.label_sources import load_label_source
from db.label_tables import LIVERPOOL, OBELIX, POOL, SEMI_SUPERVISED, LabelSource
from db.matching import match_labels
from db.review import open_items
from db.tables import EvidenceRow, Label, LabelStructure, LiteratureEntry, SourceDataset
from labkit.errors import UsageError
from labkit.workflows.lab import Lab

__all__ = ["PUBLISHED", "import_published", "list_conflicts"]

PUBLISHED: dict[str, LabelSource] = {
    "paper": POOL,
    "label-csv": SEMI_SUPERVISED,
    "obelix": OBELIX,
    "liverpool": LIVERPOOL,
}
_SIGNATURE = "labkit (published table)"


def import_published(lab: Lab, source: str, *, actor: str | None = None) -> dict[str, Any]:
    """Take over a published table: every row as printed, plain rows as accepted labels.

    Parameters
    ----------
    lab : Lab
    source : {"paper", "label-csv", "obelix", "liverpool"}
    actor : str, optional
        In whose name; the table's own by default.

    Returns
    -------
    dict
        Rows, labels added, rows in review, and how many labels found a structure.

    Raises
    ------
    UsageError
        When there is no such table.
    DataUnavailableError
        When it is not at hand.
    """
    if source not in PUBLISHED:
        raise UsageError(f"no published table {source!r}; there are {', '.join(PUBLISHED)}")
    signer = actor or lab.settings.reviewer or _SIGNATURE
    table = PUBLISHED[source]
    with lab.database.session() as session:
        before = _count_labels(session, table)
        counts = load_label_source(session, table, by=signer, accepted_by=signer)
        match_labels(session)
        return counts.as_json() | {
            "source": source,
            "labels_added": _count_labels(session, table) - before,
            "matched": _count_matched(session, table),
        }


def _of_table(statement: Any, table: LabelSource) -> Any:
    return statement.join(SourceDataset, col(SourceDataset.id) == col(Label.dataset_id)).where(
        SourceDataset.name == table.name
    )


def _count_labels(session: Session, table: LabelSource) -> int:
    return int(session.exec(_of_table(select(func.count(col(Label.id))), table)).one())


def _count_matched(session: Session, table: LabelSource) -> int:
    statement = select(func.count(sa.distinct(col(Label.id)))).join(
        LabelStructure, col(LabelStructure.label_id) == col(Label.id)
    )
    return int(session.exec(_of_table(statement, table)).one())


def list_conflicts(lab: Lab, *, decades: float = 1.0) -> dict[str, Any]:
    """List cells that a person must read, and compositions whose values disagree.

    Parameters
    ----------
    lab : Lab
    decades : float
        Values of one composition and space group further apart than this are shown.

    Returns
    -------
    dict
        ``review`` and ``disagreements``.
    """
    with lab.database.reading() as session:
        rows = dict(session.exec(select(LiteratureEntry.id, LiteratureEntry.row_number)).all())
        evidence = {
            key: f"{name} {number}"
            for key, name, number in session.exec(
                select(EvidenceRow.id, SourceDataset.name, EvidenceRow.row_number).join(
                    SourceDataset, col(SourceDataset.id) == col(EvidenceRow.dataset_id)
                )
            )
        }
        review = [
            {
                "item": item.id,
                "row": rows.get(item.literature_entry_id) or evidence.get(item.evidence_row_id),
                "field": item.field,
                "cell": item.cell,
                "reason": item.reason,
                "message": item.message,
                "suggestion": item.suggestion,
            }
            for item in open_items(session)
        ]
        disagreements = _disagreements(session, decades)
    return {"review": review, "disagreements": disagreements, "decades": decades}


def _disagreements(session: Session, decades: float) -> list[dict[str, Any]]:
    """Group values of the literature set and of accepted labels by composition and group."""
    groups: dict[tuple[str, int | None], list[tuple[float, str, str]]] = {}
    literature = session.exec(
        select(LiteratureEntry).where(
            col(LiteratureEntry.reduced_formula).is_not(None),
            col(LiteratureEntry.sigma_S_per_cm).is_not(None),
            col(LiteratureEntry.withdrawn_in_dataset_id).is_(None),
        )
    )
    for entry in literature:
        key = (entry.reduced_formula or "", entry.space_group_number)
        value = (entry.sigma_S_per_cm or 0.0, entry.qualifier or "=", f"row {entry.row_number}")
        groups.setdefault(key, []).append(value)
    labels = session.exec(
        select(Label).where(Label.state == "accepted", col(Label.reduced_formula).is_not(None))
    )
    for label in labels:
        key = (label.reduced_formula or "", label.space_group_number)
        groups.setdefault(key, []).append((label.sigma_S_per_cm, label.qualifier, f"L{label.id}"))
    found = []
    for (formula, space_group), values in groups.items():
        logs = [math.log10(sigma) for sigma, _, _ in values]
        if max(logs) - min(logs) <= decades:
            continue
        ordered = sorted(values)
        found.append(
            {
                "formula": formula,
                "space_group_number": space_group,
                "decades": max(logs) - min(logs),
                "values": [
                    {"sigma_S_per_cm": sigma, "qualifier": qualifier, "from": source}
                    for sigma, qualifier, source in ordered
                ],
                "values_text": ", ".join(
                    f"{'' if qualifier == '=' else qualifier}{sigma:.1e} ({source})"
                    for sigma, qualifier, source in ordered
                ),
            }
        )
    return sorted(found, key=_spread)


def _spread(row: dict[str, Any]) -> float:
    spread: float = row["decades"]
    return -spread
