"""Would the ranking have found what was measured later? Tests on labels left out.

Each label is predicted from a tree that knows the structure but from labels that do not include
its own group: formulas, families, clusters, or a fixed split. The constant predictor (the mean of
the labels left in) is always computed beside, because leaving a group out moves that mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import LabelError
from screening.metrics import Interval, area_under_curve, bootstrap, enrichment_factor
from screening.rank import Labels, rank
from screening.tree import WardTree

__all__ = [
    "Backtest",
    "fixed_split",
    "held_out_in_clusters",
    "held_out_structures",
    "leave_group_out",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Predictions of labels that the model did not see.

    Attributes
    ----------
    score : ndarray, shape (m,)
        Score of the structure of each tested label.
    constant : ndarray, shape (m,)
        Mean of the labels that were left in, per tested label.
    truth : ndarray, shape (m,)
        log10(sigma in S/cm).
    method : str
    """

    score: FloatArray
    constant: FloatArray
    truth: FloatArray
    method: str

    @property
    def mean_absolute_error(self) -> float:
        """In decades; meaningful for the tree mean only."""
        return float(np.abs(self.score - self.truth).mean())

    @property
    def constant_mean_absolute_error(self) -> float:
        """The same for the constant predictor."""
        return float(np.abs(self.constant - self.truth).mean())

    def summary(
        self, *, threshold_S_per_cm: float = 1e-4, fraction: float = 0.1, repeats: int = 500
    ) -> dict[str, Interval]:
        """Area under the curve and enrichment, for the score and the constant predictor."""
        good = self.truth >= np.log10(threshold_S_per_cm)

        def enrichment(score: FloatArray, positive: npt.NDArray[np.bool_]) -> float:
            return enrichment_factor(score, positive, fraction)

        return {
            "auc": bootstrap(area_under_curve, self.score, good, repeats=repeats),
            "enrichment": bootstrap(enrichment, self.score, good, repeats=repeats),
            "auc_constant": bootstrap(area_under_curve, self.constant, good, repeats=repeats),
            "enrichment_constant": bootstrap(enrichment, self.constant, good, repeats=repeats),
        }


def leave_group_out(
    tree: WardTree,
    labels: Labels,
    groups: Sequence[str],
    *,
    method: str = "tree-mean",
    **parameters: Any,
) -> Backtest:
    """Predict every label from the labels of all other groups.

    Parameters
    ----------
    tree : WardTree
    labels : Labels
    groups : sequence of str
        Group of each label: its reduced formula, family, cluster number as text ...
    method : str
        As in `screening.rank.rank`; everything is fitted anew for each group left out.

    Raises
    ------
    LabelError
        When groups and labels differ in number or there is only one group.
    """
    names = np.array(groups)
    if names.size != len(labels):
        raise LabelError(f"{names.size} groups for {len(labels)} labels")
    distinct = np.unique(names)
    if distinct.size < 2:
        raise LabelError("all labels are in one group: nothing is left to learn from")
    score, constant = np.empty(len(labels)), np.empty(len(labels))
    for group in distinct:
        out = np.flatnonzero(names == group)
        rest = labels.without(out.tolist())
        ranking = rank(tree, rest, method, **parameters)
        score[out] = ranking.score[labels.index[out]]
        constant[out] = rest.log_sigma.mean()
    return Backtest(score, constant, np.array(labels.log_sigma), method)


def fixed_split(
    tree: WardTree,
    labels: Labels,
    is_test: npt.ArrayLike,
    *,
    method: str = "tree-mean",
    **parameters: Any,
) -> Backtest:
    """Predict the labels of a test set from those outside it.

    Parameters
    ----------
    is_test : array_like of bool, shape (m,)
        Marks the labels to be predicted. A label of the training set at the structure of a tested
        one is left out too.

    Raises
    ------
    LabelError
        When either part is empty.
    """
    test = np.asarray(is_test, dtype=np.bool_).reshape(-1)
    if test.size != len(labels) or not test.any():
        raise LabelError(f"{test.size} marks for {len(labels)} labels, {int(test.sum())} tested")
    seen = test | np.isin(labels.index, labels.index[test])
    if seen.all():
        raise LabelError("no label is left to learn from")
    rest = labels.without(np.flatnonzero(seen).tolist())
    ranking = rank(tree, rest, method, **parameters)
    tested = np.flatnonzero(test)
    return Backtest(
        score=ranking.score[labels.index[tested]],
        constant=np.full(tested.size, rest.log_sigma.mean()),
        truth=labels.log_sigma[tested],
        method=method,
    )


def held_out_structures(
    tree: WardTree,
    labels: Labels,
    features: npt.ArrayLike,
    log_sigma: npt.ArrayLike,
    *,
    method: str = "tree-mean",
    depth: int = 241,
    **parameters: Any,
) -> Backtest:
    """Predict structures that neither the tree nor its labels have seen.

    Parameters
    ----------
    tree : WardTree
        Built without the tested structures.
    labels : Labels
        Labels on its rows.
    features : array_like, shape (m, d)
        Representations of the tested structures, which are placed into the tree as it is.
    log_sigma : array_like, shape (m,)
        Their measured log10(sigma in S/cm); only looked at to judge the prediction.

    Raises
    ------
    LabelError
        When no structure is tested, or no label is left to learn from.
    """
    truth = np.asarray(log_sigma, dtype=np.float64).reshape(-1)
    if truth.size == 0:
        raise LabelError("no structure is left out: nothing can be tested")
    placed = tree.assign(features, depth=min(depth, tree.max_k)).cluster
    return held_out_in_clusters(
        tree, labels, placed, truth, method=method, depth=depth, **parameters
    )


def held_out_in_clusters(
    tree: WardTree,
    labels: Labels,
    cluster: npt.ArrayLike,
    log_sigma: npt.ArrayLike,
    *,
    method: str = "tree-mean",
    depth: int = 241,
    **parameters: Any,
) -> Backtest:
    """Predict structures that were placed into the clusters of a tree.

    Parameters
    ----------
    tree : WardTree
        Built without the tested structures; `WardTree.on_rows` of the labelled ones will do.
    labels : Labels
        Labels on its rows.
    cluster : array_like of int, shape (m,)
        Cluster of each tested structure at that depth.
    log_sigma : array_like, shape (m,)
        Their measured log10(sigma in S/cm); only looked at to judge the prediction.

    Raises
    ------
    LabelError
        When no label is left to learn from.
    """
    truth = np.asarray(log_sigma, dtype=np.float64).reshape(-1)
    if not len(labels):
        raise LabelError("no label is left to learn from")
    ranking = rank(tree, labels, method, depth=min(depth, tree.max_k), **parameters)
    score = ranking.cluster_score[np.asarray(cluster, dtype=np.int64)]
    return Backtest(score, np.full(truth.size, labels.log_sigma.mean()), truth, method)
