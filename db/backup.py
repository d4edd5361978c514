"""Copies of a lab that are whole, and checks that a database is sound."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from db.errors import BackupError


def copy_sqlite(source: Path, target: Path) -> Path:
    """Copy a SQLite database while others may be writing to it.

    The copy is made by SQLite's online backup into a temporary file, checked, and renamed, so
    `target` is either absent, the old one, or whole.

    Raises
    ------
    BackupError
        If the copy cannot be made or does not pass the integrity check.
    """
    temporary = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with (
            contextlib.closing(sqlite3.connect(source, timeout=60.0)) as original,
            contextlib.closing(sqlite3.connect(temporary)) as copy,
        ):
            original.backup(copy)
            # A copy in WAL mode would need its side files; a plain one is a single file.
            copy.execute("PRAGMA journal_mode = DELETE")
            problems = [row[0] for row in copy.execute("PRAGMA integrity_check")]
        if problems != ["ok"]:
            raise BackupError(
                f"{source}: the copy does not pass the integrity check: {problems[0]}"
            )
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{target}: the copy could not be made ({error})") from error
    finally:
        temporary.unlink(missing_ok=True)
    return target
