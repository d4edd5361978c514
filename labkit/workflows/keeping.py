"""A lab kept whole: backed up, and examined for damage."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import db.backup
import db.doctor
from labkit.workflows.lab import Lab

__all__ = ["back_up", "examine_lab"]


def back_up(lab: Lab, target: Path) -> dict[str, Any]:
    """Copy database and raw files into a new folder, whole, while the lab may be in use.

    Raises
    ------
    BackupError
        When the target exists or cannot be written.
    """
    counts = db.backup.back_up(lab.database, target)
    _copy_settings(lab.folder, target)
    return {
        "backup": str(counts.path),
        "raw_files": counts.raw_files,
        "size_bytes": counts.size_bytes,
    }


def restore_lab(backup: Path, folder: Path) -> dict[str, Any]:
    """Restore a backup into a folder that holds no lab.

    Raises
    ------
    BackupError
        When the backup is damaged or the folder holds a lab.
    """
    counts = db.backup.restore(backup, folder)
    _copy_settings(backup, folder)
    return {"lab": str(folder), "raw_files": counts.raw_files, "size_bytes": counts.size_bytes}


def _copy_settings(source: Path, target: Path) -> None:
    """Take the lab's settings along; they decide errors and signatures of what comes later."""
    if (source / "lab.toml").is_file():
        shutil.copyfile(source / "lab.toml", target / "lab.toml")


def examine_lab(lab: Lab) -> dict[str, Any]:
    """Examine a lab: database file, links, raw files against their hashes, label histories.

    Returns
    -------
    dict
        ``healthy`` and the ``problems``, each with what to do.
    """
    problems = db.doctor.examine(lab.database, lab.folder)
    return {
        "healthy": not problems,
        "problems": [
            {
                "code": problem.code,
                "subject": problem.subject,
                "message": problem.message,
                "remedy": problem.remedy,
            }
            for problem in problems
        ],
    }
