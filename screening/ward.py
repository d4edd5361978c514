"""Exact Ward linkage and its cuts.

Distances come from one matrix product per block of rows, the tree from fastcluster's
nearest-neighbour chain; both are exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from screening.ward_weighted import expand_linkage, weighted_ward_merges

__all__ = ["condensed_distances", "grouped_linkage", "membership_from_linkage", "ward_linkage"]

FloatArray = npt.NDArray[np.float64]
_BLOCK_ROWS = 1024
# below this share of distinct rows it pays to cluster each of them once
_DISTINCT_SHARE = 0.8


def condensed_distances(
    features: npt.NDArray[Any], *, dtype: npt.DTypeLike | None = None
) -> FloatArray:
    """Euclidean distances of all pairs of rows in condensed (upper triangle) order.

    Parameters
    ----------
    features : ndarray, shape (n, d)
        One representation per row. Identical rows get the distance zero exactly.
    dtype : dtype, optional
        Precision of the matrix product; float64 unless told (float32 halves its time).

    Returns
    -------
    ndarray, shape (n (n - 1) / 2,)
    """
    rows, group = np.unique(features, axis=0, return_inverse=True)
    group = group.reshape(-1)
    centred = (rows - rows.mean(axis=0)).astype(dtype or np.float64)
    norm = np.einsum("ij,ij->i", centred, centred)
    n = features.shape[0]
    out = np.empty(n * (n - 1) // 2)
    position = 0
    points, square = centred[group], norm[group]
    for start in range(0, n - 1, _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, n - 1)
        block = points[start:stop] @ points[start + 1 :].T
        block *= -2.0
        block += square[start:stop, None]
        block += square[None, start + 1 :]
        np.maximum(block, 0.0, out=block)
        block[group[start:stop, None] == group[None, start + 1 :]] = 0.0
        np.sqrt(block, out=block)
        for row in range(start, stop):
            length = n - 1 - row
            out[position : position + length] = block[row - start, row - start :]
            position += length
    return out


def ward_linkage(features: npt.NDArray[Any], *, dtype: npt.DTypeLike | None = None) -> FloatArray:
    """Exact Ward linkage of the rows of a matrix, in SciPy's format.

    Where many rows are identical, the distinct ones are clustered with their multiplicities.

    Parameters
    ----------
    features : ndarray, shape (n, d)
    dtype : dtype, optional
        Precision of the distances, see `condensed_distances`.

    Returns
    -------
    ndarray, shape (n - 1, 4)
        Merged clusters, height and size, heights ascending.
    """
    import fastcluster

    rows, member, count = np.unique(features, axis=0, return_inverse=True, return_counts=True)
    if len(rows) < _DISTINCT_SHARE * len(features):
        return grouped_linkage(rows, count, member.reshape(-1))
    condensed = condensed_distances(features, dtype=dtype)
    return np.asarray(fastcluster.linkage(condensed, method="ward", preserve_input=False))


def grouped_linkage(
    rows: npt.NDArray[Any], count: npt.NDArray[np.int64], member: npt.NDArray[np.int64]
) -> FloatArray:
    """Ward linkage of all rows where groups of them have one place each.

    Parameters
    ----------
    rows : ndarray, shape (u, d)
        Place of each group.
    count : ndarray of int, shape (u,)
        Rows in each group.
    member : ndarray of int, shape (n,)
        Group of each row.

    Returns
    -------
    ndarray, shape (n - 1, 4)
        SciPy's format; rows of one group are merged first, at height zero.
    """
    pairs, height = weighted_ward_merges(rows, count)
    return expand_linkage(pairs, height, member)


def _leaf_order(linkage: FloatArray, n: int) -> tuple[npt.NDArray[np.int64], ...]:
    """Return leaves in dendrogram order, and the interval (start, stop) that every node covers."""
    children = linkage[:, :2].astype(np.int64)
    size = np.concatenate([np.ones(n, dtype=np.int64), linkage[:, 3].astype(np.int64)])
    start = np.zeros(2 * n - 1, dtype=np.int64)
    for node in range(2 * n - 2, n - 1, -1):
        left, right = children[node - n]
        start[left] = start[node]
        start[right] = start[node] + size[left]
    order = np.empty(n, dtype=np.int64)
    order[start[:n]] = np.arange(n)
    return order, start, start + size


def membership_from_linkage(
    linkage: FloatArray, max_k: int = 300
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], FloatArray, npt.NDArray[np.int64]]:
    """Cut a Ward tree at the depths 1 ... max_k.

    The published rule cuts half-way between consecutive merge heights among the topmost. That is
    a cut into k clusters when the heights are distinct; where heights tie, the cut gives fewer
    clusters, and the next depth that splits, splits all tied merges at once. Merges at height zero
    (identical rows) are never undone.

    Parameters
    ----------
    linkage : ndarray, shape (n - 1, 4)
        SciPy's format, heights ascending.
    max_k : int
        Deepest cut (at most 32,000).

    Returns
    -------
    membership : ndarray of int16, shape (n, max_k)
        Cluster number of each row at each depth.
    split_parent : ndarray of int16, shape (splits + 1,)
        Number of the cluster from which cluster s was split (-1 for cluster 0).
    split_height : ndarray, shape (splits + 1,)
        Height of the merge undone when cluster s was split off (inf for cluster 0).
    nodes : ndarray of int, shape (2 splits + 1, 3)
        Tree nodes seen by the cuts: cluster number, first and one-past-last split for which
        it is whole.
    """
    n = linkage.shape[0] + 1
    order, start, stop = _leaf_order(linkage, n)
    height = linkage[::-1, 2]
    splits = min(max_k - 1, int(np.count_nonzero(height > 0.0)))
    depth_splits = _splits_at_depth(height, max_k, splits)
    number = np.zeros(2 * n - 1, dtype=np.int64)
    parent = np.full(splits + 1, -1, dtype=np.int16)
    heights = np.full(splits + 1, np.inf)
    after = np.zeros((splits + 1, n), dtype=np.int16)
    born = {0: 0}
    nodes: list[tuple[int, int, int]] = []
    for s in range(1, splits + 1):
        merge = n - 1 - s
        node = n + merge
        left, right = (int(child) for child in linkage[merge, :2])
        if stop[right] - start[right] > stop[left] - start[left]:
            left, right = right, left
        kept = int(number[node])
        number[left], number[right] = kept, s
        parent[s], heights[s] = kept, linkage[merge, 2]
        after[s] = after[s - 1]
        after[s, start[right] : stop[right]] = s
        nodes.append((kept, born[kept], s))
        born[kept], born[s] = s, s
    nodes.extend((cluster, first, splits + 1) for cluster, first in born.items())
    membership = np.empty((n, max_k), dtype=np.int16)
    membership[order] = after[depth_splits].T
    return membership, parent, heights, np.array(nodes, dtype=np.int64)


def _splits_at_depth(height: FloatArray, max_k: int, splits: int) -> npt.NDArray[np.int64]:
    """Count the merges undone at depth k = 1 ... max_k (`height` descending)."""
    wanted = np.minimum(np.arange(max_k), splits)
    following = np.append(height, 0.0)
    tied = (wanted > 0) & (height[np.maximum(wanted, 1) - 1] <= following[wanted])
    greater = np.searchsorted(-height, -height[np.maximum(wanted, 1) - 1], side="left")
    return np.where(tied, greater, wanted)
