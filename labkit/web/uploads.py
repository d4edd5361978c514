"""Uploaded files on their way to the importer: a safe name, a folder of their own."""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

from labkit.errors import UsageError

__all__ = ["safe_file_name", "uploaded_files"]

_LONGEST_NAME = 180
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')


def safe_file_name(name: str | None) -> str:
    """Return the last part of a name a browser sent, without anything a file system minds.

    Raises
    ------
    UsageError
        When nothing is left of it.

    Examples
    --------
    >>> safe_file_name("../../etc/cell 25C.mpr")
    'cell 25C.mpr'
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name or ""))[-1]
    cleaned = _FORBIDDEN.sub("_", last).strip().strip(".").strip()
    if not cleaned:
        raise UsageError(f"a file needs a name, not {(name or '')[:40]!r}")
    if len(cleaned) > _LONGEST_NAME:
        stem, dot, suffix = cleaned.rpartition(".")
        cleaned = (stem or suffix)[: _LONGEST_NAME - 20] + dot + suffix[-19:]
    return cleaned


@contextmanager
def uploaded_files(folder: Path, uploads: Sequence[UploadFile]) -> Iterator[list[Path]]:
    """Write uploads into a fresh folder, each in its own, and delete them at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(dir=folder))
    try:
        paths = []
        for number, upload in enumerate(uploads):
            path = room / str(number) / safe_file_name(upload.filename)
            path.parent.mkdir()
            with path.open("wb") as target:
                shutil.copyfileobj(upload.file, target, 1 << 20)
            paths.append(path)
        yield paths
    finally:
        shutil.rmtree(room, ignore_errors=True)
