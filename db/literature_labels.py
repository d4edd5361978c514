"""Rows of the digitised set proposed as labels, one by one or many at once."""

from __future__ import annotations

from collections.abc import Sequence

import sqlmodel
from sqlmodel import col, select

from db.errors import InvalidValueError, UnknownRecordError
from db.label_content import LabelFields
from db.labels import propose_many
from db.literature import CITATION, TEXT_COLUMNS
from db.tables import Label, LiteratureEntry

ROOM_TEMPERATURE_K = 298.15


def propose_literature_rows(
    session: sqlmodel.Session, row_numbers: Sequence[int], *, by: str, reason: str
) -> list[int]:
    """Propose labels from rows of the digitised set; rows that are labels already are left out.

    The table prints neither temperature nor method: the label says room temperature, assumed.

    Parameters
    ----------
    row_numbers : sequence of int
        Rows as numbered in the file, the first below the header being 1.

    Returns
    -------
    list of int
        The new labels' numbers.

    Raises
    ------
    UnknownRecordError
        If there is no such row.
    InvalidValueError
        If a row has no conductivity that could be read: decide about its review item first.
    """
    statement = select(LiteratureEntry).where(
        col(LiteratureEntry.row_number).in_(row_numbers),
        col(LiteratureEntry.withdrawn_in_dataset_id).is_(None),
    )
    entries = {entry.row_number: entry for entry in session.exec(statement)}
    taken = set(
        session.exec(
            select(Label.literature_entry_id).where(col(Label.literature_entry_id).is_not(None))
        )
    )
    fields = []
    for number in row_numbers:
        if number not in entries:
            raise UnknownRecordError(f"the digitised set has no row {number} in this lab")
        if entries[number].id not in taken:
            fields.append(_fields(entries[number]))
    return propose_many(session, fields, by=by, reason=reason)


def _fields(entry: LiteratureEntry) -> LabelFields:
    if entry.sigma_S_per_cm is None or entry.qualifier is None or entry.reduced_formula is None:
        raise InvalidValueError(
            f"row {entry.row_number} ({entry.formula_text.strip()}) waits for a review; decide "
            "about it first"
        )
    return LabelFields(
        formula=entry.formula or entry.formula_text,
        reduced_formula=entry.reduced_formula,
        polymorph=entry.polymorph,
        space_group_number=entry.space_group_number,
        icsd_id=entry.icsd_id,
        sigma_S_per_cm=entry.sigma_S_per_cm,
        qualifier=entry.qualifier,
        temperature_K=ROOM_TEMPERATURE_K,
        temperature_assumed=True,
        ea_eV=entry.ea_eV,
        source_kind="literature",
        citation=CITATION,
        dataset_id=entry.dataset_id,
        source_row=entry.row_number,
        literature_entry_id=entry.id,
        verbatim={name.removesuffix("_text"): getattr(entry, name) for name in TEXT_COLUMNS},
    )
