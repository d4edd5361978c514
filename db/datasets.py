"""Versions of published tables: read once, recognised by their bytes, compared with the last.

Rows are never deleted. When a newer version of a table is loaded, rows it no longer has are
marked as withdrawn in that version, rows it adds are added, and what differs is kept with the
version.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlmodel
from sqlmodel import col, select

from db.errors import DataUnavailableError, SourceFormatError
from db.tables import SourceDataset

MAX_FILE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A published table as it stands in its file: header, rows of cells, hash of the bytes."""

    path: Path
    sha256: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Differences:
    """How a version of a table differs from the version loaded before it."""

    added: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    changed: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the differences in plain JSON types."""
        return {
            "added": self.added,
            "unchanged": self.unchanged,
            "withdrawn": self.withdrawn,
            "changed": self.changed,
        }


def read_table(path: Path, *, header: list[str] | None = None, width: int = 0) -> SourceTable:
    """Read a CSV file (UTF-8, with or without BOM, gzipped or not), every cell as printed.

    Parameters
    ----------
    header : list of str, optional
        Column names for a file that has no header line.
    width : int
        Columns needed at least.

    Raises
    ------
    DataUnavailableError
        If the file cannot be opened.
    SourceFormatError
        If it is not such a table; names the line.
    """
    try:
        data = path.read_bytes()
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        if len(plain) > MAX_FILE_BYTES:
            raise SourceFormatError(f"{path.name}: larger than {MAX_FILE_BYTES >> 20} MiB")
        text = plain.decode("utf-8-sig")
    except (OSError, EOFError) as error:
        raise DataUnavailableError(f"{path}: cannot be read ({error})") from error
    except UnicodeDecodeError as error:
        raise SourceFormatError(
            f"{path.name}: not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from error
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise SourceFormatError(f"{path.name}: not a CSV table ({error})") from error
    if header is None:
        if not rows:
            raise SourceFormatError(f"{path.name}: the file is empty")
        header, rows = rows[0], rows[1:]
        first_line = 2
    else:
        first_line = 1
    rows = [row for row in rows if row]
    if len(header) < width:
        raise SourceFormatError(
            f"{path.name}: {len(header)} columns where {width} are needed ({', '.join(header)})"
        )
    for number, row in enumerate(rows, start=first_line):
        if len(row) != len(header):
            raise SourceFormatError(
                f"{path.name}: line {number} has {len(row)} cells, the header {len(header)}"
            )
    return SourceTable(path, hashlib.sha256(data).hexdigest(), header, rows)


def find_dataset(session: sqlmodel.Session, name: str, sha256: str) -> SourceDataset | None:
    """Return this very version of a data set, if it is loaded."""
    statement = select(SourceDataset).where(
        SourceDataset.name == name, SourceDataset.sha256 == sha256
    )
    return session.exec(statement).first()


def latest_dataset(session: sqlmodel.Session, name: str) -> SourceDataset | None:
    """Return the version of a data set that was loaded last, if any."""
    statement = select(SourceDataset).where(SourceDataset.name == name)
    return session.exec(statement.order_by(col(SourceDataset.id).desc()).limit(1)).first()


def list_datasets(session: sqlmodel.Session) -> list[SourceDataset]:
    """Return every loaded version of every data set, in the order of loading."""
    return list(session.exec(select(SourceDataset).order_by(col(SourceDataset.id))))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which rows of a new version are new, and which stored rows it no longer has."""

    new_rows: list[int]
    withdrawn_ids: list[int]
    differences: Differences


def compare_rows(stored: list[tuple[int, str, str]], new: list[tuple[str, str]]) -> Comparison:
    """Compare the rows of two versions of a table by content; the order does not matter.

    Parameters
    ----------
    stored : list of (id, row hash, key)
        Rows of the version before, not withdrawn.
    new : list of (row hash, key)
        Rows of the new version. A withdrawn and a new row of the same key, where that key is
        unique on both sides, count as one changed row.

    Returns
    -------
    Comparison
        `new_rows` are positions in `new`.
    """
    available: dict[str, list[int]] = defaultdict(list)
    for key, content, _ in stored:
        available[content].append(key)
    new_rows: list[int] = []
    unchanged = 0
    for position, (content, _) in enumerate(new):
        if available[content]:
            available[content].pop(0)
            unchanged += 1
        else:
            new_rows.append(position)
    withdrawn = sorted(key for keys in available.values() for key in keys)
    key_of = {key: name for key, _, name in stored}
    gone = Counter(key_of[key] for key in withdrawn)
    come = Counter(new[position][1] for position in new_rows)
    changed = [
        {"key": name, "row": position + 1}
        for position in new_rows
        if (name := new[position][1]) and gone[name] == 1 and come[name] == 1
    ]
    return Comparison(
        new_rows,
        withdrawn,
        Differences(
            added=len(new_rows) - len(changed),
            unchanged=unchanged,
            withdrawn=len(withdrawn) - len(changed),
            changed=changed,
        ),
    )
