"""Tables of the screening side: structures and the rankings made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from db.columns import LabTable, UtcDateTime, not_blank, not_negative, positive, utc_now


class Structure(LabTable, table=True):
    """A crystal structure: what is listed and searched, and its CIF text compressed by zlib."""

    __tablename__ = "structure"
    __table_args__ = (
        sa.UniqueConstraint("material_id"),
        not_blank("material_id"),
        positive("n_sites"),
        sa.CheckConstraint("space_group_number BETWEEN 1 AND 230", name="space_group_known"),
        sa.Index(
            "ix_structure_reduced_formula_space_group", "reduced_formula", "space_group_number"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    material_id: str
    source: str
    formula: str
    reduced_formula: str
    n_sites: int
    space_group_number: int | None = None
    band_gap_eV: float | None = None
    e_above_hull_eV: float | None = None
    icsd_ids: list[int] = Field(default_factory=list, sa_type=sa.JSON)
    content_hash: str = Field(index=True)
    cif_zlib: bytes = Field(sa_type=sa.LargeBinary)
    added_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Ranking(LabTable, table=True):
    """A candidate list: parameters, the label set it was made from, and its arrays."""

    __tablename__ = "ranking"
    __table_args__ = (not_blank("method"), not_negative("n_candidates"))

    id: int | None = Field(default=None, primary_key=True)
    method: str
    parameters: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    label_set_hash: str = Field(index=True)
    labels: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    snapshot_id: int | None = Field(default=None, foreign_key="label_snapshot.id", index=True)
    previous_ranking_id: int | None = Field(default=None, foreign_key="ranking.id", index=True)
    n_candidates: int
    layout: list[dict[str, Any]] = Field(sa_type=sa.JSON)
    arrays: bytes = Field(sa_type=sa.LargeBinary)
    labkit_version: str
    created_by: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
