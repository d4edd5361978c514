"""Tables of the label set: labels, their history, matches, snapshots, decided conflicts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from db.columns import (
    LabTable,
    UtcDateTime,
    not_blank,
    not_negative,
    one_of,
    positive,
    utc_now,
)
from db.tables_evidence import QUALIFIERS

LABEL_STATES = ("proposed", "accepted", "rejected", "superseded")
LABEL_ACTIONS = ("proposed", "accepted", "second-read", "rejected", "revised", "superseded")
CONTRIBUTIONS = ("total", "bulk", "grain-boundary", "unknown")
METHODS = ("AC", "DC", "unknown")
SOURCE_KINDS = ("measurement", "literature", "computed")
EA_CONVENTIONS = ("ln(sigma T)", "ln(sigma)", "unknown")
MATCH_KINDS = ("material-id", "icsd", "formula-space-group", "structure-comparison", "by-hand")
MATCH_STATUSES = ("proposed", "confirmed", "broken")


class Label(LabTable, table=True):
    """A conductivity with its passport. A revision is a new row; nothing is overwritten.

    `change_count` grows with every change of state, so that of two people who decide at the
    same moment the second is told.
    """

    __tablename__ = "label"
    __table_args__ = (
        one_of("state", LABEL_STATES),
        one_of("qualifier", QUALIFIERS),
        one_of("contribution", CONTRIBUTIONS),
        one_of("method", METHODS),
        one_of("source_kind", SOURCE_KINDS),
        one_of("ea_convention", EA_CONVENTIONS),
        positive("sigma_S_per_cm"),
        not_negative("sigma_random_S_per_cm"),
        not_negative("sigma_systematic_S_per_cm"),
        positive("temperature_K"),
        sa.CheckConstraint(
            "(qualifier = 'between') = (\"sigma_upper_S_per_cm\" IS NOT NULL)",
            name="interval_has_end",
        ),
        sa.CheckConstraint(
            '"sigma_upper_S_per_cm" > "sigma_S_per_cm"',
            name="interval_ordered",
        ),
        sa.CheckConstraint("space_group_number BETWEEN 1 AND 230", name="space_group_known"),
        sa.Index("ix_label_revises_id", "revises_id"),
        sa.Index("ix_label_state_id", "state", "id"),
        sa.Index("ix_label_reduced_formula_state", "reduced_formula", "state"),
        sa.Index("ix_label_dataset_row", "dataset_id", "source_row"),
    )

    id: int | None = Field(default=None, primary_key=True)
    state: str = "proposed"
    version: int = 1
    revises_id: int | None = Field(default=None, foreign_key="label.id")
    change_count: int = 1
    content_hash: str

    formula: str
    reduced_formula: str | None = None
    polymorph: str | None = None
    space_group_number: int | None = None
    icsd_id: int | None = Field(default=None, index=True)
    material_id: str | None = Field(default=None, index=True)

    sigma_S_per_cm: float
    sigma_upper_S_per_cm: float | None = None
    qualifier: str = "="
    sigma_random_S_per_cm: float | None = None
    sigma_systematic_S_per_cm: float | None = None
    n_replicates: int | None = None
    temperature_K: float | None = None
    temperature_assumed: bool = False
    extrapolated: bool = False
    contribution: str = "unknown"
    method: str = "unknown"
    electrode: str | None = None
    pressure_Pa: float | None = None
    relative_density: float | None = None
    ea_eV: float | None = None
    ea_se_eV: float | None = None
    ea_convention: str = "unknown"

    source_kind: str
    doi: str | None = None
    citation: str | None = None
    dataset_id: int | None = Field(default=None, foreign_key="source_dataset.id")
    source_row: int | None = None
    literature_entry_id: int | None = Field(
        default=None, foreign_key="literature_entry.id", index=True
    )
    evidence_row_id: int | None = Field(default=None, foreign_key="evidence_row.id", index=True)
    analysis_id: int | None = Field(default=None, foreign_key="analysis.id", index=True)
    pellet_id: int | None = Field(default=None, foreign_key="pellet.id", index=True)
    verbatim: dict[str, str] = Field(default_factory=dict, sa_type=sa.JSON)
    note: str | None = None

    proposed_by: str
    proposed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    reviewed_by: str | None = None
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_reason: str | None = None


class LabelEvent(LabTable, table=True):
    """One step in a label's life. Rows are only ever added; each carries the hash of the last."""

    __tablename__ = "label_event"
    __table_args__ = (
        sa.UniqueConstraint("label_id", "sequence"),
        one_of("action", LABEL_ACTIONS),
        one_of("state_after", LABEL_STATES),
        not_blank("actor"),
    )

    id: int | None = Field(default=None, primary_key=True)
    label_id: int = Field(foreign_key="label.id")
    sequence: int
    at: datetime = Field(sa_type=UtcDateTime)
    action: str
    actor: str
    reason: str
    state_before: str | None = None
    state_after: str
    content: dict[str, Any] = Field(sa_type=sa.JSON)
    content_hash: str
    previous_hash: str | None = None
    event_hash: str


class LabelStructure(LabTable, table=True):
    """A label read as belonging to a structure, how that was found, and how sure it is."""

    __tablename__ = "label_structure"
    __table_args__ = (
        sa.UniqueConstraint("label_id", "structure_id", "kind"),
        one_of("kind", MATCH_KINDS),
        one_of("status", MATCH_STATUSES),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence_fraction"),
    )

    id: int | None = Field(default=None, primary_key=True)
    label_id: int = Field(foreign_key="label.id")
    structure_id: int = Field(foreign_key="structure.id", index=True)
    kind: str
    confidence: float
    ambiguous: bool = False
    status: str = "proposed"
    note: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class LabelSnapshot(LabTable, table=True):
    """The accepted set at one moment, frozen: compressed canonical JSON and its hash."""

    __tablename__ = "label_snapshot"
    __table_args__ = (sa.UniqueConstraint("name"), not_blank("name"), not_negative("n_labels"))

    id: int | None = Field(default=None, primary_key=True)
    name: str
    label_set_hash: str = Field(index=True)
    n_labels: int
    content: bytes = Field(sa_type=sa.LargeBinary)
    note: str | None = None
    created_by: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ConflictDecision(LabTable, table=True):
    """What was decided about labels of one composition and polymorph that disagree."""

    __tablename__ = "conflict_decision"
    __table_args__ = (
        not_blank("decided_by"),
        sa.Index("ix_conflict_decision_members", "members_hash"),
    )

    id: int | None = Field(default=None, primary_key=True)
    members_hash: str
    members: list[str] = Field(sa_type=sa.JSON)
    reduced_formula: str
    space_group_number: int | None = None
    polymorph: str | None = None
    decision: str
    reason: str
    decided_by: str
    decided_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
