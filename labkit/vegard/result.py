"""What the test of Vegard's law on one series found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.json_ready import json_ready
from labkit.vegard.departures import EsdsFrom

__all__ = ["EndMember", "Estimate", "VegardFit", "Verdict"]

FloatArray: TypeAlias = NDArray[np.float64]
Verdict = Literal["accepted", "review", "rejected"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A fitted number with its standard error, both None where the points do not decide it.

    `p_value` tests the number against zero.
    """

    value: float | None
    se: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class EndMember:
    """A known end of the series and how far the extrapolated line lies from it.

    `difference` is line minus known, `difference_se` has both errors in it, `p_value` tests it.
    """

    name: str
    x: float
    value: float
    esd: float | None
    difference: float
    difference_se: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class VegardFit:
    """Vegard's law tested on one series.

    Attributes
    ----------
    quantity : str
        What the values are, ``"a"``, ``"(V/Z)^(1/3)"``.
    x, value_angstrom : tuple of float
        The series in the order of x.
    esd_angstrom : tuple of (float or None)
        As given, None where unknown.
    slope, intercept : Estimate
        Of the straight line through every point.
    curvature : Estimate
        Coefficient of x^2 in the parabola; its p value is that of the simulated test.
    chi2, chi2_reduced, scale
        Of the line with the esds as given; `scale` is what the standard errors were multiplied by.
    covariance : 2x2 tuple
        Of (value at `x_centre`, slope), scaled.
    linearity_p_value, curvature_p_value, plateau_p_value : float or None
        Probability of a departure as large as this one on a truly straight line.
    departure : {"none", "curvature", "plateau"}
        The model that describes the points.
    solubility_limit, solubility_interval95
        Where the plateau starts; the interval holds None where the points leave that side open.
    law_holds_up_to_x : float or None
        Largest measured x for which the points up to it lie on one line.
    slope_within_limit, intercept_within_limit : Estimate
        Of the line below the solubility limit; the line through every point where there is none.
    end_members : tuple of EndMember
    esds_from : {"refinement", "scatter"}
        ``"scatter"``: no esd was known, the residuals set the scale.
    verdict, reasons, messages
        ``accepted`` or ``review`` (a violation is a reason to look), codes and sentences.
    """

    quantity: str
    x: tuple[float, ...]
    value_angstrom: tuple[float, ...]
    esd_angstrom: tuple[float | None, ...]
    slope: Estimate
    intercept: Estimate
    curvature: Estimate
    x_centre: float
    value_centre: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    chi2: float
    chi2_reduced: float | None
    scale: float
    t_quantile: float
    linearity_p_value: float | None
    curvature_p_value: float | None
    plateau_p_value: float | None
    departure: Literal["none", "curvature", "plateau"]
    solubility_limit: float | None
    solubility_interval95: tuple[float | None, float | None] | None
    law_holds_up_to_x: float | None
    slope_within_limit: Estimate
    intercept_within_limit: Estimate
    end_members: tuple[EndMember, ...]
    esds_from: EsdsFrom
    verdict: Verdict
    reasons: tuple[str, ...]
    messages: tuple[str, ...]

    def line_at(self, x: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        """Return the straight line and its standard error at `x` (any shape), in angstrom."""
        offset = np.asarray(x, dtype=float) - self.x_centre
        (vaa, vab), (_, vbb) = self.covariance
        slope = self.slope.value or 0.0
        variance = vaa + 2 * offset * vab + offset**2 * vbb
        return self.value_centre + slope * offset, np.sqrt(np.maximum(variance, 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> VegardFit:
        """Return the fit that `to_dict` told."""
        estimates = ("slope", "intercept", "curvature", "slope_within_limit",
                     "intercept_within_limit")  # fmt: skip
        return cls(
            **{
                **told,
                **{name: Estimate(**told[name]) for name in estimates},
                "end_members": tuple(EndMember(**end) for end in told["end_members"]),
            }
        )
