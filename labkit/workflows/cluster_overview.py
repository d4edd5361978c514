"""The clusters of the pool at a glance: a map, a tree, and what is known of each."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import db.rankings
from labkit.json_ready import json_ready
from labkit.workflows.describing import PoolTree, tree_of_pool
from labkit.workflows.lab import Lab
from labkit.workflows.screening_labels import LabelOnStructure, labels_on_structures

__all__ = ["overview_of_clusters"]

_FORMULAS = 4
_LEAVES = 40


def overview_of_clusters(
    lab: Lab, *, depth: int = 241, descriptor: str = "soap", mode: str = "CAN"
) -> dict[str, Any]:
    """Return where the clusters lie, how they hang together, and what labels say of them.

    Parameters
    ----------
    lab : Lab
    depth : int
        Number of clusters on the map.
    descriptor, mode : str
        Representation whose tree is used.

    Returns
    -------
    dict
        ``clusters``: position on the first two principal components of the representations, each
        scaled to unit length (``explained`` are their shares of the variance), size, labels with
        the highest conductivity, mean expected log10 sigma of the last ranking. ``tree``: the
        upper 40 branches.

    Raises
    ------
    UsageError
        When the lab holds too few structures for a tree.
    """
    pool = tree_of_pool(lab, descriptor=descriptor, mode=mode)
    depth = min(depth, pool.tree.max_k)
    members = pool.tree.clusters_at(depth)
    place, explained = _principal_plane(pool.features)
    score = _scores(lab, pool)
    labels = labels_on_structures(lab, pool.rows)
    by_cluster: dict[int, list[LabelOnStructure]] = {}
    for label in labels:
        by_cluster.setdefault(int(members[pool.rows[label.material_id]]), []).append(label)
    clusters = []
    for cluster in range(depth):
        rows = np.flatnonzero(members == cluster)
        if not rows.size:
            continue
        own = by_cluster.get(cluster, [])
        best = max(own, key=lambda label: label.log_sigma, default=None)
        common = Counter(pool.formulas[row] for row in rows.tolist())
        clusters.append(
            {
                "cluster": cluster,
                "structures": int(rows.size),
                "x": float(place[rows, 0].mean()),
                "y": float(place[rows, 1].mean()),
                "labels": len(own),
                "highest_log_sigma": None if best is None else best.log_sigma,
                "highest_label": None if best is None else best.words(),
                "expected_log_sigma": None if score is None else float(score[rows].mean()),
                "formulas": [formula for formula, _ in common.most_common(_FORMULAS)],
            }
        )
    result: dict[str, Any] = json_ready(
        {
            "depth": depth,
            "structures": len(pool.ids),
            "labels": len(labels),
            "explained": explained,
            "clusters": clusters,
            "tree": _upper_tree(pool, score, labels),
        }
    )
    return result


def _principal_plane(
    features: NDArray[np.float32],
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Project representations of unit length on their first two principal components."""
    values = np.asarray(features, dtype=np.float64)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    values = values / np.where(length > 0, length, 1.0)
    centred = values - values.mean(axis=0)
    variance, axes = np.linalg.eigh(centred.T @ centred)
    share = variance[::-1][:2] / max(float(variance.sum()), 1e-300)
    return centred @ axes[:, ::-1][:, :2], (float(share[0]), float(share[-1]))


def _scores(lab: Lab, pool: PoolTree) -> NDArray[np.float32] | None:
    """Return the scores of the last ranking, where it is of these structures."""
    with lab.database.reading() as session:
        latest = db.rankings.latest_ranking(session, method="tree-mean")
        if latest is None or latest.parameters.get("pool") != pool.pool_hash:
            return None
        return np.asarray(db.rankings.ranking_arrays(latest)["score"])


def _upper_tree(
    pool: PoolTree, score: NDArray[np.float32] | None, labels: list[LabelOnStructure]
) -> dict[str, Any]:
    """Return the lines of the dendrogram of the upper branches and what hangs on each leaf."""
    from scipy.cluster.hierarchy import dendrogram

    leaves = min(_LEAVES, pool.tree.max_k, len(pool.ids))
    members = pool.tree.clusters_at(leaves)
    drawn = dendrogram(pool.tree.linkage_, truncate_mode="lastp", p=leaves, no_plot=True)
    labelled = Counter(int(members[pool.rows[label.material_id]]) for label in labels)
    return {
        "across": drawn["icoord"],
        "up": drawn["dcoord"],
        "leaves": [
            _leaf(pool, members, int(members[_first_row(pool, node)]), score, labelled)
            for node in drawn["leaves"] or ()
        ],
    }


def _leaf(
    pool: PoolTree,
    members: NDArray[np.int16],
    cluster: int,
    score: NDArray[np.float32] | None,
    labelled: Counter[int],
) -> dict[str, Any]:
    rows = np.flatnonzero(members == cluster)
    common = Counter(pool.formulas[row] for row in rows.tolist())
    return {
        "structures": int(rows.size),
        "labels": labelled[cluster],
        "expected_log_sigma": None if score is None else float(score[rows].mean()),
        "formulas": [formula for formula, _ in common.most_common(2)],
    }


def _first_row(pool: PoolTree, node: int) -> int:
    """Follow a node of the linkage down to one of its rows."""
    n = len(pool.ids)
    while node >= n:
        node = int(pool.tree.linkage_[node - n, 0])
    return node
