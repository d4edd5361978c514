"""Why something is proposed for a measurement, in words that need no knowledge of the method."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from screening.disagreement import Disagreement
from screening.rank import Labels, Ranking

__all__ = ["why_measure", "why_repeat"]

# labels named in a reason
_SHOWN = 2


def why_repeat(
    found: Disagreement,
    labels: Labels,
    ranking: Ranking,
    row: int,
    compounds: Mapping[int, str],
) -> str:
    """Say which label to check or to repeat, what contradicts it, and what depends on it."""
    name = _told(found.position, labels, compounds)
    off = abs(found.log_sigma - found.others_log_sigma)
    side = "above" if found.log_sigma > found.others_log_sigma else "below"
    mean = _sigma(found.others_log_sigma)
    if found.against == "tree":
        against = (
            f"what all other labels lead to expect here, {mean} give or take {found.noise:.1f} "
            "orders of magnitude"
        )
    else:
        whose = "of the same structure" if found.against == "structure" else "of its cluster"
        shown = ", ".join(_told(p, labels, compounds) for p in found.others[:_SHOWN])
        more = len(found.others) - _SHOWN
        shown += f" and {more} more" if more > 0 else ""
        usual = "pellets of one compound" if found.against == "structure" else "labels in a cluster"
        which = f"the mean {mean} of the other labels" if len(found.others) > 1 else "the other one"
        against = f"{which} {whose} ({shown}), where {usual} usually differ by {found.noise:.1f}"
    todo = "repeat the measurement behind" if found.is_own else "check the source of"
    again = "" if found.is_own else ", or measure it again"
    members = int(np.count_nonzero(ranking.cluster == ranking.cluster[row]))
    depends = (
        f"what is expected of the {members} structures of its cluster depends on it"
        if members > 1
        else "no other structure shares its cluster"
    )
    return (
        f"{ranking.name(row)}: {todo} {name}{again}: it is {off:.1f} orders of magnitude {side} "
        f"{against}; {depends}"
    )


def why_measure(
    row: int,
    labels: Labels,
    ranking: Ranking,
    *,
    sd: float,
    probability: float,
    gain: float,
    target: float,
    out_of_domain: bool,
    compounds: Mapping[int, str],
) -> str:
    """Say what is expected of a structure, how surely, and which labels say so."""
    members = ranking.cluster == ranking.cluster[row]
    near = np.flatnonzero(members[labels.index])
    text = (
        f"{ranking.name(row)}: expected {_sigma(float(ranking.score[row]))}, give or take "
        f"{sd:.1f} orders of magnitude: a {100 * probability:.0f} % chance to beat "
        f"{_sigma(target)}, an expected gain of {gain:.2f} orders of magnitude"
    )
    if near.size:
        best = near[np.argsort(-labels.log_sigma[near], kind="stable")][:_SHOWN]
        told = ", ".join(_told(p, labels, compounds) for p in best.tolist())
        more = f" and {near.size - best.size} more" if near.size > best.size else ""
        text += f"; its cluster holds {told}{more}"
    else:
        text += "; nothing in its cluster was measured, the expectation comes from the branch above"
    unmeasured = int(members.sum()) - np.unique(labels.index[near]).size
    if unmeasured > 1:
        text += f"; it stands for the {unmeasured} unmeasured structures of this cluster"
    if out_of_domain:
        text += (
            "; out of domain: nothing like it was ever measured, so the expectation is little more "
            "than the average of all labels"
        )
    return text


def _told(position: int, labels: Labels, compounds: Mapping[int, str]) -> str:
    """Name a label with its compound, where that is known, and its value."""
    compound = compounds.get(int(labels.index[position]))
    value = f"{labels.mark(position)}{_sigma(labels.log_sigma[position])}"
    return f"{labels.names[position]} ({f'{compound}, ' if compound else ''}{value})"


def _sigma(log_sigma: float) -> str:
    return f"{10.0**log_sigma:.1e} S/cm"
