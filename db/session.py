"""Opening a lab's database and working in transactions.

SQLite serves one lab on one machine: write-ahead logging, so that readers never wait; foreign
keys enforced; ``synchronous=FULL``, because a result that was reported as stored has to survive
a power cut as well as a crash, and a lab commits a few times a minute, so the flush at each
commit (about a millisecond) is not felt. PostgreSQL serves a group that shares one server.

Writing transactions take the write lock at their first statement (``BEGIN IMMEDIATE``; an
advisory lock on PostgreSQL), so two writers queue up instead of dead-locking half way.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
import sqlmodel

from db.errors import (
    DatabaseStorageError,
    MigrationError,
    MigrationNeededError,
    NewerDatabaseError,
    NotALabError,
)
from db.migrations import HEAD, REVISIONS
from db.read_only import ReadOnlyFile, may_only_be_read
from db.storage_errors import first_line, translated

DATABASE_FILE = "lab.db"
# "LBKT": marks the SQLite file as a lab, so another program's database is told apart.
APPLICATION_ID = 0x4C424B54
BUSY_TIMEOUT_S = 60.0
# One writer at a time on PostgreSQL too; the number is arbitrary and stays the same for ever.
_ADVISORY_LOCK = 0x4C424B54
_BEGIN_OPTION = "lab_begin"


@dataclass(slots=True)
class Database:
    """An open lab database.

    Attributes
    ----------
    url : str
        Where it lives, without a password.
    path : Path or None
        The SQLite file; None on a server.
    created, migrated_from, backup_path
        What opening did: whether the tables were made, from which revision they were brought up,
        and the copy kept from before.
    read_only : ReadOnlyFile or None
        Set where the file or its folder may only be read: nothing can be stored then.
    """

    url: str
    engine: sa.Engine
    path: Path | None = None
    created: bool = False
    migrated_from: str | None = None
    backup_path: Path | None = None
    read_only: ReadOnlyFile | None = None
    _reading_engine: sa.Engine = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reading_engine = self.engine.execution_options(**{_BEGIN_OPTION: "read"})

    @contextlib.contextmanager
    def session(self) -> Iterator[sqlmodel.Session]:
        """Open one writing transaction: committed at the end, rolled back on any error."""
        self.require_writable()
        with self._transaction(self.engine) as session:
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlmodel.Session]:
        """Open one read-only transaction: a still picture of the lab that blocks no writer."""
        before = None if self.read_only is None else self.read_only.stamp()
        with self._transaction(self._reading_engine) as session:
            yield session
        if self.read_only is not None and before is not None:
            self.read_only.refuse_if_changed(before)

    def require_writable(self) -> None:
        """Refuse before any work is done for a lab that can keep nothing.

        Raises
        ------
        DatabaseStorageError
            When the lab may only be read.
        """
        if self.read_only is not None:
            raise DatabaseStorageError(
                f"{self.url}: may only be read here, and this stores something; check the "
                "permissions of the lab folder, or work in a copy of it"
            )

    @contextlib.contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[sqlmodel.Session]:
        try:
            with sqlmodel.Session(engine, expire_on_commit=False) as session, session.begin():
                yield session
        except sa.exc.DBAPIError as error:
            raise self._translated(error) from error

    def _translated(self, error: sa.exc.DBAPIError, *, opening: bool = False) -> Exception:
        return translated(error, self.url, path=self.path, waited_s=BUSY_TIMEOUT_S, opening=opening)

    @property
    def is_sqlite(self) -> bool:
        """Whether the lab is a local SQLite file."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close every connection; SQLite then folds its write-ahead log into the file."""
        self.engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_lab_database(
    location: str | Path, *, create: bool = False, migrate: bool = True
) -> Database:
    """Open a lab's database and make sure its tables are the ones this version knows.

    Parameters
    ----------
    location : str or Path
        A lab folder, its ``lab.db``, or a database URL (``sqlite:///...``,
        ``postgresql+psycopg://...``).
    create : bool
        Make the folder, the file and the tables where they are missing.
    migrate : bool
        Bring an older lab up to date, after a copy of it has been put beside it (SQLite).

    Returns
    -------
    Database

    Raises
    ------
    NotALabError
        If there is no lab at `location`, or something else is.
    MigrationNeededError, NewerDatabaseError
        If the lab was written by an older version and `migrate` is off, or by a newer one.
    """
    url, path = _resolve(location, create=create)
    shown = url.render_as_string(hide_password=True) if path is None else str(path)
    read_only = None
    if path is not None and may_only_be_read(path):
        read_only = ReadOnlyFile(path, BUSY_TIMEOUT_S)
        engine = _read_only_engine(url, read_only)
    else:
        engine = _sqlite_engine(url) if path is not None else _server_engine(url)
    database = Database(url=shown, engine=engine, path=path, read_only=read_only)
    try:
        _bring_up_to_date(database, create=create, migrate=migrate and read_only is None)
    except BaseException:
        database.close()
        raise
    return database


def _resolve(location: str | Path, *, create: bool) -> tuple[sa.URL, Path | None]:
    """Turn what the caller named into a URL and, for SQLite, a file that may be opened."""
    text = str(location)
    if "://" in text:
        try:
            url = sa.make_url(text)
        except sa.exc.ArgumentError as error:
            raise NotALabError(
                "the database URL cannot be read; write one such as "
                "postgresql+psycopg://user@host/lab"
            ) from error
        if url.get_backend_name() != "sqlite":
            return url, None
        if not url.database or url.database == ":memory:":
            raise NotALabError("a lab lives in a file: name a folder instead of sqlite in memory")
        path = Path(url.database)
    else:
        path = Path(text)
        # one look per question: another program may be making the folder right now
        if path.is_dir() or (path.suffix not in {".db", ".sqlite"} and not path.is_file()):
            path = path / DATABASE_FILE
    _check_file(path, create=create)
    return sa.URL.create("sqlite", database=str(path)), path


def _check_file(path: Path, *, create: bool) -> None:
    """Refuse a file that is no SQLite database before SQLite touches it."""
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            if create:
                return
            if not path.parent.is_dir():
                raise NotALabError(f"{path.parent}: there is no such folder; make a lab with init")
            raise NotALabError(
                f"{path.parent}: this folder is no lab (it has no {path.name}); make one with init"
            )
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise NotALabError(
            f"{path}: cannot be opened as a lab ({error.strerror or error})"
        ) from error
    if head and head != b"SQLite format 3\x00":
        raise NotALabError(f"{path}: this file is no lab database")
    if not head and not create:
        raise NotALabError(f"{path}: this database is empty; make the lab with init")


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_only_engine(url: sa.URL, file: ReadOnlyFile) -> sa.Engine:
    engine = sa.create_engine(url, creator=file.connect, poolclass=sa.pool.NullPool)
    sa.event.listen(engine, "connect", _prepare_read_only)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_read_only(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transactions are switched off: `_begin_sqlite` says BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    _use_write_ahead_log(cursor)
    cursor.close()


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Ask for the write-ahead log where the file does not have it yet.

    The change needs the whole file and does not wait by itself: SQLite answers "locked" at once
    where another program is just making the same change.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get(_BEGIN_OPTION) == "read"
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _server_engine(url: sa.URL) -> sa.Engine:
    try:
        engine = sa.create_engine(url, pool_pre_ping=True)
    except (ImportError, sa.exc.ArgumentError) as error:
        raise NotALabError(
            f"the driver for {url.drivername} is not installed; "
            'for PostgreSQL: python -m pip install ".[postgres]"'
        ) from error
    if engine.dialect.name != "postgresql":
        raise NotALabError(
            f"{url.drivername} is not supported; a lab lives in SQLite or PostgreSQL"
        )
    sa.event.listen(engine, "begin", _begin_server)
    return engine


def _begin_server(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(_BEGIN_OPTION) == "read":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def stored_revision(database: Database) -> str | None:
    """Return the revision of the tables, or None where there are none yet.

    Raises
    ------
    NotALabError
        If the database holds tables of something else.
    """
    try:
        with database._reading_engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            if "alembic_version" not in names:
                if names:
                    raise NotALabError(f"{database.url}: this database is not a lab's")
                return None
            if "literature_entry" not in names or "label_event" not in names:
                raise NotALabError(f"{database.url}: this database is not a lab's")
            return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    except sa.exc.DBAPIError as error:
        raise database._translated(error, opening=True) from error


def _bring_up_to_date(database: Database, *, create: bool, migrate: bool) -> None:
    revision = stored_revision(database)
    if revision == HEAD:
        return
    if revision is None:
        if not create:
            raise NotALabError(f"{database.url}: this database is empty; make the lab with init")
    elif revision not in REVISIONS:
        raise NewerDatabaseError(
            f"{database.url}: written by a newer labkit (layout {revision}, this one knows "
            f"{HEAD}); update labkit to open it"
        )
    elif not migrate:
        raise MigrationNeededError(
            f"{database.url}: written by an older labkit (layout {revision}, this one needs "
            f"{HEAD}); open it with a command that may write"
        )
    _migrate(database, revision)


def _migrate(database: Database, before: str | None) -> None:
    from db.migrations.running import upgrade

    if before is not None and database.path is not None:
        from db.backup import copy_sqlite

        kept = database.path.with_name(f"{database.path.name}.before-{HEAD}")
        copy_sqlite(database.path, kept)
        database.backup_path = kept
    try:
        with _migrating_connection(database) as connection:
            # Another program may have done it while this one waited for the lock.
            now = _revision_inside(connection)
            if now != HEAD:
                upgrade(connection)
            database.created = now is None
            database.migrated_from = now if now != HEAD else None
    except sa.exc.DBAPIError as error:
        raise MigrationError(
            f"{database.url}: the tables could not be brought to layout {HEAD} and were left as "
            f"they were ({first_line(error)})"
        ) from error


@contextlib.contextmanager
def _migrating_connection(database: Database) -> Iterator[sa.Connection]:
    """One transaction for the whole migration; on SQLite with foreign keys checked at its end.

    Batch mode rebuilds tables, which SQLite only allows with foreign keys switched off, and the
    switch has no effect inside a transaction.
    """
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            yield connection
        return
    assert database.path is not None
    engine = _sqlite_engine(sa.URL.create("sqlite", database=str(database.path)))
    sa.event.listen(engine, "connect", _switch_foreign_keys_off)
    try:
        with engine.begin() as connection:
            yield connection
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise MigrationError(
                    f"{database.url}: the migration would break {len(broken)} links between "
                    "tables and was undone"
                )
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        engine.dispose()


def _switch_foreign_keys_off(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = OFF")


def _revision_inside(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(
        sa.text("SELECT version_num FROM alembic_version")
    ).scalar()
    return revision
