"""Labels that contradict others of their structure or cluster beyond what pellets differ by."""

from __future__ import annotations

from dataclasses import dataclass

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
# from so many deviations on their median says more than the model, which a surprise inflates
_FEWEST_FOR_MEDIAN = 8


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A label that its cluster contradicts.

    Attributes
    ----------
    position : int
        Of the label among the labels.
    log_sigma, others_log_sigma : float
        The label, and the mean of the others of its cluster (or of its structure).
    n_others : int
    surprise : float
        Difference over its expected standard deviation.
    same_structure : bool
        Whether the others are labels of the very same structure.
    """

    position: int
    log_sigma: float
    others_log_sigma: float
    n_others: int
    surprise: float
    same_structure: bool


def disagreeing_labels(
    labels: Labels,
    ranking: Ranking,
    *,
    pellet_noise_decades: float = PELLET_NOISE_DECADES,
) -> list[Disagreement]:
    """Find labels that contradict the others of their structure or cluster, worst first.

    Two labels of one structure should differ by pellet noise only; labels of one cluster also by
    the scatter that labels of one cluster usually show, which is taken from the median deviation,
    or from the ranking's model where few labels share a cluster. Of two labels that contradict
    only each other the one further from the ranking's expectation is named.

    Parameters
    ----------
    labels : Labels
    ranking : Ranking
        By the tree mean, made with these labels.
    pellet_noise_decades : float
        Standard deviation between pellets of one compound.

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
        for same_structure in (True, False):
            group = labels.index if same_structure else cluster
            noise = (
                pellet_noise_decades if same_structure else np.hypot(pellet_noise_decades, scatter)
            )
            item = _contradicted(position, group, values, labels, float(noise), same_structure)
            if item is not None:
                found.append(item)
                break
    expected = ranking.score[labels.index]
    found.sort(key=lambda d: (-d.surprise, -abs(d.log_sigma - expected[d.position])))
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
    same_structure: bool,
) -> Disagreement | None:
    peers = group == group[position]
    peers[position] = False
    count = int(peers.sum())
    if not count:
        return None
    mean = float(values[peers].mean())
    off = float(values[position] - mean)
    bound = labels.is_upper_bound
    # "less than" above the others, or others "less than" above it, contradict nothing
    if (bound[position] and off > 0) or (bound[peers].all() and off < 0):
        return None
    surprise = abs(off) / float(noise_decades * np.sqrt(1.0 + 1.0 / count))
    if surprise < _SURPRISE:
        return None
    return Disagreement(position, float(values[position]), mean, count, surprise, same_structure)


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
