"""Few rows that stand for many, so that a pool too large for all its distances can be clustered.

Ward's lowest merges join near neighbours, and near neighbours are found without looking at all
pairs: the pool is divided into blocks along its principal directions, each block is clustered
exactly, and of all blocks together the lowest merges are carried out. What is left are groups,
each with its mean and its size, that an exact Ward tree takes from there. Wrong are only merges
across the border of two blocks; the scatter inside the groups is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.ward import ward_linkage

__all__ = ["Representatives", "choose_representatives"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_POWER_STEPS = 20
# a block is divided at the widest gap between these shares of its rows
_GAP_RANGE = (0.25, 0.75)


@dataclass(frozen=True, slots=True, eq=False)
class Representatives:
    """Weighted means that stand for the rows of a matrix.

    Attributes
    ----------
    rows : ndarray, shape (m, d)
        Mean of the rows of each group.
    member : ndarray of int, shape (n,)
        Group of each row.
    count : ndarray of int, shape (m,)
        Rows in each group, at least one.
    scatter : float
        Share of the total sum of squares that lies inside the groups (0: nothing lost).
    """

    rows: FloatArray
    member: IntArray
    count: IntArray
    scatter: float


def choose_representatives(
    features: npt.NDArray[np.floating], n_representatives: int, *, block_rows: int = 8000
) -> Representatives:
    """Join the rows of a matrix to at most so many groups by Ward's lowest merges.

    Blocks are those of principal direction divisive partitioning (Boley, Data Min. Knowl.
    Discov. 1998, 2, 325). There is no random step.

    Parameters
    ----------
    features : ndarray, shape (n, d)
    n_representatives : int
    block_rows : int
        Rows clustered exactly at a time; memory grows with its square.

    Returns
    -------
    Representatives
        Every row by itself where there are no more rows than representatives.
    """
    points, place, times = np.unique(features, axis=0, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    group = _groups(points, n_representatives, block_rows)
    member = group[place]
    count = np.bincount(member)
    origin = points.mean(axis=0, dtype=np.float64)
    order = np.argsort(group, kind="stable")
    begin = np.searchsorted(group[order], np.arange(len(count)))
    weighted = (points[order] - origin) * times[order, None]
    means = np.add.reduceat(weighted, begin, axis=0, dtype=np.float64) / count[:, None]
    total = float(np.einsum("ij,ij->", weighted, points[order] - origin, dtype=np.float64))
    overall = (count @ means) / count.sum()
    total -= float(count.sum() * (overall @ overall))
    between = float(count @ np.einsum("ij,ij->i", means - overall, means - overall))
    scatter = max(0.0, 1.0 - between / total) if total > 0.0 else 0.0
    return Representatives(means + origin, member, count, scatter)


def _groups(points: npt.NDArray[np.floating], wanted: int, block_rows: int) -> IntArray:
    """Group of each distinct row when the lowest merges of all blocks are carried out."""
    merges = len(points) - wanted
    if merges <= 0:
        return np.arange(len(points))
    blocks = _blocks(points, block_rows)
    linkages = [
        ward_linkage(points[block]) if block.size > 1 else np.empty((0, 4)) for block in blocks
    ]
    heights = np.concatenate([linkage[:, 2] for linkage in linkages])
    merges = min(merges, heights.size)
    limit = np.partition(heights, merges - 1)[merges - 1]
    group = np.empty(len(points), dtype=np.int64)
    first = 0
    for block, linkage in zip(blocks, linkages, strict=True):
        within = _joined(linkage, int(np.searchsorted(linkage[:, 2], limit, side="right")))
        group[block] = within + first
        first += int(within.max()) + 1
    return group


def _joined(linkage: FloatArray, merges: int) -> IntArray:
    """Cluster of each row after so many merges."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(linkage) + 1
    made = np.repeat(np.arange(n, n + merges), 2)
    children = linkage[:merges, :2].astype(np.int64).ravel()
    graph = coo_array((np.ones(made.size, dtype=np.int8), (made, children)), (n + merges,) * 2)
    labels = connected_components(graph, directed=False)[1][:n]
    return np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _blocks(points: npt.NDArray[np.floating], block_rows: int) -> list[IntArray]:
    waiting = [np.arange(len(points))]
    done = []
    while waiting:
        block = waiting.pop()
        if block.size <= block_rows:
            done.append(block)
        else:
            waiting.extend(_halves(points, block))
    return done


def _halves(points: npt.NDArray[np.floating], block: IntArray) -> tuple[IntArray, IntArray]:
    """Divide a block at the widest gap near the middle of its principal direction."""
    rows = points[block]
    mean = rows.mean(axis=0)
    rows = rows - mean
    axis = rows[int(np.argmax(np.einsum("ij,ij->i", rows, rows)))]
    for _ in range(_POWER_STEPS):
        axis = (rows @ axis) @ rows
        axis = axis / np.linalg.norm(axis)
    along = rows @ axis
    order = np.argsort(along, kind="stable")
    low, high = (int(share * block.size) for share in _GAP_RANGE)
    gap = np.diff(along[order][low:high])
    cut = low + 1 + int(np.argmax(gap))
    return block[order[:cut]], block[order[cut:]]
