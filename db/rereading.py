"""Rows of published tables read again after a person has decided about a cell.

The printed cells stay; the decided texts are read in their place.
"""

from __future__ import annotations

import sqlmodel
from sqlmodel import col, select

from db.errors import InvalidValueError
from db.formula_mixtures import Doubt
from db.label_content import LabelFields
from db.label_sources import read_row
from db.label_tables import SOURCES
from db.labels import propose_many
from db.tables import EvidenceRow, Label, SourceDataset

_PARSED = (
    "formula",
    "reduced_formula",
    "polymorph",
    "formula_rules",
    "sigma_S_per_cm",
    "qualifier",
    "space_group_number",
    "icsd_id",
    "doi",
    "temperature_K",
    "contribution",
    "notes",
    "reading",
)


def reread_evidence(
    session: sqlmodel.Session, row: EvidenceRow, decided: dict[str, str], *, by: str, reason: str
) -> list[tuple[str, Doubt]]:
    """Fill the parsed columns of a row from its cells and what was decided about some of them.

    A row that becomes readable by this is proposed as a label; one that is a label already keeps
    it, to be revised by hand.

    Parameters
    ----------
    decided : dict
        Texts to read, by column of the table; ``polymorph`` names the polymorph itself.

    Returns
    -------
    list of (column, Doubt)
        What is still in doubt.

    Raises
    ------
    InvalidValueError
        If the table of this row is not known to this version.
    """
    dataset = session.get(SourceDataset, row.dataset_id)
    assert dataset is not None and row.id is not None
    source = SOURCES.get(dataset.name)
    if source is None:
        raise InvalidValueError(f"the table {dataset.name} is not known to this version")
    cells = {name: decided.get(name, cell) for name, cell in row.cells.items()}
    reading = read_row(source, dataset, row.row_number, cells, row.row_sha256, row.entry_key or "")
    doubts = [
        (column, doubt)
        for column, doubt in reading.doubts
        if not (doubt.reason == "polymorph-misread" and "polymorph" in decided)
    ]
    for name in _PARSED:
        setattr(row, name, getattr(reading.row, name))
    row.polymorph = decided.get("polymorph", row.polymorph)
    row.reading = "review" if doubts else "parsed"
    session.add(row)
    session.flush()
    has_label = session.exec(select(Label.id).where(col(Label.evidence_row_id) == row.id)).first()
    if reading.label is not None and has_label is None and not doubts:
        fields: LabelFields = {
            **reading.label,
            "verbatim": row.cells,
            "evidence_row_id": row.id,
            "polymorph": row.polymorph,
        }
        propose_many(session, [fields], by=by, reason=reason)
    return doubts
