"""Published label tables taken over as evidence."""

from __future__ import annotations

import csv
import gzip
import math
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from db.errors import DataUnavailableError
from db.label_sources import load_label_source
from db.label_tables import LIVERPOOL, OBELIX, POOL, SEMI_SUPERVISED, LabelSource
from db.sources import data_path
from db.tables import Label, LabelStructure, SourceDataset
from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.structure_identity import identify_and_match

__all__ = [
    "PUBLISHED",
    "import_published",
    "matched_in_words",
    "published_barriers",
    "published_labels",
]

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
            "undecided": _count_matched(session, table, undecided=True),
        }


def matched_in_words(counts: dict[str, Any]) -> str:
    """Say how many of a table's labels count in the screening, and what the others wait for."""
    words = f"{counts['matched']} of them on a structure of this lab"
    if counts["undecided"]:
        words += f", {counts['undecided']} of those once somebody says which ('labkit label match')"
    return words


def published_labels() -> list[float]:
    """Return log10(sigma in S/cm) of the labels the paper scored with, or none if not at hand."""
    try:
        path = data_path(POOL.sub_path, fetch=False)
    except DataUnavailableError:
        return []
    with gzip.open(path, "rt", encoding="utf-8-sig") as file:
        told = [row[POOL.sigma] for row in csv.DictReader(file)]
    return [math.log10(float(text)) for text in told if text]


def published_barriers() -> dict[str, float]:
    """Return published bond-valence barriers in eV by Materials Project id.

    Laskowski et al. (2023), 3-D barriers; the mean where an entry has several ICSD numbers.

    Raises
    ------
    DataUnavailableError
        When the table is not at hand.
    """
    found: dict[str, list[float]] = {}
    with gzip.open(data_path(POOL.sub_path), "rt", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["material_id"] and row["bvse_Ea_eV"] and float(row["bvse_Ea_eV"]) > 0:
                found.setdefault(row["material_id"], []).append(float(row["bvse_Ea_eV"]))
    return {name: sum(values) / len(values) for name, values in found.items()}


def _of_table(statement: Any, table: LabelSource) -> Any:
    return statement.join(SourceDataset, col(SourceDataset.id) == col(Label.dataset_id)).where(
        SourceDataset.name == table.name
    )


def _count_labels(session: Session, table: LabelSource) -> int:
    return int(session.exec(_of_table(select(func.count(col(Label.id))), table)).one())


def _count_matched(session: Session, table: LabelSource, *, undecided: bool = False) -> int:
    """Count labels with a structure; or those of them that wait for somebody to say which."""
    statement = select(func.count(sa.distinct(col(Label.id)))).join(
        LabelStructure, col(LabelStructure.label_id) == col(Label.id)
    )
    if undecided:
        statement = statement.where(
            col(LabelStructure.ambiguous).is_(True),
            col(LabelStructure.status).notin_(("confirmed", "broken")),
        )
    return int(session.exec(_of_table(statement, table)).one())
