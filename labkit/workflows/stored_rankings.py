"""A stored ranking as it was: its own labels on the structures, and what moved then."""

from __future__ import annotations

from typing import Any

import numpy as np

import db.rankings
from db.tables import Ranking as StoredRanking
from labkit.workflows.describing import PoolTree
from labkit.workflows.describing_rankings import describe_ranking, ranked_by
from labkit.workflows.lab import Lab
from labkit.workflows.placing import tree_with_new_structures
from labkit.workflows.ranking import why_not_comparable
from labkit.workflows.screening_labels import LabelOnStructure, labels_of
from labkit.workflows.standing import add_properties
from screening.rank import HOLDS, Labels, Ranking, rank_by_cluster_rule

__all__ = ["published_rule", "stored_ranking"]

_THRESHOLD_S_PER_CM = 1e-5


def stored_ranking(
    lab: Lab, identifier: str, *, top: int = 30, propose: int = 10, target_S_per_cm: float = 1e-4
) -> dict[str, Any]:
    """Return a ranking that was kept, as `labkit.workflows.ranking.rank_candidates` told it.

    The list is computed again from the labels that the ranking was made from. Where the structures
    are still the same it is compared with what was stored, place by place.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``R2``, or ``last``.
    top : int
        Candidates returned.
    propose : int
        Next measurements proposed, where the method allows it; what is known to be measured today
        is not proposed.
    target_S_per_cm : float
        Conductivity that proposals should beat.

    Returns
    -------
    dict
        As `rank_candidates`, with ``created_at``, ``created_by``, ``labkit_version``,
        ``label_set_hash``, ``pool``, ``label_ids`` (labels the ranking was made from),
        ``reproduced`` (None where the structures have changed since), ``clusters`` of the
        candidates returned and the counts of the published ``rule``.

    Raises
    ------
    UnknownRankingError, IdentifierError, UsageError
        When there is none of this number, or the lab holds no structures any more.
    """
    with lab.database.reading() as session:
        stored = db.rankings.get_ranking(session, identifier)
        previous = (
            None
            if stored.previous_ranking_id is None
            else session.get(StoredRanking, stored.previous_ranking_id)
        )
        arrays = db.rankings.ranking_arrays(stored)
    made = stored.parameters
    if previous is not None and why_not_comparable(previous, stored.method, made) is not None:
        previous = None
    pool = tree_with_new_structures(
        lab, descriptor=made["descriptor"], mode=made["mode"], depth=made["depth"]
    )
    found = [
        LabelOnStructure(**label) for label in stored.labels if label["material_id"] in pool.rows
    ]
    labels = labels_of(found, pool.rows)
    ranking = ranked_by(pool, labels, stored.method, made["depth"])
    same = made.get("pool") == pool.pool_hash
    result = describe_ranking(
        lab,
        pool,
        ranking,
        found,
        previous=previous,
        depth=made["depth"],
        top=top,
        listed=top,
        propose=propose if stored.method == "tree-mean" else 0,
        target_S_per_cm=target_S_per_cm,
    )
    add_properties(lab, result["top"])
    shown = [row["structure"] for row in result["top"]]
    return {
        "ranking": f"R{stored.id}",
        **result,
        "created_at": stored.created_at.isoformat(timespec="seconds"),
        "created_by": stored.created_by,
        "labkit_version": stored.labkit_version,
        "label_set_hash": stored.label_set_hash,
        "pool": made.get("pool"),
        "descriptor": made["descriptor"],
        "mode": made["mode"],
        "label_ids": sorted({label["label_id"] for label in stored.labels}),
        "labels_gone": len(stored.labels) - len(found),
        "reproduced": bool(np.array_equal(arrays["place"], ranking.place)) if same else None,
        "clusters": _clusters(pool, ranking, found, [row["cluster"] for row in result["top"]]),
        "rule": published_rule(pool, labels, made["depth"], shown),
    }


def _clusters(
    pool: PoolTree, ranking: Ranking, found: list[LabelOnStructure], wanted: list[int]
) -> list[dict[str, Any]]:
    """Return what is known of some clusters, in the order wanted."""
    rows = []
    for cluster in dict.fromkeys(wanted):
        members = np.flatnonzero(ranking.cluster == cluster)
        inside = [one for one in found if ranking.cluster[pool.rows[one.material_id]] == cluster]
        values = [one.log_sigma for one in inside]
        rows.append(
            {
                "cluster": cluster,
                "structures": int(members.size),
                "formulas": list(dict.fromkeys(pool.formulas[k] for k in members.tolist()))[:4],
                "labels": len(inside),
                "lowest_log_sigma": min(values, default=None),
                "highest_log_sigma": max(values, default=None),
                "best_place": int(ranking.place[members].min()),
            }
        )
    return rows


def published_rule(
    pool: PoolTree, labels: Labels, depth: int, candidates: list[str]
) -> dict[str, Any]:
    """Count what the published rule selects with these labels, and on how little it rests.

    The rule (Laskowski et al. 2023) selects the clusters that hold a label above 1e-5 S/cm, and
    the cluster nearest to each.

    Returns
    -------
    dict
        ``clusters`` in all, ``holding`` a high label, of these resting on ``one_label``, holding a
        poor label as well (``mixed``); ``selected`` structures; ``bounds`` among the labels; how
        many of the `candidates` it selects.
    """
    rule = rank_by_cluster_rule(
        pool.tree, labels, depth=depth, threshold_S_per_cm=_THRESHOLD_S_PER_CM
    )
    own = rule.cluster[labels.index]
    high = (labels.log_sigma > np.log10(_THRESHOLD_S_PER_CM)) & ~labels.is_upper_bound
    holding = np.unique(own[high])
    return {
        "clusters": int(rule.cluster.max()) + 1,
        "holding": int(holding.size),
        "one_label": int(sum((own == cluster).sum() == 1 for cluster in holding)),
        "mixed": int(sum((~high[own == cluster]).any() for cluster in holding)),
        "selected": int(rule.selected.sum()),
        "structures": int(rule.selected.size),
        "holding_structures": int((rule.score == HOLDS).sum()),
        "high_labels": int(high.sum()),
        "bounds": int(labels.is_upper_bound.sum()),
        "candidates_selected": int(sum(rule.selected[pool.rows[name]] for name in candidates)),
        "candidates": len(candidates),
    }
