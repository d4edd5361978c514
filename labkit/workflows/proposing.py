"""What to measure next, after a ranking; and how that changed since an earlier one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from db.tables import Label, Structure
from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.screening_labels import LabelOnStructure
from screening.propose import Proposal, propose
from screening.rank import Labels, Ranking

__all__ = [
    "Known",
    "known_to_lab",
    "plain_formula",
    "proposals_changed",
    "proposals_of",
    "proposals_since",
]

_NOTICED_DECADES = 0.05


@dataclass(frozen=True)
class Known:
    """What a laboratory knows beside the tree.

    Attributes
    ----------
    formulas : sequence of str
        Reduced formula of each structure of the pool.
    measured : collection of str
        Reduced formulas of the accepted labels that no structure of the pool was found for.
    own : collection of str
        Names of the labels that rest on measurements of this laboratory.
    """

    formulas: Sequence[str]
    measured: Collection[str]
    own: Collection[str]


def known_to_lab(lab: Lab, pool: PoolTree, found: Sequence[LabelOnStructure]) -> Known:
    """Read what was measured, here and elsewhere.

    Parameters
    ----------
    lab : Lab
    pool : PoolTree
    found : sequence of LabelOnStructure
        The labels that a ranking is made with.
    """
    structures = sa.select(col(Structure.material_id), col(Structure.reduced_formula))
    labels = sa.select(
        col(Label.id), col(Label.reduced_formula), col(Label.analysis_id).is_not(None)
    ).where(col(Label.state) == "accepted")
    with lab.database.reading() as session:
        connection = session.connection()
        reduced = {row[0]: row[1] for row in connection.execute(structures)}
        rows = connection.execute(labels).all()
    own = {label_id for label_id, _, measured_here in rows if measured_here}
    placed = {label.label_id for label in found}
    return Known(
        formulas=[
            reduced.get(name) or formula
            for name, formula in zip(pool.ids, pool.formulas, strict=True)
        ],
        measured={formula for label_id, formula, _ in rows if formula and label_id not in placed},
        own={label.name for label in found if label.label_id in own},
    )


def proposals_of(
    pool: PoolTree,
    labels: Labels,
    ranking: Ranking,
    count: int,
    target_S_per_cm: float,
    known: Known | None = None,
) -> list[dict[str, Any]]:
    """Return the next measurements to make, each with its reason.

    Parameters
    ----------
    pool : PoolTree
    labels : Labels
    ranking : Ranking
        Made with these labels.
    count : int
    target_S_per_cm : float
        Conductivity that is worth beating.
    known : Known, optional
        From `known_to_lab`; without it only the labels at hand count as measured.

    Raises
    ------
    UsageError
        When the ranking gives no expected conductivity, or the target is not positive.
    """
    if ranking.method != "tree-mean":
        raise UsageError("--propose needs expected conductivities: rank with --method tree-mean")
    if not target_S_per_cm > 0.0:
        raise UsageError(f"a target of {target_S_per_cm} S/cm: give a positive conductivity")
    known = known or Known(pool.formulas, (), ())
    found = propose(
        pool.tree,
        labels,
        ranking,
        count,
        target_log_sigma=math.log10(target_S_per_cm),
        formulas=known.formulas,
        measured_formulas=known.measured,
        own=known.own,
    )
    return [_row(pool, proposal) for proposal in found]


def _row(pool: PoolTree, proposal: Proposal) -> dict[str, Any]:
    return {
        "structure": pool.ids[proposal.row],
        "formula": plain_formula(pool.formulas[proposal.row]),
        **proposal.to_dict(),
    }


def plain_formula(formula: str) -> str:
    """Write whole numbers without decimals: ``Li20Ge1.32P4S24``."""
    return re.sub(r"(?<=\d)\.0+(?!\d)", "", formula)


def proposals_changed(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    *,
    pool: PoolTree,
    earlier: Ranking,
    ranking: Ranking,
    earlier_labels: Labels,
    labels: Labels,
) -> dict[str, list[str]]:
    """Say in sentences which proposals are new and which went, and why.

    Parameters
    ----------
    before, after : list of dict
        From `proposals_of`.
    pool : PoolTree
    earlier, ranking : Ranking
        Those that they were made from.
    earlier_labels, labels : Labels
        Those that the rankings were made with.

    Returns
    -------
    dict
        ``new`` and ``gone``.
    """

    def why(row: dict[str, Any]) -> str:
        return _why_changed(
            row, pool, earlier=earlier, ranking=ranking, known=earlier_labels, labels=labels
        )

    return proposals_since(before, after, why=why)


def proposals_since(
    before: list[dict[str, Any]], after: list[dict[str, Any]], *, why: Any = lambda _: ""
) -> dict[str, list[str]]:
    """Say in sentences which proposals are new and which went.

    Returns
    -------
    dict
        ``new`` with the reason of each, ``gone`` with what was expected of each.
    """
    old = {_key(row): row for row in before}
    new = {_key(row): row for row in after}
    return {
        "new": [_words(row) + why(row) for key, row in new.items() if key not in old],
        "gone": [_words(row) + why(row) for key, row in old.items() if key not in new],
    }


def _why_changed(
    row: dict[str, Any],
    pool: PoolTree,
    *,
    earlier: Ranking,
    ranking: Ranking,
    known: Labels,
    labels: Labels,
) -> str:
    """Name what changed for one proposal: its own label, its expectation, or the others'."""
    place = pool.rows[row["structure"]]
    changed = set(zip(known.names, known.log_sigma.tolist())) ^ set(
        zip(labels.names, labels.log_sigma.tolist())
    )
    names = sorted({name for name, _ in changed})
    told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if row["kind"] == "repeat":
        if row["label"] in names:
            return f": the label {'is new' if row['label'] in labels.names else 'was withdrawn'}"
        cluster = ranking.cluster[place]
        around = {
            name
            for which in (known, labels)
            for name, index in zip(which.names, which.index.tolist())
            if name in names and ranking.cluster[index] == cluster
        }
        if around:
            return f": {', '.join(sorted(around))} changed in its cluster"
        return ": only its place among the repeats changed"
    mine = [n for n, i in zip(labels.names, labels.index.tolist()) if i == place and n in names]
    if mine:
        return f": it has been measured ({mine[0]})"
    was, now = float(earlier.score[place]), float(ranking.score[place])
    if abs(now - was) > _NOTICED_DECADES:
        return f": {10.0**was:.1e} S/cm was expected before {told}, {10.0**now:.1e} S/cm after"
    return ": its own expectation is unchanged, others moved past it or made room"


def _words(row: dict[str, Any]) -> str:
    if row["kind"] == "repeat":
        return f"the repeat of label {row['label']} on {row['structure']}"
    return f"{row['structure']} {row['formula']}"


def _key(row: dict[str, Any]) -> tuple[str, str, str | None]:
    return row["kind"], row["structure"], row["label"]
