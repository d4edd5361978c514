"""Published label tables, loaded as evidence and proposed as labels.

Each loader reads one table, keeps every cell as printed in `EvidenceRow`, and proposes a label
for each row that says a conductivity plainly; the rest goes to review. Loading the same file
again adds nothing; a newer version adds its new rows and marks those it dropped as withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlmodel
from sqlmodel import col, func, select

from db.cells import (
    NumberCell,
    read_conductivity,
    read_icsd,
    read_number,
    read_space_group,
    row_sha256,
    whole,
)
from db.datasets import Comparison, compare_rows, find_dataset, latest_dataset, read_table
from db.errors import SourceFormatError
from db.formula_mixtures import Doubt
from db.formulas import read_formula
from db.label_content import LabelFields
from db.label_tables import LIVERPOOL, OBELIX, POOL, SEMI_SUPERVISED, LabelSource
from db.labels import propose_many
from db.sources import data_path, public_file
from db.tables import EvidenceRow, Label, ReviewItem, SourceDataset

ROOM_TEMPERATURE_K = 298.15


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What loading a table did, and how its rows were read."""

    source: str
    rows: int
    added: int
    labels: int
    parsed: int
    in_review: int
    bounds: int
    differences: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the counts in plain JSON types."""
        return asdict(self)


@dataclass(slots=True)
class RowReading:
    """One row: its evidence, what a person must look at, and the label if it makes one."""

    row: EvidenceRow
    doubts: list[tuple[str, Doubt]] = field(default_factory=list)
    label: LabelFields | None = None


def load_pool_labels(
    session: sqlmodel.Session, path: Path | None = None, *, by: str, accepted_by: str | None = None
) -> SourceCounts:
    """Load the 220 conductivities of the published lithium pool."""
    return load_label_source(session, POOL, path, by=by, accepted_by=accepted_by)


def load_semi_supervised_labels(
    session: sqlmodel.Session, path: Path | None = None, *, by: str, accepted_by: str | None = None
) -> SourceCounts:
    """Load the 344 labels of the semi-supervised study."""
    return load_label_source(session, SEMI_SUPERVISED, path, by=by, accepted_by=accepted_by)


def load_obelix_labels(
    session: sqlmodel.Session, path: Path | None = None, *, by: str, accepted_by: str | None = None
) -> SourceCounts:
    """Load the 599 entries of OBELiX."""
    return load_label_source(session, OBELIX, path, by=by, accepted_by=accepted_by)


def load_liverpool_labels(
    session: sqlmodel.Session, path: Path | None = None, *, by: str, accepted_by: str | None = None
) -> SourceCounts:
    """Load the 820 conductivities of the Liverpool Ionics Dataset, each at its temperature."""
    return load_label_source(session, LIVERPOOL, path, by=by, accepted_by=accepted_by)


def load_label_source(
    session: sqlmodel.Session,
    source: LabelSource,
    path: Path | None = None,
    *,
    by: str,
    accepted_by: str | None = None,
) -> SourceCounts:
    """Load one published table in the caller's transaction.

    Parameters
    ----------
    path : Path, optional
        The file; by default `db.sources.data_path` finds or fetches it.
    by : str
        Who loads it and so proposes its labels.
    accepted_by : str, optional
        Accept the labels of all plainly read rows in this person's name.

    Raises
    ------
    DataUnavailableError, SourceFormatError
        If the file is not at hand, or is not that table.
    """
    path = path if path is not None else data_path(source.sub_path)
    table = read_table(path, header=list(source.header) if source.header else None)
    _check_columns(path, source, table.columns)
    found = find_dataset(session, source.name, table.sha256)
    if found is not None:
        return _counts(session, source, added=0, differences=None)
    numbered = [(n, row) for n, row in enumerate(table.rows, start=1)]
    if source.only_with is not None:
        at = table.columns.index(source.only_with)
        numbered = [(n, row) for n, row in numbered if row[at].strip()]
    hashes = [row_sha256(row) for _, row in numbered]
    keys = _keys(source, table.columns, [row for _, row in numbered])
    before = latest_dataset(session, source.name)
    comparison = _compare(session, source, hashes, keys) if before is not None else None
    dataset = _store_dataset(session, source, path, table.sha256, numbered, table.columns, by)
    dataset.differences = comparison.differences.as_json() if comparison else None
    positions = range(len(numbered)) if comparison is None else comparison.new_rows
    readings = [
        read_row(source, dataset, number, dict(zip(table.columns, row, strict=True)), content, key)
        for (number, row), content, key in (
            (numbered[position], hashes[position], keys[position]) for position in positions
        )
    ]
    _store_readings(session, source, readings, by=by, accepted_by=accepted_by)
    if comparison is not None and comparison.withdrawn_ids:
        session.connection().execute(
            sa.update(EvidenceRow)
            .where(col(EvidenceRow.id).in_(comparison.withdrawn_ids))
            .values(withdrawn_in_dataset_id=dataset.id)
        )
    session.flush()
    return _counts(session, source, added=len(readings), differences=dataset.differences)


def _check_columns(path: Path, source: LabelSource, columns: Sequence[str]) -> None:
    optional = (source.key, source.space_group, source.icsd, source.doi, source.temperature_C)
    needed = [source.formula, source.sigma, *(name for name in optional if name)]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise SourceFormatError(
            f"{path.name}: not the table {source.name}: column {missing[0]!r} is missing"
        )


def _keys(source: LabelSource, columns: list[str], rows: list[list[str]]) -> list[str]:
    at = columns.index(source.key or source.formula)
    return [row[at] for row in rows]


def _compare(
    session: sqlmodel.Session, source: LabelSource, hashes: list[str], keys: list[str]
) -> Comparison:
    statement = (
        select(EvidenceRow.id, EvidenceRow.row_sha256, EvidenceRow.entry_key)
        .join(SourceDataset, col(SourceDataset.id) == col(EvidenceRow.dataset_id))
        .where(
            SourceDataset.name == source.name,
            col(EvidenceRow.withdrawn_in_dataset_id).is_(None),
        )
        .order_by(col(EvidenceRow.id))
    )
    stored = [(row_id or 0, content, key or "") for row_id, content, key in session.exec(statement)]
    return compare_rows(stored, list(zip(hashes, keys, strict=True)))


def _store_dataset(
    session: sqlmodel.Session,
    source: LabelSource,
    path: Path,
    sha256: str,
    rows: Sequence[object],
    columns: list[str],
    by: str,
) -> SourceDataset:
    known = public_file(source.sub_path)
    dataset = SourceDataset(
        name=source.name,
        sha256=sha256,
        file_name=path.name,
        n_rows=len(rows),
        columns=columns,
        citation=source.citation,
        licence=source.licence,
        origin=known.origin if known and known.sha256 == sha256 else None,
        loaded_by=by,
    )
    session.add(dataset)
    session.flush()
    return dataset


def read_row(
    source: LabelSource,
    dataset: SourceDataset,
    number: int,
    cells: dict[str, str],
    content: str,
    key: str,
) -> RowReading:
    """Read one row of a table into evidence; what is doubtful leaves its parsed column empty."""
    assert dataset.id is not None
    reading = RowReading(
        EvidenceRow(
            dataset_id=dataset.id,
            row_number=number,
            row_sha256=content,
            entry_key=key or None,
            cells=cells,
            reading="parsed",
        )
    )
    row = reading.row

    def take(column: str | None, reader: Callable[[str], NumberCell]) -> NumberCell:
        if column is None or column not in cells:
            return NumberCell()
        cell = reader(cells[column])
        if cell.doubt is not None:
            reading.doubts.append((column, cell.doubt))
        return cell

    formula = read_formula(cells[source.formula])
    row.formula = cells[source.formula].strip()
    row.reduced_formula, row.polymorph = formula.reduced_formula, formula.polymorph
    row.formula_rules = list(formula.rules)
    reading.doubts += [(source.formula, doubt) for doubt in formula.doubts]
    sigma = read_conductivity(cells[source.sigma])
    row.sigma_S_per_cm, row.qualifier = sigma.sigma_S_per_cm, sigma.qualifier
    if sigma.doubt is not None:
        reading.doubts.append((source.sigma, sigma.doubt))
    notes = list(sigma.notes)
    at_bound = row.sigma_S_per_cm is not None and row.sigma_S_per_cm == source.bound_at_S_per_cm
    if at_bound and key not in source.not_bounds:
        row.qualifier = "<"
        notes.append("bound-printed-as-a-number")
    row.space_group_number = whole(take(source.space_group, read_space_group))
    row.icsd_id = whole(take(source.icsd, read_icsd))
    row.doi = cells[source.doi].strip() or None if source.doi else None
    celsius = take(source.temperature_C, read_number).value
    row.temperature_K = None if celsius is None else round(celsius + 273.15, 6)
    row.contribution = _contribution(source, cells)
    row.notes = notes
    row.reading = "review" if reading.doubts else "parsed"
    if row.sigma_S_per_cm is not None and row.reduced_formula is not None:
        reading.label = _label_fields(source, dataset, row, cells)
    return reading


def _contribution(source: LabelSource, cells: dict[str, str]) -> str:
    """Total or bulk where the table's main value repeats one of its two special columns."""
    if source.total is None or source.bulk is None:
        return "unknown"
    main = read_conductivity(cells[source.sigma]).sigma_S_per_cm
    for name, column in (("total", source.total), ("bulk", source.bulk)):
        if main is not None and read_conductivity(cells[column]).sigma_S_per_cm == main:
            return name
    return "unknown"


def _label_fields(
    source: LabelSource, dataset: SourceDataset, row: EvidenceRow, cells: dict[str, str]
) -> LabelFields:
    assert row.sigma_S_per_cm is not None and row.qualifier is not None and row.formula is not None
    assumed = row.temperature_K is None
    return LabelFields(
        formula=row.formula,
        reduced_formula=row.reduced_formula,
        polymorph=row.polymorph,
        space_group_number=row.space_group_number,
        icsd_id=row.icsd_id,
        material_id=_material_id(source, row, cells),
        sigma_S_per_cm=row.sigma_S_per_cm,
        qualifier=row.qualifier,
        temperature_K=ROOM_TEMPERATURE_K if assumed else row.temperature_K,
        temperature_assumed=assumed,
        contribution=row.contribution or "unknown",
        source_kind="literature",
        doi=row.doi,
        citation=source.citation,
        dataset_id=dataset.id,
        source_row=row.row_number,
        verbatim=cells,
        note=", ".join(row.notes) or None,
    )


def _material_id(source: LabelSource, row: EvidenceRow, cells: dict[str, str]) -> str | None:
    if source.material_id is not None:
        return cells[source.material_id].strip() or None
    if source.material_id_prefix is not None and row.entry_key is not None:
        return f"{source.material_id_prefix}{row.entry_key}"
    return None


def _store_readings(
    session: sqlmodel.Session,
    source: LabelSource,
    readings: list[RowReading],
    *,
    by: str,
    accepted_by: str | None,
) -> None:
    session.add_all(reading.row for reading in readings)
    session.flush()
    fields: list[LabelFields] = []
    for reading in readings:
        if reading.label is not None:
            fields.append({**reading.label, "evidence_row_id": reading.row.id})
        for column, doubt in reading.doubts:
            session.add(
                ReviewItem(
                    evidence_row_id=reading.row.id,
                    field=column,
                    cell=reading.row.cells[column],
                    reason=doubt.reason,
                    message=doubt.message,
                    suggestion=doubt.suggestion,
                )
            )
    session.flush()
    propose_many(
        session,
        fields,
        by=by,
        reason=f"row of {source.name}",
        accepted_by=accepted_by,
        acceptance_reason=f"taken over from {source.name} as published",
    )


def _counts(
    session: sqlmodel.Session,
    source: LabelSource,
    *,
    added: int,
    differences: dict[str, Any] | None,
) -> SourceCounts:
    of_source = (
        select(func.count())
        .select_from(EvidenceRow)
        .join(SourceDataset, col(SourceDataset.id) == col(EvidenceRow.dataset_id))
        .where(
            SourceDataset.name == source.name, col(EvidenceRow.withdrawn_in_dataset_id).is_(None)
        )
    )
    labels = (
        select(func.count())
        .select_from(Label)
        .join(SourceDataset, col(SourceDataset.id) == col(Label.dataset_id))
        .where(SourceDataset.name == source.name)
    )
    return SourceCounts(
        source=source.name,
        rows=session.exec(of_source).one(),
        added=added,
        labels=session.exec(labels).one(),
        parsed=session.exec(of_source.where(EvidenceRow.reading == "parsed")).one(),
        in_review=session.exec(of_source.where(EvidenceRow.reading == "review")).one(),
        bounds=session.exec(of_source.where(col(EvidenceRow.qualifier).in_(("<", ">")))).one(),
        differences=differences,
    )
