"""How well a score finds the good ones: enrichment, precision, recall, area under the curve.

Scores tie often here (all structures of a cluster share one). Every metric is the expectation over
random orders within a tie, so that the order of rows cannot flatter a score.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from screening.errors import LabelError

__all__ = [
    "Interval",
    "area_under_curve",
    "bootstrap",
    "bootstrap_gain",
    "enrichment_factor",
    "expected_hits",
    "precision_at",
    "recall_at",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Metric = Callable[[FloatArray, BoolArray], float]


class Interval(NamedTuple):
    """A metric with the bounds of its bootstrap interval."""

    value: float
    low: float
    high: float


def _checked(score: npt.ArrayLike, positive: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
    values = np.asarray(score, dtype=np.float64).reshape(-1)
    good = np.asarray(positive, dtype=np.bool_).reshape(-1)
    if values.size != good.size or values.size == 0:
        raise LabelError(f"{values.size} scores for {good.size} outcomes")
    return values, good


def expected_hits(score: npt.ArrayLike, positive: npt.ArrayLike, count: int) -> float:
    """Return how many positives are among the best `count`, ties broken at random."""
    values, good = _checked(score, positive)
    count = min(count, values.size)
    levels, member = np.unique(-values, return_inverse=True)
    size = np.bincount(member.reshape(-1), minlength=levels.size)
    hits = np.bincount(member.reshape(-1), good.astype(np.float64), levels.size)
    before = np.concatenate([[0], np.cumsum(size)[:-1]])
    taken = np.clip(count - before, 0, size)
    return float((hits * taken / size).sum())


def precision_at(score: npt.ArrayLike, positive: npt.ArrayLike, count: int) -> float:
    """Return the share of positives among the best `count`."""
    values, _ = _checked(score, positive)
    return expected_hits(score, positive, count) / min(count, values.size)


def recall_at(score: npt.ArrayLike, positive: npt.ArrayLike, count: int) -> float:
    """Return the share of all positives that are among the best `count` (nan without any)."""
    _, good = _checked(score, positive)
    return expected_hits(score, positive, count) / good.sum() if good.any() else float("nan")


def enrichment_factor(
    score: npt.ArrayLike, positive: npt.ArrayLike, fraction: float = 0.1
) -> float:
    """Return the density of positives in the best fraction over their density in all.

    1 is random; the largest possible value is ``min(1 / fraction, n / positives)``.
    """
    _, good = _checked(score, positive)
    count = max(1, round(fraction * good.size))
    share = good.mean()
    return precision_at(score, positive, count) / share if share else float("nan")


def area_under_curve(score: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """Return the chance that a positive scores above a negative, ties counting half.

    Nan when one of the two kinds is missing.
    """
    values, good = _checked(score, positive)
    n_good = int(good.sum())
    n_bad = good.size - n_good
    if not n_good or not n_bad:
        return float("nan")
    _levels, member, size = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - (size - 1) / 2.0
    ranks = middle[member.reshape(-1)]
    return float((ranks[good].sum() - n_good * (n_good + 1) / 2.0) / (n_good * n_bad))


def bootstrap(
    metric: Metric,
    score: npt.ArrayLike,
    positive: npt.ArrayLike,
    *,
    repeats: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a metric with a percentile interval over resampled cases.

    Parameters
    ----------
    metric : callable
        Takes scores and outcomes.
    repeats : int
    level : float
    seed : int
    """
    values, good = _checked(score, positive)
    random = np.random.default_rng(seed)
    drawn = random.integers(0, values.size, size=(repeats, values.size))
    found = np.array([metric(values[rows], good[rows]) for rows in drawn])
    found = found[np.isfinite(found)]
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(found, [tail, 1.0 - tail]) if found.size else (np.nan, np.nan)
    return Interval(float(metric(values, good)), float(low), float(high))


def bootstrap_gain(
    metric: Metric,
    score: npt.ArrayLike,
    reference: npt.ArrayLike,
    positive: npt.ArrayLike,
    *,
    repeats: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return how much a metric is higher for one score than for another, with an interval.

    Both are resampled together, case by case, so that what makes a sample easy for both cancels.

    Parameters
    ----------
    metric : callable
    score, reference : array_like, shape (n,)
    positive : array_like of bool, shape (n,)
    repeats : int
    level : float
    seed : int
    """
    values, good = _checked(score, positive)
    other, _ = _checked(reference, positive)
    random = np.random.default_rng(seed)
    drawn = random.integers(0, values.size, size=(repeats, values.size))
    found = np.array(
        [metric(values[rows], good[rows]) - metric(other[rows], good[rows]) for rows in drawn]
    )
    found = found[np.isfinite(found)]
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(found, [tail, 1.0 - tail]) if found.size else (np.nan, np.nan)
    return Interval(float(metric(values, good) - metric(other, good)), float(low), float(high))
