"""Ward linkage of rows that occur more than once.

Coarse representations (a composition in a simplified mode, a count) give the same row to thousands
of structures. Clustering each distinct row once, with its multiplicity as its starting size, gives
the same tree as clustering all rows, at the cost of the distinct ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["expand_linkage", "weighted_ward_merges"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def _starting_distances(rows: FloatArray, size: FloatArray) -> FloatArray:
    """Squared Ward distances ``2 a b / (a + b) |x - y|^2``; infinite on the diagonal."""
    centred = rows - rows.mean(axis=0)
    norm = np.einsum("ij,ij->i", centred, centred)
    squared = centred @ centred.T
    squared *= -2.0
    squared += norm[:, None]
    squared += norm[None, :]
    np.maximum(squared, 0.0, out=squared)
    for row in range(len(rows)):
        squared[row] *= 2.0 * size[row] * size / (size[row] + size)
    np.fill_diagonal(squared, np.inf)
    return np.asarray(squared)


def weighted_ward_merges(rows: FloatArray, multiplicity: IntArray) -> tuple[IntArray, FloatArray]:
    """Ward merges of distinct rows by the nearest-neighbour chain.

    Murtagh, Comput. J. 1983, 26, 354; distances by the Lance-Williams formula.

    Parameters
    ----------
    rows : ndarray, shape (u, d)
        Distinct rows.
    multiplicity : ndarray of int, shape (u,)
        How often each occurs.

    Returns
    -------
    pairs : ndarray of int, shape (u - 1, 2)
        Representative rows of the two clusters of each merge, heights ascending. A merged cluster
        is represented by the second.
    height : ndarray, shape (u - 1,)
        In SciPy's convention.
    """
    label = np.arange(len(rows))
    size = multiplicity.astype(np.float64)
    distance = _starting_distances(np.asarray(rows, dtype=np.float64), size)
    alive = np.ones(len(rows), dtype=np.bool_)
    chain: list[int] = []
    pairs: list[tuple[int, int]] = []
    squared_heights: list[float] = []
    remaining = len(rows)
    while remaining > 1:
        if remaining < len(label) // 2:
            # the chain is empty or holds living clusters: both survive the renumbering
            kept = np.flatnonzero(alive)
            where = np.cumsum(alive) - 1
            chain = [int(where[cluster]) for cluster in chain]
            distance = distance[np.ix_(kept, kept)]
            label, size, alive = label[kept], size[kept], np.ones(kept.size, dtype=np.bool_)
        if not chain:
            chain.append(int(np.argmax(alive)))
        top = chain[-1]
        nearest = int(np.argmin(distance[top]))
        if len(chain) < 2 or distance[top, nearest] < distance[top, chain[-2]]:
            chain.append(nearest)
            continue
        gone, kept_cluster = chain.pop(), chain.pop()
        height = float(distance[gone, kept_cluster])
        pairs.append((int(label[gone]), int(label[kept_cluster])))
        squared_heights.append(height)
        _merge(distance, size, gone, kept_cluster, height)
        alive[gone] = False
        remaining -= 1
    order = np.argsort(squared_heights, kind="stable")
    merged = np.array(pairs, dtype=np.int64).reshape(-1, 2)[order]
    return merged, np.sqrt(np.array(squared_heights))[order]


def _merge(distance: FloatArray, size: FloatArray, gone: int, kept: int, height: float) -> None:
    """Lance-Williams update for Ward; the cluster `gone` becomes infinitely far."""
    a, b = size[gone], size[kept]
    new = (size + a) * distance[gone] + (size + b) * distance[kept] - size * height
    new /= size + a + b
    new[gone] = new[kept] = np.inf
    distance[kept] = new
    distance[:, kept] = new
    distance[gone] = np.inf
    distance[:, gone] = np.inf
    size[kept] = a + b


def expand_linkage(
    pairs: IntArray, height: FloatArray, member: IntArray
) -> npt.NDArray[np.float64]:
    """Linkage of all rows from the merges of the distinct ones.

    Parameters
    ----------
    pairs, height
        As `weighted_ward_merges` returns them.
    member : ndarray of int, shape (n,)
        Distinct row of each row.

    Returns
    -------
    ndarray, shape (n - 1, 4)
        SciPy's format; equal rows are merged first, at height zero.
    """
    n = member.size
    linkage = np.empty((n - 1, 4))
    node = np.full(int(member.max()) + 1, -1, dtype=np.int64)
    size = np.ones(2 * n - 1, dtype=np.int64)
    parent = np.arange(node.size)
    done = 0

    def record(first: int, second: int, at: float) -> int:
        nonlocal done
        made = n + done
        size[made] = size[first] + size[second]
        linkage[done] = (min(first, second), max(first, second), at, size[made])
        done += 1
        return made

    for row, distinct in enumerate(member.tolist()):
        current = int(node[distinct])
        node[distinct] = row if current < 0 else record(current, row, 0.0)

    def root(cluster: int) -> int:
        while parent[cluster] != cluster:
            parent[cluster] = parent[parent[cluster]]
            cluster = int(parent[cluster])
        return cluster

    for (first, second), at in zip(pairs.tolist(), height.tolist(), strict=True):
        a, b = root(first), root(second)
        node[b] = record(int(node[a]), int(node[b]), at)
        parent[a] = b
    return linkage
