"""Labels that contradict others of their structure or cluster, or what the tree lets expect.

Two labels of one structure should differ as pellets do; a label and the others of its cluster as
labels of one cluster do; and any label should lie where the tree mean expects it without it. The
last is exact and costs nothing: taking a label out of a normal posterior divides its likelihood
away (the cavity of expectation propagation; Rasmussen & Williams, Gaussian Processes, 2006, 5.4).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from screening.rank import Labels, Ranking

__all__ = ["PELLET_NOISE_DECADES", "Disagreement", "disagreeing_labels"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Pellets of one compound differ by about a factor of two.
PELLET_NOISE_DECADES = 0.3
# how many standard deviations off a label must be
_SURPRISE = 3.0
# beyond this one label in a hundred lies
_UNEXPECTED = 2.58
# from so many deviations on their median says more than the model, which a surprise inflates
_FEWEST_FOR_MEDIAN = 8


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A label that others contradict.

    Attributes
    ----------
    position : int
        Of the label among the labels.
    log_sigma, others_log_sigma : float
        The label, and the mean of those that contradict it, or what is expected without it.
    others : tuple of int
        Positions of the labels that contradict it; empty against the tree.
    surprise : float
        Difference over its expected standard deviation.
    deviation : float
        That standard deviation, in decades.
    noise : float
        By how much two such labels usually differ from their mean, in decades.
    against : {"structure", "cluster", "tree"}
        Labels of the very same structure, of the cluster, or the expectation from all labels.
    is_own : bool
        Whether the label was measured in this laboratory, so that it can be repeated.
    """

    position: int
    log_sigma: float
    others_log_sigma: float
    others: tuple[int, ...]
    surprise: float
    deviation: float
    noise: float
    against: Literal["structure", "cluster", "tree"]
    is_own: bool = False


def disagreeing_labels(
    labels: Labels,
    ranking: Ranking,
    *,
    pellet_noise_decades: float = PELLET_NOISE_DECADES,
    own: Collection[str] = (),
    checked: Collection[str] = (),
) -> list[Disagreement]:
    """Find labels that others contradict: own measurements first, then the worst first.

    Two labels of one structure should differ by pellet noise only; labels of one cluster also by
    the scatter that labels of one cluster usually show, which is taken from the median deviation,
    or from the ranking's model where few labels share a cluster. An own measurement, which is
    repeated in a day, is held to the scatter of its very cluster where that has enough labels to
    tell: some clusters agree far better than clusters in general. Of two labels that contradict
    only each other the one further from the ranking's expectation is named.

    Parameters
    ----------
    labels : Labels
    ranking : Ranking
        By the tree mean, made with these labels.
    pellet_noise_decades : float
        Standard deviation between pellets of one compound.
    own : collection of str
        Names of the labels that were measured in this laboratory.
    checked : collection of str
        Names of the labels that somebody has checked already: they contradict others still, but
        are not named again.

    Returns
    -------
    list of Disagreement
        One per cluster.
    """
    floor = ranking.parameters.get("floor_log_sigma")
    values = labels.log_sigma if floor is None else np.maximum(labels.log_sigma, floor)
    cluster = np.asarray(ranking.cluster[labels.index], dtype=np.int64)
    scatter = _usual_scatter(values, cluster, ranking)
    found = []
    for position in range(len(labels)):
        name = labels.names[position]
        if name in checked:
            continue
        is_own = name in own
        usual = min(scatter, _scatter_beside(position, values, cluster)) if is_own else scatter
        item = (
            _contradicted(position, labels.index, values, labels, pellet_noise_decades, "structure")
            or _contradicted(
                position,
                cluster,
                values,
                labels,
                float(np.hypot(pellet_noise_decades, usual)),
                "cluster",
            )
            or _unexpected(position, values, labels, ranking)
        )
        if item is not None:
            found.append(replace(item, is_own=is_own))
    expected = ranking.score[labels.index]
    found.sort(key=lambda d: (not d.is_own, -d.surprise, -abs(d.log_sigma - expected[d.position])))
    first: dict[int, Disagreement] = {}
    for item in found:
        first.setdefault(int(cluster[item.position]), item)
    return list(first.values())


def _contradicted(
    position: int,
    group: npt.NDArray[np.int64],
    values: FloatArray,
    labels: Labels,
    noise_decades: float,
    against: Literal["structure", "cluster"],
) -> Disagreement | None:
    peers = group == group[position]
    peers[position] = False
    count = int(peers.sum())
    if not count:
        return None
    mean = float(values[peers].mean())
    off = float(values[position] - mean)
    upper, lower = labels.is_upper_bound, labels.is_lower_bound
    # "less than" above the others, or others "less than" above it, contradict nothing; nor does
    # "more than" below
    if (upper[position] or lower[peers].all()) and off > 0:
        return None
    if (lower[position] or upper[peers].all()) and off < 0:
        return None
    deviation = float(noise_decades * np.sqrt(1.0 + 1.0 / count))
    if abs(off) < _SURPRISE * deviation:
        return None
    return Disagreement(
        position=position,
        log_sigma=float(values[position]),
        others_log_sigma=mean,
        others=tuple(np.flatnonzero(peers).tolist()),
        surprise=abs(off) / deviation,
        deviation=deviation,
        noise=noise_decades,
        against=against,
    )


def _unexpected(
    position: int, values: FloatArray, labels: Labels, ranking: Ranking
) -> Disagreement | None:
    """Compare a label with what the tree mean expects at its structure without it."""
    row = int(labels.index[position])
    scatter = float(ranking.parameters.get("label_variance", 1.0))
    variance = float(ranking.uncertainty[row]) ** 2
    precision = 1.0 / variance - 1.0 / scatter
    if precision <= 1e-6:
        return None  # it is the only label: nothing is left without it
    mean = (float(ranking.score[row]) / variance - float(values[position]) / scatter) / precision
    deviation = float(np.sqrt(1.0 / precision + scatter))
    off = float(values[position]) - mean
    agrees = labels.is_upper_bound if off > 0 else labels.is_lower_bound
    if abs(off) < _UNEXPECTED * deviation or agrees[position]:
        return None
    return Disagreement(
        position=position,
        log_sigma=float(values[position]),
        others_log_sigma=mean,
        others=(),
        surprise=abs(off) / deviation,
        deviation=deviation,
        noise=deviation,
        against="tree",
    )


def _scatter_beside(position: int, values: FloatArray, cluster: IntArray) -> float:
    """Return the scatter of the other labels of one cluster, infinite where they are too few."""
    others = cluster == cluster[position]
    others[position] = False
    if int(others.sum()) < _FEWEST_FOR_MEDIAN:
        return float("inf")
    beside = values[others]
    return 1.4826 * float(np.median(np.abs(beside - np.median(beside))))


def _usual_scatter(values: FloatArray, cluster: IntArray, ranking: Ranking) -> float:
    """Return the standard deviation of labels inside a cluster, little moved by a few surprises."""
    model = float(np.sqrt(ranking.parameters.get("label_variance", 1.0)))
    _, member = np.unique(cluster, return_inverse=True)
    count = np.bincount(member)[member]
    mean = (np.bincount(member, values) / np.bincount(member))[member]
    shared = count > 1
    if int(shared.sum()) < _FEWEST_FOR_MEDIAN:
        return model
    spread = np.abs(values - mean)[shared] * np.sqrt(count[shared] / (count[shared] - 1.0))
    return min(model, 1.4826 * float(np.median(spread)))
