"""Opening a lab: what is one, what is not, and how transactions behave."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.session as session_module
from db.errors import (
    DatabaseBusyError,
    DatabaseStorageError,
    InvalidValueError,
    MigrationNeededError,
    NewerDatabaseError,
    NotALabError,
)
from db.migrations import HEAD
from db.pellets import add_pellet, list_pellets
from db.session import Database, open_lab_database, stored_revision
from db.tables import Measurement


def _add(database: Database, name: str) -> None:
    with database.session() as session:
        add_pellet(session, name=name, formula="Li3PS4", thickness_m=1e-3, diameter_m=6e-3)


def test_a_new_lab_has_the_present_layout(lab_folder: Path) -> None:
    with open_lab_database(lab_folder, create=True) as new:
        assert new.created
        assert new.path == lab_folder / "lab.db"
        assert stored_revision(new) == HEAD
    with open_lab_database(lab_folder, create=True) as again:
        assert not again.created


def test_sqlite_is_set_up_for_a_lab(lab: Database) -> None:
    with lab.reading() as session:
        connection = session.connection()
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragma == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 60_000,
    }


@pytest.mark.parametrize("form", ["folder", "file", "url"])
def test_a_lab_opens_by_folder_file_or_url(lab: Database, lab_folder: Path, form: str) -> None:
    _add(lab, "a")
    file = lab_folder / "lab.db"
    location = {"folder": lab_folder, "file": file, "url": f"sqlite:///{file}"}[form]
    with open_lab_database(location) as again, again.reading() as session:
        assert [pellet.name for pellet in list_pellets(session)] == ["a"]


def test_an_error_undoes_the_whole_transaction(any_lab: Database) -> None:
    with pytest.raises(RuntimeError), any_lab.session() as session:
        add_pellet(session, name="a", formula="Li", thickness_m=1e-3, diameter_m=6e-3)
        raise RuntimeError
    with any_lab.reading() as session:
        assert list_pellets(session) == []


def test_the_database_itself_refuses_broken_links(any_lab: Database) -> None:
    with pytest.raises(InvalidValueError), any_lab.session() as session:
        session.add(Measurement(raw_file_id=77, kind="impedance"))


def test_a_reading_transaction_cannot_write(any_lab: Database) -> None:
    with pytest.raises(DatabaseStorageError, match=r"read-?only"), any_lab.reading() as session:
        add_pellet(session, name="a", formula="Li", thickness_m=1e-3, diameter_m=6e-3)


def test_a_reader_sees_a_still_picture(any_lab: Database) -> None:
    _add(any_lab, "a")
    with any_lab.reading() as session:
        assert len(list_pellets(session)) == 1
        _add(any_lab, "b")
        assert len(list_pellets(session)) == 1


def test_writers_queue_up_instead_of_failing(any_lab: Database) -> None:
    failures: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            for number in range(10):
                with any_lab.session() as session:
                    # Reads before it writes: the pattern that dead-locks without a queue.
                    list_pellets(session)
                    add_pellet(
                        session,
                        name=f"w{worker}-{number}",
                        formula="Li",
                        thickness_m=1e-3,
                        diameter_m=6e-3,
                    )
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with any_lab.reading() as session:
        assert len(list_pellets(session)) == 40


def test_a_lock_held_too_long_is_one_clear_line(
    lab_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_lab_database(lab_folder, create=True).close()
    monkeypatch.setattr(session_module, "BUSY_TIMEOUT_S", 0.2)
    blocker = sqlite3.connect(lab_folder / "lab.db", isolation_level=None)
    with open_lab_database(lab_folder) as database:
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError, match="another program has been writing"):
            _add(database, "a")
        blocker.execute("ROLLBACK")
        _add(database, "a")
    blocker.close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotALabError, match="no such folder"):
        open_lab_database(tmp_path / "nowhere" / "deeper")


def test_a_folder_without_a_lab_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotALabError, match=r"no lab \(it has no lab\.db\); make one with init"):
        open_lab_database(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"not a database at all", b"\xff\xd8\xff\xe0JFIF" * 10])
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "lab.db"
    file.write_bytes(content)
    for create in (False, True):
        with pytest.raises(NotALabError, match="no lab database"):
            open_lab_database(tmp_path, create=create)
    assert file.read_bytes() == content


def test_a_damaged_header_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "lab.db").write_bytes(b"SQLite format 3\x00" + b"\x07" * 4000)
    with pytest.raises((NotALabError, DatabaseStorageError)) as caught:
        open_lab_database(tmp_path)
    assert "\n" not in str(caught.value)


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "lab.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(NotALabError, match="not a lab's"):
        open_lab_database(tmp_path, create=True)
    connection = sqlite3.connect(file)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    connection.close()
    assert names == ["recipes"]


def test_an_empty_file_is_made_a_lab_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "lab.db").touch()
    with pytest.raises(NotALabError, match="empty"):
        open_lab_database(tmp_path)
    open_lab_database(tmp_path, create=True).close()
    open_lab_database(tmp_path).close()


def _set_revision(folder: Path, revision: str) -> None:
    connection = sqlite3.connect(folder / "lab.db")
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    connection.close()


def test_a_lab_from_a_newer_version_is_refused(lab: Database, lab_folder: Path) -> None:
    lab.close()
    _set_revision(lab_folder, "9999")
    with pytest.raises(NewerDatabaseError, match=r"newer labkit .*9999.*update labkit"):
        open_lab_database(lab_folder, create=True)


def test_an_older_lab_says_that_it_needs_a_migration(
    lab: Database, lab_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.close()
    monkeypatch.setattr(session_module, "REVISIONS", (HEAD, "next"))
    monkeypatch.setattr(session_module, "HEAD", "next")
    with pytest.raises(MigrationNeededError, match="older labkit"):
        open_lab_database(lab_folder, migrate=False)


@pytest.mark.parametrize(
    "url", ["mysql+pymysql://x/y", "nonsense://x", "sqlite://", "sqlite:///:memory:"]
)
def test_other_databases_are_refused_in_one_line(url: str) -> None:
    with pytest.raises(NotALabError) as caught:
        open_lab_database(url, create=True)
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_line_without_the_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(NotALabError) as caught:
        open_lab_database("postgresql+psycopg://lab:secret@127.0.0.1:1/lab")
    assert "does not answer" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_opening_an_up_to_date_lab_does_not_load_alembic(lab: Database, lab_folder: Path) -> None:
    code = (
        "import sys, db\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        f"db.open_lab_database({str(lab_folder)!r}).close()\n"
        "heavy = {'alembic', 'pymatgen', 'matplotlib', 'scipy', 'pooch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_two_programs_may_create_the_same_lab_at_once(lab_folder: Path) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(3)

    def create() -> None:
        try:
            start.wait()
            open_lab_database(lab_folder, create=True).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=create) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with open_lab_database(lab_folder) as database:
        assert stored_revision(database) == HEAD


def test_waiting_for_another_writer_is_silent(lab: Database, lab_folder: Path) -> None:
    blocker = sqlite3.connect(lab_folder / "lab.db", isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")

    def release() -> None:
        time.sleep(0.3)
        blocker.execute("COMMIT")

    thread = threading.Thread(target=release)
    thread.start()
    _add(lab, "patient")
    thread.join()
    blocker.close()
    with lab.reading() as session:
        assert session.connection().execute(sa.text("SELECT count(*) FROM pellet")).scalar() == 1
