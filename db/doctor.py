"""The doctor: finds what is wrong with a lab and names it; changes nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlmodel
from sqlmodel import col, select

from db.arrays import unpack_arrays
from db.columns import sha256_of_json
from db.errors import DatabaseError
from db.label_content import content_hash_of, event_hash_of
from db.session import Database
from db.snapshots import snapshot_labels
from db.structures import iterate_cifs
from db.tables import (
    Correction,
    Label,
    LabelEvent,
    LabelSnapshot,
    Measurement,
    Pellet,
    RawFile,
    Spectrum,
    Structure,
)

_LEAST_FREE_BYTES = 500 * 1024 * 1024
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and what to do about it."""

    code: str
    subject: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}; {self.remedy}"


def examine(database: Database, lab_folder: Path | None = None) -> list[Problem]:
    """Examine a lab: the database file, links, raw files, histories, structures, space.

    Parameters
    ----------
    lab_folder : Path, optional
        Where the raw files lie; the database's own folder by default.

    Returns
    -------
    list of Problem
        Empty for a sound lab.
    """
    folder = lab_folder
    if folder is None and database.path is not None:
        folder = database.path.parent
    problems: list[Problem] = []
    with database.reading() as session:
        problems += check_file(session)
        problems += check_labels(session)
        problems += check_snapshots(session)
        problems += check_corrections(session)
        problems += check_arrays(session)
        problems += check_structures(session)
        if folder is not None:
            problems += check_raw_files(session, folder)
    if folder is not None:
        problems += check_space(folder)
    return problems


def check_file(session: sqlmodel.Session) -> list[Problem]:
    """Run SQLite's integrity and foreign key checks (a server watches over its own files)."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return []
    problems = [
        Problem("database-damaged", "database", str(row[0]), "restore the last backup")
        for row in connection.exec_driver_sql("PRAGMA integrity_check")
        if row[0] != "ok"
    ]
    return problems + [
        Problem(
            "broken-link",
            f"{row[0]} row {row[1]}",
            f"points at a row of {row[2]} that is not there",
            "restore the last backup",
        )
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
    ]


def check_raw_files(session: sqlmodel.Session, lab_folder: Path) -> list[Problem]:
    """Compare every stored raw file with the hash that it was imported under."""
    problems: list[Problem] = []
    known: set[Path] = set()
    rows = session.exec(select(RawFile).order_by(col(RawFile.id)))
    for row in rows:
        if row.stored_path is None:
            continue
        path = lab_folder / row.stored_path
        known.add(path.resolve())
        subject = f"{row.file_name} ({row.stored_path})"
        if not path.is_file():
            problems.append(
                Problem(
                    "raw-file-missing",
                    subject,
                    "the stored raw file is missing",
                    "copy it back from a backup or import the original again",
                )
            )
        elif file_sha256(path) != row.sha256:
            problems.append(
                Problem(
                    "raw-file-changed",
                    subject,
                    "the stored raw file is not the one that was imported (its SHA-256 differs)",
                    "copy it back from a backup",
                )
            )
    folder = lab_folder / "raw"
    present = sorted(folder.rglob("*")) if folder.is_dir() else []
    return problems + [
        Problem(
            "raw-file-unknown",
            path.relative_to(lab_folder).as_posix(),
            "no import names this file (an import may have been interrupted)",
            "import it again, or delete it",
        )
        for path in present
        if path.is_file() and path.resolve() not in known
    ]


def check_labels(session: sqlmodel.Session) -> list[Problem]:
    """Compare every label with its history, and every history with its own chain of hashes."""
    events: dict[int, list[LabelEvent]] = defaultdict(list)
    statement = select(LabelEvent).order_by(col(LabelEvent.label_id), col(LabelEvent.sequence))
    for event in session.exec(statement):
        events[event.label_id].append(event)
    problems: list[Problem] = []
    for label in session.exec(select(Label).order_by(col(Label.id))):
        assert label.id is not None
        what = _label_fault(label, events.get(label.id, []))
        if what is not None:
            problems.append(
                Problem(
                    "label-edited",
                    f"L{label.id}",
                    what,
                    "restore a backup, or revise the label so that the change has a reason",
                )
            )
    return problems


def _label_fault(label: Label, events: list[LabelEvent]) -> str | None:
    if not events:
        return "has no history: it was not stored by labkit"
    previous: str | None = None
    for number, event in enumerate(events, start=1):
        if event.sequence != number or event.previous_hash != previous:
            return f"an event of its history is missing before number {event.sequence}"
        if event_hash_of(event) != event.event_hash:
            return f"event {number} of its history was edited"
        previous = event.event_hash
    actual = content_hash_of(label)
    if actual != events[0].content_hash or actual != label.content_hash:
        changed = _changed_fields(label, events[0])
        return f"was edited outside labkit ({changed})"
    if label.state != events[-1].state_after:
        return f"its state is {label.state}, but its history ends with {events[-1].state_after}"
    return None


def _changed_fields(label: Label, first: LabelEvent) -> str:
    changed = [
        f"{name} was {was!r} and is {getattr(label, name)!r}"
        for name, was in first.content.items()
        if getattr(label, name, was) != was
    ]
    return ", ".join(changed[:3]) or "its stored hash differs"


def check_snapshots(session: sqlmodel.Session) -> list[Problem]:
    """Recompute the hash of every snapshot from its frozen content."""
    problems: list[Problem] = []
    for snapshot in session.exec(select(LabelSnapshot).order_by(col(LabelSnapshot.id))):
        try:
            rows = snapshot_labels(snapshot)
            pairs = [[row["label_id"], row["content_hash"]] for row in rows]
            sound = sha256_of_json(pairs) == snapshot.label_set_hash
        except (DatabaseError, KeyError, TypeError):
            sound = False
        if not sound:
            problems.append(
                Problem(
                    "snapshot-damaged",
                    f"snapshot {snapshot.name}",
                    "its content does not fit its hash",
                    "restore a backup",
                )
            )
    return problems


def check_corrections(session: sqlmodel.Session) -> list[Problem]:
    """Compare pellets and measurements with the values that their last corrections left."""
    left: dict[tuple[type[Pellet | Measurement], int | None], dict[str, Any]] = defaultdict(dict)
    for one in session.exec(select(Correction).order_by(col(Correction.id))):
        subject = (Pellet, one.pellet_id) if one.pellet_id else (Measurement, one.measurement_id)
        left[subject].update(one.values_after)
    problems: list[Problem] = []
    for (kind, number), values in left.items():
        row = session.get(kind, number)
        changed = [name for name, value in values.items() if getattr(row, name, value) != value]
        if changed:
            problems.append(
                Problem(
                    "correction-overwritten",
                    f"{'P' if kind is Pellet else 'M'}{number}",
                    f"was edited outside labkit ({', '.join(changed)})",
                    "correct it again, or restore a backup",
                )
            )
    return problems


def check_arrays(session: sqlmodel.Session) -> list[Problem]:
    """Check that the arrays of every measurement can be read and are as long as they say."""
    problems: list[Problem] = []
    statement = sa.select(
        col(Spectrum.measurement_id), col(Spectrum.layout), col(Spectrum.arrays)
    ).execution_options(yield_per=500)
    for measurement_id, layout, blob in session.connection().execute(statement):
        try:
            whole = sum(entry["nbytes"] for entry in layout) == len(blob)
            unpack_arrays(layout, blob)
        except (DatabaseError, KeyError, TypeError, ValueError):
            whole = False
        if not whole:
            problems.append(
                Problem(
                    "points-damaged",
                    f"M{measurement_id}",
                    "its stored points cannot be read",
                    "import the raw file again",
                )
            )
    return problems


def check_structures(session: sqlmodel.Session) -> list[Problem]:
    """Compare the CIF text of every structure with its hash."""
    statement = select(Structure.material_id, Structure.content_hash)
    hashes = dict(session.exec(statement).all())
    problems: list[Problem] = []
    remedy = "add the structure again from its source"
    try:
        for material_id, text in iterate_cifs(session):
            if hashlib.sha256(text.encode("utf-8")).hexdigest() != hashes[material_id]:
                problems.append(
                    Problem(
                        "structure-damaged",
                        material_id,
                        "its CIF text does not fit its hash",
                        remedy,
                    )
                )
    except DatabaseError as error:
        problems.append(Problem("structure-damaged", "structures", str(error), remedy))
    return problems


def check_space(folder: Path) -> list[Problem]:
    """Warn where the disk is nearly full."""
    free = shutil.disk_usage(folder).free
    if free >= _LEAST_FREE_BYTES:
        return []
    return [
        Problem(
            "disk-nearly-full",
            str(folder),
            f"only {free // (1024 * 1024)} MiB are free",
            "make room before the next import",
        )
    ]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
