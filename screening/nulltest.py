"""What W(k) looks like when the representation knows nothing.

Three nulls, from the weakest to the strictest:

* `random_assignment_control`: labels fall into k clusters at random, the control of Laskowski et
  al., Energy Environ. Sci. 2023, 16, 1264. It ignores that clusters differ in size.
* `analytic_null`: expectation of W(k) when labels are permuted over the labelled structures of a
  given tree, without the frozen rule: ``W(1) (n - m_k) / (n - 1)`` with ``m_k`` clusters that hold
  labels.
* `permutation_null`: labels permuted on the same tree, with the frozen rule. With formula blocks
  the mean of each formula moves as a whole and the deviations inside a formula stay where they
  are, so that repeats of one compound do not count as independent evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import LabelError
from screening.variance import check_labels, curve_from_cluster_numbers

__all__ = [
    "NullCurves",
    "adjusted_p_values",
    "analytic_null",
    "permutation_null",
    "permuted_labels",
    "random_assignment_control",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class NullCurves:
    """Curves W(k) drawn from a null.

    Attributes
    ----------
    curves : ndarray, shape (repeats, depths)
    """

    curves: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Mean curve."""
        return np.asarray(self.curves.mean(axis=0))

    @property
    def standard_deviation(self) -> FloatArray:
        """Standard deviation at each depth."""
        return np.asarray(self.curves.std(axis=0, ddof=1))

    def z_score(self, curve: npt.ArrayLike) -> FloatArray:
        """Distance of a curve from the mean in standard deviations (negative: better)."""
        spread = self.standard_deviation
        offset = np.asarray(curve, dtype=np.float64) - self.mean
        # one cluster holds all labels in every draw: what spread there is, is rounding
        real = spread > 1e-9 * np.abs(self.mean)
        return np.divide(offset, spread, out=np.zeros_like(offset), where=real)

    def reduction(self, curve: npt.ArrayLike) -> FloatArray:
        """``R(k) = 1 - W(k) / E[W(k)]``: the part of the expected variance that is explained."""
        mean = self.mean
        ratio = np.divide(curve, mean, out=np.ones_like(mean), where=mean > 0)
        return np.asarray(1.0 - ratio)

    def p_value(self, curve: npt.ArrayLike) -> FloatArray:
        """One-sided p at each depth, counting the observation itself."""
        observed = np.asarray(curve, dtype=np.float64)
        as_low = np.count_nonzero(self.curves <= observed[None, :] + 1e-9, axis=0)
        return np.asarray((as_low + 1.0) / (len(self.curves) + 1.0))


def random_assignment_control(
    log_sigma: npt.ArrayLike,
    *,
    k_max: int = 300,
    repeats: int = 100,
    frozen: bool = True,
    seed: int = 0,
) -> NullCurves:
    """W(k) with every label in one of k clusters at random, drawn anew at each depth.

    Parameters
    ----------
    log_sigma : array_like, shape (m,)
    k_max, repeats : int
    frozen : bool
        As in `screening.variance.w_sigma_curve`.
    seed : int
    """
    values = np.asarray(log_sigma, dtype=np.float64).reshape(-1)
    random = np.random.default_rng(seed)
    depth = np.arange(1, k_max + 1)
    curves = np.empty((repeats, k_max))
    for repeat in range(repeats):
        clusters = (random.random((values.size, k_max)) * depth).astype(np.int64)
        curves[repeat] = curve_from_cluster_numbers(clusters, values, frozen=frozen)
    return NullCurves(curves)


def analytic_null(
    membership: npt.NDArray[Any],
    labelled_index: npt.ArrayLike,
    log_sigma: npt.ArrayLike,
    *,
    k_max: int = 300,
) -> FloatArray:
    """Return the expected W(k), not frozen, over all permutations of the labels on this tree.

    Returns
    -------
    ndarray, shape (k_max,)
    """
    index, values = check_labels(membership.shape[0], labelled_index, log_sigma)
    if index.size < 2:
        return np.zeros(k_max)
    clusters = np.sort(np.asarray(membership[index, :k_max]), axis=0)
    occupied = 1 + np.count_nonzero(np.diff(clusters, axis=0), axis=0)
    total = float(((values - values.mean()) ** 2).sum())
    return np.asarray(total * (index.size - occupied) / (index.size - 1.0))


def permutation_null(
    membership: npt.NDArray[Any],
    labelled_index: npt.ArrayLike,
    log_sigma: npt.ArrayLike,
    *,
    blocks: Sequence[str] | None = None,
    repeats: int = 500,
    frozen: bool = True,
    k_max: int = 300,
    seed: int = 0,
) -> NullCurves:
    """W(k) on the same tree with permuted labels.

    Parameters
    ----------
    membership : ndarray of int, shape (n, depths)
    labelled_index, log_sigma : array_like, shape (m,)
    blocks : sequence of str, optional
        Name of the block of each label, as a rule its reduced formula. Block means are permuted
        among blocks; deviations inside a block stay with their label.
    repeats : int
    frozen : bool
    k_max : int
    seed : int
        The same seed gives the same permutations for every tree with the same labels, which the
        correction over representations (`adjusted_p_values`) needs.

    Raises
    ------
    LabelError
        When labels and blocks do not fit.
    """
    index, values = check_labels(membership.shape[0], labelled_index, log_sigma)
    clusters = np.asarray(membership[index, :k_max])
    drawn = permuted_labels(values, blocks, repeats, np.random.default_rng(seed))
    return NullCurves(_curves_of_many(clusters, drawn, frozen))


def permuted_labels(
    values: FloatArray, blocks: Sequence[str] | None, repeats: int, random: np.random.Generator
) -> FloatArray:
    """Permute labels many times, freely or in blocks.

    Parameters
    ----------
    values : ndarray, shape (m,)
    blocks : sequence of str or None
        Name of the block of each label: block means are permuted among blocks, deviations inside
        a block stay with their label.
    repeats : int
    random : numpy.random.Generator

    Returns
    -------
    ndarray, shape (repeats, m)

    Raises
    ------
    LabelError
        When labels and blocks do not fit.
    """
    if blocks is None:
        return np.array([random.permutation(values) for _ in range(repeats)])
    if len(blocks) != values.size:
        raise LabelError(f"{len(blocks)} block names for {values.size} labels")
    _, block = np.unique(np.array(blocks), return_inverse=True)
    count = np.bincount(block)
    mean = np.bincount(block, values, count.size) / count
    inside = values - mean[block]
    return np.array([random.permutation(mean)[block] + inside for _ in range(repeats)])


def _curves_of_many(clusters: npt.NDArray[Any], values: FloatArray, frozen: bool) -> FloatArray:
    """W(k) of many label vectors, shape (repeats, m), on the same cluster numbers."""
    repeats, depths = values.shape[0], clusters.shape[1]
    centred = values - values.mean(axis=1, keepdims=True)
    curves = np.empty((repeats, depths))
    squared = np.zeros_like(values)
    for depth in range(depths):
        column = clusters[:, depth]
        if depth and np.array_equal(column, clusters[:, depth - 1]):
            curves[:, depth] = curves[:, depth - 1]
            continue
        order = np.argsort(column, kind="stable")
        start = np.flatnonzero(np.diff(column[order], prepend=-1))
        count = np.diff(start, append=column.size)
        group = np.repeat(np.arange(start.size), count)
        mean = np.add.reduceat(centred[:, order], start, axis=1) / count
        fresh = (centred[:, order] - mean[:, group]) ** 2
        if frozen:
            alone = count[group] == 1
            fresh[:, alone] = squared[:, order[alone]]
        squared[:, order] = fresh
        curves[:, depth] = squared.sum(axis=1)
    return curves


def adjusted_p_values(
    observed: Sequence[FloatArray], nulls: Sequence[NullCurves], *, depths: Sequence[int]
) -> FloatArray:
    """P of each representation, corrected for choosing the best of many (max-T).

    Westfall & Young, Resampling-Based Multiple Testing (1993): the statistic of a representation
    is its largest reduction of W, in standard deviations of the null, over the depths looked at;
    it is compared with the largest statistic over all representations in each permutation.

    Parameters
    ----------
    observed : sequence of ndarray
        W(k) per representation.
    nulls : sequence of NullCurves
        Drawn with the same seed and number of repeats for every representation.
    depths : sequence of int
        Depths k that count.

    Returns
    -------
    ndarray, shape (representations,)
    """
    columns = np.asarray(depths, dtype=np.int64) - 1
    statistics, drawn = [], []
    for curve, null in zip(observed, nulls, strict=True):
        mean, spread = null.mean[columns], np.maximum(null.standard_deviation[columns], 1e-12)
        statistics.append(np.max((mean - curve[columns]) / spread))
        drawn.append(np.max((mean - null.curves[:, columns]) / spread, axis=1))
    largest = np.max(np.array(drawn), axis=0)
    exceeding = np.count_nonzero(largest[None, :] >= np.array(statistics)[:, None], axis=1)
    return np.asarray((exceeding + 1.0) / (largest.size + 1.0))
