"""Reading a lab that may only be read: a colleague's share, a backup medium, another account.

A database in write-ahead-log mode keeps two files beside itself while it is open, ``-wal`` and
``-shm``. Where they cannot be made, SQLite reads the database only when it is told that nobody
writes to it (``immutable=1``). That holds as long as there is no log; a log with changes in it
must be read as well, or the newest results would be missing without a word.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from db.errors import DatabaseBusyError, DatabaseStorageError

__all__ = ["ReadOnlyFile", "may_only_be_read"]


def may_only_be_read(path: Path) -> bool:
    """Say whether a lab's database, or the folder that it lies in, cannot be written by us."""
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


class ReadOnlyFile:
    """A SQLite file opened anew for every transaction, and never written.

    Each transaction looks afresh at whether somebody else writes to the lab, as the way to open
    it depends on that.

    Parameters
    ----------
    path : Path
    timeout_s : float
        How long to wait for somebody who holds the whole file.
    """

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def connect(self) -> sqlite3.Connection:
        """Open the file in the way that shows all that was committed.

        Raises
        ------
        DatabaseStorageError
            When changes lie in a log that cannot be read here.
        """
        log = self._beside("-wal")
        index = self._beside("-shm")
        can_make_files = os.access(self._path.parent, os.W_OK)
        readable_log = can_make_files or (log.exists() and index.exists())
        if not readable_log and _size(log) > 0:
            raise DatabaseStorageError(
                f"{self._path}: {log.name} holds changes that are not yet in {self._path.name} and "
                "cannot be read in a folder that cannot be written; copy the folder to a place of "
                "your own, or open the lab once where it may be written"
            )
        how = "mode=ro" if readable_log else "mode=ro&immutable=1"
        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?{how}",
            uri=True,
            timeout=self._timeout_s,
            check_same_thread=False,
        )

    def stamp(self) -> tuple[int, int, int]:
        """Return what changes when somebody writes: time and size of the file, size of the log."""
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size, _size(self._beside("-wal"))

    def refuse_if_changed(self, before: tuple[int, int, int]) -> None:
        """Refuse what was read from a file that was taken to be still and was not.

        Raises
        ------
        DatabaseBusyError
            When it was written since `before`.
        """
        if not os.access(self._path.parent, os.W_OK) and self.stamp() != before:
            raise DatabaseBusyError(
                f"{self._path}: somebody wrote to this lab while it was read; try again"
            )

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
