"""The base of every table and the column types they share."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import SQLModel

from db.errors import InvalidValueError

# Named constraints: without names, batch migrations could neither drop nor keep them.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class LabTable(SQLModel):
    """Base of the lab's tables; holds their common metadata."""

    metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Moments in UTC: an aware datetime in, an aware datetime out, on every database.

    SQLite has no zone of its own and would hand back naive values that compare with nothing.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware datetime into UTC; SQLite stores it without the zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a stored moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Give the stored moment its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def one_of(column: str, values: Iterable[str], *, name: str | None = None) -> sa.CheckConstraint:
    """Constrain a text column to a closed list of words."""
    words = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({words})", name=name or f"{column}_known")


def positive(column: str) -> sa.CheckConstraint:
    """Constrain a number to be above zero where it is given."""
    return sa.CheckConstraint(f'"{column}" > 0', name=f"{column}_positive")


def not_negative(column: str) -> sa.CheckConstraint:
    """Constrain a number to be zero or above where it is given."""
    return sa.CheckConstraint(f'"{column}" >= 0', name=f"{column}_not_negative")


def not_blank(column: str) -> sa.CheckConstraint:
    """Constrain a text to hold more than blanks."""
    return sa.CheckConstraint(f"length(trim({column})) > 0", name=f"{column}_not_blank")


def canonical_json(value: Any) -> str:
    """Write a JSON value in the one form that is hashed: sorted keys, no blanks, plain UTF-8.

    Floats are written by ``repr``, which names a double exactly.

    Raises
    ------
    InvalidValueError
        For a number that is not finite, and for what JSON cannot say (see `plain_json`).
    """
    try:
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise InvalidValueError(f"a value cannot be stored as JSON ({error})") from error


def sha256_of_json(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def plain_json(value: Any) -> Any:
    """Return `value` in plain JSON types.

    Numpy scalars and arrays become numbers and lists, tuples lists, paths and moments text; a
    number that is not finite becomes null, which is the only "unknown" that JSON has.

    Raises
    ------
    InvalidValueError
        For anything that has no JSON form.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [plain_json(item) for item in items]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, (np.generic, np.ndarray)) and value.dtype.kind != "O":
        return plain_json(value.tolist())
    raise InvalidValueError(f"a value of type {type(value).__name__} cannot be stored as JSON")
