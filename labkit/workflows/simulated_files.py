"""Simulated files are written into new names only, unless somebody asks for more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labkit.errors import UsageError

__all__ = ["refuse_existing"]


def refuse_existing(paths: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse before anything is written when a file of one of these names exists.

    Raises
    ------
    UsageError
        Naming the first of them, unless `overwrite`.
    """
    existing = [path for path in paths if path.exists()]
    if overwrite or not existing:
        return
    more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
    verb = "are" if len(existing) > 1 else "is"
    raise UsageError(
        f"{existing[0]}{more} {verb} there already and would be lost; "
        "name another folder, or replace with --overwrite"
    )
