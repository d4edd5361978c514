"""Expected value of every cluster of a tree, shrunk toward its parent.

Model: the root has a mean value; going down, a child's mean is its parent's plus a normal drift of
variance ``drift_variance * branch``; a label is the mean of its cluster plus normal scatter of
variance ``label_variance``. Given the two variances the posterior of all means is exact by one
pass of messages up the tree and one down (Gaussian belief propagation). With one level this is the
James-Stein shrinkage of group means toward the grand mean; on a tree it shrinks each mean toward
its parent's. The variances are those of the highest marginal likelihood on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from screening.errors import LabelError, ScreeningError
from screening.tree import WardTree

__all__ = ["TreeMean", "fit_tree_mean"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_DRIFT_GRID = np.geomspace(0.02, 50.0, 18)
_LABEL_GRID = np.geomspace(0.1, 9.0, 10)


@dataclass(frozen=True, slots=True, eq=False)
class TreeMean:
    """Posterior means of the clusters at the deepest cut.

    Attributes
    ----------
    mean, standard_deviation : ndarray, shape (clusters,)
        Expected log10(sigma) of each cluster and its standard deviation.
    drift_variance : float
        Variance gained per unit branch length, decades squared.
    label_variance : float
        Scatter of labels inside a cluster, decades squared.
    log_likelihood : float
        Marginal log-likelihood of the labels.
    """

    mean: FloatArray
    standard_deviation: FloatArray
    drift_variance: float
    label_variance: float
    log_likelihood: float


class _Chain(NamedTuple):
    """Splits of a tree as (parent cluster, new cluster, branch to each), topmost first."""

    parent: list[int]
    branch_kept: FloatArray
    branch_new: FloatArray


def _branches(tree: WardTree, n_clusters: int, branch_length: str) -> _Chain:
    """Branch length of the two children of every split."""
    height = np.array(tree.split_height_[:n_clusters], dtype=np.float64)
    parent = [int(number) for number in tree.split_parent_[:n_clusters]]
    # height at which each child is itself split; an undivided one ends at the last cut
    child_height = np.full((n_clusters, 2), height[n_clusters - 1] if n_clusters > 1 else 1.0)
    open_slot: dict[int, tuple[int, int]] = {}
    for split in range(1, n_clusters):
        if parent[split] in open_slot:
            child_height[open_slot[parent[split]]] = height[split]
        open_slot[parent[split]] = (split, 0)
        open_slot[split] = (split, 1)
    own = height[:, None]
    if branch_length == "unit":
        length = np.ones_like(child_height)
    elif branch_length == "height":
        length = (own - child_height) / height[1] if n_clusters > 1 else child_height
    elif branch_length == "log-height":
        length = np.log(own / child_height)
    else:
        raise ScreeningError(
            f"branch length {branch_length!r}: choose 'log-height', 'height' or 'unit'"
        )
    # identical siblings would pin a child to its parent: a small drift is always possible
    length = np.maximum(length, 1e-3)
    return _Chain(parent, length[:, 0], length[:, 1])


def fit_tree_mean(
    tree: WardTree,
    index: IntArray,
    values: FloatArray,
    *,
    depth: int,
    branch_length: str = "log-height",
    variances: TreeMean | None = None,
) -> TreeMean:
    """Fit the model to labels.

    Parameters
    ----------
    tree : WardTree
    index, values : ndarray, shape (m,)
        Rows and values of the labels.
    depth : int
        Deepest cut that carries means of its own.
    branch_length : {"log-height", "height", "unit"}
    variances : TreeMean, optional
        Take both variances from an earlier fit instead of estimating them.

    Raises
    ------
    LabelError
        When there is no label at all.
    """
    if index.size == 0:
        raise LabelError("no label is given: accept at least one before ranking")
    cut = tree.cut(depth)
    n_clusters = cut.n_clusters
    where = cut.cluster[index].astype(np.int64)
    count = np.bincount(where, minlength=n_clusters).astype(np.float64)
    total = np.bincount(where, values, n_clusters).astype(np.float64)
    square = np.bincount(where, values**2, n_clusters).astype(np.float64)
    chain = _branches(tree, n_clusters, branch_length)
    if variances is not None:
        drift = np.array([variances.drift_variance])
        label = np.array([variances.label_variance])
    else:
        drift, label = (grid.ravel() for grid in np.meshgrid(_DRIFT_GRID, _LABEL_GRID))
    likelihood = _upward(chain, count, total, square, drift, label).log_likelihood
    best = int(np.argmax(likelihood))
    chosen_drift, chosen_label = drift[best : best + 1], label[best : best + 1]
    messages = _upward(chain, count, total, square, chosen_drift, chosen_label)
    mean, variance = _downward(chain, messages, chosen_drift)
    return TreeMean(
        mean=mean,
        standard_deviation=np.sqrt(variance),
        drift_variance=float(chosen_drift[0]),
        label_variance=float(chosen_label[0]),
        log_likelihood=float(likelihood[best]),
    )


class _Messages(NamedTuple):
    """Precision and precision-weighted mean that each child sends to its parent."""

    precision: FloatArray  # (splits, 2, grid)
    weighted: FloatArray
    root_precision: FloatArray  # (grid,)
    root_weighted: FloatArray
    log_likelihood: FloatArray


def _upward(
    chain: _Chain,
    count: FloatArray,
    total: FloatArray,
    square: FloatArray,
    drift: FloatArray,
    label: FloatArray,
) -> _Messages:
    """Messages from the clusters to the root, for every pair of variances at once."""
    n_clusters = count.size
    # information of each current node in the form exp(-a/2 x^2 + b x + c)
    a = count[:, None] / label
    b = total[:, None] / label
    c = -0.5 * (square[:, None] / label + count[:, None] * np.log(2.0 * np.pi * label))
    sent_a = np.zeros((n_clusters, 2, drift.size))
    sent_b = np.zeros_like(sent_a)
    for split in range(n_clusters - 1, 0, -1):
        kept = chain.parent[split]
        parts = []
        for side, (node, length) in enumerate(
            ((kept, chain.branch_kept[split]), (split, chain.branch_new[split]))
        ):
            gain = 1.0 + a[node] * (drift * length)
            up_a, up_b = a[node] / gain, b[node] / gain
            up_c = c[node] - 0.5 * np.log(gain) + 0.5 * b[node] ** 2 * (drift * length) / gain
            sent_a[split, side], sent_b[split, side] = up_a, up_b
            parts.append((up_a, up_b, up_c))
        a[kept], b[kept], c[kept] = (first + second for first, second in zip(*parts, strict=True))
    # flat prior on the root mean
    log_likelihood = c[0] + 0.5 * b[0] ** 2 / a[0] - 0.5 * np.log(a[0] / (2.0 * np.pi))
    return _Messages(sent_a, sent_b, a[0].copy(), b[0].copy(), log_likelihood)


def _downward(
    chain: _Chain, messages: _Messages, drift: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and variance of every cluster (one pair of variances)."""
    n_clusters = messages.precision.shape[0]
    mean = np.zeros(n_clusters)
    variance = np.zeros(n_clusters)
    mean[0] = messages.root_weighted[0] / messages.root_precision[0]
    variance[0] = 1.0 / messages.root_precision[0]
    for split in range(1, n_clusters):
        kept = chain.parent[split]
        parent_mean, parent_variance = mean[kept], variance[kept]
        for side, (node, length) in enumerate(
            ((kept, chain.branch_kept[split]), (split, chain.branch_new[split]))
        ):
            up_a = float(messages.precision[split, side, 0])
            up_b = float(messages.weighted[split, side, 0])
            step = float(drift[0] * length)
            # the child's own information, undone from the message it sent
            own_a = up_a / max(1.0 - up_a * step, 1e-300)
            own_b = up_b * (1.0 + own_a * step)
            # child given parent: precision own_a + 1/step
            precision = own_a + 1.0 / step
            slope = (1.0 / step) / precision
            mean[node] = (own_b + parent_mean / step) / precision
            variance[node] = 1.0 / precision + slope**2 * parent_variance
    return mean, variance
