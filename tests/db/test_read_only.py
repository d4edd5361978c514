"""A lab that may only be read is read whole, and nothing is written beside it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

import db.session
import db.storage_errors
from db.doctor import examine
from db.errors import DatabaseBusyError, DatabaseStorageError, MigrationNeededError
from db.pellets import add_pellet, list_pellets
from db.session import Database, open_lab_database
from db.storage_errors import translated
from tests.read_only_folder import read_only


def _add(database: Database, name: str) -> None:
    with database.session() as session:
        add_pellet(session, name=name, formula="Li3PS4", thickness_m=1e-3, diameter_m=6e-3)


def _names(database: Database) -> list[str]:
    with database.reading() as session:
        return [pellet.name for pellet in list_pellets(session)]


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Return a lab's folder with one pellet, closed, so that the database is one file."""
    folder = tmp_path / "shared"
    with open_lab_database(folder, create=True) as lab:
        _add(lab, "a")
    assert [path.name for path in folder.iterdir()] == ["lab.db"]
    return folder


def test_a_folder_without_write_permission_is_read_and_left_as_it_was(shared: Path) -> None:
    with read_only(shared), open_lab_database(shared) as lab:
        assert _names(lab) == ["a"]
        assert {problem.code for problem in examine(lab)} <= {"little-space"}
        assert [path.name for path in shared.iterdir()] == ["lab.db"]


def test_a_file_without_write_permission_is_read(shared: Path) -> None:
    file = shared / "lab.db"
    with read_only(file), open_lab_database(shared) as lab:
        assert _names(lab) == ["a"]


def test_nothing_is_stored_and_one_line_says_why(shared: Path) -> None:
    before = (shared / "lab.db").read_bytes()
    with read_only(shared), open_lab_database(shared) as lab:
        with pytest.raises(DatabaseStorageError, match="may only be read here, and this stores"):
            _add(lab, "b")
        assert _names(lab) == ["a"]
    assert (shared / "lab.db").read_bytes() == before


def test_what_the_owner_has_just_written_is_seen(shared: Path) -> None:
    with open_lab_database(shared) as owner:
        _add(owner, "b")  # lies in the write-ahead log as long as the owner has the lab open
        assert (shared / "lab.db-wal").stat().st_size > 0
        with read_only(shared), open_lab_database(shared) as lab:
            assert _names(lab) == ["a", "b"]


def test_a_log_that_cannot_be_read_is_named_instead_of_passed_over(
    shared: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "copied"
    with open_lab_database(shared) as owner:
        _add(owner, "b")
        copied.mkdir()
        for name in ("lab.db", "lab.db-wal"):
            shutil.copyfile(shared / name, copied / name)
    with (
        read_only(copied),
        pytest.raises(DatabaseStorageError, match=r"lab\.db-wal holds changes that are not yet"),
    ):
        open_lab_database(copied)


def test_a_lab_written_while_it_is_read_as_still_is_refused(shared: Path) -> None:
    with read_only(shared), open_lab_database(shared) as lab:
        with (
            pytest.raises(DatabaseBusyError, match="wrote to this lab while it was read"),
            lab.reading() as session,
        ):
            list_pellets(session)
            stat = (shared / "lab.db").stat()
            os.utime(shared / "lab.db", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
        assert _names(lab) == ["a"]


def test_an_older_layout_is_not_migrated_where_it_may_only_be_read(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.session, "HEAD", "later")
    with read_only(shared), pytest.raises(MigrationNeededError, match="may write"):
        open_lab_database(shared)
    assert [path.name for path in shared.iterdir()] == ["lab.db"]


def test_a_full_database_is_called_a_full_disk(lab: Database) -> None:
    with (
        pytest.raises(DatabaseStorageError, match=r"no space left on .*make room"),
        lab.session() as session,
    ):
        session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
        for number in range(500):
            name = f"pellet-{number}"
            add_pellet(session, name=name, formula="Li", thickness_m=1e-3, diameter_m=6e-3)


@pytest.mark.parametrize(("free", "expected"), [(10**9, "refuses"), (4096, "no space left on")])
def test_an_error_that_no_space_explains_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, expected: str
) -> None:
    """SQLite says "disk I/O error" where it cannot make the files beside a database."""
    monkeypatch.setattr(
        db.storage_errors.shutil, "disk_usage", lambda _: SimpleNamespace(free=free)
    )
    broken = sa.exc.OperationalError("BEGIN", None, sqlite3.OperationalError("disk I/O error"))
    line = translated(broken, "lab.db", path=tmp_path / "lab.db", waited_s=60.0)
    assert expected in str(line)
