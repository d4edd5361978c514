"""What to measure next: expected gain, spread over clusters, and labels worth repeating.

A structure is worth a measurement when it may well conduct better than the target. With the tree
mean its conductivity is expected as a normal distribution of log10(sigma): mean and uncertainty of
its cluster, and the scatter of labels inside one. The gain is the expected improvement over the
target (Jones, Schonlau & Welch, J. Global Optim. 1998, 13, 455), in decades, counted up to what any
ion conductor is known to reach. One structure is
proposed per cluster, best gain first, so that the next five measurements do not ask one question.

A label that stands further from the others of its structure or cluster than pellets and labels of
one cluster usually do, or where nothing else led to expect it, is proposed for a repeat: before a
ranking follows a surprise, the surprise is checked. Own measurements come first, as they can be
repeated on the spot.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from screening.disagreement import PELLET_NOISE_DECADES, Disagreement, disagreeing_labels
from screening.errors import ScreeningError
from screening.proposal_reasons import why_measure, why_repeat
from screening.rank import Labels, Ranking
from screening.tree import WardTree

__all__ = ["Proposal", "labelled_depth", "propose"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: No lithium conductor is known above about 0.03 S/cm at room temperature.
CEILING_LOG_SIGMA = -1.5
# share of labelled structures that stand alone deeper than what counts as out of domain
_DOMAIN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Proposal:
    """One measurement to make.

    Attributes
    ----------
    row : int
        Structure.
    kind : {"measure", "repeat"}
    gain_decades : float
        Expected improvement over the target; of a repeat the distance to its cluster.
    probability : float
        To beat the target.
    expected_log_sigma, standard_deviation : float
        Of one measurement of this structure.
    out_of_domain : bool
        Whether nothing like it was ever measured.
    cluster : int
    label : str or None
        The label to repeat.
    reason : str
        Why, in a sentence.
    """

    row: int
    kind: Literal["measure", "repeat"]
    gain_decades: float
    probability: float
    expected_log_sigma: float
    standard_deviation: float
    out_of_domain: bool
    cluster: int
    label: str | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind,
            "gain_decades": self.gain_decades,
            "probability": self.probability,
            "expected_log_sigma": self.expected_log_sigma,
            "standard_deviation": self.standard_deviation,
            "out_of_domain": self.out_of_domain,
            "cluster": self.cluster,
            "label": self.label,
            "reason": self.reason,
        }


def propose(
    tree: WardTree,
    labels: Labels,
    ranking: Ranking,
    count: int,
    *,
    target_log_sigma: float = -4.0,
    ceiling_log_sigma: float = CEILING_LOG_SIGMA,
    formulas: Sequence[str] | None = None,
    compounds: Mapping[int, str] | None = None,
    measured_formulas: Collection[str] = (),
    own: Collection[str] = (),
    checked: Collection[str] = (),
    unfit: npt.ArrayLike | None = None,
    pellet_noise_decades: float = PELLET_NOISE_DECADES,
    per_cluster: int = 1,
) -> tuple[Proposal, ...]:
    """Choose the next measurements.

    Parameters
    ----------
    tree : WardTree
    labels : Labels
    ranking : Ranking
        By the tree mean, made with these labels.
    count : int
        How many proposals. At most a third of them, rounded up, are repeats.
    target_log_sigma : float
        log10 of the conductivity in S/cm that is worth beating.
    ceiling_log_sigma : float
        Gains are counted up to here: without a ceiling the least known structure always wins.
    formulas : sequence of str, optional
        Formula of each structure, written one way for one composition: a compound that was
        measured, or proposed already, is left out whatever its structure.
    compounds : mapping of int to str, optional
        What to call the compounds of labelled structures in the reasons.
    measured_formulas : collection of str
        Compounds that were measured without a structure, written that way.
    own : collection of str
        Names of the labels that were measured in this laboratory.
    checked : collection of str
        Names of the labels that were checked already, so that no repeat is proposed.
    unfit : array_like of bool, shape (n,), optional
        Structures that nobody would make, whatever is expected of them.
    pellet_noise_decades : float
        Standard deviation between pellets of one compound.
    per_cluster : int
        Most proposals from one cluster.

    Returns
    -------
    tuple of Proposal
        Repeats first, then new measurements by their gain.

    Raises
    ------
    ScreeningError
        When the ranking is not by the tree mean, or does not fit the tree.
    """
    if ranking.method != "tree-mean":
        raise ScreeningError(
            "proposals need expected conductivities with their uncertainty: rank by tree-mean"
        )
    if ranking.score.size != tree.n_rows:
        raise ScreeningError(
            f"the ranking holds {ranking.score.size} structures and the tree {tree.n_rows}"
        )
    scatter = float(np.sqrt(ranking.parameters.get("label_variance", 1.0)))
    sd = np.sqrt(ranking.uncertainty**2 + scatter**2)
    gain, probability = _expected_gain(ranking.score, sd, target_log_sigma, ceiling_log_sigma)
    depth = labelled_depth(tree, labels)
    outside = _out_of_domain(tree, labels, depth)
    disagreements = disagreeing_labels(
        labels, ranking, pellet_noise_decades=pellet_noise_decades, own=own, checked=checked
    )
    repeats = [
        _repeat(found, labels, ranking, sd, probability, outside, compounds or {})
        for found in disagreements[: -(-count // 3)]
    ]
    rows = _fresh_rows(
        labels,
        ranking,
        gain,
        formulas,
        count - len(repeats),
        per_cluster,
        known=set(measured_formulas),
        unfit=None if unfit is None else np.asarray(unfit, dtype=np.bool_),
    )
    fresh = [
        Proposal(
            row=row,
            kind="measure",
            gain_decades=float(gain[row]),
            probability=float(probability[row]),
            expected_log_sigma=float(ranking.score[row]),
            standard_deviation=float(sd[row]),
            out_of_domain=bool(outside[row]),
            cluster=int(ranking.cluster[row]),
            label=None,
            reason=why_measure(
                row,
                labels,
                ranking,
                sd=float(sd[row]),
                probability=float(probability[row]),
                gain=float(gain[row]),
                target=target_log_sigma,
                out_of_domain=bool(outside[row]),
                compounds=compounds or {},
            ),
        )
        for row in rows
    ]
    return (*repeats, *fresh)


def _expected_gain(
    mean: FloatArray, sd: FloatArray, target: float, ceiling: float
) -> tuple[FloatArray, FloatArray]:
    """Return the expected improvement between target and ceiling, and the chance to beat it."""
    from scipy.special import ndtr

    def improvement(level: float) -> FloatArray:
        z = (mean - level) / sd
        density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
        return np.asarray((mean - level) * ndtr(z) + sd * density)

    probability = np.asarray(ndtr((mean - target) / sd))
    return improvement(target) - improvement(max(target, ceiling)), probability


def labelled_depth(tree: WardTree, labels: Labels, *, own: bool = False) -> IntArray:
    """Deepest cut at which each structure shares its cluster with a labelled structure.

    Parameters
    ----------
    tree : WardTree
    labels : Labels
    own : bool
        Whether a structure's own labels count.

    Returns
    -------
    ndarray of int, shape (n,)
        From 1 (only the whole pool holds a label) to ``tree.max_k``; 0 without any label.
    """
    rows = np.unique(labels.index)
    deepest = np.zeros(tree.n_rows, dtype=np.int64)
    is_labelled = np.zeros(tree.n_rows, dtype=np.int64)
    is_labelled[rows] = 1
    for depth in range(1, tree.max_k + 1):
        clusters = tree.clusters_at(depth)
        held = np.bincount(clusters[rows], minlength=int(clusters.max()) + 1)[clusters]
        others = held if own else held - is_labelled
        deepest[others > 0] = depth
    return deepest


def _out_of_domain(tree: WardTree, labels: Labels, depth: IntArray) -> BoolArray:
    """Whether a structure meets labels only higher up than nine in ten labelled ones meet others.

    Labels are scarce where nobody looked: the yardstick is how deep labelled structures find each
    other.
    """
    rows = np.unique(labels.index)
    if rows.size < 2:
        return np.ones(tree.n_rows, dtype=np.bool_)
    limit = float(np.quantile(depth[rows], _DOMAIN_SHARE))
    return np.asarray(depth < limit)


def _fresh_rows(
    labels: Labels,
    ranking: Ranking,
    gain: FloatArray,
    formulas: Sequence[str] | None,
    count: int,
    per_cluster: int,
    *,
    known: set[str],
    unfit: BoolArray | None,
) -> list[int]:
    """Unmeasured structures by falling gain, a few per cluster."""
    measured = set(labels.index.tolist())
    if formulas is not None:
        known |= {formulas[row] for row in measured}
    taken: dict[int, int] = {}
    chosen: list[int] = []
    # equal gains, those of one cluster, keep the order of the ranking
    for row in np.lexsort((ranking.place, -gain)).tolist():
        if len(chosen) >= count:
            break
        cluster = int(ranking.cluster[row])
        if unfit is not None and unfit[row]:
            continue
        if row in measured or taken.get(cluster, 0) >= per_cluster:
            continue
        if formulas is not None:
            if formulas[row] in known:
                continue
            known.add(formulas[row])
        taken[cluster] = taken.get(cluster, 0) + 1
        chosen.append(row)
    return chosen


def _repeat(
    found: Disagreement,
    labels: Labels,
    ranking: Ranking,
    sd: FloatArray,
    probability: FloatArray,
    outside: BoolArray,
    compounds: Mapping[int, str],
) -> Proposal:
    row = int(labels.index[found.position])
    return Proposal(
        row=row,
        kind="repeat",
        gain_decades=abs(found.log_sigma - found.others_log_sigma),
        probability=float(probability[row]),
        expected_log_sigma=float(ranking.score[row]),
        standard_deviation=float(sd[row]),
        out_of_domain=bool(outside[row]),
        cluster=int(ranking.cluster[row]),
        label=labels.names[found.position],
        reason=why_repeat(found, labels, ranking, row, compounds),
    )
