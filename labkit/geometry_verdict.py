"""Whether a pellet's geometry is good enough for the conductivity that follows from it."""

from __future__ import annotations

from labkit.eis.verdict import Reason
from labkit.geometry import PelletGeometry

__all__ = [
    "LARGEST_RELATIVE_SE",
    "PLAUSIBLE_DIAMETER_M",
    "PLAUSIBLE_THICKNESS_M",
    "judge_geometry",
]

PLAUSIBLE_THICKNESS_M = (10e-6, 10e-3)
"""Thinnest and thickest pellet that is believed unasked: from a tape-cast membrane to a rod."""
PLAUSIBLE_DIAMETER_M = (1e-3, 50e-3)
"""Narrowest and widest electrode face that is believed unasked."""
LARGEST_RELATIVE_SE = 0.20
"""Relative standard error of thickness / area above which a person looks at a conductivity."""


def judge_geometry(geometry: PelletGeometry) -> list[Reason]:
    """Judge the geometry of a pellet.

    Parameters
    ----------
    geometry : PelletGeometry

    Returns
    -------
    list of Reason
        ``geometry-implausible``: a length outside what pellets have, usually a wrong unit.
        ``geometry-uncertain``: thickness / area known to worse than 20 %. Both ask for a review.
        ``geometry-error-missing``: a note; no error was given for a length, so the systematic
        error of the conductivity is a lower bound.

    Examples
    --------
    >>> [reason.code for reason in judge_geometry(PelletGeometry(0.81, 0.01, 6.35e-3, 2e-5))]
    ['geometry-implausible']
    """
    found = [
        Reason(
            "review",
            "geometry-implausible",
            f"a {name} of {_length(value)} is outside {_length(low)} to {_length(high)}: "
            "are the units right?",
        )
        for name, value, (low, high) in (
            ("thickness", geometry.thickness_m, PLAUSIBLE_THICKNESS_M),
            ("diameter", geometry.diameter_m, PLAUSIBLE_DIAMETER_M),
        )
        # a bound itself is inside, whatever the conversion of its unit left in the last digit
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9)
    ]
    relative = geometry.cell_constant_relative_se
    if relative > LARGEST_RELATIVE_SE:
        found.append(
            Reason(
                "review",
                "geometry-uncertain",
                f"the standard error of thickness / area is {100 * relative:.2g} %, "
                f"above {100 * LARGEST_RELATIVE_SE:.0f} %",
            )
        )
    silent = [
        name
        for name, error in (
            ("thickness", geometry.thickness_se_m),
            ("diameter", geometry.diameter_se_m),
        )
        if error == 0.0
    ]
    if silent:
        found.append(
            Reason(
                "note",
                "geometry-error-missing",
                f"no error of the {' and the '.join(silent)} was given: the systematic error of "
                "sigma leaves it out and is a lower bound",
            )
        )
    return found


def _length(metres: float) -> str:
    """Write a length as people write pellets: in mm, small ones in um."""
    return f"{1e3 * metres:.4g} mm" if metres >= 1e-4 else f"{1e6 * metres:.4g} um"
