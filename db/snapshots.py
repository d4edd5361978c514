"""Snapshots: the accepted label set at one moment, named, hashed and frozen.

A ranking that names its snapshot can be repeated whatever has been decided since.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

import sqlmodel
from sqlmodel import col, select

from db.columns import canonical_json
from db.errors import DatabaseStorageError, DuplicateError, InvalidValueError, UnknownSnapshotError
from db.label_content import content_of
from db.labels import accepted_labels, label_set_hash
from db.tables import LabelSnapshot


def take_snapshot(
    session: sqlmodel.Session, name: str, *, by: str | None = None, note: str | None = None
) -> LabelSnapshot:
    """Freeze the accepted set under a name.

    Raises
    ------
    DuplicateError
        If the name is taken: a snapshot is never replaced.
    """
    name = name.strip()
    if not name:
        raise InvalidValueError("a snapshot needs a name")
    if session.exec(select(LabelSnapshot.id).where(LabelSnapshot.name == name)).first():
        raise DuplicateError(f"a snapshot named {name} is already there; choose another name")
    rows = [
        {"label_id": label.id, "content_hash": label.content_hash, **content_of(label)}
        for label in accepted_labels(session)
    ]
    snapshot = LabelSnapshot(
        name=name,
        label_set_hash=label_set_hash(session),
        n_labels=len(rows),
        content=zlib.compress(canonical_json(rows).encode("utf-8"), 6),
        note=note,
        created_by=by,
    )
    session.add(snapshot)
    session.flush()
    return snapshot


def get_snapshot(session: sqlmodel.Session, name: str) -> LabelSnapshot:
    """Return a snapshot by name, or raise `UnknownSnapshotError` with the names there are."""
    found = session.exec(select(LabelSnapshot).where(LabelSnapshot.name == name)).first()
    if found is None:
        names = session.exec(select(LabelSnapshot.name).order_by(col(LabelSnapshot.id).desc()))
        known = ", ".join(names.all()[:5]) or "none yet"
        raise UnknownSnapshotError(f"there is no snapshot {name!r} (newest: {known})")
    return found


def list_snapshots(session: sqlmodel.Session) -> list[LabelSnapshot]:
    """Return every snapshot, oldest first."""
    return list(session.exec(select(LabelSnapshot).order_by(col(LabelSnapshot.id))))


def snapshot_labels(snapshot: LabelSnapshot) -> list[dict[str, Any]]:
    """Return the labels of a snapshot as they were, each with ``label_id`` and its fields.

    Raises
    ------
    DatabaseStorageError
        If the stored content is damaged.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(zlib.decompress(snapshot.content))
    except (zlib.error, ValueError) as error:
        raise DatabaseStorageError(
            f"the snapshot {snapshot.name} is damaged ({error}); restore a backup"
        ) from error
    return rows
