"""What is in a lab: counts of everything, the newest measurements, the last import and ranking."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.pellets import list_pellets
from db.rankings import latest_ranking
from db.structures import count_structures
from db.tables import Label, LiteratureEntry, Measurement, Ranking, RawFile
from labkit.workflows.lab import Lab
from labkit.workflows.measurement_views import list_measurements

__all__ = ["lab_status"]


def lab_status(lab: Lab, *, newest: int = 10) -> dict[str, Any]:
    """Count what a lab holds.

    Parameters
    ----------
    lab : Lab
    newest : int
        So many of the newest impedance measurements are listed.

    Returns
    -------
    dict
        ``pellets``, ``measurements`` by kind, impedance ``verdicts``, ``labels`` by state,
        ``structures``, ``literature_rows``, ``rankings`` with the newest, ``last_import``, and
        the ``newest`` impedance measurements with their results.
    """
    listed = list_measurements(lab, limit=newest)
    with lab.database.reading() as session:
        ranking = latest_ranking(session)
        imported = session.exec(select(RawFile).order_by(col(RawFile.id).desc()).limit(1)).first()
        return {
            "lab": str(lab.folder),
            "pellets": len(list_pellets(session)),
            "measurements": _counts(session, Measurement.kind),
            "verdicts": listed["verdicts"],
            "labels": _counts(session, Label.state),
            "structures": count_structures(session),
            "literature_rows": session.exec(
                select(sa.func.count()).select_from(LiteratureEntry)
            ).one(),
            "rankings": session.exec(select(sa.func.count()).select_from(Ranking)).one(),
            "newest_ranking": None
            if ranking is None
            else {
                "ranking": f"R{ranking.id}",
                "method": ranking.method,
                "candidates": ranking.n_candidates,
                "labels": len(ranking.labels),
                "at": ranking.created_at.isoformat(timespec="seconds"),
            },
            "last_import": None
            if imported is None
            else {
                "file": imported.file_name,
                "at": imported.imported_at.isoformat(timespec="seconds"),
                "by": imported.imported_by,
            },
            "newest": listed["measurements"],
        }


def _counts(session: Session, column: Any) -> dict[str, int]:
    """Return how many rows there are of each value, the most frequent first."""
    statement = sa.select(col(column), sa.func.count()).group_by(col(column))
    found = session.connection().execute(statement.order_by(sa.func.count().desc())).all()
    return {row[0]: row[1] for row in found}
