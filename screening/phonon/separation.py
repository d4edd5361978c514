"""Do features or clusters tell good conductors from poor ones? Permutation tests.

A feature is judged by Spearman's rank correlation with log10(sigma) and by the area under the
curve for conductors above a threshold; clusters by the share of the rank variance between them.
Labels are permuted in blocks (one per formula); p of many features is corrected for having looked
at all (max-T, Westfall & Young 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.errors import LabelError
from screening.nulltest import permuted_labels

__all__ = ["ClusterSeparation", "FeatureSeparation", "cluster_separation", "feature_separation"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FeatureSeparation:
    """How one feature goes with a label.

    Attributes
    ----------
    name : str
    spearman : float
    auc : float or None
        Chance that a random conductor has the larger value; None without both kinds.
    p : float
        Two-sided, of the rank correlation.
    p_corrected : float
        For having looked at all features.
    n : int
    """

    name: str
    spearman: float
    auc: float | None
    p: float
    p_corrected: float
    n: int


@dataclass(frozen=True, slots=True)
class ClusterSeparation:
    """How a label differs between clusters.

    Attributes
    ----------
    between : float
        Share of the variance of the ranks that lies between clusters.
    p : float
    n : int
    """

    between: float
    p: float
    n: int


def feature_separation(
    features: npt.ArrayLike,
    names: Sequence[str],
    label: npt.ArrayLike,
    *,
    threshold: float | None = None,
    blocks: Sequence[str] | None = None,
    repeats: int = 2000,
    seed: int = 0,
) -> list[FeatureSeparation]:
    """Test every feature against a label.

    Parameters
    ----------
    features : array_like, shape (m, f)
    names : sequence of str, length f
    label : array_like, shape (m,)
        Such as log10(sigma).
    threshold : float, optional
        Labels at or above it are conductors.
    blocks : sequence of str, optional
        Formula of each label.
    repeats : int
    seed : int

    Raises
    ------
    LabelError
        When there are fewer than four labels or the shapes do not fit.
    """
    from scipy.stats import rankdata

    values, labels = np.asarray(features, dtype=np.float64), np.asarray(label, dtype=np.float64)
    if labels.size < 4 or values.shape != (labels.size, len(names)):
        raise LabelError(
            f"{labels.size} labels for features of shape {values.shape}: give four or more labels "
            "and one row of features for each"
        )
    ranks = _standard(rankdata(values, axis=0))
    drawn = permuted_labels(labels, blocks, repeats, np.random.default_rng(seed))
    null = np.abs(_standard(rankdata(drawn, axis=1).T).T @ ranks) / labels.size
    observed = ranks.T @ _standard(rankdata(labels)[:, None])[:, 0] / labels.size
    size = np.abs(observed) - 1e-9
    p = (np.count_nonzero(null >= size, axis=0) + 1.0) / (repeats + 1.0)
    largest = null.max(axis=1)
    corrected = (np.count_nonzero(largest[:, None] >= size, axis=0) + 1.0) / (repeats + 1.0)
    above = None if threshold is None else labels >= threshold
    return [
        FeatureSeparation(
            name,
            float(observed[i]),
            None if above is None else _auc(values[:, i], above),
            float(p[i]),
            float(corrected[i]),
            int(labels.size),
        )
        for i, name in enumerate(names)
    ]


def _standard(ranks: FloatArray) -> FloatArray:
    centred = ranks - ranks.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))


def _auc(values: FloatArray, above: npt.NDArray[np.bool_]) -> float | None:
    from scipy.stats import rankdata

    n_above, n_below = int(above.sum()), int((~above).sum())
    if not n_above or not n_below:
        return None
    rank_sum = float(rankdata(values)[above].sum())
    return (rank_sum - n_above * (n_above + 1) / 2.0) / (n_above * n_below)


def cluster_separation(
    clusters: npt.ArrayLike,
    label: npt.ArrayLike,
    *,
    blocks: Sequence[str] | None = None,
    repeats: int = 2000,
    seed: int = 0,
) -> ClusterSeparation:
    """Test whether a label differs between clusters.

    The share of the rank variance between clusters is the statistic of Kruskal and Wallis divided
    by m - 1.

    Raises
    ------
    LabelError
        When there are fewer than four labels, or the two differ in length.
    """
    from scipy.stats import rankdata

    number = np.asarray(clusters, dtype=np.int64)
    labels = np.asarray(label, dtype=np.float64)
    if labels.size < 4 or number.size != labels.size:
        raise LabelError(f"{labels.size} labels for {number.size} clusters: give four or more")
    member = np.eye(int(number.max()) + 1)[number]
    count = np.maximum(member.sum(axis=0), 1.0)
    if blocks is None:  # permuted labels have permuted ranks
        labels = rankdata(labels)
    drawn = permuted_labels(labels, blocks, repeats, np.random.default_rng(seed))

    def between(rows: FloatArray) -> FloatArray:
        ranks = _standard((rows if blocks is None else rankdata(rows, axis=1)).T).T
        return np.asarray(((ranks @ member) ** 2 / count).sum(axis=1) / labels.size)

    observed = float(between(labels[None, :])[0])
    as_large = int(np.count_nonzero(between(drawn) >= observed - 1e-9))
    return ClusterSeparation(observed, (as_large + 1.0) / (repeats + 1.0), int(labels.size))
