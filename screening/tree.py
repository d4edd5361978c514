"""Exact Ward tree over representations, cut at every depth.

What later steps need (cluster numbers at depths
1 ... 300, the nearest cluster of each cluster, centroids) is computed once and can be stored and
memory-mapped, so that a new label never touches the tree again.

Cluster numbers are nested: cutting one step deeper, the larger part of the divided cluster keeps
its number and the smaller part gets the next free one.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from screening.errors import CacheError, TreeError
from screening.representatives import choose_representatives
from screening.tree_cut import TreeCut
from screening.ward import grouped_linkage, membership_from_linkage, ward_linkage

__all__ = ["Placement", "WardTree"]

FloatArray = npt.NDArray[np.float64]
_ARRAYS = (
    "linkage",
    "membership",
    "nearest",
    "split_parent",
    "split_height",
    "centroids",
    "sizes",
    "spread",
)
_FORMAT = 2
_PERCENTILES = np.arange(101)
#: farther from the centroid than this share of the members means outside the domain; in a small
#: cluster, farther than all
_OUTSIDE_PERCENTILE = 99
_LARGE_CLUSTER = 100


class Placement(NamedTuple):
    """Where new representations fall in an existing tree.

    Attributes
    ----------
    cluster : ndarray of int16, shape (m,)
    distance : ndarray, shape (m,)
        Euclidean distance to the centroid of that cluster.
    percentile : ndarray, shape (m,)
        Percentage of the members of the cluster that are closer to its centroid.
    out_of_domain : ndarray of bool, shape (m,)
        Whether it is farther than 99 % of the members, or than all in a cluster of less than 100:
        nothing like it was clustered.
    """

    cluster: npt.NDArray[np.int16]
    distance: FloatArray
    percentile: FloatArray
    out_of_domain: npt.NDArray[np.bool_]


class WardTree:
    """Ward tree over representations with its cuts at depths 1 ... max_k.

    Attributes
    ----------
    linkage_ : ndarray, shape (n - 1, 4)
        SciPy's format, heights ascending.
    membership_ : ndarray of int16, shape (n, max_k)
        Cluster number of every row when cut into 1, 2, ... max_k clusters.
    nearest_ : ndarray of int16, shape (max_k, max_k)
        ``nearest_[k - 1, c]`` is the cluster whose centroid is nearest to that of cluster c
        when the tree is cut at depth k (-1 where there is none).
    split_parent_, split_height_ : ndarray
        Which cluster each cluster was split from, and the height of that merge.
    centroids_ : ndarray of float32, shape (nodes, d)
    sizes_ : ndarray of int64, shape (nodes, 4)
        Per node: number of rows, cluster number, first and one-past-last split it is whole for.
    spread_ : ndarray of float32, shape (nodes, 101)
        Percentiles 0 ... 100 of the distances of the rows of a node to its centroid.
    ids_ : tuple of str or None
        Names of the rows, if given.
    scatter_ : float
        Share of the total sum of squares lost by clustering representatives instead of rows;
        0 for an exact tree.
    """

    linkage_: FloatArray
    membership_: npt.NDArray[np.int16]
    nearest_: npt.NDArray[np.int16]
    split_parent_: npt.NDArray[np.int16]
    split_height_: FloatArray
    centroids_: npt.NDArray[np.float32]
    sizes_: npt.NDArray[np.int64]
    spread_: npt.NDArray[np.float32]

    def __init__(self) -> None:
        self.ids_: tuple[str, ...] | None = None
        self.scatter_ = 0.0
        self._cuts: dict[int, TreeCut] = {}

    def __getstate__(self) -> dict[str, Any]:
        # what is worked out on the way makes no other tree
        return self.__dict__ | {"_cuts": {}}

    @property
    def n_rows(self) -> int:
        """Number of clustered rows."""
        return int(self.membership_.shape[0])

    @property
    def max_k(self) -> int:
        """Deepest cut kept."""
        return int(self.membership_.shape[1])

    def fit(
        self,
        features: npt.ArrayLike,
        max_k: int = 300,
        *,
        ids: tuple[str, ...] | list[str] | None = None,
        dtype: npt.DTypeLike | None = None,
        n_representatives: int | None = None,
    ) -> Self:
        """Build the tree and its cuts.

        Parameters
        ----------
        features : array_like, shape (n, d)
            One representation per row, all finite, n >= 2.
        max_k : int
            Deepest cut.
        ids : sequence of str, optional
            Names of the rows, stored with the tree.
        dtype : dtype, optional
            Precision of the distances (float64; float32 halves the time of the products).
        n_representatives : int, optional
            Cluster that many weighted means of similar rows instead of all rows: approximate, for
            pools whose distances do not fit into memory. Exact when absent, or when there are no
            more rows than that.

        Raises
        ------
        TreeError
            When there are fewer than two rows or a value is not finite.
        """
        matrix = np.asarray(features)
        if matrix.ndim != 2 or matrix.shape[0] < 2:
            raise TreeError(
                f"a tree needs at least two representations in rows, got shape {matrix.shape}"
            )
        finite = np.isfinite(matrix).all(axis=1)
        if not finite.all():
            row = int(np.flatnonzero(~finite)[0])
            raise TreeError(f"row {row} holds a value that is not a number; leave it out first")
        if ids is not None and len(ids) != matrix.shape[0]:
            raise TreeError(f"{len(ids)} names for {matrix.shape[0]} rows")
        if not 1 <= max_k <= 32000:
            raise TreeError(f"max_k = {max_k}: the deepest cut must lie between 1 and 32000")
        self.ids_ = tuple(ids) if ids is not None else None
        self.scatter_ = 0.0
        if n_representatives is None or matrix.shape[0] <= n_representatives:
            self.linkage_ = ward_linkage(matrix, dtype=dtype)
        else:
            if n_representatives < 2:
                raise TreeError(f"{n_representatives} representatives: at least two are needed")
            chosen = choose_representatives(matrix, n_representatives)
            self.linkage_ = grouped_linkage(chosen.rows, chosen.count, chosen.member)
            self.scatter_ = chosen.scatter
        cut = membership_from_linkage(self.linkage_, max_k)
        self.membership_, self.split_parent_, self.split_height_, nodes = cut
        self._cuts = {}
        self._describe_nodes(matrix, nodes)
        return self

    def _describe_nodes(self, matrix: npt.NDArray[Any], nodes: npt.NDArray[np.int64]) -> None:
        """Centroids and sizes of the nodes, and the nearest cluster at each depth."""
        final = np.asarray(self.membership_[:, -1], dtype=np.int64)
        n_final = int(final.max()) + 1
        order = np.argsort(final, kind="stable")
        begin = np.searchsorted(final[order], np.arange(n_final))
        sums = np.add.reduceat(matrix[order].astype(np.float64), begin, axis=0)
        counts = np.bincount(final, minlength=n_final)
        # a node is the union of the final clusters that were split off it later on
        path = self._paths(n_final, int(nodes[:, 2].max()))
        covers = nodes[:, 0][:, None] == path[:, nodes[:, 1]].T
        rows = covers @ counts
        centroids = (covers.astype(np.float64) @ sums) / rows[:, None]
        self.sizes_ = np.column_stack([rows, nodes])
        self.centroids_ = centroids.astype(np.float32)
        self.nearest_ = self._nearest_clusters(centroids, nodes)
        self.spread_ = _spread(matrix[order].astype(np.float64), centroids, covers, begin, counts)

    def _paths(self, n_final: int, n_states: int) -> npt.NDArray[np.int64]:
        """Cluster number that holds each final cluster after 0, 1, 2 ... splits."""
        path = np.zeros((n_final, n_states), dtype=np.int64)
        for cluster in range(1, n_final):
            path[cluster, :cluster] = path[int(self.split_parent_[cluster]), :cluster]
            path[cluster, cluster:] = cluster
        path[0] = 0
        return path

    def _nearest_clusters(
        self, centroids: FloatArray, nodes: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int16]:
        norm = np.einsum("ij,ij->i", centroids, centroids)
        squared = norm[:, None] + norm[None, :] - 2.0 * centroids @ centroids.T
        np.fill_diagonal(squared, np.inf)
        nearest = np.full((self.max_k, self.max_k), -1, dtype=np.int16)
        n_clusters = self.membership_.max(axis=0).astype(np.int64) + 1
        for column, count in enumerate(n_clusters):
            if count < 2:
                continue
            state = count - 1
            alive = np.flatnonzero((nodes[:, 1] <= state) & (state < nodes[:, 2]))
            closest = alive[np.argmin(squared[np.ix_(alive, alive)], axis=1)]
            nearest[column, nodes[alive, 0]] = nodes[closest, 0]
        return nearest

    def clusters_at(self, depth: int) -> npt.NDArray[np.int16]:
        """Cluster number of every row when the tree is cut at `depth`.

        Raises
        ------
        TreeError
            When the tree was not cut that deep.
        """
        if not 1 <= depth <= self.max_k:
            raise TreeError(f"depth {depth}: the tree was cut at depths 1 to {self.max_k}")
        return np.asarray(self.membership_[:, depth - 1])

    def n_clusters_at(self, depth: int) -> int:
        """Return the number of clusters at `depth`: fewer than that where heights are equal."""
        return max(1, int(np.count_nonzero(self.nearest_[depth - 1] >= 0)))

    def cut(self, depth: int) -> TreeCut:
        """Return the clusters at `depth` with their rows; sorted once and kept.

        Raises
        ------
        TreeError
            When the tree was not cut that deep.
        """
        if depth not in self._cuts:
            self._cuts[depth] = TreeCut.of(self.clusters_at(depth), self.n_clusters_at(depth))
        return self._cuts[depth]

    def on_rows(self, rows: npt.NDArray[np.int64]) -> WardTree:
        """Return the same clusters with these rows only: enough to rank them by labels on them.

        Linkage, centroids and distances are left out, so that it is small.
        """
        small = WardTree()
        small.membership_ = np.array(self.membership_[rows])
        small.nearest_ = np.array(self.nearest_)
        small.split_parent_ = np.array(self.split_parent_)
        small.split_height_ = np.array(self.split_height_)
        return small

    def with_rows_like(
        self, rows: npt.NDArray[np.int64], ids: tuple[str, ...] | None = None
    ) -> WardTree:
        """Return the tree with more rows, each in the clusters of a row that is there.

        Parameters
        ----------
        rows : ndarray of int, shape (m,)
            For each new row, the one whose clusters it joins.
        ids : tuple of str, optional
            Names of all rows, the new ones last.
        """
        more = copy.copy(self)
        more.membership_ = np.vstack([self.membership_, self.membership_[rows]])
        more.ids_ = ids
        more._cuts = {}
        return more

    def siblings(self, depth: int, cluster: int) -> list[int]:
        """Clusters on the other side of the merge that would first take `cluster` in.

        Parameters
        ----------
        depth : int
            Depth of the cut.
        cluster : int
            Cluster number at that depth.
        """
        n_clusters = self.n_clusters_at(depth)
        path = self._paths(n_clusters, n_clusters)
        together = path == path[cluster]
        company = np.flatnonzero(together.sum(axis=0) > 1)
        if company.size == 0:
            return []
        members = np.flatnonzero(together[:, company[-1]])
        return [int(member) for member in members if member != cluster]

    def assign(self, features: npt.ArrayLike, *, depth: int = 241) -> Placement:
        """Place new representations into the clusters of an existing tree.

        The cluster is the one whose merging costs least by Ward's criterion,
        ``n_c / (n_c + 1) |x - mean_c|^2``.

        Parameters
        ----------
        features : array_like, shape (m, d)
        depth : int
            Depth of the cut; the deepest one where a tree is smaller.

        Returns
        -------
        Placement
            Clusters, distances, and whether each lies outside what the tree knows.

        Raises
        ------
        TreeError
            When the representations have another length, or a value is not finite.
        """
        points = np.atleast_2d(np.asarray(features, dtype=np.float64))
        if points.shape[1] != self.centroids_.shape[1]:
            raise TreeError(
                f"the tree was built on {self.centroids_.shape[1]} features per structure, "
                f"got {points.shape[1]}"
            )
        if not np.isfinite(points).all():
            raise TreeError("a new representation holds a value that is not a number")
        state = self.n_clusters_at(min(depth, self.max_k)) - 1
        alive = (self.sizes_[:, 2] <= state) & (state < self.sizes_[:, 3])
        centroids = np.asarray(self.centroids_[alive], dtype=np.float64)
        size, number = self.sizes_[alive, 0], self.sizes_[alive, 1]
        squared = _squared_distances(points, centroids)
        best = np.argmin(squared * (size / (size + 1.0)), axis=1)
        distance = np.sqrt(squared[np.arange(len(points)), best])
        spread = np.asarray(self.spread_[alive], dtype=np.float64)[best]
        # float32 centroids: a member must not lie outside its own cluster by rounding
        slack = 1e-5 * np.sqrt(np.einsum("ij,ij->i", points, points)) + 1e-12
        percentile = np.array(
            [
                np.searchsorted(row, x, side="left")
                for row, x in zip(spread, distance - slack, strict=True)
            ],
            dtype=np.float64,
        )
        percentile = np.minimum(percentile, 100.0)
        rare = np.where(size[best] >= _LARGE_CLUSTER, _OUTSIDE_PERCENTILE, 100)
        limit = spread[np.arange(len(points)), rare]
        return Placement(
            number[best].astype(np.int16), distance, percentile, distance - slack > limit
        )

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the tree into a folder as ``.npy`` files, each complete or absent."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            _write_array(target / f"{name}.npy", getattr(self, f"{name}_"))
        meta = {
            "format": _FORMAT,
            "n_rows": self.n_rows,
            "max_k": self.max_k,
            "ids": self.ids_,
            "scatter": self.scatter_,
        }
        _write_text(target / "tree.json", json.dumps(meta))
        return target

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> WardTree:
        """Open a stored tree; its arrays are memory-mapped, read-only.

        Raises
        ------
        CacheError
            When the folder holds no complete tree of this format.
        """
        source = Path(folder)
        try:
            meta = json.loads((source / "tree.json").read_text(encoding="utf-8"))
            arrays = {name: np.load(source / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        except (OSError, ValueError) as error:
            raise CacheError(f"{source}: holds no complete tree ({error}); build it again") from (
                error
            )
        if meta.get("format") != _FORMAT:
            raise CacheError(f"{source}: tree of format {meta.get('format')}, this reads {_FORMAT}")
        tree = cls()
        for name, array in arrays.items():
            setattr(tree, f"{name}_", array)
        tree.ids_ = tuple(meta["ids"]) if meta["ids"] is not None else None
        tree.scatter_ = float(meta.get("scatter", 0.0))
        return tree


def _squared_distances(points: FloatArray, centres: FloatArray) -> FloatArray:
    squared = (
        np.einsum("ij,ij->i", points, points)[:, None]
        + np.einsum("ij,ij->i", centres, centres)[None, :]
        - 2.0 * points @ centres.T
    )
    return np.asarray(np.maximum(squared, 0.0))


def _spread(
    rows: FloatArray,
    centroids: FloatArray,
    covers: npt.NDArray[np.bool_],
    begin: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
) -> npt.NDArray[np.float32]:
    """Percentiles of the distances to the centroid of each node; rows sorted by final cluster."""
    parts: list[list[FloatArray]] = [[] for _ in centroids]
    for cluster, (first, count) in enumerate(zip(begin, counts, strict=True)):
        nodes = np.flatnonzero(covers[:, cluster])
        squared = _squared_distances(rows[first : first + count], centroids[nodes])
        for node, column in zip(nodes.tolist(), squared.T, strict=True):
            parts[node].append(column)
    quantiles = [np.percentile(np.sqrt(np.concatenate(part)), _PERCENTILES) for part in parts]
    return np.array(quantiles, dtype=np.float32)


def _write_array(path: Path, array: npt.NDArray[Any]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with partial.open("wb") as handle:
        np.save(handle, array)
    partial.replace(path)


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
