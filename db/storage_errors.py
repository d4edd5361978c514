"""A database driver's errors as one line of this package's tree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from db.errors import DatabaseBusyError, DatabaseStorageError, InvalidValueError, NotALabError

__all__ = ["first_line", "translated"]

# SQLite cannot open its side files (32 kB and more) or grow a table with less than this
_FULL_BELOW_BYTES = 256 * 1024


def first_line(error: BaseException) -> str:
    """Return the first line of what the driver itself said."""
    original: Any = getattr(error, "orig", None) or error
    return (str(original).strip() or type(original).__name__).splitlines()[0]


def translated(
    error: sa.exc.DBAPIError, url: str, *, path: Path | None, waited_s: float, opening: bool = False
) -> Exception:
    """Turn a driver's error into one line of this package's tree.

    Parameters
    ----------
    url : str
        The database as the user knows it.
    path : Path or None
        Its file; None on a server.
    waited_s : float
        How long a transaction waits for another writer.
    opening : bool
        Whether this was the first try to reach it.
    """
    text = first_line(error)
    lowered = text.lower()
    if "locked" in lowered or "lock timeout" in lowered:
        return DatabaseBusyError(
            f"{url}: another program has been writing for more than {waited_s:.0f} s; "
            "try again when it has finished"
        )
    if "not a database" in lowered:
        return NotALabError(f"{url}: this file is no lab database")
    if isinstance(error, sa.exc.IntegrityError):
        return InvalidValueError(f"{url}: a value is refused by the tables ({text})")
    if opening and not url.endswith(".db") and "://" in url:
        return NotALabError(f"{url}: the database server does not answer ({text})")
    if "readonly" in lowered or "read-only" in lowered:
        return DatabaseStorageError(
            f"{url}: may only be read here ({text}); check the permissions of the lab folder"
        )
    if "full" in lowered or "space" in lowered or _disk_is_full(path):
        where = "the disk of the database" if path is None else path.parent
        return DatabaseStorageError(
            f"{url}: no space left on {where} ({text}); make room and try again"
        )
    if isinstance(error, (sa.exc.OperationalError, sa.exc.DatabaseError)):
        return DatabaseStorageError(f"{url}: the database refuses ({text})")
    return error


def _disk_is_full(path: Path | None) -> bool:
    """Say whether no space explains an error; SQLite often says "disk I/O error" then."""
    if path is None:
        return False
    try:
        return shutil.disk_usage(path.parent).free < _FULL_BELOW_BYTES
    except OSError:
        return False
