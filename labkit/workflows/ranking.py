"""The candidate list: ranked with the labels as they stand, kept, and compared with the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlmodel import select

import db.rankings
import labkit
from db.columns import plain_json
from db.labels import label_set_hash
from db.tables import LabelSnapshot
from db.tables import Ranking as StoredRanking
from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.placing import tree_with_new_structures
from labkit.workflows.proposing import known_to_lab, proposals_changed, proposals_of
from labkit.workflows.screening_labels import LabelOnStructure, labels_on_structures
from screening.rank import Labels, Ranking, distance_to_labelled, rank
from screening.rank_changes import RankingChange, compare_rankings

__all__ = ["rank_candidates"]

_EVIDENCE_SHOWN = 3


def rank_candidates(
    lab: Lab,
    *,
    top: int = 20,
    listed: int | None = None,
    since: str = "last",
    method: str = "tree-mean",
    depth: int = 241,
    descriptor: str = "soap",
    mode: str = "CAN",
    propose: int = 0,
    target_S_per_cm: float = 1e-4,
    keep: bool = True,
    actor: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Rank the structures of the lab and say what moved since an earlier ranking.

    Parameters
    ----------
    lab : Lab
    top : int
        How many candidates people look at: entering or leaving these is always told.
    listed : int, optional
        How many to return; `top` where not given.
    since : str
        ``"last"`` or the id of a ranking.
    method : {"tree-mean", "cluster-rule"}
        Shrunken tree mean, or the paper's rule.
    depth : int
        Number of clusters.
    descriptor, mode : str
        Representation whose tree is used.
    propose : int
        How many next measurements to propose.
    target_S_per_cm : float
        Conductivity that proposals should beat.
    keep : bool
        Store the ranking where labels or structures changed; otherwise nothing is written.
    actor : str, optional
        Who asks for it; kept with a new ranking.
    progress : callable, optional
        Called with (done, total) while structures are described, if any must be.

    Returns
    -------
    dict
        The ranking's id, its top, and the movements with the label that caused each; with
        `propose`, the next measurements and how they changed.

    Raises
    ------
    UsageError
        When there is no label on any structure, or the earlier ranking was made differently.
    """
    pool = tree_with_new_structures(
        lab, descriptor=descriptor, mode=mode, depth=depth, progress=progress
    )
    found = labels_on_structures(lab, pool.rows)
    if not found:
        raise UsageError(
            "no accepted label belongs to a structure of this lab; "
            "load published ones with 'labkit label import obelix'"
        )
    parameters = {"depth": depth, "descriptor": descriptor, "mode": mode}
    labels = _labels(found, pool)

    def ties(known: Labels) -> npt.NDArray[np.float64]:
        return distance_to_labelled(pool.tree, known, pool.features, depth=depth)

    ranking = rank(pool.tree, labels, method, depth=depth, tie_break=ties(labels))
    with lab.database.reading() as session:
        latest = db.rankings.latest_ranking(session, method=method)
        previous = latest if since == "last" else db.rankings.get_ranking(session, since)
    if previous is not None:
        _check_comparable(previous, method, parameters)
    identifier = _keep(lab, pool, ranking, found, parameters, latest, keep, actor)
    result: dict[str, Any] = {
        "ranking": identifier,
        "method": method,
        "depth": depth,
        "candidates": len(pool.ids),
        "labels": len(found),
        "previous": None if previous is None else f"R{previous.id}",
        "top": _top(pool, ranking, found, listed or top),
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
        "summary": f"first ranking by {method} in this lab",
        "label_changes": [],
    }
    known = known_to_lab(lab, pool, found) if propose else None
    if propose:
        result["proposals"] = proposals_of(pool, labels, ranking, propose, target_S_per_cm, known)
    if previous is not None:
        before = _previous_labels(previous, pool)
        # the same labels on the same tree rank the same: nothing to compute again
        earlier = (
            ranking
            if before.equals(labels)
            else rank(pool.tree, before, method, depth=depth, tie_break=ties(before))
        )
        if propose:
            result["proposals_changed"] = proposals_changed(
                proposals_of(pool, before, earlier, propose, target_S_per_cm, known),
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
            tie_break_of=ties,
        )
        result |= _describe_change(change)
    return result


def _labels(found: list[LabelOnStructure], pool: PoolTree) -> Labels:
    return Labels.of(
        [pool.rows[label.material_id] for label in found],
        [label.log_sigma for label in found],
        [label.name for label in found],
        [label.is_upper_bound for label in found],
    )


def _previous_labels(previous: StoredRanking, pool: PoolTree) -> Labels:
    """Labels of an earlier ranking on today's pool, so that only labels can move anything."""
    kept = [label for label in previous.labels if label["material_id"] in pool.rows]
    return Labels.of(
        [pool.rows[label["material_id"]] for label in kept],
        [label["log_sigma"] for label in kept],
        [label["name"] for label in kept],
        [label["is_upper_bound"] for label in kept],
    )


def _check_comparable(previous: StoredRanking, method: str, parameters: dict[str, Any]) -> None:
    if previous.method != method:
        raise UsageError(
            f"R{previous.id} was made by {previous.method}, not {method}; "
            f"compare with --method {previous.method}"
        )
    different = [
        name for name, value in parameters.items() if previous.parameters.get(name) != value
    ]
    if different:
        raise UsageError(
            f"R{previous.id} was made with another {' and '.join(different)}; "
            "rank with the same, or give --since the id of one that was"
        )


def _keep(
    lab: Lab,
    pool: PoolTree,
    ranking: Ranking,
    found: list[LabelOnStructure],
    parameters: dict[str, Any],
    latest: StoredRanking | None,
    keep: bool,
    actor: str | None,
) -> str | None:
    """Store the ranking, unless the last one was made from the very same labels and pool.

    None is returned where it is a new one and may not be stored.
    """
    labels = [label.to_dict() for label in found]
    stored_parameters = plain_json({**ranking.parameters, **parameters, "pool": pool.pool_hash})
    if latest is not None and latest.labels == labels and latest.parameters == stored_parameters:
        return f"R{latest.id}"
    if not keep:
        return None
    with lab.database.session() as session:
        set_hash = label_set_hash(session)
        snapshot_id = session.exec(
            select(LabelSnapshot.id).where(LabelSnapshot.label_set_hash == set_hash)
        ).first()
        stored = db.rankings.store_ranking(
            session,
            snapshot_id=snapshot_id,
            method=ranking.method,
            parameters=stored_parameters,
            label_set_hash=set_hash,
            labels=labels,
            arrays={
                "score": ranking.score.astype(np.float32),
                "uncertainty": ranking.uncertainty.astype(np.float32),
                "place": ranking.place.astype(np.int32),
                "cluster": ranking.cluster,
            },
            previous_ranking_id=None if latest is None else latest.id,
            labkit_version=labkit.__version__,
            created_by=actor,
        )
        return f"R{stored.id}"


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
                "formula": pool.formulas[row],
                "score": ranking.score_of(row),
                "score_se": float(ranking.uncertainty[row]),
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


def _describe_change(change: RankingChange) -> dict[str, Any]:
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
                "place_before": movement.place_before,
                "place_after": movement.place_after,
                "score_before": movement.score_before,
                "score_after": movement.score_after,
                "because_of": None if movement.cause is None else movement.cause.name,
                "sentence": movement.sentence,
            }
            for movement in change.movements
        ],
    }
