"""One cut of a tree: which rows each cluster holds, looked up without going through all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["TreeCut"]


@dataclass(frozen=True, slots=True, eq=False)
class TreeCut:
    """The clusters of a tree at one depth.

    Attributes
    ----------
    cluster : ndarray of int16, shape (n,)
        Cluster number of every row.
    members : ndarray of int64, shape (n,)
        Rows sorted by cluster, ascending within each.
    begin : ndarray of int64, shape (clusters + 1,)
        Where each cluster begins among the members.
    """

    cluster: npt.NDArray[np.int16]
    members: npt.NDArray[np.int64]
    begin: npt.NDArray[np.int64]

    @classmethod
    def of(cls, cluster: npt.NDArray[np.int16], n_clusters: int) -> TreeCut:
        """Sort the rows by their cluster."""
        own = np.ascontiguousarray(cluster)
        members = np.argsort(own, kind="stable").astype(np.int64)
        counts = np.bincount(own, minlength=n_clusters)
        return cls(own, members, np.concatenate([[0], np.cumsum(counts)]))

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return self.begin.size - 1

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Rows of each cluster."""
        return np.diff(self.begin)

    def rows_of(self, cluster: int) -> npt.NDArray[np.int64]:
        """Rows of a cluster, ascending."""
        return self.members[self.begin[cluster] : self.begin[cluster + 1]]
