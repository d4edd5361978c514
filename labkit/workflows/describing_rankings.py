"""A ranking in words and rows: its top, what each place rests on, what moved, what to measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from db.tables import Ranking as StoredRanking
from labkit.grammar import counted
from labkit.workflows.describing import PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.proposing import known_to_lab, plain_formula, proposals_changed, proposals_of
from labkit.workflows.screening_labels import LabelOnStructure, labels_of
from screening.candidate_funnel import FunnelLimits
from screening.rank import Labels, Ranking, distance_to_labelled, rank
from screening.rank_changes import RankingChange, compare_rankings

__all__ = ["ABOUT_SCORES", "describe_ranking", "ranked_by", "spread_decades", "told_together"]

ABOUT_SCORES = (
    "± is where two in three single structures of such a cluster lie. Structures of one cluster "
    "share the expectation; those most like its good conductors come first."
)
_EVIDENCE_SHOWN = 3
_FEW_STRUCTURES = 20


def _previous_labels(previous: StoredRanking, pool: PoolTree) -> Labels:
    """Labels of an earlier ranking on today's pool, so that only labels can move anything."""
    return labels_of((LabelOnStructure(**label) for label in previous.labels), pool.rows)


def ranked_by(pool: PoolTree, labels: Labels, method: str, depth: int) -> Ranking:
    """Rank the pool by labels; ties are broken by the distance to labelled structures."""
    return rank(pool.tree, labels, method, depth=depth, tie_break=_ties(pool, labels, depth))


def _ties(pool: PoolTree, labels: Labels, depth: int) -> npt.NDArray[np.float64]:
    return distance_to_labelled(pool.tree, labels, pool.features, depth=depth)


def describe_ranking(
    lab: Lab,
    pool: PoolTree,
    ranking: Ranking,
    found: list[LabelOnStructure],
    *,
    previous: StoredRanking | None,
    depth: int,
    top: int,
    listed: int,
    propose: int,
    target_S_per_cm: float,
    limits: FunnelLimits | None = None,
) -> dict[str, Any]:
    """Describe a ranking, and what moved since an earlier one.

    Parameters
    ----------
    lab : Lab
    pool : PoolTree
    ranking : Ranking
        Of the pool, with these labels.
    found : list of LabelOnStructure
    previous : stored ranking, optional
        Made in the same way; its labels are put on today's pool, so that only labels move things.
    depth : int
        Number of clusters.
    top, listed : int
        How many candidates people look at, and how many are returned.
    propose : int
        How many next measurements to propose.
    target_S_per_cm : float
        Conductivity that proposals should beat.
    limits : FunnelLimits, optional
        Largest energy above the hull and smallest band gap of what is proposed.

    Returns
    -------
    dict
        As `labkit.workflows.ranking.rank_candidates`, without the id.
    """
    labels = labels_of(found, pool.rows)
    result: dict[str, Any] = {
        "method": ranking.method,
        "depth": depth,
        "candidates": len(pool.ids),
        "labels": len({label.label_id for label in found}),
        "labelled_structures": len({label.material_id for label in found}),
        "previous": None if previous is None else f"R{previous.id}",
        "top": _top(pool, ranking, found, listed),
        "placed": [
            {
                "structure": name,
                "rank": ranking.place_of(pool.rows[name]),
                "cluster": int(ranking.cluster[pool.rows[name]]),
                "percentile": placed.percentile,
                "out_of_domain": placed.out_of_domain,
            }
            for name, placed in pool.placed.items()
        ],
        "moved": [],
        "structures_moved": 0,
        "summary": f"first ranking by {ranking.method} in this lab",
        "label_changes": [],
        "notes": _notes(labels),
    }
    known = known_to_lab(lab, pool, found) if propose else None
    if propose:
        result["target_S_per_cm"] = target_S_per_cm
        result["proposals"] = proposals_of(
            pool, labels, ranking, propose, target_S_per_cm, known, limits
        )
    if previous is not None:
        before = _previous_labels(previous, pool)
        # the same labels on the same tree rank the same: nothing to compute again
        earlier = (
            ranking if before.equals(labels) else ranked_by(pool, before, ranking.method, depth)
        )
        if propose:
            result["proposals_changed"] = proposals_changed(
                proposals_of(pool, before, earlier, propose, target_S_per_cm, known, limits),
                result["proposals"],
                pool=pool,
                earlier=earlier,
                ranking=ranking,
                earlier_labels=before,
                labels=labels,
            )
        change = compare_rankings(
            earlier,
            ranking,
            before,
            labels,
            tree=pool.tree,
            top=top,
            tie_break_of=lambda known: _ties(pool, known, depth),
        )
        result |= _describe_change(change, pool)
    return result


def _notes(labels: Labels) -> list[str]:
    """Say what a reader should know before looking at places."""
    known = int(np.unique(labels.index).size)
    if known >= _FEW_STRUCTURES:
        return []
    verb = "has" if known == 1 else "have"
    return [
        f"only {counted(known, 'structure')} of the pool {verb} a label: away from these, "
        "expectations are little more than the average; 'labkit label import' adds published labels"
    ]


def _top(
    pool: PoolTree, ranking: Ranking, found: list[LabelOnStructure], count: int
) -> list[dict[str, Any]]:
    by_cluster: dict[int, list[LabelOnStructure]] = {}
    for label in found:
        by_cluster.setdefault(int(ranking.cluster[pool.rows[label.material_id]]), []).append(label)
    rows = []
    for row in ranking.top(count).tolist():
        cluster = int(ranking.cluster[row])
        around = sorted(by_cluster.get(cluster, []), key=lambda label: -label.log_sigma)
        own = [label for label in around if label.material_id == pool.ids[row]]
        rows.append(
            {
                "rank": ranking.place_of(row),
                "structure": pool.ids[row],
                "formula": plain_formula(pool.formulas[row]),
                "score": ranking.score_of(row),
                "score_se": float(ranking.uncertainty[row]),
                "spread_decades": spread_decades(ranking, row),
                "selected": bool(ranking.selected[row]),
                "cluster": cluster,
                "labels_in_cluster": len(around),
                "own_labels": [label.name for label in own],
                "out_of_domain": _is_outside(pool, row),
                "evidence": _evidence(own, around)
                + ("; unlike anything in the tree" if _is_outside(pool, row) else ""),
            }
        )
    return rows


def spread_decades(ranking: Ranking, row: int) -> float | None:
    """Return the standard deviation of log10(sigma) expected of one structure, measured once.

    The error of its cluster's mean and the scatter of labels inside a cluster; None where a rule
    ranks that expects no value.
    """
    scatter = ranking.parameters.get("label_variance")
    return None if scatter is None else float(np.sqrt(ranking.uncertainty[row] ** 2 + scatter))


def told_together(moved: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group movements that one label caused alike, so that their reason is told once.

    Parameters
    ----------
    moved : sequence of dict
        As in a described ranking.

    Returns
    -------
    list of list of dict
        In the order of their first.
    """
    groups: dict[tuple[int, str, str], list[dict[str, Any]]] = {}
    for move in moved:
        fell = move["place_after"] - move["place_before"]
        direction = (fell > 0) - (fell < 0)
        groups.setdefault((direction, move["expectation"], move["reason"]), []).append(move)
    return list(groups.values())


def _is_outside(pool: PoolTree, row: int) -> bool:
    placed = pool.placed.get(pool.ids[row])
    return placed is not None and placed.out_of_domain


def _evidence(own: list[LabelOnStructure], around: list[LabelOnStructure]) -> str:
    if own:
        return "own label " + ", ".join(label.words() for label in own[:_EVIDENCE_SHOWN])
    if not around:
        return "no label in its cluster; from the branch above"
    more = len(around) - _EVIDENCE_SHOWN
    text = "in its cluster " + ", ".join(label.words() for label in around[:_EVIDENCE_SHOWN])
    return text + (f" and {more} more" if more > 0 else "")


def _describe_change(change: RankingChange, pool: PoolTree) -> dict[str, Any]:
    return {
        "summary": change.sentence,
        "structures_moved": change.n_moved,
        "label_changes": [
            {"label": label.name, "change": label.kind, "sentence": label.describe()}
            for label in change.labels
        ],
        "moved": [
            {
                "structure": movement.name,
                "formula": plain_formula(pool.formulas[movement.row]),
                "place_before": movement.place_before,
                "place_after": movement.place_after,
                "score_before": movement.score_before,
                "score_after": movement.score_after,
                "because_of": None if movement.cause is None else movement.cause.name,
                "expectation": movement.expectation,
                "reason": movement.reason,
                "sentence": movement.sentence,
            }
            for movement in change.movements
        ],
    }
