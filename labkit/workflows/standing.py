"""The candidate list as it stands now, looked at without writing anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

import db.rankings
from db.labels import label_set_hash
from db.tables import LabelStructure, Ranking, Structure
from labkit.workflows.lab import Lab
from labkit.workflows.ranking import rank_candidates

__all__ = [
    "add_properties",
    "filter_candidates",
    "keep_ranking",
    "list_rankings",
    "ranking_as_it_stands",
    "ranking_stamp",
]

_LISTED = 2000
"""Candidates that are kept at hand for filters; further down nobody looks."""

_ELEMENT = re.compile(r"[A-Z][a-z]?")


def ranking_as_it_stands(
    lab: Lab,
    *,
    top: int = 20,
    since: str | None = None,
    propose: int = 10,
    target_S_per_cm: float = 1e-4,
) -> dict[str, Any]:
    """Rank with the labels as they stand and compare with the last different ranking.

    Parameters
    ----------
    lab : Lab
    top : int
        The list that people look at.
    since : str, optional
        A ranking to compare with. By default the last one; where nothing changed since, the one
        before, so that the page keeps showing what moved last.
    propose : int
        How many next measurements to propose.
    target_S_per_cm : float
        Conductivity that proposals should beat.

    Returns
    -------
    dict
        As `rank_candidates`, its ``top`` reaching to place 2000 with energy above the hull, band
        gap and elements; ``ranking`` is None where the labels have changed and nobody has stored
        a ranking since.
    """
    chosen = since or _comparable(lab)
    result = rank_candidates(
        lab,
        top=top,
        listed=_LISTED,
        since=chosen,
        propose=propose,
        target_S_per_cm=target_S_per_cm,
        keep=False,
    )
    add_properties(lab, result["top"])
    return result


def keep_ranking(lab: Lab, *, actor: str, top: int = 20, propose: int = 10) -> dict[str, Any]:
    """Rank with the labels as they stand, keep the result, and say what moved.

    Returns
    -------
    dict
        As `ranking_as_it_stands`.
    """
    result = rank_candidates(lab, top=top, listed=_LISTED, propose=propose, actor=actor)
    if result["previous"] == result["ranking"]:  # nothing changed since: tell what moved last
        return ranking_as_it_stands(lab, top=top, propose=propose)
    add_properties(lab, result["top"])
    return result


def add_properties(lab: Lab, rows: list[dict[str, Any]]) -> None:
    """Add energy above the hull, band gap and elements to rows of a ranking."""
    statement = sa.select(
        col(Structure.material_id), col(Structure.e_above_hull_eV), col(Structure.band_gap_eV)
    ).where(col(Structure.material_id).in_([row["structure"] for row in rows]))
    with lab.database.reading() as session:
        known = {name: (hull, gap) for name, hull, gap in session.connection().execute(statement)}
    for row in rows:
        row["e_above_hull_eV"], row["band_gap_eV"] = known.get(row["structure"], (None, None))
        row["elements"] = sorted(set(_ELEMENT.findall(row["formula"])))


def filter_candidates(
    rows: Sequence[dict[str, Any]],
    *,
    count: int,
    text: str | None = None,
    elements: Collection[str] = (),
    without: Collection[str] = (),
    e_above_hull_eV: float | None = None,
    band_gap_eV: float | None = None,
    unlabelled: bool = False,
    cluster: int | None = None,
) -> list[dict[str, Any]]:
    """Return the best candidates that pass; a value that is not known does not pass.

    Parameters
    ----------
    rows : sequence of dict
        ``top`` of `ranking_as_it_stands`.
    count : int
        How many at most.
    text : str, optional
        Part of the formula or the id, in any case.
    elements, without : collection of str
        Symbols that must and must not be in the formula.
    e_above_hull_eV, band_gap_eV : float, optional
        Largest energy above the hull in eV per atom; smallest band gap.
    unlabelled : bool
        Leave out structures that carry a label themselves.
    cluster : int, optional
        Only of this cluster.
    """
    wanted, unwanted = set(elements), set(without)
    part = text.casefold() if text else None
    found: list[dict[str, Any]] = []
    for row in rows:
        if len(found) == count:
            break
        own = set(row["elements"])
        hull, gap = row["e_above_hull_eV"], row["band_gap_eV"]
        if not (
            (part is not None and part not in f"{row['formula']} {row['structure']}".casefold())
            or not wanted <= own
            or unwanted & own
            or (e_above_hull_eV is not None and (hull is None or hull > e_above_hull_eV))
            or (band_gap_eV is not None and (gap is None or gap < band_gap_eV))
            or (unlabelled and row["own_labels"])
            or (cluster is not None and row["cluster"] != cluster)
        ):
            found.append(row)
    return found


def _comparable(lab: Lab) -> str:
    with lab.database.reading() as session:
        latest = db.rankings.latest_ranking(session, method="tree-mean")
        if latest is None or latest.label_set_hash != label_set_hash(session):
            return "last"
        earlier = latest
        while earlier.previous_ranking_id is not None:
            found = session.get(Ranking, earlier.previous_ranking_id)
            if found is None or found.parameters.get("depth") != latest.parameters.get("depth"):
                break
            earlier = found
            if earlier.label_set_hash != latest.label_set_hash:
                return f"R{earlier.id}"
    return "last"


def ranking_stamp(lab: Lab) -> tuple[Any, ...]:
    """Return what a ranking depends on in short; equal stamps mean equal rankings."""
    ties = sa.select(
        sa.func.count(),
        sa.func.max(col(LabelStructure.id)),
        sa.func.sum(sa.case((col(LabelStructure.status) == "confirmed", 1), else_=0)),
        sa.func.sum(sa.case((col(LabelStructure.status) == "broken", 1), else_=0)),
    )
    structures = sa.select(sa.func.count(), sa.func.max(col(Structure.id)))
    rankings = sa.select(sa.func.max(col(Ranking.id)))
    with lab.database.reading() as session:
        connection = session.connection()
        return (
            label_set_hash(session),
            tuple(connection.execute(ties).one()),
            tuple(connection.execute(structures).one()),
            connection.execute(rankings).scalar(),
        )


def list_rankings(lab: Lab, *, limit: int = 20) -> list[dict[str, Any]]:
    """List the stored rankings, the newest first."""
    statement = sa.select(
        col(Ranking.id),
        col(Ranking.method),
        col(Ranking.n_candidates),
        col(Ranking.created_at),
        col(Ranking.created_by),
    )
    with lab.database.reading() as session:
        return [
            {
                "ranking": f"R{number}",
                "method": method,
                "candidates": candidates,
                "created_at": at.isoformat(timespec="seconds"),
                "created_by": by,
            }
            for number, method, candidates, at, by in session.connection().execute(
                statement.order_by(col(Ranking.id).desc()).limit(limit)
            )
        ]
