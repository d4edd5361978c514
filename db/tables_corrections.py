"""The table of corrections: what a person changed of a pellet or a measurement, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from db.columns import LabTable, UtcDateTime, not_blank, one_of, utc_now

CORRECTION_ACTIONS = ("changed", "set-aside", "taken-back")


class Correction(LabTable, table=True):
    """One correction of a pellet or of a measurement. Rows are only ever added.

    `values_before` and `values_after` hold the columns that changed, by their names.
    """

    __tablename__ = "correction"
    __table_args__ = (
        sa.CheckConstraint(
            "(pellet_id IS NULL) <> (measurement_id IS NULL)", name="exactly_one_subject"
        ),
        one_of("action", CORRECTION_ACTIONS),
        not_blank("actor"),
        not_blank("reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    pellet_id: int | None = Field(default=None, foreign_key="pellet.id", index=True)
    measurement_id: int | None = Field(default=None, foreign_key="measurement.id", index=True)
    action: str
    values_before: dict[str, Any] = Field(sa_type=sa.JSON)
    values_after: dict[str, Any] = Field(sa_type=sa.JSON)
    actor: str
    reason: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
