"""A pattern made ready to be refined: its usable points, its noise, its lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.records import DiffractionPattern
from labkit.xrd.background import estimate_background, sigma_of, usable_points
from labkit.xrd.peaks import Crystallinity, crystallinity, find_peaks
from labkit.xrd.radiation import Radiation, radiation_of

__all__ = ["PreparedPattern", "prepare"]

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPattern:
    """What every engine starts from.

    Attributes
    ----------
    two_theta, observed, sigma, net : ndarray, shape (n,)
        Degrees; intensity, its standard error, and what lies above the estimated background.
    lines : Radiation
    fwhm_deg : float
        Width of the strongest peaks.
    crystallinity : Crystallinity
    warnings : tuple of str
        Of the file.
    """

    two_theta: FloatArray
    observed: FloatArray
    sigma: FloatArray
    net: FloatArray
    lines: Radiation
    fwhm_deg: float
    crystallinity: Crystallinity
    warnings: tuple[str, ...]


def prepare(
    pattern: DiffractionPattern,
    radiation: Radiation | None,
    two_theta_range: tuple[float, float] | None,
) -> PreparedPattern:
    """Make a pattern ready.

    Raises
    ------
    PatternError, WavelengthError
        When the pattern holds nothing, or the wavelength is unknown.
    """
    used = usable_points(pattern, two_theta_range)
    lines = radiation_of(pattern, radiation)
    if pattern.radiation == "neutron" and lines.kind != "neutron":
        lines = replace(lines, kind="neutron")
    angle, observed = pattern.two_theta_deg[used], pattern.intensity_counts[used]
    sigma = sigma_of(pattern)[used]
    net = observed - estimate_background(angle, observed)
    return PreparedPattern(
        two_theta=angle,
        observed=observed,
        sigma=sigma,
        net=net,
        lines=lines,
        fwhm_deg=_typical_width(angle, net, sigma),
        crystallinity=crystallinity(pattern, two_theta_range=two_theta_range),
        warnings=pattern.warnings,
    )


def _typical_width(angle: FloatArray, net: FloatArray, sigma: FloatArray) -> float:
    """Return the width of the strongest peaks in degrees, the smoothing taken off."""
    smoothing = max(5 * float(np.median(np.diff(angle))), 0.06)
    peaks = find_peaks(angle, net, sigma)
    strong = sorted(peaks, key=lambda peak: -peak.height_counts)[:8]
    if not strong:
        return 0.2
    seen = float(np.median([peak.fwhm_deg for peak in strong]))
    return float(np.clip(math.sqrt(max(seen**2 - smoothing**2, 0.0)), 0.04, 1.5))
