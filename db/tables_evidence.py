"""Tables of what others measured: data sets, their rows word for word, and the review list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from db.columns import LabTable, UtcDateTime, not_negative, one_of, positive, utc_now

QUALIFIERS = ("=", "<", ">", "between")
REVIEW_STATUSES = ("open", "applied", "dismissed")
READING_STATUSES = ("parsed", "review")


class SourceDataset(LabTable, table=True):
    """One version of one published table, with its licence and citation."""

    __tablename__ = "source_dataset"
    __table_args__ = (sa.UniqueConstraint("name", "sha256"), not_negative("n_rows"))

    id: int | None = Field(default=None, primary_key=True)
    name: str
    sha256: str
    file_name: str
    n_rows: int
    columns: list[str] = Field(sa_type=sa.JSON)
    citation: str | None = None
    licence: str | None = None
    origin: str | None = None
    differences: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    loaded_by: str | None = None
    loaded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class LiteratureEntry(LabTable, table=True):
    """A row of the digitised conductivity table: its five cells as printed, and what they say.

    The ``*_text`` columns are the cells after decoding and nothing else; the parsed columns are
    empty where a cell needs a person.
    """

    __tablename__ = "literature_entry"
    __table_args__ = (
        sa.UniqueConstraint("dataset_id", "row_number"),
        one_of("qualifier", QUALIFIERS),
        one_of("reading", READING_STATUSES),
        positive("row_number"),
        positive("sigma_S_per_cm"),
        positive("ea_eV"),
        sa.CheckConstraint("space_group_number BETWEEN 1 AND 230", name="space_group_known"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="source_dataset.id")
    row_number: int
    row_sha256: str = Field(index=True)
    withdrawn_in_dataset_id: int | None = Field(
        default=None, foreign_key="source_dataset.id", index=True
    )

    formula_text: str
    sigma_text: str
    ea_text: str
    space_group_text: str
    icsd_text: str

    formula: str | None = None
    reduced_formula: str | None = Field(default=None, index=True)
    formula_rules: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    polymorph: str | None = None
    sigma_S_per_cm: float | None = None
    qualifier: str | None = None
    ea_eV: float | None = None
    space_group_number: int | None = None
    icsd_id: int | None = Field(default=None, index=True)
    reading: str
    notes: list[str] = Field(default_factory=list, sa_type=sa.JSON)


class EvidenceRow(LabTable, table=True):
    """A row of any other published table: every cell as printed, and what they say."""

    __tablename__ = "evidence_row"
    __table_args__ = (
        sa.UniqueConstraint("dataset_id", "row_number"),
        one_of("qualifier", QUALIFIERS),
        one_of("reading", READING_STATUSES),
        positive("row_number"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="source_dataset.id")
    row_number: int
    row_sha256: str = Field(index=True)
    withdrawn_in_dataset_id: int | None = Field(
        default=None, foreign_key="source_dataset.id", index=True
    )
    entry_key: str | None = Field(default=None, index=True)
    cells: dict[str, str] = Field(sa_type=sa.JSON)

    formula: str | None = None
    reduced_formula: str | None = Field(default=None, index=True)
    formula_rules: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    polymorph: str | None = None
    sigma_S_per_cm: float | None = None
    sigma_upper_S_per_cm: float | None = None
    qualifier: str | None = None
    temperature_K: float | None = None
    contribution: str | None = None
    ea_eV: float | None = None
    space_group_number: int | None = None
    icsd_id: int | None = Field(default=None, index=True)
    doi: str | None = None
    literature_entry_id: int | None = Field(
        default=None, foreign_key="literature_entry.id", index=True
    )
    reading: str
    notes: list[str] = Field(default_factory=list, sa_type=sa.JSON)


class ReviewItem(LabTable, table=True):
    """A cell a program must not decide alone: why, and what it suggests. Nothing is applied."""

    __tablename__ = "review_item"
    __table_args__ = (
        one_of("status", REVIEW_STATUSES),
        sa.UniqueConstraint("literature_entry_id", "field", "reason"),
        sa.UniqueConstraint("evidence_row_id", "field", "reason"),
        sa.UniqueConstraint("label_id", "field", "reason"),
        sa.Index("ix_review_item_status_id", "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    literature_entry_id: int | None = Field(default=None, foreign_key="literature_entry.id")
    evidence_row_id: int | None = Field(default=None, foreign_key="evidence_row.id")
    label_id: int | None = Field(default=None, foreign_key="label.id")
    field: str
    cell: str
    reason: str
    message: str
    suggestion: str | None = None
    status: str = "open"
    decided_value: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decision_reason: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
