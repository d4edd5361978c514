"""Triggers that refuse to change or delete rows of the frozen tables."""

from __future__ import annotations

import sqlalchemy as sa

_MESSAGE = "rows of {table} are written once and never changed"


def forbid_changes(connection: sa.Connection, table: str) -> None:
    """Create the triggers that make `table` append-only."""
    message = _MESSAGE.format(table=table)
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {table}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_frozen()"
    )


def allow_changes(connection: sa.Connection, table: str) -> None:
    """Drop the triggers again; only a migration that rebuilds the table may do so."""
    if connection.dialect.name == "sqlite":
        for verb in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        return
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_frozen ON {table}")
    connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {table}_is_frozen()")
