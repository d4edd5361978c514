"""Migrations make exactly the tables that the code declares, and keep the data that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from db.corrections import correct_pellet, set_aside
from db.doctor import examine
from db.errors import DatabaseStorageError, InvalidValueError
from db.labels import propose
from db.measurements import NewMeasurement, list_measurements, store_measured_file
from db.migrations import HEAD, REVISIONS
from db.migrations.running import alembic_config, downgrade, upgrade
from db.pellets import add_pellet
from db.session import Database, _migrating_connection, open_lab_database
from db.snapshots import take_snapshot
from db.tables import FROZEN_TABLES, metadata


def test_the_listed_revisions_are_the_packaged_ones() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(alembic_config())
    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_current_head() == HEAD


def test_autogenerate_finds_nothing_to_change(any_lab: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with any_lab.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_are_the_declared_ones_too(lab: Database, tmp_path: Path) -> None:
    """Autogenerate does not look at CHECK constraints."""
    declared = sa.create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(declared)

    def checks(engine: sa.Engine) -> dict[str, set[tuple[str | None, str]]]:
        inspector = sa.inspect(engine)
        return {
            table: {(c["name"], c["sqltext"]) for c in inspector.get_check_constraints(table)}
            for table in metadata.tables
        }

    assert checks(lab.engine) == checks(declared)
    assert sum(map(len, checks(declared).values())) > 40
    declared.dispose()


def test_every_foreign_key_has_an_index_to_follow_it_back() -> None:
    for table in metadata.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes}
        for constraint in table.constraints:
            if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint):
                leading.add(next(iter(constraint.columns)).name)
        for key in table.foreign_keys:
            assert key.parent.name in leading, f"{table.name}.{key.parent.name}"


def test_down_and_up_again_leaves_the_same_tables(lab: Database) -> None:
    with _migrating_connection(lab) as connection:
        downgrade(connection, "base")
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}
        upgrade(connection)
        assert set(metadata.tables) <= set(sa.inspect(connection).get_table_names())


@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id + 1", "DELETE FROM {}"])
def test_histories_refuse_to_be_changed(any_lab: Database, verb: str) -> None:
    with any_lab.session() as session:
        propose(session, by="a", formula="Li3N", sigma_S_per_cm=1e-3, source_kind="literature")
        take_snapshot(session, "first")
        pellet = add_pellet(
            session, name="x", formula="Li3N", thickness_m=0.9e-3, diameter_m=6.35e-3
        )
        correct_pellet(session, pellet, {"batch": "b"}, actor="a", reason="typed wrong")
    for table in FROZEN_TABLES:
        with (
            pytest.raises((InvalidValueError, DatabaseStorageError), match="written once"),
            any_lab.session() as session,
        ):
            session.connection().execute(sa.text(verb.format(table)))


def test_corrections_come_to_a_lab_of_the_first_layout(
    lab: Database, impedance: Callable[..., NewMeasurement]
) -> None:
    with lab.session() as session:
        store_measured_file(
            session,
            sha256="ab" * 32,
            size_bytes=1,
            file_name="a.mpr",
            format="mpr",
            reader_version="1",
            measurements=[impedance()],
        )
    with _migrating_connection(lab) as connection:
        downgrade(connection, "0001")
        columns = {c["name"] for c in sa.inspect(connection).get_columns("measurement")}
        assert "set_aside_because" not in columns
        upgrade(connection)
    with lab.session() as session:
        (measurement,) = list_measurements(session)
        assert (measurement.temperature_K, measurement.set_aside_because) == (298.15, None)
        set_aside(session, measurement, actor="a", reason="bad contact")
    assert examine(lab) == []


def test_a_migration_that_fails_leaves_the_lab_as_it_was(
    lab: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError), _migrating_connection(lab) as connection:
        downgrade(connection, "base")
        raise RuntimeError
    assert set(metadata.tables) <= set(sa.inspect(lab.engine).get_table_names())


def test_an_older_lab_is_copied_before_it_is_migrated(
    lab: Database, lab_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import db.migrations.running as running
    import db.session as session_module

    with lab.session() as session:
        propose(session, by="a", formula="Li3N", sigma_S_per_cm=1e-3, source_kind="literature")
    lab.close()

    def add_a_column(connection: sa.Connection, revision: str = "head") -> None:
        connection.exec_driver_sql("ALTER TABLE pellet ADD COLUMN colour TEXT")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'next'")

    monkeypatch.setattr(session_module, "REVISIONS", (HEAD, "next"))
    monkeypatch.setattr(session_module, "HEAD", "next")
    monkeypatch.setattr(running, "upgrade", add_a_column)
    with open_lab_database(lab_folder) as migrated:
        assert migrated.migrated_from == HEAD
        assert migrated.backup_path is not None
        assert "colour" in {c["name"] for c in sa.inspect(migrated.engine).get_columns("pellet")}
    kept = sa.create_engine(f"sqlite:///{migrated.backup_path}")
    with kept.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM label").scalar() == 1
        assert "colour" not in {c["name"] for c in sa.inspect(kept).get_columns("pellet")}
    kept.dispose()
