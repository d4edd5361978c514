"""What keeps an activation energy from being taken at its word."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Verdict", "judge_series"]

Verdict = Literal["accepted", "review", "rejected"]

MINIMUM_TEMPERATURES = 4
MINIMUM_SPAN_K = 30.0
COMMON_SCATTER = 0.05
"""Standard deviation of ln sigma around the line that an error of 1 K explains at 0.35 eV."""


def judge_series(
    kelvin: NDArray[np.float64],
    ea: float,
    ea_se: float,
    chi2: float,
    free: int,
    errors_given: bool,
    scatter: float,
) -> tuple[Verdict, tuple[str, ...], tuple[str, ...]]:
    """Collect the reasons to look twice at a series.

    Parameters
    ----------
    kelvin
        Temperatures, shape (n,).
    ea, ea_se
        Activation energy and its standard error, in eV.
    chi2, free, errors_given
        Weighted sum of squares, degrees of freedom, and whether the points had errors.
    scatter
        Standard deviation of ln sigma around the line.

    Returns
    -------
    tuple
        Verdict, codes, sentences.
    """
    found: list[tuple[Verdict | Literal["note"], str, str]] = []
    temperatures = np.unique(np.round(kelvin, 1)).size
    span = float(np.ptp(kelvin))
    if temperatures < MINIMUM_TEMPERATURES:
        found.append(
            (
                "review",
                "few-temperatures",
                f"{temperatures} temperatures; {MINIMUM_TEMPERATURES} are needed to see a bend",
            )
        )
    if span < MINIMUM_SPAN_K:
        found.append(
            (
                "review",
                "narrow-temperature-range",
                f"the series spans {span:.0f} K; {MINIMUM_SPAN_K:.0f} K are needed",
            )
        )
    if errors_given and free > 0:
        from scipy.special import chdtrc

        if float(chdtrc(free, chi2)) < 1e-3 and chi2 / free > 4:
            found.append(
                (
                    # Below this the temperature, known to about 1 K, explains the scatter.
                    "review" if scatter > COMMON_SCATTER else "note",
                    "scatter-exceeds-errors",
                    (
                        f"the points scatter {math.sqrt(chi2 / free):.1f} times their errors:"
                        " temperature errors, a bend, or a change of the sample"
                    ),
                )
            )
    if not errors_given and free < 1:
        found.append(("review", "no-error-estimate", "two points without errors fix no error"))
    if ea <= 0:
        found.append(("rejected", "ea-not-positive", f"Ea = {ea:.3f} eV is not above zero"))
    elif math.isfinite(ea_se) and ea_se > 0.25 * ea:
        found.append(
            ("review", "ea-uncertain", f"Ea = {ea:.3f} eV is uncertain by {ea_se / ea:.0%}")
        )
    verdicts = {verdict for verdict, _, _ in found}
    verdict: Verdict = (
        "rejected" if "rejected" in verdicts else "review" if "review" in verdicts else "accepted"
    )
    return verdict, tuple(code for _, code, _ in found), tuple(text for _, _, text in found)
