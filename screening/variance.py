"""Variance of log10(conductivity) inside the clusters of a tree, at every depth.

Method: Laskowski et al., Energy Environ. Sci. 2023, 16, 1264. ``W(k)`` is the sum over labels of
the squared deviation of log10(sigma) from the mean of the labels in the same cluster when the tree
is cut into ``k`` clusters. A representation that groups good conductors falls quickly with ``k``.

A label alone in its cluster has no deviation of its own. The published analysis keeps the
deviation it had at the last depth at which it still had company (the *frozen* rule), so that W
does not reward a tree for merely splitting labels apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import LabelError

__all__ = ["check_labels", "curve_from_cluster_numbers", "w_sigma_curve"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def check_labels(
    n_structures: int, labelled_index: npt.ArrayLike, log_sigma: npt.ArrayLike
) -> tuple[IntArray, FloatArray]:
    """Return labels as arrays, after checking that they fit the structures.

    Parameters
    ----------
    n_structures : int
        Number of structures the labels refer to.
    labelled_index : array_like of int, shape (m,)
        Row of the structure of each label; a row may occur more than once.
    log_sigma : array_like of float, shape (m,)
        log10 of the conductivity in S/cm of each label.

    Raises
    ------
    LabelError
        When the two differ in length, a row does not exist or a value is not finite.
    """
    index = np.asarray(labelled_index, dtype=np.int64).reshape(-1)
    values = np.asarray(log_sigma, dtype=np.float64).reshape(-1)
    if index.size != values.size:
        raise LabelError(f"{index.size} label rows but {values.size} label values were given")
    if index.size and (index.min() < 0 or index.max() >= n_structures):
        raise LabelError(
            f"label rows run from {index.min()} to {index.max()}, "
            f"but there are {n_structures} structures (rows 0 to {n_structures - 1})"
        )
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        raise LabelError(
            f"label {bad} (structure row {index[bad]}) has log10(sigma) = {values[bad]}; "
            "give an upper bound as its own number, for example -10 for <1e-10 S/cm"
        )
    return index, values


def w_sigma_curve(
    membership: npt.NDArray[Any],
    labelled_index: npt.ArrayLike,
    log_sigma: npt.ArrayLike,
    *,
    frozen: bool = True,
    k_max: int = 300,
) -> FloatArray:
    """Sum of squared deviations of log10(sigma) inside clusters, for k = 1 ... k_max.

    Parameters
    ----------
    membership : ndarray of int, shape (n, depths)
        Cluster number of every structure when the tree is cut into 1, 2, ... clusters.
    labelled_index : array_like of int, shape (m,)
        Row of the structure of each label.
    log_sigma : array_like of float, shape (m,)
        log10 of the conductivity in S/cm (or any other value to be grouped).
    frozen : bool
        Keep the last deviation of a label that is alone in its cluster (the published rule).
        When false such a label contributes zero.
    k_max : int
        Last depth; at most the number of columns of `membership`.

    Returns
    -------
    ndarray, shape (k_max,)
        W(1), W(2), ... in decades squared.

    Raises
    ------
    LabelError
        When the labels do not fit the structures, or `k_max` exceeds the depths of the tree.
    """
    index, values = check_labels(membership.shape[0], labelled_index, log_sigma)
    if not 1 <= k_max <= membership.shape[1]:
        raise LabelError(
            f"k_max = {k_max}, but the tree was cut at depths 1 to {membership.shape[1]}"
        )
    clusters = np.asarray(membership[index, :k_max])
    return curve_from_cluster_numbers(clusters, values, frozen=frozen)


def curve_from_cluster_numbers(
    clusters: npt.NDArray[Any], values: FloatArray, *, frozen: bool = True
) -> FloatArray:
    """W(k) from the cluster number of each label at each depth.

    Parameters
    ----------
    clusters : ndarray of int, shape (m, depths)
        Cluster number (0 ...) of each label; need not come from a tree.
    values : ndarray, shape (m,)
        Label values.
    frozen : bool
        As in `w_sigma_curve`.

    Returns
    -------
    ndarray, shape (depths,)
    """
    n_labels, n_depths = clusters.shape
    if n_labels == 0:
        return np.zeros(n_depths)
    by_depth = np.ascontiguousarray(clusters.T, dtype=np.int64)
    width = int(by_depth.max()) + 1
    slot = by_depth + np.arange(n_depths, dtype=np.int64)[:, None] * width
    flat = slot.reshape(-1)
    # Deviations from the overall mean keep the sums small, hence the cluster means accurate.
    centred = values - values.mean()
    count = np.bincount(flat, minlength=width * n_depths)
    total = np.bincount(flat, weights=np.tile(centred, n_depths), minlength=width * n_depths)
    mean = total / np.maximum(count, 1)
    squared = (centred[None, :] - mean[slot]) ** 2
    if not frozen:
        return np.asarray(squared.sum(axis=1))
    accompanied = count[slot] > 1
    depth = np.arange(n_depths)[:, None]
    last = np.maximum.accumulate(np.where(accompanied, depth, -1), axis=0)
    kept = np.take_along_axis(squared, np.maximum(last, 0), axis=0)
    return np.asarray(np.where(last >= 0, kept, 0.0).sum(axis=1))
