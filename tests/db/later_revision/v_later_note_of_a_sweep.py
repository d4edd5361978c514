"""A revision that only the tests know: a new column in three tables, one of them rebuilt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to small and large tables, and fill it from what is there."""
    op.add_column("raw_file", sa.Column("origin", sa.Text()))
    with op.batch_alter_table("measurement", recreate="always") as table:
        table.add_column(sa.Column("origin", sa.Text()))
    op.execute("UPDATE measurement SET origin = 'sweep ' || sweep")
    with op.batch_alter_table("spectrum", recreate="always") as table:
        table.add_column(sa.Column("origin", sa.Text()))
