"""The curated database: tables, migrations, the label set and its history.

This package knows no physics and no file format. Importing it loads nothing heavy: the names
below are fetched from their modules when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from db.errors import DatabaseError
    from db.identifiers import Identifier, RecordKind, format_identifier, parse_identifier
    from db.session import Database, open_lab_database

_HOME = {
    "Database": "db.session",
    "DatabaseError": "db.errors",
    "Identifier": "db.identifiers",
    "RecordKind": "db.identifiers",
    "format_identifier": "db.identifiers",
    "open_lab_database": "db.session",
    "parse_identifier": "db.identifiers",
}

__all__ = [
    "Database",
    "DatabaseError",
    "Identifier",
    "RecordKind",
    "format_identifier",
    "open_lab_database",
    "parse_identifier",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'db' has no attribute {name!r}")
