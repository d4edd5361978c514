"""Published label tables taken over as evidence."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from db.label_sources import load_label_source
from db.label_tables import LIVERPOOL, OBELIX, POOL, SEMI_SUPERVISED, LabelSource
from db.tables import Label, LabelStructure, SourceDataset
from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.structure_identity import identify_and_match

__all__ = ["PUBLISHED", "import_published"]

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
        if counts.added:
            identify_and_match(session)
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
