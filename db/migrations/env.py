"""Alembic's environment: runs on the connection that `db.migrations.running` hands over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from db.tables import metadata

connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    # All or nothing: both SQLite and PostgreSQL roll table changes back.
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
