"""The digitised set: 1346 conductivities of lithium compounds from the literature.

F. A. L. Laskowski, D. B. McHaffie, K. A. See, Energy Environ. Sci. 2023, 16, 1264,
doi:10.1039/D2EE03499A. Every cell is kept as printed in its own text column; beside it stands
what it says. A cell that cannot be read without a guess becomes a review item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa
import sqlmodel
from sqlmodel import col, func, select

from db.cells import (
    NumberCell,
    read_conductivity,
    read_ea,
    read_icsd,
    read_space_group,
    row_sha256,
    whole,
)
from db.datasets import (
    Comparison,
    Differences,
    compare_rows,
    find_dataset,
    latest_dataset,
    read_table,
)
from db.errors import SourceFormatError
from db.formula_mixtures import Doubt
from db.formulas import read_formula
from db.sources import data_path, public_file
from db.tables import LiteratureEntry, ReviewItem, SourceDataset

DATASET_NAME = "digitised-solid-electrolytes"
SUB_PATH = "literature/digitized_data_for_SSEs.csv"
CITATION = (
    "F. A. L. Laskowski, D. B. McHaffie, K. A. See, Energy Environ. Sci. 2023, 16, 1264, "
    "doi:10.1039/D2EE03499A"
)
TEXT_COLUMNS = ("formula_text", "sigma_text", "ea_text", "space_group_text", "icsd_text")


@dataclass(frozen=True, slots=True)
class LiteratureCounts:
    """What loading did, and how the loaded rows were read."""

    literature_rows: int
    added: int
    parsed: int
    in_review: int
    review_items: int
    bounds: int
    differences: dict[str, object] | None = None

    def as_json(self) -> dict[str, object]:
        """Return the counts in plain JSON types."""
        return asdict(self)


def load_literature(
    session: sqlmodel.Session, csv_path: Path | str | None = None, *, by: str | None = None
) -> LiteratureCounts:
    """Load the digitised set; the same file a second time adds nothing.

    Parameters
    ----------
    csv_path : path, optional
        The CSV file; by default `db.sources.data_path` finds or fetches it.

    Returns
    -------
    LiteratureCounts

    Raises
    ------
    DataUnavailableError, SourceFormatError
        If the file is not at hand, or is not that table.
    """
    path = Path(csv_path) if csv_path is not None else data_path(SUB_PATH)
    table = read_table(path)
    if len(table.columns) != len(TEXT_COLUMNS):
        raise SourceFormatError(
            f"{path.name}: {len(table.columns)} columns where the digitised set has "
            f"{len(TEXT_COLUMNS)}: formula, conductivity, activation energy, space group, ICSD"
        )
    if find_dataset(session, DATASET_NAME, table.sha256) is not None:
        return _counts(session, added=0, differences=None)
    before = latest_dataset(session, DATASET_NAME)
    hashes = [row_sha256(row) for row in table.rows]
    comparison = _compare(session, table.rows, hashes) if before is not None else None
    known = public_file(SUB_PATH)
    dataset = SourceDataset(
        name=DATASET_NAME,
        sha256=table.sha256,
        file_name=path.name,
        n_rows=len(table.rows),
        columns=table.columns,
        citation=CITATION,
        licence=known.licence if known else None,
        origin=known.origin if known and known.sha256 == table.sha256 else None,
        differences=comparison.differences.as_json() if comparison else None,
        loaded_by=by,
    )
    session.add(dataset)
    session.flush()
    assert dataset.id is not None
    chosen = range(len(table.rows)) if comparison is None else comparison.new_rows
    for number in chosen:
        _store_row(session, dataset.id, number + 1, table.rows[number], hashes[number])
    if comparison is not None and comparison.withdrawn_ids:
        session.connection().execute(
            sa.update(LiteratureEntry)
            .where(col(LiteratureEntry.id).in_(comparison.withdrawn_ids))
            .values(withdrawn_in_dataset_id=dataset.id)
        )
    session.flush()
    differences = comparison.differences if comparison else None
    return _counts(session, added=len(chosen), differences=differences)


def _compare(
    session: sqlmodel.Session, rows: Sequence[Sequence[str]], hashes: Sequence[str]
) -> Comparison:
    statement = (
        select(LiteratureEntry.id, LiteratureEntry.row_sha256, LiteratureEntry.formula_text)
        .where(col(LiteratureEntry.withdrawn_in_dataset_id).is_(None))
        .order_by(col(LiteratureEntry.id))
    )
    stored = [(key or 0, content, text) for key, content, text in session.exec(statement)]
    return compare_rows(stored, [(h, row[0]) for h, row in zip(hashes, rows, strict=True)])


def _store_row(
    session: sqlmodel.Session, dataset_id: int, number: int, cells: Sequence[str], content: str
) -> None:
    formula, sigma, ea, space_group, icsd = cells
    entry = LiteratureEntry(
        dataset_id=dataset_id,
        row_number=number,
        row_sha256=content,
        formula_text=formula,
        sigma_text=sigma,
        ea_text=ea,
        space_group_text=space_group,
        icsd_text=icsd,
        reading="parsed",
    )
    doubts = interpret(entry)
    session.add(entry)
    if not doubts:
        return
    session.flush()
    texts = dict(zip(TEXT_COLUMNS, cells, strict=True))
    for column, doubt in doubts:
        session.add(
            ReviewItem(
                literature_entry_id=entry.id,
                field=column.removesuffix("_text"),
                cell=texts[column],
                reason=doubt.reason,
                message=doubt.message,
                suggestion=doubt.suggestion,
            )
        )


def interpret(
    entry: LiteratureEntry, decided: dict[str, str] | None = None
) -> list[tuple[str, Doubt]]:
    """Fill the parsed columns of `entry` from its verbatim cells.

    Parameters
    ----------
    decided : dict, optional
        Texts that a person has decided on, by field (``formula``, ``sigma`` ...), read instead of
        the printed cells.

    Returns
    -------
    list of (text column, Doubt)
        What a person has to look at; empty if all was read.
    """
    texts = {column: getattr(entry, column) for column in TEXT_COLUMNS}
    for name, text in (decided or {}).items():
        if f"{name}_text" in texts:
            texts[f"{name}_text"] = text
    doubts: list[tuple[str, Doubt]] = []
    notes: list[str] = []

    formula = read_formula(texts["formula_text"])
    entry.formula = texts["formula_text"].strip()
    entry.reduced_formula = formula.reduced_formula
    entry.formula_rules = list(formula.rules)
    entry.polymorph = (decided or {}).get("polymorph", formula.polymorph)
    polymorph_decided = "polymorph" in (decided or {})
    doubts += [
        ("formula_text", doubt)
        for doubt in formula.doubts
        if not (polymorph_decided and doubt.reason == "polymorph-misread")
    ]

    sigma = read_conductivity(texts["sigma_text"])
    entry.sigma_S_per_cm, entry.qualifier = sigma.sigma_S_per_cm, sigma.qualifier
    notes += [f"sigma: {note}" for note in sigma.notes]
    if sigma.doubt is not None:
        doubts.append(("sigma_text", sigma.doubt))

    def number(column: str, cell: NumberCell) -> NumberCell:
        notes.extend(f"{column.removesuffix('_text')}: {note}" for note in cell.notes)
        if cell.doubt is not None:
            doubts.append((column, cell.doubt))
        return cell

    entry.ea_eV = number("ea_text", read_ea(texts["ea_text"])).value
    entry.space_group_number = whole(
        number("space_group_text", read_space_group(texts["space_group_text"]))
    )
    entry.icsd_id = whole(number("icsd_text", read_icsd(texts["icsd_text"])))
    entry.notes = notes
    entry.reading = "review" if doubts else "parsed"
    return doubts


def _counts(
    session: sqlmodel.Session, *, added: int, differences: Differences | None
) -> LiteratureCounts:
    entry = LiteratureEntry
    present = col(entry.withdrawn_in_dataset_id).is_(None)

    def count(*conditions: sa.ColumnElement[bool]) -> int:
        statement = select(func.count()).select_from(entry).where(present, *conditions)
        return session.exec(statement).one()

    items = session.exec(
        select(func.count())
        .select_from(ReviewItem)
        .where(ReviewItem.status == "open", col(ReviewItem.literature_entry_id).is_not(None))
    ).one()
    return LiteratureCounts(
        literature_rows=count(),
        added=added,
        parsed=count(col(entry.reading) == "parsed"),
        in_review=count(col(entry.reading) == "review"),
        review_items=items,
        bounds=count(col(entry.qualifier).in_(("<", ">"))),
        differences=None if differences is None else differences.as_json(),
    )


def list_literature(
    session: sqlmodel.Session, *, reduced_formula: str | None = None, limit: int | None = None
) -> list[LiteratureEntry]:
    """Return rows of the digitised set in their order, optionally of one composition."""
    statement = select(LiteratureEntry).where(
        col(LiteratureEntry.withdrawn_in_dataset_id).is_(None)
    )
    if reduced_formula is not None:
        statement = statement.where(LiteratureEntry.reduced_formula == reduced_formula)
    statement = statement.order_by(col(LiteratureEntry.dataset_id), col(LiteratureEntry.row_number))
    return list(session.exec(statement.limit(limit) if limit is not None else statement))
