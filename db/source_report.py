"""What became of every row of the published tables, counted per table and per reading rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import sqlmodel
from sqlmodel import col, select

from db.tables import EvidenceRow, Label, LabelStructure, LiteratureEntry, ReviewItem, SourceDataset


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One table.

    Attributes
    ----------
    rows : int
        Rows of the present version.
    parsed, in_review : int
        Read without a doubt, or waiting for a person (or decided by one) in some cell.
    compositions : int
        Rows whose formula has a composition.
    censored : int
        Rows that print a bound instead of a value.
    labels, matched : int
        Labels made from them (rejected and superseded ones left out), and how many of these have
        a structure.
    decided : int
        Review items of its rows that a person has decided.
    """

    name: str
    rows: int
    parsed: int
    in_review: int
    compositions: int
    censored: int
    labels: int
    matched: int
    decided: int


def report_sources(session: sqlmodel.Session) -> list[SourceReport]:
    """Count what became of the rows of each loaded table, in the order of loading."""
    names = dict(session.exec(select(SourceDataset.id, SourceDataset.name)).all())
    labels, matched = _labels_by_source(session, names)
    decided = _decided_by_source(session, names)
    rows: dict[str, list[LiteratureEntry | EvidenceRow]] = defaultdict(list)
    for row in _present_rows(session):
        rows[names[row.dataset_id]].append(row)
    return [
        SourceReport(
            name=name,
            rows=len(rows[name]),
            parsed=sum(row.reading == "parsed" for row in rows[name]),
            in_review=sum(row.reading == "review" for row in rows[name]),
            compositions=sum(row.reduced_formula is not None for row in rows[name]),
            censored=sum(row.qualifier in ("<", ">") for row in rows[name]),
            labels=labels[name],
            matched=matched[name],
            decided=decided[name],
        )
        for name in dict.fromkeys(names.values())
    ]


def formulas_by_rule(
    session: sqlmodel.Session, source: str | None = None
) -> dict[str, list[tuple[str, str | None]]]:
    """Return (formula as printed, composition) of every row, by the rule that read it.

    Parameters
    ----------
    source : str, optional
        Only this table.

    Returns
    -------
    dict
        A row that needed several rules is under each; one that needed none is under ``plain``,
        one without a composition also under ``in doubt``. The rule used most comes first.
    """
    names = dict(session.exec(select(SourceDataset.id, SourceDataset.name)).all())
    found: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for row in _present_rows(session):
        if source is not None and names[row.dataset_id] != source:
            continue
        text = row.formula_text if isinstance(row, LiteratureEntry) else row.formula
        rules = list(dict.fromkeys(row.formula_rules))
        if row.reduced_formula is None:
            rules.append("in doubt")
        for rule in rules or ["plain"]:
            found[rule].append((text or "", row.reduced_formula))
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _present_rows(session: sqlmodel.Session) -> Iterator[LiteratureEntry | EvidenceRow]:
    yield from session.exec(
        select(LiteratureEntry)
        .where(col(LiteratureEntry.withdrawn_in_dataset_id).is_(None))
        .order_by(col(LiteratureEntry.dataset_id), col(LiteratureEntry.row_number))
    )
    yield from session.exec(
        select(EvidenceRow)
        .where(col(EvidenceRow.withdrawn_in_dataset_id).is_(None))
        .order_by(col(EvidenceRow.dataset_id), col(EvidenceRow.row_number))
    )


def _labels_by_source(
    session: sqlmodel.Session, names: dict[int | None, str]
) -> tuple[Counter[str], Counter[str]]:
    tied = set(
        session.exec(select(LabelStructure.label_id).where(LabelStructure.status != "broken"))
    )
    labels: Counter[str] = Counter()
    matched: Counter[str] = Counter()
    statement = select(Label.id, Label.dataset_id).where(
        col(Label.state).in_(("proposed", "accepted")), col(Label.dataset_id).is_not(None)
    )
    for label_id, dataset_id in session.exec(statement):
        labels[names[dataset_id]] += 1
        matched[names[dataset_id]] += label_id in tied
    return labels, matched


def _decided_by_source(session: sqlmodel.Session, names: dict[int | None, str]) -> Counter[str]:
    decided: Counter[str] = Counter()
    for table, key in (
        (LiteratureEntry, ReviewItem.literature_entry_id),
        (EvidenceRow, ReviewItem.evidence_row_id),
    ):
        statement = (
            select(table.dataset_id)
            .join(ReviewItem, col(key) == col(table.id))
            .where(ReviewItem.status != "open")
        )
        decided.update(names[dataset_id] for dataset_id in session.exec(statement))
    return decided
