"""The lab folder: made, opened, and where each thing lies in it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.read_only import may_only_be_read
from db.session import Database, open_lab_database
from labkit.errors import LabFolderError
from labkit.settings import LAB_TOML_TEMPLATE, LabSettings, database_url, read_settings

__all__ = ["Lab", "create_lab", "open_lab"]


@dataclass(frozen=True)
class Lab:
    """One lab: its folder, its database and its settings.

    Attributes
    ----------
    folder : Path
        Everything the lab owns lies here.
    database : db.session.Database
        The open database.
    settings : LabSettings
        Defaults from ``lab.toml``.
    """

    folder: Path
    database: Database
    settings: LabSettings

    @property
    def raw_folder(self) -> Path:
        """Folder of the raw files, named by their sha256."""
        return self.folder / "raw"

    @property
    def cache_folder(self) -> Path:
        """Folder of descriptors, trees and the like; always safe to delete."""
        return self.folder / "cache"

    def raw_path(self, sha256: str) -> Path:
        """Return where the raw file with this hash lies, ``raw/ab/cdef...``."""
        return self.raw_folder / sha256[:2] / sha256[2:]

    def keep_raw_file(self, content: bytes, sha256: str) -> Path:
        """Store a raw file byte for byte and make it read-only.

        A file that is there already is left alone. The content appears under its final name
        only when it is complete and on the disk.
        """
        target = self.raw_path(sha256)
        if _holds(target, content):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
            Path(temporary).replace(target)
        except BaseException as error:
            _remove(Path(temporary))
            # Windows refuses to replace the read-only file that another import has put there
            if isinstance(error, PermissionError) and _holds(target, content):
                return target
            raise
        return target


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content)


def _remove(path: Path) -> None:
    """Remove a file; Windows wants it writable first."""
    if path.exists():
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        path.unlink()


def create_lab(folder: Path) -> Lab:
    """Create the lab folder, or open it where it exists already.

    Parameters
    ----------
    folder : Path
        A folder that is new, empty, or already a lab.

    Raises
    ------
    LabFolderError
        When the folder holds something else, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise LabFolderError(f"{folder} is a file; name a folder with --lab")
    if folder.is_dir() and any(folder.iterdir()) and not _is_lab(folder):
        raise LabFolderError(
            f"{folder} is not empty and is not a lab folder; name a new one with --lab"
        )
    try:
        for part in (folder, folder / "raw", folder / "cache"):
            part.mkdir(parents=True, exist_ok=True)
        settings_path = folder / "lab.toml"
        if not settings_path.exists():
            settings_path.write_text(LAB_TOML_TEMPLATE, encoding="utf-8")
    except OSError as error:
        raise LabFolderError(
            f"{folder} cannot be made a lab folder: {error.strerror}; name another with --lab"
        ) from None
    database = open_lab_database(database_url() or folder / "lab.db", create=True)
    return Lab(folder, database, read_settings(settings_path))


def open_lab(folder: Path) -> Lab:
    """Open an existing lab folder.

    Raises
    ------
    LabFolderError
        When there is no such folder or it is not a lab.
    """
    if folder.is_file():
        raise LabFolderError(f"{folder} is a file, not a lab folder; name the folder with --lab")
    if not folder.is_dir():
        raise LabFolderError(
            f"no lab folder at {folder}; make one with 'labkit --lab {folder} init'"
        )
    if not _is_lab(folder):
        raise LabFolderError(
            f"{folder} is not a lab folder (it has no lab.db); name yours with --lab, "
            "or make a new one with 'labkit --lab NEW init'"
        )
    if (folder / "manifest.json").exists() and not may_only_be_read(folder / "lab.db"):
        raise LabFolderError(
            f"{folder} is a backup, and opening it would change it; bring it back with "
            f"'labkit --lab NEW restore {folder}'"
        )
    database = open_lab_database(database_url() or folder / "lab.db")
    return Lab(folder, database, read_settings(folder / "lab.toml"))


def clear_cache(lab: Lab) -> None:
    """Delete the cache folder's content; everything in it can be made again."""
    shutil.rmtree(lab.cache_folder, ignore_errors=True)
    lab.cache_folder.mkdir(exist_ok=True)


def _is_lab(folder: Path) -> bool:
    if database_url() is not None:
        return (folder / "lab.toml").exists()
    return (folder / "lab.db").exists()


def versions() -> dict[str, Any]:
    """Return the versions that decide a number, for provenance."""
    from importlib.metadata import version

    import labkit

    return {
        "labkit": labkit.__version__,
        "numpy": version("numpy"),
        "scipy": version("scipy"),
    }
