"""What a refinement is worth: accepted, to be looked at, or no description of the pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.peaks import Crystallinity, Peak
from labkit.xrd.result import Verdict

__all__ = ["Evidence", "judge"]

FloatArray: TypeAlias = NDArray[np.float64]

_UNEXPLAINED_REJECTED = 0.35
_COSINE_REJECTED = 0.55
_AGREEMENT_REJECTED = 0.6
_CELL_MOVED = 0.02
_SHIFT_DEG = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the verdict rests on.

    Attributes
    ----------
    crystallinity : Crystallinity
    start_cosine : float
        Resemblance of pattern and phases before the refinement.
    unexplained : float
        Sum of |observed - calculated| over that of observed - background.
    agreements : sequence of (phase, cosine or None)
        Between extracted and computed intensities.
    cell_changes : sequence of (phase, largest relative change of an edge)
    shift_deg : float
    other_anode : (name, cosine) or None
        Wavelength that explains the pattern better than the one given.
    residual_peaks : sequence of Peak
    strongest_counts : float
        Height of the strongest peak of the pattern.
    converged : bool
    absent : sequence of str
        Phases whose reflections hold nothing.
    """

    crystallinity: Crystallinity
    start_cosine: float
    unexplained: float
    agreements: Sequence[tuple[str, float | None]]
    cell_changes: Sequence[tuple[str, float]]
    shift_deg: float
    other_anode: tuple[str, float] | None
    residual_peaks: Sequence[Peak]
    strongest_counts: float
    converged: bool
    absent: Sequence[str]


def judge(evidence: Evidence) -> tuple[Verdict, tuple[str, ...], tuple[str, ...]]:
    """Return verdict, codes and sentences.

    Returns
    -------
    tuple
        ``rejected``: the cell must not be used. ``review``: a person should look.
    """
    rejected = _rejections(evidence)
    looked_at = _questions(evidence)
    found = [*rejected, *looked_at]
    verdict: Verdict = "rejected" if rejected else "review" if looked_at else "accepted"
    return verdict, tuple(code for code, _ in found), tuple(text for _, text in found)


def _rejections(evidence: Evidence) -> list[tuple[str, str]]:
    if evidence.crystallinity.amorphous:
        return [("amorphous", f"no Bragg peaks: {evidence.crystallinity.criterion}")]
    agreements = [cosine for _, cosine in evidence.agreements if cosine is not None]
    poor = (
        evidence.other_anode is not None
        or evidence.start_cosine < _COSINE_REJECTED
        or evidence.unexplained > _UNEXPLAINED_REJECTED
        or (bool(agreements) and max(agreements) < _AGREEMENT_REJECTED)
    )
    if not poor:
        return []
    found = []
    if evidence.other_anode is not None:
        name, cosine = evidence.other_anode
        found.append(
            (
                "wrong-wavelength",
                f"the phase explains the pattern with {name} radiation (resemblance {cosine:.2f} "
                f"instead of {evidence.start_cosine:.2f}): check the wavelength",
            )
        )
    parts = [f"resemblance {evidence.start_cosine:.2f}, needed {_COSINE_REJECTED:g}"]
    parts.append(f"{evidence.unexplained:.0%} of the intensity unexplained")
    if agreements:
        parts.append(f"intensities agree to {max(agreements):.2f}, needed {_AGREEMENT_REJECTED:g}")
    found.append(
        (
            "phase-does-not-explain",
            f"the phase does not explain the pattern ({'; '.join(parts)})",
        )
    )
    return found


def _questions(evidence: Evidence) -> list[tuple[str, str]]:
    found = []
    if evidence.residual_peaks and not evidence.crystallinity.amorphous:
        strongest = max(evidence.residual_peaks, key=lambda peak: peak.height_counts)
        places = ", ".join(f"{peak.two_theta_deg:.2f}" for peak in evidence.residual_peaks[:6])
        more = " ..." if len(evidence.residual_peaks) > 6 else ""
        share = strongest.height_counts / max(evidence.strongest_counts, 1e-300)
        found.append(
            (
                "unexplained-peaks",
                f"{len(evidence.residual_peaks)} peak(s) that no phase explains (impurity?) at "
                f"{places}{more} deg, the strongest {share:.1%} of the pattern's",
            )
        )
    found += [
        ("phase-absent", f"{name} leaves no significant intensity: is it there at all?")
        for name in evidence.absent
    ]
    found += [
        (
            "cell-far-from-start",
            f"the cell of {name} moved by {change:.1%} from its CIF; check the phase",
        )
        for name, change in evidence.cell_changes
        if change > _CELL_MOVED
    ]
    if abs(evidence.shift_deg) > _SHIFT_DEG:
        found.append(
            (
                "large-shift",
                f"the pattern is shifted by {evidence.shift_deg:+.2f} deg: align the sample or the "
                "goniometer",
            )
        )
    if not evidence.converged:
        found.append(("not-converged", "the refinement was still moving when it stopped"))
    return found
