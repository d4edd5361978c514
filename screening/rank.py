"""Rank structures from a Ward tree and the labels known today.

Two rules, both from cluster numbers alone, so that a new label costs milliseconds:

* `rank_by_cluster_rule`: Laskowski et al., Energy Environ. Sci. 2023, 16, 1264. At depth 241 every
  cluster that holds a label above 1e-5 S/cm is selected, together with the cluster nearest to it.
* `rank_by_tree_mean`: every structure gets an expected log10(sigma) with an uncertainty. Each
  cluster mean is shrunk toward its parent's along the path from the root (empirical Bayes, the
  idea of James and Stein). It is computed exactly, by passing messages up and down the tree, as
  the posterior mean of values that drift from parent to child.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import LabelError, ScreeningError
from screening.ranking import Ranking
from screening.tree import WardTree
from screening.tree_mean import TreeMean, fit_tree_mean
from screening.variance import check_labels

__all__ = [
    "Labels",
    "Ranking",
    "distance_to_labelled",
    "rank",
    "rank_by_cluster_rule",
    "rank_by_tree_mean",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

HOLDS, TOUCHES, NEITHER = 2, 1, 0


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Conductivity labels of structures.

    Attributes
    ----------
    index : ndarray of int, shape (m,)
        Row of the structure of each label.
    log_sigma : ndarray, shape (m,)
        log10 of the conductivity in S/cm; an upper bound is given as the bound itself.
    names : tuple of str
        What people call each label, for example ``L7``.
    is_upper_bound, is_lower_bound : ndarray of bool, shape (m,)
        Whether the conductivity was reported as "less than" or "more than".
    """

    index: IntArray
    log_sigma: FloatArray
    names: tuple[str, ...]
    is_upper_bound: BoolArray
    is_lower_bound: BoolArray

    @classmethod
    def of(
        cls,
        index: npt.ArrayLike,
        log_sigma: npt.ArrayLike,
        names: Sequence[str] | None = None,
        is_upper_bound: npt.ArrayLike | None = None,
        is_lower_bound: npt.ArrayLike | None = None,
    ) -> Labels:
        """Build labels from plain sequences.

        Raises
        ------
        LabelError
            When lengths differ, a value is not finite, a name occurs twice, or a label is both
            bounds at once.
        """
        rows = np.asarray(index, dtype=np.int64).reshape(-1)
        top = int(rows.max()) + 1 if rows.size else 1
        rows, values = check_labels(top, rows, log_sigma)
        called = tuple(names) if names is not None else tuple(f"row {row}" for row in rows)
        if len(called) != rows.size:
            raise LabelError(f"{len(called)} label names for {rows.size} labels")
        if names is not None and len(set(called)) != len(called):
            twice = next(name for name in called if called.count(name) > 1)
            raise LabelError(f"label {twice} is given twice")
        upper = _marks(is_upper_bound, rows.size, "upper-bound")
        lower = _marks(is_lower_bound, rows.size, "lower-bound")
        if (upper & lower).any():
            name = called[int(np.argmax(upper & lower))]
            raise LabelError(f"label {name} is an upper and a lower bound at once")
        return cls(rows, values, called, upper, lower)

    def __len__(self) -> int:
        return int(self.index.size)

    def equals(self, other: Labels) -> bool:
        """Whether these are the same labels with the same values, in the same order."""
        return (
            self.names == other.names
            and np.array_equal(self.index, other.index)
            and np.array_equal(self.log_sigma, other.log_sigma)
            and np.array_equal(self.is_upper_bound, other.is_upper_bound)
            and np.array_equal(self.is_lower_bound, other.is_lower_bound)
        )

    @property
    def is_exact(self) -> BoolArray:
        """Whether each label is a value, no bound."""
        return np.asarray(~(self.is_upper_bound | self.is_lower_bound))

    def mark(self, position: int) -> str:
        """Return ``<`` or ``>`` for a bound, nothing for a value."""
        if self.is_upper_bound[position]:
            return "<"
        return ">" if self.is_lower_bound[position] else ""

    def without(self, positions: Sequence[int]) -> Labels:
        """Return the labels less those at the given positions."""
        left_out = set(positions)
        return self.take([k for k in range(len(self)) if k not in left_out])

    def joined(self, other: Labels) -> Labels:
        """Return these labels followed by `other`."""
        return Labels(
            np.concatenate([self.index, other.index]),
            np.concatenate([self.log_sigma, other.log_sigma]),
            self.names + other.names,
            np.concatenate([self.is_upper_bound, other.is_upper_bound]),
            np.concatenate([self.is_lower_bound, other.is_lower_bound]),
        )

    def take(self, positions: Sequence[int]) -> Labels:
        """Return the labels at the given positions."""
        chosen = list(positions)
        return Labels(
            self.index[chosen],
            self.log_sigma[chosen],
            tuple(self.names[position] for position in chosen),
            self.is_upper_bound[chosen],
            self.is_lower_bound[chosen],
        )


def _marks(given: npt.ArrayLike | None, count: int, what: str) -> BoolArray:
    if given is None:
        return np.zeros(count, dtype=np.bool_)
    marks = np.asarray(given, dtype=np.bool_).reshape(-1)
    if marks.size != count:
        raise LabelError(f"{marks.size} {what} marks for {count} labels")
    return marks


def _ties(tree: WardTree, tie_break: npt.ArrayLike | None) -> FloatArray | None:
    """Check the last key of the order: what is known first, smallest first."""
    if tie_break is None:
        return None
    values = np.asarray(tie_break, dtype=np.float64).reshape(-1)
    if values.size != tree.n_rows:
        raise LabelError(f"{values.size} tie-breaking values for {tree.n_rows} structures")
    return values


def distance_to_labelled(
    tree: WardTree, labels: Labels, features: npt.NDArray[Any], *, depth: int = 241
) -> FloatArray:
    """Distance of every structure to the labelled structures of its own cluster.

    The reference point of a cluster is the mean representation of the better half of its labels:
    those not below their median.

    Parameters
    ----------
    tree : WardTree
    labels : Labels
    features : ndarray, shape (n, d)
        The representations that the tree was built on.
    depth : int
        Depth of the cut; the deepest one where a tree is smaller.

    Returns
    -------
    ndarray, shape (n,)
        Euclidean distances; infinite where a cluster has no label.
    """
    cut = tree.cut(min(depth, tree.max_k))
    distance = np.full(tree.n_rows, np.inf)
    own = cut.cluster[labels.index]
    for cluster in np.unique(own).tolist():
        members = cut.rows_of(cluster)
        here = np.flatnonzero(own == cluster)
        good = here[labels.log_sigma[here] >= np.median(labels.log_sigma[here])]
        middle = np.asarray(features[labels.index[good]], dtype=np.float64).mean(axis=0)
        offset = features[members] - middle
        distance[members] = np.sqrt(np.einsum("ij,ij->i", offset, offset))
    return distance


def rank_by_cluster_rule(
    tree: WardTree,
    labels: Labels,
    *,
    depth: int = 241,
    threshold_S_per_cm: float = 1e-5,
    adjacency: str = "centroid",
    tie_break: npt.ArrayLike | None = None,
) -> Ranking:
    """Select the clusters that hold a good conductor, and their neighbours.

    Parameters
    ----------
    tree : WardTree
    labels : Labels
        An upper bound never counts as a high label.
    depth : int
        Number of clusters (the published choice is 241); the deepest cut where a tree is smaller.
    threshold_S_per_cm : float
        A label above this marks its cluster.
    adjacency : {"centroid", "sibling", "none"}
        What else is selected: the cluster whose centroid is nearest (published rule), the clusters
        on the other side of the last merge above, or nothing.
    tie_break : array_like, shape (n,), optional
        Orders structures that the rule cannot tell apart, smallest first: `distance_to_labelled`,
        the energy above the hull.

    Returns
    -------
    Ranking
        Inside each class structures are ordered by the best label of their own (or touching)
        cluster.
    """
    index, values = check_labels(tree.n_rows, labels.index, labels.log_sigma)
    cut = tree.cut(min(depth, tree.max_k))
    column = min(depth, tree.max_k) - 1
    high = (values > np.log10(threshold_S_per_cm)) & ~labels.is_upper_bound
    best = np.full(cut.n_clusters, -np.inf)
    np.maximum.at(best, cut.cluster[index[high]], values[high])
    holds = np.flatnonzero(np.isfinite(best))
    touching = np.full(cut.n_clusters, -np.inf)
    for cluster in holds:
        for neighbour in _neighbours(tree, column, int(cluster), adjacency):
            touching[neighbour] = max(touching[neighbour], best[cluster])
    role = np.where(np.isfinite(best), HOLDS, np.where(np.isfinite(touching), TOUCHES, NEITHER))
    second = np.where(role == HOLDS, best, touching)
    parameters = {
        "depth": int(depth),
        "threshold_S_per_cm": float(threshold_S_per_cm),
        "adjacency": adjacency,
    }
    return Ranking(
        method="cluster-rule",
        cut=cut,
        cluster_score=role.astype(np.float64),
        cluster_uncertainty=np.zeros(cut.n_clusters),
        cluster_second=np.nan_to_num(second, neginf=-1e3),
        selected_above=NEITHER,
        tie_break=_ties(tree, tie_break),
        parameters=parameters,
        ids=tree.ids_,
    )


def _neighbours(tree: WardTree, column: int, cluster: int, adjacency: str) -> list[int]:
    if adjacency == "none":
        return []
    if adjacency == "centroid":
        nearest = int(tree.nearest_[column, cluster])
        return [nearest] if nearest >= 0 else []
    if adjacency == "sibling":
        return tree.siblings(column + 1, cluster)
    raise ScreeningError(
        f"adjacency {adjacency!r}: choose 'centroid' (nearest mean), 'sibling' (tree) or 'none'"
    )


def rank_by_tree_mean(
    tree: WardTree,
    labels: Labels,
    *,
    floor_log_sigma: float | None = -10.0,
    depth: int | None = None,
    branch_length: str = "log-height",
    model: TreeMean | None = None,
    tie_break: npt.ArrayLike | None = None,
) -> Ranking:
    """Rank by the expected log10(sigma), shrunk along the tree.

    Parameters
    ----------
    tree : WardTree
    labels : Labels
        A bound counts, at its value, only where the other labels expect what it rules out.
    floor_log_sigma : float or None
        Labels below are raised to it. Bounds such as ``<1e-10`` and extrapolations far below what
        can be measured would otherwise dominate every mean. None uses labels as they are.
    depth : int, optional
        Deepest cut that carries a mean of its own; all cuts of the tree by default.
    branch_length : {"log-height", "height", "unit"}
        How far a child's mean may drift from its parent's: in proportion to the difference of the
        log merge heights, of the heights, or equally at every split.
    model : TreeMean, optional
        Variances of an earlier fit to be kept fixed; estimated from the labels otherwise.
    tie_break : array_like, shape (n,), optional
        Orders the structures of one cluster, smallest first: `distance_to_labelled`, the energy
        above the hull.

    Returns
    -------
    Ranking
        ``selected`` marks the structures expected above 1e-5 S/cm.
    """
    index, values = check_labels(tree.n_rows, labels.index, labels.log_sigma)
    if floor_log_sigma is not None:
        values = np.maximum(values, floor_log_sigma)
    k = tree.max_k if depth is None else min(depth, tree.max_k)

    def fit(used: BoolArray) -> TreeMean:
        return fit_tree_mean(
            tree, index[used], values[used], depth=k, branch_length=branch_length, variances=model
        )

    used = _telling(labels, values, tree.cut(k).cluster[index].astype(np.int64), fit)
    fitted = fit(used)
    return Ranking(
        method="tree-mean",
        cut=tree.cut(k),
        cluster_score=fitted.mean,
        cluster_uncertainty=fitted.standard_deviation,
        cluster_second=-fitted.standard_deviation,
        selected_above=-5.0,
        tie_break=_ties(tree, tie_break),
        parameters={
            "floor_log_sigma": floor_log_sigma,
            "depth": k,
            "branch_length": branch_length,
            "drift_variance": fitted.drift_variance,
            "label_variance": fitted.label_variance,
            "bounds_not_telling": int(used.size - used.sum()),
        },
        ids=tree.ids_,
    )


def _telling(
    labels: Labels, values: FloatArray, cluster: IntArray, fit: Callable[[BoolArray], TreeMean]
) -> BoolArray:
    """Whether each label tells something of its cluster's mean.

    A bound stands for its value where the labels that are values expect what it rules out; where
    they expect what it allows, "less than" and "more than" say nothing new, and taken for a value
    they would pull the mean to where nobody measured it.
    """
    used = labels.is_exact
    if used.all() or not used.any():
        return np.ones(len(labels), dtype=np.bool_)
    expected = fit(used).mean[cluster]
    used |= labels.is_upper_bound & (expected > values)
    used |= labels.is_lower_bound & (expected < values)
    return used


def rank(tree: WardTree, labels: Labels, method: str = "tree-mean", **parameters: Any) -> Ranking:
    """Rank by the named method (``tree-mean`` or ``cluster-rule``).

    Parameters that a ranking reports but that are results (the variances of the tree mean, the
    count of bounds that tell nothing) are ignored, so
    ``rank(tree, labels, r.method, **r.parameters)`` ranks again.
    """
    if method == "tree-mean":
        results = ("drift_variance", "label_variance", "bounds_not_telling")
        chosen = {name: value for name, value in parameters.items() if name not in results}
        return rank_by_tree_mean(tree, labels, **chosen)
    if method == "cluster-rule":
        return rank_by_cluster_rule(tree, labels, **parameters)
    raise ScreeningError(f"no ranking method {method!r}: choose 'tree-mean' or 'cluster-rule'")
