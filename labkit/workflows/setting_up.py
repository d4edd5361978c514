"""A new lab: its folder, its database, and the literature set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from db.errors import DataUnavailableError
from db.literature import load_literature
from labkit.workflows.lab import create_lab

__all__ = ["initialise"]


def initialise(folder: Path) -> dict[str, Any]:
    """Create a lab folder, or open it, and load the digitised literature set.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict
        ``literature_rows`` and how they were read. Where the set is not at hand the lab is made
        all the same and ``literature_message`` says how to get it.

    Raises
    ------
    LabFolderError
        When the folder cannot be a lab.
    """
    lab = create_lab(folder)
    result: dict[str, Any] = {
        "literature_rows": 0,
        "lab": str(folder),
        "created": lab.database.created,
        "literature_added": 0,
        "literature_bounds": 0,
        "literature_review": 0,
        "literature_message": None,
    }
    try:
        with lab.database.session() as session:
            counts = load_literature(session)
    except DataUnavailableError as error:
        return result | {"literature_message": str(error)}
    return result | {
        "literature_rows": counts.literature_rows,
        "literature_added": counts.added,
        "literature_parsed": counts.parsed,
        "literature_bounds": counts.bounds,
        "literature_review": counts.in_review,
        "review_items": counts.review_items,
    }
