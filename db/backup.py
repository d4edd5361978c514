"""Copies of a lab that are whole: made while others write, checked, and restored only if sound.

A backup is a folder with the database as one file, every raw file, and a manifest of SHA-256
sums. It appears under its name only when it is complete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from db.errors import BackupError
from db.migrations import HEAD
from db.read_only import ReadOnlyFile, may_only_be_read
from db.session import BUSY_TIMEOUT_S, DATABASE_FILE, Database

MANIFEST = "manifest.json"
_RAW = "raw"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupCounts:
    """What a backup holds."""

    path: Path
    raw_files: int
    size_bytes: int


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
        temporary.unlink(missing_ok=True)
        with (
            contextlib.closing(_opened(source)) as original,
            contextlib.closing(sqlite3.connect(temporary)) as copy,
        ):
            # In one step: the source is then read under one snapshot, and writers cannot make
            # the copy start over.
            original.backup(copy, pages=-1)
            # A copy in WAL mode would need its side files; a plain one is a single file.
            copy.execute("PRAGMA journal_mode = DELETE")
            problems = [row[0] for row in copy.execute("PRAGMA integrity_check")]
        if problems != ["ok"]:
            raise BackupError(f"{source}: does not pass the integrity check: {problems[0]}")
        _flush(temporary)
        temporary.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{target}: the copy could not be made ({error})") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return target


def _opened(source: Path) -> sqlite3.Connection:
    if may_only_be_read(source):
        return ReadOnlyFile(source, BUSY_TIMEOUT_S).connect()
    return sqlite3.connect(source, timeout=BUSY_TIMEOUT_S)


def back_up(database: Database, target: Path) -> BackupCounts:
    """Back a SQLite lab up into a new folder `target`.

    Raw files are only ever added to a lab, under the hash of their bytes, and before the
    transaction that names them. So the database is copied first, and then the raw files that the
    copy names: what other programs import meanwhile belongs to the next backup.

    Raises
    ------
    BackupError
        If the lab is on a server, `target` exists, or a file cannot be copied.
    """
    if database.path is None:
        raise BackupError(
            f"{database.url}: a lab on a PostgreSQL server is backed up with pg_dump there"
        )
    if target.exists():
        raise BackupError(f"{target}: is there already; name a new folder")
    lab = database.path.parent
    building = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        copy_sqlite(database.path, building / DATABASE_FILE)
        files = {DATABASE_FILE: _sha256(building / DATABASE_FILE)}
        for name in _raw_files(building / DATABASE_FILE):
            source, copied = _inside(lab, name), _inside(building, name)
            if not source.is_file():
                continue  # the doctor names it; the rest is worth keeping all the more
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copied)
            _flush(copied)
            files[name] = _sha256(copied)
        _write_manifest(building, files)
        building.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{target}: the backup could not be made ({error})") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return BackupCounts(target, len(files) - 1, size)


def check_backup(backup: Path) -> list[str]:
    """Return what is wrong with a backup, one line each; nothing if it is sound."""
    manifest = _read_manifest(backup)
    problems = []
    for name, expected in manifest["files"].items():
        path = _inside(backup, name)
        if not path.is_file():
            problems.append(f"{name}: is missing")
        elif _sha256(path) != expected:
            problems.append(f"{name}: has changed since the backup was made")
    if not problems:
        problems += _database_problems(backup / DATABASE_FILE)
    return problems


def restore(backup: Path, lab: Path) -> BackupCounts:
    """Restore a backup into a lab folder that holds no lab yet.

    Raises
    ------
    BackupError
        If the backup is not sound or the folder has a lab: it is never overwritten.
    """
    problems = check_backup(backup)
    if problems:
        raise BackupError(f"{backup}: the backup is damaged: {problems[0]}")
    if (lab / DATABASE_FILE).exists():
        raise BackupError(f"{lab}: holds a lab already; restore into another folder")
    if lab.exists() and any(lab.iterdir()):
        raise BackupError(f"{lab}: is not empty; restore into a new folder")
    building = lab.with_name(f"{lab.name}.{os.getpid()}.part")
    manifest = _read_manifest(backup)
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        for name, expected in manifest["files"].items():
            target = _inside(building, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_inside(backup, name), target)
            _flush(target)
            if _sha256(target) != expected:
                raise BackupError(f"{name}: changed while it was being restored")
        if lab.exists():
            lab.rmdir()
        building.replace(lab)
    except OSError as error:
        raise BackupError(f"{lab}: the backup could not be restored ({error})") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    size = sum(path.stat().st_size for path in lab.rglob("*") if path.is_file())
    return BackupCounts(lab, len(manifest["files"]) - 1, size)


def _raw_files(database_file: Path) -> list[str]:
    """Return where the raw files lie that a database names, relative to the lab."""
    with contextlib.closing(sqlite3.connect(database_file)) as connection:
        found = connection.execute(
            "SELECT DISTINCT stored_path FROM raw_file WHERE stored_path IS NOT NULL"
        )
        return sorted(row[0] for row in found)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _write_manifest(folder: Path, files: dict[str, str]) -> None:
    manifest = {"kind": "labkit backup", "layout": HEAD, "files": files}
    path = folder / MANIFEST
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    _flush(path)


def _read_manifest(backup: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise BackupError(f"{backup}: this folder is no backup (no {MANIFEST})") from error
    except ValueError as error:
        raise BackupError(f"{backup}: the {MANIFEST} cannot be read ({error})") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise BackupError(f"{backup}: the {MANIFEST} is not one of a backup")
    return manifest


def _inside(folder: Path, name: str) -> Path:
    """Join a manifest's name to the folder, refusing one that leads out of it."""
    parts = PurePosixPath(name).parts
    unsafe = ".." in parts or PurePosixPath(name).is_absolute() or "\\" in name or ":" in name
    if unsafe or not parts:
        raise BackupError(f"{folder}: the manifest names {name!r}, which lies outside the backup")
    return folder.joinpath(*parts)


def _database_problems(path: Path) -> list[str]:
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error as error:
        return [f"{DATABASE_FILE}: {error}"]
    problems = [] if found == ["ok"] else [f"{DATABASE_FILE}: {line}" for line in found]
    return problems + [f"{DATABASE_FILE}: a row of {row[0]} points at nothing" for row in broken]
