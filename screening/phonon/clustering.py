"""Three ways to cluster, the silhouette of each, and how many clusters there are.

Silhouettes: Rousseeuw, J. Comput. Appl. Math. 1987, 20, 53. Spectral clustering: Ng, Jordan &
Weiss, NIPS 2001, with the local scale of Zelnik-Manor & Perona, NIPS 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.errors import ScreeningError

__all__ = ["METHODS", "ClusterError", "Clusterings", "cluster"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

METHODS = ("hierarchical", "k-means", "spectral")
_NEIGHBOUR_OF_SCALE = 7
_STARTS = 10


class ClusterError(ScreeningError):
    """Values cannot be clustered as asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusterings:
    """The clusters of one method at k = 2 ... k_max.

    Attributes
    ----------
    method : str
    labels : dict of int to ndarray, shape (m,)
        Cluster number of every row, the largest cluster first.
    silhouettes : dict of int to ndarray, shape (m,)
        Silhouette of every row.
    within : dict of int to float
        Sum of squared distances to the cluster means as a share of that to the overall mean.
    linkage : ndarray or None
        Of the hierarchical method.
    """

    method: str
    labels: dict[int, IntArray]
    silhouettes: dict[int, FloatArray]
    within: dict[int, float]
    linkage: FloatArray | None = None

    @property
    def mean_silhouette(self) -> dict[int, float]:
        """Mean silhouette at each k."""
        return {k: float(values.mean()) for k, values in self.silhouettes.items()}

    @property
    def best_by_silhouette(self) -> int:
        """Number of clusters with the largest mean silhouette."""
        means = self.mean_silhouette
        return max(means, key=lambda k: (means[k], -k))

    @property
    def best_by_variance(self) -> int:
        """Number of clusters at the elbow of the variance inside clusters.

        The point of the curve k = 1 ... k_max that lies farthest below its chord.
        """
        ks = np.array([1, *self.within])
        share = np.array([1.0, *self.within.values()])
        if ks.size < 3:
            return int(ks[-1])
        chord = share[0] + (share[-1] - share[0]) * (ks - ks[0]) / (ks[-1] - ks[0])
        return int(ks[int(np.argmax(chord - share))])

    def sizes(self, k: int) -> list[int]:
        """Return the number of rows in each cluster."""
        return [int(size) for size in np.bincount(self.labels[k], minlength=k)]


def cluster(values: npt.ArrayLike, method: str, *, k_max: int = 10, seed: int = 0) -> Clusterings:
    """Cluster rows into 2 ... k_max clusters.

    Parameters
    ----------
    values : array_like, shape (m, d)
    method : str
        One of `METHODS`; hierarchical is Ward's.
    k_max : int
    seed : int
        Of the starts of k-means, which spectral clustering uses too.

    Raises
    ------
    ClusterError
        When the method is unknown, or there are no more distinct rows than clusters.
    """
    points = np.asarray(values, dtype=np.float64)
    if method not in METHODS:
        raise ClusterError(f"{method!r} is no clustering; choose among {', '.join(METHODS)}")
    distinct = len(np.unique(points, axis=0)) if points.size else 0
    if k_max < 2 or distinct <= k_max:
        raise ClusterError(
            f"{distinct} distinct rows cannot be clustered into 2 to {k_max} clusters; "
            "give more materials or fewer clusters"
        )
    ks = range(2, k_max + 1)
    linkage = None
    if method == "hierarchical":
        from scipy.cluster.hierarchy import fcluster

        from screening.ward import ward_linkage

        linkage = ward_linkage(points)
        found = {k: fcluster(linkage, k, "maxclust").astype(np.int64) - 1 for k in ks}
    elif method == "k-means":
        found = {k: _k_means(points, k, seed) for k in ks}
    else:
        vectors = _spectral_vectors(points, k_max)
        found = {k: _k_means(_unit_rows(vectors[:, :k]), k, seed) for k in ks}
    labels = {k: _by_size(one) for k, one in found.items()}
    return Clusterings(
        method,
        labels,
        _silhouettes(points, labels),
        {k: _within(points, one) for k, one in labels.items()},
        linkage,
    )


def _k_means(points: FloatArray, k: int, seed: int) -> IntArray:
    from sklearn.cluster import KMeans

    fitted = KMeans(k, n_init=_STARTS, random_state=seed).fit(points)
    return np.asarray(fitted.labels_, dtype=np.int64)


def _spectral_vectors(points: FloatArray, k_max: int) -> FloatArray:
    """Eigenvectors of the normalised affinity with the largest eigenvalues, in columns."""
    from scipy.linalg import eigh
    from scipy.spatial.distance import pdist, squareform

    distance = squareform(pdist(points))
    m = len(points)
    nearest = min(_NEIGHBOUR_OF_SCALE, m - 1)
    scale = np.partition(distance, nearest, axis=1)[:, nearest]
    scale = np.maximum(scale, 1e-9 * max(float(distance.max()), 1e-300))
    affinity = np.exp(-(distance**2) / (scale[:, None] * scale[None, :]))
    np.fill_diagonal(affinity, 0.0)
    root = np.sqrt(np.maximum(affinity.sum(axis=1), 1e-300))
    normal = affinity / (root[:, None] * root[None, :])
    _, vectors = eigh(normal, subset_by_index=[m - k_max, m - 1])
    return np.asarray(vectors[:, ::-1])


def _unit_rows(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-300))


def _by_size(labels: IntArray) -> IntArray:
    """Return the cluster numbers in the order of size, the largest first."""
    order = np.argsort(-np.bincount(labels), kind="stable")
    number = np.empty_like(order)
    number[order] = np.arange(order.size)
    return np.asarray(number[labels], dtype=np.int64)


def _silhouettes(points: FloatArray, labels: dict[int, IntArray]) -> dict[int, FloatArray]:
    from scipy.spatial.distance import pdist, squareform

    distance = squareform(pdist(points))
    return {k: _silhouette(distance, one) for k, one in labels.items()}


def _silhouette(distance: FloatArray, labels: IntArray) -> FloatArray:
    """Silhouette of every row from all distances; zero for a cluster of one."""
    k = int(labels.max()) + 1
    member = np.eye(k)[labels]
    count = member.sum(axis=0)
    total = distance @ member
    rows = np.arange(len(labels))
    own_count = count[labels]
    own = total[rows, labels] / np.maximum(own_count - 1.0, 1.0)
    mean = total / count
    mean[rows, labels] = np.inf
    other = mean.min(axis=1)
    larger = np.maximum(own, other)
    value = np.divide(other - own, larger, out=np.zeros_like(own), where=larger > 0)
    return np.asarray(np.where(own_count > 1, value, 0.0))


def _within(points: FloatArray, labels: IntArray) -> float:
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    member = np.eye(int(labels.max()) + 1)[labels]
    means = (member.T @ points) / member.sum(axis=0)[:, None]
    return float(((points - means[labels]) ** 2).sum()) / total if total > 0 else 0.0
