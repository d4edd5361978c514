"""What to measure next, after a ranking; and how that changed since an earlier one."""

from __future__ import annotations

import math
from typing import Any

from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree
from screening.propose import Proposal, propose
from screening.rank import Labels, Ranking

__all__ = ["proposals_of", "proposals_since"]


def proposals_of(
    pool: PoolTree, labels: Labels, ranking: Ranking, count: int, target_S_per_cm: float
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

    Raises
    ------
    UsageError
        When the ranking gives no expected conductivity, or the target is not positive.
    """
    if ranking.method != "tree-mean":
        raise UsageError("--propose needs expected conductivities: rank with --method tree-mean")
    if not target_S_per_cm > 0.0:
        raise UsageError(f"a target of {target_S_per_cm} S/cm: give a positive conductivity")
    found = propose(
        pool.tree,
        labels,
        ranking,
        count,
        target_log_sigma=math.log10(target_S_per_cm),
        formulas=pool.formulas,
    )
    return [_row(pool, proposal) for proposal in found]


def _row(pool: PoolTree, proposal: Proposal) -> dict[str, Any]:
    return {
        "structure": pool.ids[proposal.row],
        "formula": pool.formulas[proposal.row],
        **proposal.to_dict(),
    }


def proposals_since(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
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
        "new": [row["reason"] for key, row in new.items() if key not in old],
        "gone": [_words(row) for key, row in old.items() if key not in new],
    }


def _words(row: dict[str, Any]) -> str:
    if row["kind"] == "repeat":
        return f"the repeat of label {row['label']} on {row['structure']}"
    expected = 10.0 ** row["expected_log_sigma"]
    return f"{row['structure']} {row['formula']}, of which {expected:.1e} S/cm was expected"


def _key(row: dict[str, Any]) -> tuple[str, str, str | None]:
    return row["kind"], row["structure"], row["label"]
