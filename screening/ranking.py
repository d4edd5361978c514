"""An order of all structures, kept as an order of clusters.

A rule scores clusters, so a ranking is a few hundred numbers however large the pool is. What
belongs to single structures is worked out when it is asked for, and only for the clusters that
they are in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.tree_cut import TreeCut

__all__ = ["Ranking"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Every structure with its score and its place.

    Attributes
    ----------
    method : str
        ``cluster-rule`` or ``tree-mean``.
    cut : TreeCut
        The clusters at the depth that decided the scores.
    cluster_score : ndarray, shape (clusters,)
        Higher is better. Expected log10(sigma in S/cm) for the tree mean; for the cluster rule
        2 (cluster holds a high label), 1 (cluster is next to one that does) or 0.
    cluster_uncertainty : ndarray, shape (clusters,)
        Standard deviation of the score in decades; zero for the cluster rule.
    cluster_second : ndarray, shape (clusters,)
        Orders equal scores, higher first.
    selected_above : float
        The rule selects structures with a higher score.
    tie_break : ndarray, shape (n,), or None
        Orders structures that are equal by both, smallest first; then rows do, so that a ranking
        is reproducible.
    parameters : mapping
        Everything needed to rank again.
    ids : tuple of str or None
        Names of the structures.
    """

    method: str
    cut: TreeCut
    cluster_score: FloatArray
    cluster_uncertainty: FloatArray
    cluster_second: FloatArray
    selected_above: float
    tie_break: FloatArray | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] | None = None

    @property
    def n_rows(self) -> int:
        """Number of structures."""
        return int(self.cut.cluster.size)

    @property
    def cluster(self) -> npt.NDArray[np.int16]:
        """Cluster of each structure, shape (n,)."""
        return self.cut.cluster

    @cached_property
    def score(self) -> FloatArray:
        """Score of each structure, shape (n,)."""
        return np.asarray(self.cluster_score[self.cut.cluster])

    @cached_property
    def uncertainty(self) -> FloatArray:
        """Standard deviation of each score, shape (n,)."""
        return np.asarray(self.cluster_uncertainty[self.cut.cluster])

    @cached_property
    def selected(self) -> npt.NDArray[np.bool_]:
        """Whether the rule selects each structure, shape (n,)."""
        return np.asarray((self.cluster_score > self.selected_above)[self.cut.cluster])

    @cached_property
    def order(self) -> IntArray:
        """Rows, best first, shape (n,)."""
        return np.concatenate([self._rows_of_block(block) for block in range(self._n_blocks)])

    @cached_property
    def place(self) -> IntArray:
        """Place of each structure, 1 for the best, shape (n,)."""
        place = np.empty(self.n_rows, dtype=np.int64)
        place[self.order] = np.arange(1, self.n_rows + 1)
        return place

    def top(self, count: int) -> IntArray:
        """Rows of the best `count` structures, best first."""
        block, taken = 0, [np.empty(0, dtype=np.int64)]
        while block < self._n_blocks and int(self._block_begin[block]) < count:
            taken.append(self._rows_of_block(block))
            block += 1
        return np.concatenate(taken)[:count]

    def score_of(self, row: int) -> float:
        """Score of one structure."""
        return float(self.cluster_score[self.cut.cluster[row]])

    def place_of(self, row: int) -> int:
        """Place of one structure."""
        block = int(self._block_of[self.cut.cluster[row]])
        rows = self._rows_of_block(block)
        # without other keys, a block is in the order of rows
        if self.tie_break is None:
            inside = int(np.searchsorted(rows, row))
        else:
            inside = int(np.flatnonzero(rows == row)[0])
        return int(self._block_begin[block]) + inside + 1

    def places_of_cluster(self, cluster: int) -> IntArray:
        """Places of the structures of a cluster, in the order of `cut.rows_of`."""
        block = int(self._block_of[cluster])
        first = int(self._block_begin[block]) + 1
        members = self.cut.rows_of(cluster)
        rows = self._rows_of_block(block)
        if self.tie_break is None and rows.size == members.size:
            return np.arange(first, first + members.size)
        by_row = np.argsort(rows, kind="stable")
        return np.asarray(by_row[np.searchsorted(rows, members, sorter=by_row)] + first)

    def begins_at(self, cluster: int) -> int | None:
        """Place of the best structure of a cluster that no other cluster equals; None if one does.

        Such a cluster takes up consecutive places.
        """
        block = int(self._block_of[cluster])
        alone = self._block_clusters[block + 1] - self._block_clusters[block] == 1
        return int(self._block_begin[block]) + 1 if alone else None

    def name(self, row: int) -> str:
        """Name of a structure."""
        return self.ids[row] if self.ids is not None else f"row {row}"

    # clusters of equal keys share their places: they make one block

    @cached_property
    def _sorted_clusters(self) -> IntArray:
        return np.lexsort((-self.cluster_second, -self.cluster_score))

    @cached_property
    def _block_clusters(self) -> IntArray:
        """Where each block begins among the sorted clusters, and their number at the end."""
        score = self.cluster_score[self._sorted_clusters]
        second = self.cluster_second[self._sorted_clusters]
        new = (np.diff(score) != 0) | (np.diff(second) != 0)
        return np.concatenate([[0], np.flatnonzero(new) + 1, [score.size]])

    @cached_property
    def _block_of(self) -> IntArray:
        block = np.empty(self._sorted_clusters.size, dtype=np.int64)
        block[self._sorted_clusters] = np.repeat(
            np.arange(self._n_blocks), np.diff(self._block_clusters)
        )
        return block

    @property
    def _n_blocks(self) -> int:
        return self._block_clusters.size - 1

    @cached_property
    def _block_begin(self) -> IntArray:
        """Number of structures before each block."""
        before = np.concatenate([[0], np.cumsum(self.cut.sizes[self._sorted_clusters])])
        return np.asarray(before[self._block_clusters])

    @cached_property
    def _rows_by_block(self) -> dict[int, IntArray]:
        return {}

    def _rows_of_block(self, block: int) -> IntArray:
        """Rows of the clusters of a block, best first."""
        known = self._rows_by_block
        if block not in known:
            first, last = self._block_clusters[block], self._block_clusters[block + 1]
            clusters = self._sorted_clusters[first:last].tolist()
            rows = self.cut.rows_of(clusters[0])
            if len(clusters) > 1:
                rows = np.sort(np.concatenate([self.cut.rows_of(one) for one in clusters]))
            if self.tie_break is not None:
                ties = self.tie_break[rows]
                ties = np.where(np.isnan(ties), np.inf, ties)
                rows = rows[np.argsort(ties, kind="stable")]
            known[block] = rows
        return known[block]
